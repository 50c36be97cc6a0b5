/**
 * The machine: folios, per-CPU batches and processes, moved on by one clock. Requests are generators on a queue that
 * keeps the order of equal times; what other tasks do to the batches is read from columns in between, without an
 * object an event.
 */
import { type CallTotals, emptyTotals } from './accounting.ts';
import { Batches } from './batches.ts';
import { type Counters, emptyCounters } from './counters.ts';
import type { Decisions } from './decisions.ts';
import {
  type Background,
  type BackgroundSource,
  backgroundActions,
  emptyBackground,
  type FolioSource,
  type FolioSpec,
  type RequestDemand,
} from './demand.ts';
import { drainAll } from './drains.ts';
import { addObstacle, entriesOf, type Folio, Folios, queuedIn, sumOfHolders } from './folio.ts';
import { sleptSoFar } from './folio-lock.ts';
import { createMember, type Ending, type Finding, Kernel, type Member, type Run, type Timeout } from './kernel.ts';
import type { ModelLog } from './log.ts';
import { requesters } from './requests.ts';
import type { Holder, World } from './world.ts';

export { type Counters, counterNames } from './counters.ts';
export type { Ending, Finding } from './kernel.ts';

export interface MemberResult {
  readonly folio: number;
  readonly ending: Ending;
  /** What stood in the way when it was last looked at; undefined when it moved or was not tried. */
  readonly holder: Holder | undefined;
  readonly episodes: number;
  readonly attempts: number;
}

export interface RequestResult {
  readonly demand: RequestDemand;
  /** NaN when it had not finished at the horizon. */
  readonly ended: number;
  /** 0 = done; negative errno, or (move_pages) the pages left behind and not tried; NaN when unfinished. */
  readonly returned: number;
  /** For each chunk, in order, each member in order. */
  readonly chunks: readonly (readonly MemberResult[])[];
  readonly counters: Readonly<Counters>;
  /** What its calls of migrate_pages would have printed, in base pages. */
  readonly totals: CallTotals;
  /** What the kernel would not have come out of. */
  readonly finding: Finding | undefined;
}

export interface MachineResult {
  /** In the order in which the requests were given; empty with `onRequest`. */
  readonly requests: readonly RequestResult[];
  /** What happened outside requests: background flushes and drains. */
  readonly background: Readonly<Counters>;
  /** Background adds that the kernel could not have made in the state that the model was in. */
  readonly refusedAdds: number;
  /** Background rows applied, and steps of processes. */
  readonly events: number;
  readonly findings: readonly Finding[];
}

export interface MachineInput {
  readonly cpus: number;
  readonly folios: readonly FolioSpec[] | FolioSource;
  /** Begun when due. Any iterable but an array must give them in ascending order of `start`. */
  readonly requests: Iterable<RequestDemand>;
  readonly background: Background | BackgroundSource;
  /** Nothing is begun or resumed after this time. Infinity (default) = run until everything is done or stuck. */
  readonly horizon?: number;
  /** Every step through the queue, so that a test may look after each; the outcome is the same. */
  readonly stepwise?: boolean;
  /** Rounds after which a loop without a bound (GUP, offline) is called endless; 1000 unless told. */
  readonly outerLoops?: number;
  /** Multi-generational LRU: folio_mark_accessed() only sets bits. */
  readonly lruGen?: boolean;
  readonly log?: ModelLog;
  /** Takes each result as its request ends (or stays unfinished at the horizon), instead of keeping them all. */
  readonly onRequest?: (result: RequestResult) => void;
}

const noRows: BackgroundSource = { next: () => undefined };

export class Machine {
  readonly #kernel: Kernel;
  readonly #horizon: number;
  readonly #stepwise: boolean;
  readonly #onRequest: ((result: RequestResult) => void) | undefined;
  /** By place; only what is needed for results at the end. */
  readonly #runs: Run[] = [];
  readonly #live = new Map<number, Run>();
  readonly #findings: Finding[] = [];
  readonly #demands: Iterator<RequestDemand>;
  /** An array's requests, and their places in order of time. */
  readonly #given: readonly RequestDemand[] | undefined;
  readonly #order: readonly number[];
  #nextDemand: RequestDemand | undefined;
  #begun = 0;
  #source: BackgroundSource;
  #background: Background;
  #row = 0;

