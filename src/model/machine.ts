/**
 * The machine: folios, per-CPU batches and processes, moved on by one clock. Placeholder bodies are filled in with the
 * procedures of mm/swap.c and mm/migrate.c; the signatures are what replay codes against.
 */
import type { Decisions } from './decisions.ts';
import type { Background, FolioSpec, RequestDemand } from './demand.ts';
import type { Holder, World } from './world.ts';

/** What is counted, in the order of the columns of `Counters`. */
export const counterNames = [
  'failedFolios',
  'failedRequests',
  'movedFolios',
  'calls',
  'episodes',
  'moveAttempts',
  'copiesThrownAway',
  'timeUnderEntries',
  'stall',
  'allCpuDrains',
  'drainWorks',
  'localDrains',
  'rcuWaits',
  'lruLocks',
  'tlbFlushes',
] as const;
export type CounterName = (typeof counterNames)[number];
export type Counters = Record<CounterName, number>;

/** How one member of one chunk ended. */
export type Ending = 'moved' | 'failed' | 'not isolated' | 'not tried' | 'unfinished';

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
  /** 0 = everything wanted has moved; else negative errno, or (move_pages) the pages left behind. */
  readonly returned: number;
  /** For each chunk, in order, each member in order. */
  readonly chunks: readonly (readonly MemberResult[])[];
  readonly counters: Readonly<Counters>;
}

export interface MachineResult {
  readonly requests: readonly RequestResult[];
  /** What happened outside requests: background flushes and drains. */
  readonly background: Readonly<Counters>;
}

export interface MachineInput {
  readonly cpus: number;
  readonly folios: readonly FolioSpec[];
  readonly requests: readonly RequestDemand[];
  readonly background: Background;
  /** Nothing is begun or resumed after this time. Infinity = run until everything is done. */
  readonly horizon?: number;
  /** Base pages of a PMD-mapped folio, only for the batch cut of 6.3+ (512 with 4 KiB pages). */
}

export declare class Machine {
  constructor(decisions: Decisions, world: World, input: MachineInput);
  readonly now: number;
  /** One event: a background row or the resumption of a process. False when nothing is left before the horizon. */
  step(): boolean;
  /** All of it. */
  run(): MachineResult;
  /** What does not hold, in words; empty when all is well. For tests, after any step. */
  brokenInvariants(): string[];
  result(): MachineResult;
}
