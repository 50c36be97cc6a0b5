/** What is counted. Names and units are those of a replay's metrics. */
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

export function emptyCounters(): Counters {
  return {
    failedFolios: 0,
    failedRequests: 0,
    movedFolios: 0,
    calls: 0,
    episodes: 0,
    moveAttempts: 0,
    copiesThrownAway: 0,
    timeUnderEntries: 0,
    stall: 0,
    allCpuDrains: 0,
    drainWorks: 0,
    localDrains: 0,
    rcuWaits: 0,
    lruLocks: 0,
    tlbFlushes: 0,
  };
}
