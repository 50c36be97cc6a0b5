/** What every procedure of the model works on: the clock, the processes, the folios and the batches. */
import { EventQueue } from '../base/queue.ts';
import type { CallTotals } from './accounting.ts';
import type { Batches } from './batches.ts';
import type { Counters } from './counters.ts';
import type { Decisions, Mode } from './decisions.ts';
import type { RequestDemand } from './demand.ts';
import type { Folio, Folios } from './folio.ts';
import type { ModelLog } from './log.ts';
import type { Holder, Obstacle, Visit, World } from './world.ts';

/** Processes asleep until somebody wakes them, in the order in which they went to sleep. */
export interface WaitQueue {
  readonly sleepers: Run[];
}

/** Where to sleep until woken, or until a time. */
export interface TimedWait {
  readonly queue: WaitQueue;
  readonly until: number;
}

/** What a process yields: ns to sleep, or where to sleep until woken. */
export type Step = number | WaitQueue | TimedWait;
export type Process = Generator<Step, void, void>;

/** How one member of one chunk ended; `reclaimed` left its place without moving. */
export type Ending = 'moved' | 'reclaimed' | 'failed' | 'not isolated' | 'not tried' | 'unfinished';

/** Something that a kernel would not come out of, where the model stops it; or `lost data`, which it would not notice. */
export interface Finding {
  readonly kind: 'livelock' | 'endless' | 'lost data';
  /** `RequestDemand.id`. */
  readonly request: number;
  readonly since: number;
  /** ns of CPU time burnt until the model stopped it. */
  readonly cpuTime: number;
  readonly says: string;
}

/** A folio as a member of one chunk of one request. */
export interface Member {
  readonly folio: Folio;
  ending: Ending;
  /** What stood in the way when it was last looked at. */
  holder: Holder | undefined;
  episodes: number;
  attempts: number;
  /** When the entries of its present episode were written; NaN outside episodes. */
  entriesSince: number;
  /** When its last episode was undone; NaN = none was. */
  undoneAt: number;
  /** Number of the present (or last) episode, for keys. */
  episode: number;
  /** Tries for its lock since that began. */
  lockTries: number;
  /** When faults that gave up their reference (axis E) began to wait on the entries of this episode. */
  caught: readonly number[];
  /** ns slept for its references in this call (axis B). */
  waited: number;
  /** Once it was split: its base pages, which go on by themselves. */
  parts: readonly Member[] | undefined;
  /** It is a part of this one. */
  readonly whole: Member | undefined;
}

/** One process: a request, or a drain that somebody else asked for. */
export interface Run {
  /** Place among the requests, -3 for a process that is none (-1 and -2 have meanings as lock owners). */
  readonly place: number;
  readonly demand: RequestDemand | undefined;
  readonly cpu: number;
  readonly counters: Counters;
  /** Made when the request begins. */
  members: readonly (readonly Member[])[];
  process: Process;
  /** Calls of migrate_pages made so far. */
  call: number;
  mode: Mode;
  ended: number;
  returned: number;
  /** Number of its last timed sleep, by which a wakeup that comes too late is told; see `Kernel.wake`. */
  ticket: number;
  finding: Finding | undefined;
  /** What its calls of migrate_pages would have printed. */
  readonly totals: CallTotals;
}

/** Something that happens to no process of its own (a drain work on its CPU). */
export interface Work {
  readonly work: () => void;
  readonly account: Counters;
  /** Id of the request that asked for it; absent = none. */
  readonly request?: number;
}

/** The end of a timed sleep, unless its run was woken before. */
export interface Timeout {
  readonly sleeper: Run;
  readonly ticket: number;
  readonly queue: WaitQueue;
}

export interface KernelInput {
  readonly decisions: Decisions;
  readonly world: World;
  readonly folios: Folios;
  readonly batches: Batches;
  readonly background: Counters;
  readonly outerLoops: number;
  readonly log: ModelLog | undefined;
  /** Applies background rows up to and including a time; false when something in the queue has become due by then. */
  readonly applyRows: (until: number) => boolean;
}

export class Kernel {
  now = 0;
  readonly decisions: Decisions;
  readonly world: World;
  readonly folios: Folios;
  readonly batches: Batches;
  readonly queue = new EventQueue<Run | Work | Timeout>();
  readonly background: Counters;
  /** Rounds after which a loop that the kernel does not bound is called endless. */
  readonly outerLoops: number;
  readonly log: ModelLog | undefined;
  /** lru_drain_gen and the mutex of __lru_add_drain_all(). */
  drainGeneration = 0;
  drainMutexHeld = false;
  readonly drainMutex: WaitQueue = { sleepers: [] };
  /** cma_mutex of 6.1, or the alloc_mutex of the one area that is modelled (7.2). */
  cmaMutexHeld = false;
  readonly cmaMutex: WaitQueue = { sleepers: [] };
  drains = 0;
  rcuWaits = 0;
  /** Folios whose entries are migration entries now, and when the last of any went and let its waiters go. */
  underEntries = 0;
  letGo = Number.NEGATIVE_INFINITY;
  /** The process that runs now, or ran last. */
  running: Run | undefined;
  /** Model events so far (docs/speed.md). */
  events = 0;
  /** Nothing is begun or resumed after this time. */
  horizon = Number.POSITIVE_INFINITY;
  /** Until here nothing happens but what is in the queue and background rows: the next request, or the horizon. */
  quietUntil = Number.NEGATIVE_INFINITY;
  /** Time of the next background row; Infinity = none. */
  nextRow = Number.POSITIVE_INFINITY;
  /** See `visitOf`. */
  readonly visit: { -readonly [K in keyof Visit]: Visit[K] } = {
    request: -1,
    folio: -1,
    call: 0,
    episode: 0,
    attempt: 0,
    mode: 'sync',
    now: 0,
    undoneAt: Number.NaN,
  };
  readonly #applyRows: (until: number) => boolean;
  readonly #lockSleepers = new Map<number, WaitQueue>();
  readonly #referenceSleepers = new Map<number, WaitQueue>();

