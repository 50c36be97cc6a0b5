/**
 * The machine: folios, per-CPU batches and processes, moved on by one clock. Requests are generators on a queue that
 * keeps the order of equal times; what other tasks do to the batches is read from columns in between, without an
 * object an event.
 */
import { Batches } from './batches.ts';
import { type Counters, emptyCounters } from './counters.ts';
import type { Decisions } from './decisions.ts';
import { type Background, backgroundActions, type FolioSpec, type RequestDemand } from './demand.ts';
import { drainAll } from './drains.ts';
import { createFolio, type Folio, sleptSoFar, sumOfHolders } from './folio.ts';
import { createMember, type Ending, Kernel, type Member, type Run } from './kernel.ts';
import { requesters } from './requests.ts';
import type { Holder, World } from './world.ts';

export { type Counters, counterNames } from './counters.ts';
export type { Ending } from './kernel.ts';

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
}

export interface MachineResult {
  /** In the order in which the requests were given. */
  readonly requests: readonly RequestResult[];
  /** What happened outside requests: background flushes and drains. */
  readonly background: Readonly<Counters>;
  /** Background adds that the kernel could not have made in the state that the model was in. */
  readonly refusedAdds: number;
}

export interface MachineInput {
  readonly cpus: number;
  readonly folios: readonly FolioSpec[];
  readonly requests: readonly RequestDemand[];
  readonly background: Background;
  /** Nothing is begun or resumed after this time. Infinity (default) = run until everything is done or stuck. */
  readonly horizon?: number;
}

export class Machine {
  readonly #kernel: Kernel;
  readonly #background: Background;
  readonly #horizon: number;
  readonly #runs: Run[] = [];
  #row = 0;

  constructor(decisions: Decisions, world: World, input: MachineInput) {
    const folios = input.folios.map((spec, id) => createFolio(id, spec));
    const account = emptyCounters();
    this.#kernel = new Kernel(decisions, world, folios, new Batches(input.cpus, decisions, folios, account), account);
    this.#background = input.background;
    this.#horizon = input.horizon ?? Number.POSITIVE_INFINITY;
    for (const demand of input.requests) this.#start(demand);
  }

  get now(): number {
    return this.#kernel.now;
  }

  /** The folios as they are now. For tests and for explanations; not to be changed. */
  get folios(): readonly Folio[] {
    return this.#kernel.folios;
  }

  /** One event: a run of background rows, or a process resumed once. False when nothing is left before the horizon. */
  step(): boolean {
    const kernel = this.#kernel;
    const { queue, batches } = kernel;
    const background = this.#background;
    const next = Math.min(queue.nextTime, this.#horizon);
    if (this.#row < background.length && background.time[this.#row]! <= next) {
      batches.account = kernel.background;
      this.#row = batches.consume(background, this.#row, next);
      const row = this.#row;
      if (row < background.length && background.time[row]! <= next) {
        // Only an all-CPU drain needs a process of its own; it starts when it is due.
        kernel.now = Math.max(kernel.now, background.time[row]!);
        this.#row++;
        if (background.action[row] !== backgroundActions.drainAll) throw new Error('an unknown background action');
        this.#startDrain(background.cpu[row]!);
      }
      return true;
    }
    if (queue.size === 0 || queue.nextTime > this.#horizon) return false;
    kernel.now = queue.nextTime;
    const item = queue.pop()!;
    if ('work' in item) {
      batches.account = item.account;
      item.work();
    } else this.#resume(item);
    return true;
  }

  /** All of it. */
  run(): MachineResult {
    while (this.step());
    return this.result();
  }

  #start(demand: RequestDemand): void {
    const kernel = this.#kernel;
    const run: Run = {
      place: this.#runs.length,
      demand,
      cpu: demand.cpu,
      counters: emptyCounters(),
      members: demand.chunks.map((chunk) => chunk.folios.map((id) => createMember(folioOf(kernel, id)))),
      process: nothing(),
      call: 0,
      mode: demand.mode,
      ended: Number.NaN,
      returned: Number.NaN,
    };
    run.process = this.#request(run);
    this.#runs.push(run);
    kernel.queue.push(demand.start, run);
  }

  *#request(run: Run) {
    const { world } = this.#kernel;
    const demand = run.demand!;
    const seen = new Set<number>();
    for (const members of run.members) {
      for (const { folio } of members) {
        if (seen.has(folio.id)) continue;
        seen.add(folio.id);
        folio.obstacles.push(...world.obstacles(demand.id, folio.id));
      }
    }
    yield* requesters[demand.model](this.#kernel, run);
    run.ended = this.#kernel.now;
  }

  #startDrain(cpu: number): void {
    const run: Run = {
      place: -3,
      demand: undefined,
      cpu,
      counters: this.#kernel.background,
      members: [],
      process: nothing(),
      call: 0,
      mode: 'sync',
      ended: Number.NaN,
      returned: Number.NaN,
    };
    run.process = drainAll(this.#kernel, run, false);
    this.#kernel.queue.push(this.#kernel.now, run);
  }

  #resume(run: Run): void {
    const kernel = this.#kernel;
    kernel.batches.account = run.counters;
    const { done, value } = run.process.next();
    if (done) return;
    if (typeof value === 'number') kernel.queue.push(kernel.now + value, run);
    else value?.sleepers.push(run);
  }

