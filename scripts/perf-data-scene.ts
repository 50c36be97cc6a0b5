/** For tests: a recording of two CPUs, made up, in which every rule of order, names and losses has its turn. */
import {
  comm,
  fork,
  lost,
  lostSamples,
  Out,
  round,
  sample,
  type TestAttr,
  type TestContext,
  throttle,
  usualSample,
} from './perf-data-encoder.ts';
import { formatText, tracingData, usualFeatures } from './perf-data-files.ts';

export const start: TestAttr = { name: 'migrate:mm_migrate_pages_start', type: 2, config: 602, ids: [11, 12] };
export const activate: TestAttr = { name: 'pagemap:mm_lru_activate', type: 2, config: 443, ids: [13, 14] };
const faults: TestAttr = {
  name: 'page-faults:u',
  type: 1,
  config: 2,
  ids: [15, 70000],
  sampleType: (usualSample & ~0x400) | 0x8,
};
export const attrs: readonly TestAttr[] = [start, activate, faults];

/** The formats of 6.12 (traces/formats). */
export const formats = {
  migrate: [
    formatText(
      'mm_migrate_pages_start',
      602,
      [
        ['enum migrate_mode mode', 4, false],
        ['int reason', 4, true],
      ],
      '"mode=%s reason=%s", __print_symbolic(REC->mode, {0, "MIGRATE_ASYNC"}, {1, "MIGRATE_SYNC_LIGHT"}, {2, "MIGRATE_SYNC"}), __print_symbolic(REC->reason, {0, "compaction"}, {3, "syscall_or_cpuset"})',
    ),
  ],
  pagemap: [
    formatText(
      'mm_lru_activate',
      443,
      [
        ['struct folio * folio', 8, false],
        ['unsigned long pfn', 8, false],
      ],
      '"folio=%p pfn=0x%lx", REC->folio, REC->pfn',
    ),
  ],
};

/** What times of events are counted from, ns. */
export const base = 5_000_000_000n;

function context(attr: TestAttr, cpu: number, pid: number, tid: number, time: number): TestContext {
  return { attr, id: attr.ids[cpu]!, pid, tid, cpu, time: time === 0 ? 0n : base + BigInt(time) };
}

/** The record of a tracepoint: its common fields, then its own. */
function header(isLittle: boolean, type: number, tid: number): Out {
  return new Out(isLittle).u16(type).number(1, 1).number(0, 1).u32(tid);
}

export function startSample(isLittle: boolean, cpu: number, tid: number, time: number, mode = 0): Uint8Array {
  const raw = header(isLittle, 602, tid).u32(mode).u32(3).bytes();
  return sample(isLittle, context(start, cpu, tid, tid, time), raw);
}

export function activateSample(isLittle: boolean, cpu: number, tid: number, time: number, pfn: bigint): Uint8Array {
  const raw = header(isLittle, 443, tid)
    .u64(0xfffffdffc0000000n + pfn * 64n)
    .u64(pfn)
    .bytes();
  return sample(isLittle, context(activate, cpu, tid, tid, time), raw);
}

/** The records in the order of the file: CPU after CPU, round after round. */
export function records(isLittle: boolean): Uint8Array[] {
  const at = (cpu: number, tid: number, time: number): TestContext => context(start, cpu, tid, tid, time);
  return [
    comm(isLittle, 'kcompactd0', { ...at(0, 50, 0), id: 0 }),
    comm(isLittle, 'init.sh', { ...at(0, 100, 0), id: 0 }),
    startSample(isLittle, 0, 50, 1000),
    activateSample(isLittle, 0, 100, 3000, 0x81e58n),
    fork(isLittle, 100, 100, at(0, 101, 3500)),
    activateSample(isLittle, 0, 101, 4000, 0x81e59n),
    comm(isLittle, 'fsl-mover', at(0, 101, 5000)),
    activateSample(isLittle, 0, 101, 6000, 0x81e5an),
    startSample(isLittle, 1, 777, 2000, 2),
    startSample(isLittle, 1, 50, 3000, 1),
    round(isLittle),
    startSample(isLittle, 0, 0, 8000),
    lost(isLittle, 7, at(0, 50, 8500)),
    startSample(isLittle, 0, 50, 9000),
    activateSample(isLittle, 1, 101, 5500, 0x7n),
    sample(isLittle, context(faults, 1, 101, 101, 7000), new Uint8Array(0)),
    round(isLittle),
    throttle(isLittle, at(1, 50, 9500)),
    startSample(isLittle, 1, 50, 9900, 2),
    lostSamples(isLittle, 10, at(0, 0xffffffff, 0)),
    lostSamples(isLittle, 99, at(1, 0xffffffff, 0), 1 << 15),
  ];
}

export function features(isLittle: boolean): Map<number, Uint8Array> {
  return new Map([[1, tracingData(isLittle, formats)], ...usualFeatures(isLittle, attrs)]);
}

/** Time after the base, cpu, thread, name, event, what it says. */
export const expected: readonly string[] = [
  '1000 0 50 kcompactd0 migrate:mm_migrate_pages_start mode=0',
  '2000 1 777 - migrate:mm_migrate_pages_start mode=2',
  '3000 0 100 init.sh pagemap:mm_lru_activate pfn=532056',
  '3000 1 50 kcompactd0 migrate:mm_migrate_pages_start mode=1',
  '4000 0 101 init.sh pagemap:mm_lru_activate pfn=532057',
  '5500 1 101 fsl-mover pagemap:mm_lru_activate pfn=7',
  '6000 0 101 fsl-mover pagemap:mm_lru_activate pfn=532058',
  '7000 1 101 fsl-mover page-faults:u period=77',
  '8000 0 0 swapper migrate:mm_migrate_pages_start mode=0',
  '9000 0 50 kcompactd0 migrate:mm_migrate_pages_start mode=0',
  '9900 1 50 kcompactd0 migrate:mm_migrate_pages_start mode=2',
];
