/** What comes out of a machine: how every member of every request ended, and what it cost. */
import { type CallTotals, emptyTotals } from './accounting.ts';
import { type Counters, emptyCounters } from './counters.ts';
import type { RequestDemand } from './demand.ts';
import { sleptSoFar } from './folio-lock.ts';
import { createMember, type Ending, type Finding, type Kernel, type Member, type Run } from './kernel.ts';
import type { Holder } from './world.ts';

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

/** Stands in until the run that it belongs to exists. */
function* nothing() {
  // Ends at once.
}

export function createRun(place: number, demand: RequestDemand | undefined, cpu: number, counters: Counters): Run {
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

export function membersOf(kernel: Kernel, demand: RequestDemand): Member[][] {
  return demand.chunks.map((chunk) => chunk.folios.map((id) => createMember(kernel.folio(id))));
}

/** A request whose time did not come. */
export function notBegun(kernel: Kernel, place: number, demand: RequestDemand): Run {
  const run = createRun(place, demand, demand.cpu, emptyCounters());
  run.members = membersOf(kernel, demand);
  return run;
}

/** What has come out of a request so far. */
export function resultOf(run: Run, kernel: Kernel): RequestResult {
  const unfinished = Number.isNaN(run.ended);
  let moved = 0;
  let wanted = 0;
  let seen: Set<number> | undefined;
  let stall = run.counters.stall;
  let underEntries = run.counters.timeUnderEntries;
  const chunks = run.members.map((members) =>
    members.map((member: Member): MemberResult => {
      // An allocation that was served by one area wants nothing of those after it, nor of the rest of those given up.
      const isSpared = member.ending === 'not tried' && run.demand?.model === 'cma' && run.returned === 0;
      if (!isSpared) wanted++;
      if (member.folio.blocked.length > 0 && !seen?.has(member.folio.id)) {
        stall += sleptSoFar(member.folio, kernel.now, run.counters);
        seen ??= new Set();
        seen.add(member.folio.id);
      }
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