  /** What does not hold, in words; empty when all is well. For tests, after any step. */
  brokenInvariants(): string[] {
    const broken = this.#kernel.batches.brokenInvariants();
    const { clearsLruFlagWhenQueued, oracle } = this.#kernel.decisions;
    for (const folio of this.#kernel.folios) {
      const sum = sumOfHolders(folio);
      if (folio.references !== sum)
        broken.push(`folio ${folio.id}: ${folio.references} references, holders sum to ${sum}`);
      if (folio.queued[0]! > 1) broken.push(`folio ${folio.id} is in ${folio.queued[0]} add batches`);
      if (folio.onLru && folio.isolated) broken.push(`folio ${folio.id} is isolated and on the LRU`);
      if (folio.onLru && folio.queued[0]! > 0) broken.push(`folio ${folio.id} is on the LRU and in an add batch`);
      if (folio.entries > 0 && folio.lockedBy < 0) broken.push(`folio ${folio.id} has migration entries and no lock`);
      const queued = folio.queued.subarray(0, 6).reduce((sum, entries) => sum + entries, 0);
      if (clearsLruFlagWhenQueued && !oracle && queued > 1) {
        broken.push(`folio ${folio.id} is in ${queued} batches though queueing clears PG_lru`);
      }
      const owner = this.#runs[folio.lockedBy];
      if (folio.lockedBy >= 0 && (owner === undefined || !Number.isNaN(owner.ended))) {
        broken.push(`folio ${folio.id} is locked by a request that has ended`);
      }
    }
    return broken;
  }

  /** What has come out so far; requests that have not ended are reported unfinished. */
  result(): MachineResult {
    return {
      requests: this.#runs.map((run) => resultOf(run, this.#kernel)),
      background: this.#kernel.background,
      refusedAdds: this.#kernel.batches.refused,
    };
  }
}

/** Stands in until the run that it belongs to exists. */
function* nothing() {
  // Ends at once.
}

function folioOf(kernel: Kernel, id: number): Folio {
  const folio = kernel.folios[id];
  if (folio === undefined) throw new Error(`no folio ${id}`);
  return folio;
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
      if (member.ending === 'moved') moved++;
      if (!seen.has(member.folio)) stall += sleptSoFar(member.folio, kernel.now, run.counters);
      seen.add(member.folio);
      if (!Number.isNaN(member.entriesSince)) underEntries += kernel.now - member.entriesSince;
      const ending = unfinished && member.ending !== 'moved' ? 'unfinished' : member.ending;
      return {
        folio: member.folio.id,
        ending,
        holder: ending === 'moved' ? undefined : member.holder,
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
  return { demand: run.demand!, ended: run.ended, returned: unfinished ? Number.NaN : run.returned, chunks, counters };
}
