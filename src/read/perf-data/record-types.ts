/**
 * Types of records: below 64 the kernel's (include/uapi/linux/perf_event.h enum perf_event_type), from 64 on perf's own
 * (tools/lib/perf/include/perf/event.h enum perf_user_event_type). Each begins with `u32 type, u16 misc, u16 size`.
 */
export const recordTypes = {
  lost: 2,
  comm: 3,
  throttle: 5,
  unthrottle: 6,
  fork: 7,
  sample: 9,
  aux: 11,
  itraceStart: 12,
  lostSamples: 13,
  auxOutputHardwareId: 21,
  headerAttr: 64,
  tracingData: 66,
  finishedRound: 68,
  auxtraceInfo: 70,
  auxtrace: 71,
  auxtraceError: 72,
  eventUpdate: 78,
  headerFeature: 80,
  compressed: 81,
  compressed2: 83,
} as const;

/** The last of the kernel's types known here (PERF_RECORD_CALLCHAIN_DEFERRED, 6.19), and of perf's (SCHEDSTAT_DOMAIN). */
const lastOfKernel = 22;
const firstOfPerf = 64;
const lastOfPerf = 86;

/** A bit of `misc`: a filter took these samples, nothing lost them (PERF_RECORD_MISC_LOST_SAMPLES_BPF). */
export const filteredByBpf = 1 << 15;

/** Bytes that a record has at least to be what its type says; 8 for the others. */
export const leastSizes: Readonly<Partial<Record<number, number>>> = {
  [recordTypes.lost]: 24,
  [recordTypes.comm]: 17,
  [recordTypes.throttle]: 32,
  [recordTypes.unthrottle]: 32,
  [recordTypes.fork]: 32,
  [recordTypes.lostSamples]: 16,
  [recordTypes.headerAttr]: 72,
  [recordTypes.tracingData]: 12,
  [recordTypes.auxtrace]: 16,
  [recordTypes.eventUpdate]: 24,
  [recordTypes.headerFeature]: 16,
  [recordTypes.compressed2]: 16,
};

export function isKnownType(type: number): boolean {
  return (type > 0 && type <= lastOfKernel) || (type >= firstOfPerf && type <= lastOfPerf);
}

export function isOfKernel(type: number): boolean {
  return type < firstOfPerf;
}

/** What a processor traced by itself (Intel PT, CoreSight, SPE): a format of its own for each, and no events of the kernel. */
export function isHardwareTrace(type: number): boolean {
  return (
    type === recordTypes.aux ||
    type === recordTypes.itraceStart ||
    type === recordTypes.auxOutputHardwareId ||
    (type >= recordTypes.auxtraceInfo && type <= recordTypes.auxtraceError)
  );
}
