/** What a replay gives back: for each policy and draw, what happened to the demand and what it cost. */
import type { Fates } from './fates.ts';

/** Everything that is counted, with its unit. Costs stand beside successes, because every policy trades. */
export const metrics = {
  failedFolios: { title: 'folios given up', unit: 'folios', better: 'less' },
  failedRequests: { title: 'requests with folios left', unit: 'requests', better: 'less' },
  movedFolios: { title: 'moved folios', unit: 'folios', better: 'more' },
  calls: { title: 'migrate_pages calls', unit: 'calls', better: 'less' },
  episodes: { title: 'episodes', unit: 'episodes', better: 'less' },
  moveAttempts: { title: 'move attempts', unit: 'attempts', better: 'less' },
  copiesThrownAway: { title: 'copies thrown away', unit: 'folios', better: 'less' },
  timeUnderEntries: { title: 'time under entries', unit: 'ns', better: 'less' },
  stall: { title: 'stall of waiting tasks', unit: 'ns', better: 'less' },
  allCpuDrains: { title: 'all-CPU drains', unit: 'drains', better: 'less' },
  drainWorks: { title: 'drain works queued', unit: 'works', better: 'less' },
  localDrains: { title: 'local drains', unit: 'drains', better: 'less' },
  rcuWaits: { title: 'RCU waits', unit: 'waits', better: 'less' },
  lruLocks: { title: 'LRU lock acquisitions', unit: 'locks', better: 'less' },
  tlbFlushes: { title: 'TLB flushes', unit: 'flushes', better: 'less' },
  pagesFailed: { title: 'failed pages', unit: 'pages', better: 'less' },
  entryWaits: { title: 'waits on entries', unit: 'waits', better: 'less' },
  lockWaits: { title: 'waits for folio locks', unit: 'waits', better: 'less' },
  busyRetries: { title: 'areas given up', unit: 'areas', better: 'less' },
  busyAllocations: { title: 'busy contiguous ranges', unit: 'ranges', better: 'less' },
  callTime: { title: 'time in calls', unit: 'ns', better: 'less' },
} as const;
export type Metric = keyof typeof metrics;
export const metricNames = Object.keys(metrics) as readonly Metric[];

/** One number a draw for each metric. */
export type Totals = Readonly<Record<Metric, Float64Array>>;

export interface PolicyOutcome {
  readonly policy: string;
  readonly draws: number;
  readonly totals: Totals;
  readonly byReason: readonly { readonly reason: string; readonly totals: Totals }[];
  /** For each folio of the demand (history's calls in order, their folios in order): share of draws in which it failed. */
  readonly failed: Float64Array;
  /** Against the recorded policy, draw by draw; all zero where it was not among the policies. */
  readonly fates: Fates;
}

/** Bumped whenever the same trace, policy and seed give another answer; every result carries it. */
export const modelVersion = 4;
