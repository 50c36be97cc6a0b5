/** What every procedure of the model works on: the clock, the processes, the folios and the batches. */
import { EventQueue } from '../base/queue.ts';
import type { Batches } from './batches.ts';
import type { Counters } from './counters.ts';
import type { Decisions, Mode } from './decisions.ts';
import type { RequestDemand } from './demand.ts';
import type { Folio } from './folio.ts';
import type { Holder, Obstacle, Visit, World } from './world.ts';

/** Processes asleep until somebody wakes them, in the order in which they went to sleep. */
export interface WaitQueue {
  readonly sleepers: Run[];
}

/** What a process yields: ns to sleep, or where to sleep until woken. */
export type Step = number | WaitQueue;
export type Process = Generator<Step, void, void>;

/** How one member of one chunk ended. */
export type Ending = 'moved' | 'failed' | 'not isolated' | 'not tried' | 'unfinished';

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
  /** Number of the present (or last) episode, for keys. */
  episode: number;
}

/** One process: a request, or a drain that somebody else asked for. */
export interface Run {
  /** Place among the requests, -3 for a process that is none (-1 and -2 have meanings as lock owners). */
  readonly place: number;
  readonly demand: RequestDemand | undefined;
  readonly cpu: number;
  readonly counters: Counters;
  readonly members: readonly (readonly Member[])[];
  process: Process;
  /** Calls of migrate_pages made so far. */
  call: number;
  mode: Mode;
  ended: number;
  returned: number;
}

/** Something that happens to no process of its own (a drain work on its CPU). */
export interface Work {
  readonly work: () => void;
  readonly account: Counters;
}

export class Kernel {
  now = 0;
  readonly decisions: Decisions;
  readonly world: World;
  readonly folios: readonly Folio[];
  readonly batches: Batches;
  readonly queue = new EventQueue<Run | Work>();
  readonly background: Counters;
  /** lru_drain_gen and the mutex of __lru_add_drain_all(). */
  drainGeneration = 0;
  drainMutexHeld = false;
  readonly drainMutex: WaitQueue = { sleepers: [] };
  drains = 0;
  rcuWaits = 0;
  readonly #lockSleepers = new Map<number, WaitQueue>();

  constructor(decisions: Decisions, world: World, folios: readonly Folio[], batches: Batches, background: Counters) {
    this.decisions = decisions;
    this.world = world;
    this.folios = folios;
    this.batches = batches;
    this.background = background;
  }

  wake(queue: WaitQueue): void {
    for (const run of queue.sleepers.splice(0)) this.queue.push(this.now, run);
  }

  /** Where processes sleep that want this folio's lock. */
  lockQueue(folio: Folio): WaitQueue {
    let queue = this.#lockSleepers.get(folio.id);
    if (queue === undefined) {
      queue = { sleepers: [] };
      this.#lockSleepers.set(folio.id, queue);
    }
    return queue;
  }

  wakeLockSleepers(folio: Folio): void {
    const queue = this.#lockSleepers.get(folio.id);
    if (queue !== undefined) this.wake(queue);
  }
}

export function createMember(folio: Folio): Member {
  return {
    folio,
    ending: 'not tried',
    holder: undefined,
    episodes: 0,
    attempts: 0,
    entriesSince: Number.NaN,
    episode: 0,
  };
}

/** What a question about this member is about. */
export function visitOf(kernel: Kernel, run: Run, member: Member): Visit {
  return {
    request: run.demand?.id ?? -1,
    folio: member.folio.id,
    call: run.call,
    episode: member.episode,
    attempt: member.attempts,
    mode: run.mode,
    now: kernel.now,
  };
}

/** A speculative reference that this attempt met becomes a stretch like any other. */
export function transientObstacle(from: number, until: number): Obstacle {
  return { holder: 'transient reference', from, until, references: 1 };
}
