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
  /** Base pages that mm_migrate_pages would have printed as failed. */
  'pagesFailed',
  /** Tasks that went to sleep on a migration entry. */
  'entryWaits',
  /** Faults that went to sleep on the lock of a folio under migration. */
  'lockWaits',
  /** Areas of CMA given up with -EBUSY. */
  'busyRetries',
  /** Contiguous ranges that ended with -EBUSY. */
  'busyAllocations',
  /** ns from the begin of a migrate_pages call to its end. */
  'callTime',
] as const;
export type CounterName = (typeof counterNames)[number];

/** What is counted beside a replay's metrics: costs that only scenarios and their policies have. */
export const extraCounterNames = [
  /** Passes over a list that still had folios. */
  'passes',
  /** ns for which folio locks were held by requests. */
  'lockHold',
  /** ns of CPU time that spinning tasks burnt. */
  'cpuBurnt',
  /** ns slept for references to go (axis B). */
  'referenceSleep',
  /** Large folios split. */
  'splits',
  /** Rounds of a requester's own loop beyond the first. */
  'outerLoops',
  /** Folios dropped instead of moved. */
  'reclaimed',
  /** Pages whose translations were invalidated. */
  'tlbPages',
  /** CPUs interrupted to flush (machines without broadcast invalidation). */
  'ipis',
  /** Batch operations applied after a younger one of the same folio. */
  'reordered',
  /** Sleepers woken on folio locks. */
  'waiterWakes',
] as const;
export type ExtraCounterName = (typeof extraCounterNames)[number];
export type Counters = Record<CounterName | ExtraCounterName, number>;

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
    pagesFailed: 0,
    entryWaits: 0,
    lockWaits: 0,
    busyRetries: 0,
    busyAllocations: 0,
    callTime: 0,
    passes: 0,
    lockHold: 0,
    cpuBurnt: 0,
    referenceSleep: 0,
    splits: 0,
    outerLoops: 0,
    reclaimed: 0,
    tlbPages: 0,
    ipis: 0,
    reordered: 0,
    waiterWakes: 0,
  };
}