  constructor(input: KernelInput) {
    this.decisions = input.decisions;
    this.world = input.world;
    this.folios = input.folios;
    this.batches = input.batches;
    this.background = input.background;
    this.outerLoops = input.outerLoops;
    this.log = input.log;
    this.#applyRows = input.applyRows;
  }

  /**
   * Lets `ns` pass for the process that runs now, when nothing else happens before they are over; false = it must yield
   * them. A process that goes on is not put into the queue and taken out again, which costs six times as much.
   */
  pass(ns: number): boolean {
    const then = this.now + ns;
    // At an equal time, whatever was queued earlier comes first.
    if (!(then < this.quietUntil && then < this.queue.nextTime)) return false;
    // So do background rows, which need no process.
    if (then >= this.nextRow && !this.#applyRows(then)) return false;
    this.now = then;
    this.events++;
    return true;
  }

  /** The folio, made when it is first asked for. */
  folio(id: number): Folio {
    return this.folios.get(id);
  }

  /** Everybody who sleeps there runs again, in the order in which they went to sleep. */
  wake(queue: WaitQueue): void {
    if (queue.sleepers.length === 0) return;
    for (const run of queue.sleepers.splice(0)) {
      run.ticket++;
      this.queue.push(this.now, run);
    }
  }

  /** Where processes sleep that want this folio's lock. */
  lockQueue(folio: Folio): WaitQueue {
    return queueOf(this.#lockSleepers, folio.id);
  }

  /** Whether a process of the model sleeps for this folio's lock: it has set PG_waiters. */
  isLockWanted(folio: Folio): boolean {
    return this.#lockSleepers.size > 0 && (this.#lockSleepers.get(folio.id)?.sleepers.length ?? 0) > 0;
  }

  wakeLockSleepers(folio: Folio): void {
    if (this.#lockSleepers.size === 0) return;
    const queue = this.#lockSleepers.get(folio.id);
    if (queue !== undefined) this.wake(queue);
  }

  /** Whether `released` may have anything to do. */
  get watchesReferences(): boolean {
    return this.#referenceSleepers.size > 0;
  }

  /** Where processes sleep until this folio loses references (axis B, `sleep for references`). */
  referenceQueue(folio: Folio): WaitQueue {
    return queueOf(this.#referenceSleepers, folio.id);
  }

  /** References of this folio were dropped. */
  released(folio: Folio): void {
    if (this.#referenceSleepers.size === 0) return;
    const queue = this.#referenceSleepers.get(folio.id);
    if (queue !== undefined) this.wake(queue);
  }
}

function queueOf(queues: Map<number, WaitQueue>, folio: number): WaitQueue {
  let queue = queues.get(folio);
  if (queue === undefined) {
    queue = { sleepers: [] };
    queues.set(folio, queue);
  }
  return queue;
}

export function createMember(folio: Folio): Member {
  return {
    folio,
    ending: 'not tried',
    holder: undefined,
    episodes: 0,
    attempts: 0,
    entriesSince: Number.NaN,
    undoneAt: Number.NaN,
    episode: 0,
    lockTries: 0,
    caught: nobodyCaught,
    waited: 0,
    parts: undefined,
    whole: undefined,
  };
}

const nobodyCaught: readonly number[] = [];

/**
 * What a question about this member is about. There is one such object a kernel, written anew at each call, for a
 * question must not cost an object: whoever asks again after a yield calls this again. `attempt` = the present one,
 * unless told.
 */
export function visitOf(kernel: Kernel, run: Run, member: Member, attempt = member.attempts): Visit {
  const { visit } = kernel;
  visit.request = run.demand?.id ?? -1;
  visit.folio = member.folio.id;
  visit.call = run.call;
  visit.episode = member.episode;
  visit.attempt = attempt;
  visit.mode = run.mode;
  visit.now = kernel.now;
  visit.undoneAt = member.undoneAt;
  return visit;
}

/** A speculative reference that this attempt met becomes a stretch like any other. */
export function transientObstacle(from: number, until: number): Obstacle {
  return { holder: 'transient reference', from, until, references: 1 };
}
