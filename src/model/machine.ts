/**
 * The machine: folios, per-CPU batches and processes, moved on by one clock. Requests are generators on a queue that
 * keeps the order of equal times; what other tasks do to the batches is read from columns in between, without an
 * object an event.
 */
import { Batches } from './batches.ts';
import { emptyCounters } from './counters.ts';
import type { Decisions } from './decisions.ts';
import {
  type Background,
  type BackgroundSource,
  backgroundActions,
  emptyBackground,
  type FolioSource,
  type FolioSpec,
  type RequestDemand,
  requestModels,
} from './demand.ts';
import { drainAll } from './drains.ts';
import { entriesOf, type Folio, Folios, isFree, queuedIn, sumOfHolders } from './folio.ts';
import { type Finding, Kernel, type Run, type Timeout } from './kernel.ts';
import { type LogKind, logKind, type ModelLog } from './log.ts';
import { requesters } from './requests.ts';
import { createRun, type MachineResult, membersOf, notBegun, type RequestResult, resultOf } from './results.ts';
import type { World } from './world.ts';

export { type Counters, counterNames } from './counters.ts';
export type { Finding } from './kernel.ts';
export type { MachineResult, MemberResult, RequestResult } from './results.ts';

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
      applyRows: (until) => this.#applyRows(until),
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
    if (kernel.nextRow <= next && kernel.nextRow !== Number.POSITIVE_INFINITY) {
      if (this.#isDrainAll()) this.#startDrain();
      else this.#consume(next);
      return true;
    }
    const due = Math.min(queue.nextTime, start);
    if (due === Number.POSITIVE_INFINITY || due > this.#horizon) return false;
    kernel.quietUntil = this.#quietUntil();
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

  /** Until when a process may run on: the next request, or the horizon. */
  #quietUntil(): number {
    if (this.#stepwise) return Number.NEGATIVE_INFINITY;
    return Math.min(this.#horizon, this.#nextDemand?.start ?? Number.POSITIVE_INFINITY);
  }

  /** Background rows up to a time, or up to the first that needs a process of its own, which stays. */
  #consume(until: number): void {
    const { batches, background } = this.#kernel;
    const { account, request } = batches;
    batches.account = background;
    batches.request = -1;
    const row = batches.consume(this.#background, this.#row, until);
    batches.account = account;
    batches.request = request;
    this.#kernel.events += row - this.#row;
    this.#row = row;
    this.#refill();
  }

  #isDrainAll(): boolean {
    return this.#background.action[this.#row] === backgroundActions.drainAll;
  }

  /** Rows that come while a process runs on; see `Kernel.pass`. What may put something into the queue is left alone. */
  #applyRows(until: number): boolean {
    const kernel = this.#kernel;
    if (kernel.watchesReferences) return false;
    while (kernel.nextRow <= until) {
      if (this.#isDrainAll()) return false;
      this.#consume(until);
    }
    return true;
  }

  /** Goes to the next block where this one is used up. */
  #refill(): void {
    while (this.#row >= this.#background.length) {
      const block = this.#source.next();
      if (block === undefined) {
        this.#kernel.nextRow = Number.POSITIVE_INFINITY;
        return;
      }
      const { length, time } = this.#background;
      if (length > 0 && block.length > 0 && !(block.time[0]! >= time[length - 1]!)) {
        throw new Error(`a block of background rows begins at ${block.time[0]}, before the end of the one before it`);
      }
      this.#kernel.batches.rowsBefore += length;
      this.#background = block;
      this.#row = 0;
    }
    this.#kernel.nextRow = this.#background.time[this.#row]!;
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
    const before = this.#nextDemand?.start ?? Number.NEGATIVE_INFINITY;
    const { done, value } = this.#demands.next();
    this.#nextDemand = done === true ? undefined : value;
    if (this.#nextDemand !== undefined && !(this.#nextDemand.start >= before)) {
      throw new Error(`request ${this.#nextDemand.id} starts at ${this.#nextDemand.start}, after one of ${before}`);
    }
  }

  #begin(): void {
    const kernel = this.#kernel;
    const demand = this.#nextDemand!;
    const n = this.#begun++;
    const run = createRun(this.#order[n] ?? n, demand, demand.cpu, emptyCounters());
    run.members = membersOf(kernel, demand);
    if (this.#onRequest === undefined) this.#runs[run.place] = run;
    const folios = run.members.reduce((sum, members) => sum + members.length, 0);
    this.#pullDemand();
    kernel.quietUntil = this.#quietUntil();
    this.#live.set(run.place, run);
    run.process = this.#request(run);
    kernel.events++;
    this.#note(run, 'request start', requestModels.indexOf(demand.model), folios);
    this.#resume(run);
  }

  *#request(run: Run) {
    const { world } = this.#kernel;
    const demand = run.demand!;
    // Most folios meet nothing, and a folio may be in several chunks.
    let seen: Set<number> | undefined;
    for (const members of run.members) {
      for (const { folio } of members) {
        const obstacles = world.obstacles(demand.id, folio.id);
        if (obstacles.length === 0 || seen?.has(folio.id)) continue;
        seen ??= new Set();
        seen.add(folio.id);
        // Lists are never written to, so that a long one is taken as it is.
        folio.obstacles = folio.obstacles.length === 0 ? obstacles : [...folio.obstacles, ...obstacles];
      }
    }
    yield* requesters[demand.model](this.#kernel, run);
    run.ended = this.#kernel.now;
  }

  #note(run: Run, kind: LogKind, a: number, b = 0): void {
    const { log, now } = this.#kernel;
    log?.push(logKind[kind], now, run.cpu, run.demand?.id ?? -1, -1, a, b);
  }

  #startDrain(): void {
    const kernel = this.#kernel;
    const run = createRun(-3, undefined, this.#background.cpu[this.#row]!, kernel.background);
    run.process = drainAll(kernel, run, false);
    kernel.queue.push(kernel.nextRow, run);
    kernel.events++;
    this.#row++;
    this.#refill();
  }

  #resume(run: Run): void {
    const kernel = this.#kernel;
    kernel.batches.account = run.counters;
    kernel.batches.request = run.demand?.id ?? -1;
    kernel.running = run;
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
    this.#note(run, 'request end', run.returned);
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
      if (clearsLruFlagWhenQueued && !oracle) {
        if (queued > 1) broken.push(`folio ${folio.id} is in ${queued} batches though queueing clears PG_lru`);
        if (queued > 0 && folio.onLru) broken.push(`folio ${folio.id} is queued with PG_lru, which queueing clears`);
      }
      if (isFree(folio) && (queued > 0 || folio.onLru || folio.isolated))
        broken.push(`folio ${folio.id} is free and in use`);
      if (folio.pins < 0 || folio.bufferHeads < 0) broken.push(`folio ${folio.id} has lost more holders than it had`);
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