  constructor(decisions: Decisions, world: World, input: MachineInput) {
    const folios = new Folios(input.folios);
    if (!('spec' in input.folios)) for (let id = 0; id < folios.source.length; id++) folios.get(id);
    const account = emptyCounters();
    this.#kernel = new Kernel({
      decisions,
      world,
      folios,
      batches: new Batches({
        cpus: input.cpus,
        decisions,
        folios,
        account,
        lruGen: input.lruGen === true,
        log: input.log,
      }),
      background: account,
      outerLoops: input.outerLoops ?? 1000,
      log: input.log,
    });
    this.#kernel.batches.clock = this.#kernel;
    this.#source = 'next' in input.background ? input.background : noRows;
    this.#background = 'next' in input.background ? emptyBackground : input.background;
    this.#horizon = input.horizon ?? Number.POSITIVE_INFINITY;
    this.#kernel.horizon = this.#horizon;
    this.#stepwise = input.stepwise === true;
    this.#onRequest = input.onRequest;
    const { requests } = input;
    this.#given = Array.isArray(requests) ? requests : undefined;
    const given = this.#given ?? [];
    this.#order = given.map((_, place) => place).sort((a, b) => given[a]!.start - given[b]!.start || a - b);
    const inOrder = this.#given === undefined ? requests : this.#order.map((place) => given[place]!);
    this.#demands = inOrder[Symbol.iterator]();
    this.#pullDemand();
    this.#refill();
  }

  get now(): number {
    return this.#kernel.now;
  }

  /** The folios as they are now. For tests and for explanations; not to be changed. */
  get folios(): readonly Folio[] {
    return [...this.#kernel.folios.live()];
  }

  /** One event: a run of background rows, or a process begun or resumed once. False when nothing is left before the horizon. */
  step(): boolean {
    const kernel = this.#kernel;
    const { queue } = kernel;
    const start = this.#nextDemand?.start ?? Number.POSITIVE_INFINITY;
    const next = Math.min(queue.nextTime, start, this.#horizon);
    if (this.#row < this.#background.length && this.#background.time[this.#row]! <= next) {
      this.#consume(next);
      return true;
    }
    const due = Math.min(queue.nextTime, start);
    if (due === Number.POSITIVE_INFINITY || due > this.#horizon) return false;
    kernel.quietUntil = this.#stepwise ? Number.NEGATIVE_INFINITY : this.#quietUntil();
    // Requests that begin now come before whatever was put into the queue meanwhile.
    if (start <= queue.nextTime) {
      kernel.now = start;
      this.#begin();
      return true;
    }
    const item = queue.pop()!;
    if ('sleeper' in item) {
      this.#timeout(item, due);
      return true;
    }
    kernel.now = due;
    kernel.events++;
    if ('work' in item) {
      kernel.batches.account = item.account;
      kernel.batches.request = item.request ?? -1;
      item.work();
    } else this.#resume(item);
    return true;
  }

  /** All of it. */
  run(): MachineResult {
    while (this.step());
    if (this.#onRequest !== undefined)
      for (const run of this.#live.values()) this.#onRequest(resultOf(run, this.#kernel));
    return this.result();
  }

  #quietUntil(): number {
    const row = this.#row < this.#background.length ? this.#background.time[this.#row]! : Number.POSITIVE_INFINITY;
    return Math.min(row, this.#horizon, this.#nextDemand?.start ?? Number.POSITIVE_INFINITY);
  }

  /** Background rows up to a time, or up to the first that needs a process of its own. */
  #consume(until: number): void {
    const kernel = this.#kernel;
    const background = this.#background;
    kernel.batches.account = kernel.background;
    kernel.batches.request = -1;
    const first = this.#row;
    let row = kernel.batches.consume(background, first, until);
    if (row < background.length && background.time[row]! <= until) {
      // Only an all-CPU drain needs a process of its own; it starts when it is due.
      kernel.now = Math.max(kernel.now, background.time[row]!);
      if (background.action[row] !== backgroundActions.drainAll) throw new Error('an unknown background action');
      this.#startDrain(background.cpu[row]!);
      row++;
    }
    kernel.events += row - first;
    this.#row = row;
    this.#refill();
  }

  #refill(): void {
    while (this.#row >= this.#background.length) {
      const block = this.#source.next();
      if (block === undefined) return;
      this.#kernel.batches.rowsBefore += this.#background.length;
      this.#background = block;
      this.#row = 0;
    }
  }

  #timeout({ sleeper, ticket, queue }: Timeout, now: number): void {
    // It was woken before; nothing happens, and no time passes.
    if (sleeper.ticket !== ticket) return;
    const kernel = this.#kernel;
    kernel.now = now;
    kernel.events++;
    queue.sleepers.splice(queue.sleepers.indexOf(sleeper), 1);
    this.#resume(sleeper);
  }

  #pullDemand(): void {
    const { done, value } = this.#demands.next();
    this.#nextDemand = done === true ? undefined : value;
  }

  #begin(): void {
    const kernel = this.#kernel;
    const demand = this.#nextDemand!;
    const n = this.#begun++;
    const run = createRun(this.#order[n] ?? n, demand, demand.cpu, emptyCounters());
    run.members = membersOf(kernel, demand);
    if (this.#onRequest === undefined) this.#runs[run.place] = run;
    this.#pullDemand();
    kernel.quietUntil = this.#stepwise ? Number.NEGATIVE_INFINITY : this.#quietUntil();
    this.#live.set(run.place, run);
    run.process = this.#request(run);
    kernel.events++;
    this.#resume(run);
  }

  *#request(run: Run) {
    const { world } = this.#kernel;
    const demand = run.demand!;
    const seen = new Set<number>();
    for (const members of run.members) {
      for (const { folio } of members) {
        if (seen.has(folio.id)) continue;
        seen.add(folio.id);
        for (const obstacle of world.obstacles(demand.id, folio.id)) addObstacle(folio, obstacle);
      }
    }
    yield* requesters[demand.model](this.#kernel, run);
    run.ended = this.#kernel.now;
  }

  #startDrain(cpu: number): void {
    const run = createRun(-3, undefined, cpu, this.#kernel.background);
    run.process = drainAll(this.#kernel, run, false);
    this.#kernel.queue.push(this.#kernel.now, run);
  }

  #resume(run: Run): void {
    const kernel = this.#kernel;
    kernel.batches.account = run.counters;
    kernel.batches.request = run.demand?.id ?? -1;
    const { done, value } = run.process.next();
    if (done) {
      if (run.demand !== undefined) this.#end(run);
      return;
    }
    if (value === undefined) throw new Error('a process yielded nothing');
    if (typeof value === 'number') kernel.queue.push(kernel.now + value, run);
    else if ('queue' in value) {
      value.queue.sleepers.push(run);
      kernel.queue.push(value.until, { sleeper: run, ticket: ++run.ticket, queue: value.queue });
    } else value.sleepers.push(run);
  }

  #end(run: Run): void {
    this.#live.delete(run.place);
    if (run.finding !== undefined) this.#findings.push(run.finding);
    this.#onRequest?.(resultOf(run, this.#kernel));
  }

  /** What does not hold, in words; empty when all is well. For tests, after any step. */
  brokenInvariants(): string[] {
    const broken = this.#kernel.batches.brokenInvariants();
    const { clearsLruFlagWhenQueued, oracle } = this.#kernel.decisions;
    for (const folio of this.#kernel.folios.live()) {
      const sum = sumOfHolders(folio);
      if (folio.references !== sum)
        broken.push(`folio ${folio.id}: ${folio.references} references, holders sum to ${sum}`);
      if (queuedIn(folio, 0) > 1) broken.push(`folio ${folio.id} is in ${queuedIn(folio, 0)} add batches`);
      if (folio.onLru && folio.isolated) broken.push(`folio ${folio.id} is isolated and on the LRU`);
      if (folio.onLru && queuedIn(folio, 0) > 0) broken.push(`folio ${folio.id} is on the LRU and in an add batch`);
      if (folio.entries > 0 && folio.lockedBy < 0) broken.push(`folio ${folio.id} has migration entries and no lock`);
      const queued = entriesOf(folio, 6);
      if (clearsLruFlagWhenQueued && !oracle && queued > 1) {
        broken.push(`folio ${folio.id} is in ${queued} batches though queueing clears PG_lru`);
      }
      if (folio.lockedBy >= 0 && !this.#live.has(folio.lockedBy)) {
        broken.push(`folio ${folio.id} is locked by a request that has ended`);
      }
    }
    return broken;
  }

  /** What has come out so far; requests that have not ended, or not begun, are reported unfinished. */
  result(): MachineResult {
    const kernel = this.#kernel;
    const runs =
      this.#onRequest !== undefined
        ? []
        : (this.#given?.map((demand, n) => this.#runs[n] ?? notBegun(kernel, n, demand)) ?? this.#runs);
    return {
      requests: runs.map((run) => resultOf(run, kernel)),
      background: kernel.background,
      refusedAdds: kernel.batches.refused,
      events: kernel.events,
      // A request that never ends has its finding all the same.
      findings: [...this.#findings, ...[...this.#live.values()].flatMap((run) => run.finding ?? [])],
    };
  }
}

/** Stands in until the run that it belongs to exists. */
function* nothing() {
  // Ends at once.
}

function createRun(place: number, demand: RequestDemand | undefined, cpu: number, counters: Counters): Run {
  return {
    place,
    demand,
    cpu,
    counters,
    members: [],
    process: nothing(),
    call: 0,
    mode: demand?.mode ?? 'sync',
    ended: Number.NaN,
    returned: Number.NaN,
    ticket: 0,
    finding: undefined,
    totals: emptyTotals(),
  };
}

function membersOf(kernel: Kernel, demand: RequestDemand): Member[][] {
  return demand.chunks.map((chunk) => chunk.folios.map((id) => createMember(kernel.folio(id))));
}

function notBegun(kernel: Kernel, place: number, demand: RequestDemand): Run {
  const run = createRun(place, demand, demand.cpu, emptyCounters());
  run.members = membersOf(kernel, demand);
  return run;
}

function resultOf(run: Run, kernel: Kernel): RequestResult {
  const unfinished = Number.isNaN(run.ended);
  let moved = 0;
  let wanted = 0;
  const seen = new Set<Folio>();
  let stall = run.counters.stall;
  let underEntries = run.counters.timeUnderEntries;
  const chunks = run.members.map((members) =>
    members.map((member: Member): MemberResult => {
      wanted++;
      if (!seen.has(member.folio)) stall += sleptSoFar(member.folio, kernel.now, run.counters);
      seen.add(member.folio);
      if (!Number.isNaN(member.entriesSince)) underEntries += kernel.now - member.entriesSince;
      const hasLeft = member.ending === 'moved' || member.ending === 'reclaimed';
      const ending = unfinished && !hasLeft ? 'unfinished' : member.ending;
      if (hasLeft) moved++;
      return {
        folio: member.folio.id,
        ending,
        holder: hasLeft ? undefined : member.holder,
        episodes: member.episodes,
        attempts: member.attempts,
      };
    }),
  );
  const counters: Counters = {
    ...run.counters,
    stall,
    timeUnderEntries: underEntries,
    movedFolios: moved,
    // Folios that nobody got round to (an earlier call had failed) have not moved either.
    failedFolios: wanted - moved,
    failedRequests: unfinished || run.returned !== 0 ? 1 : 0,
  };
  return {
    demand: run.demand!,
    ended: run.ended,
    returned: unfinished ? Number.NaN : run.returned,
    chunks,
    counters,
    totals: run.totals,
    finding: run.finding,
  };
}
