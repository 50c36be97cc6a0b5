/**
 * Published results that the model cannot speak to, each with what is missing. They stand in the scoreboard so that
 * nobody takes their absence for agreement.
 */
import type { ScoreRow } from './row.ts';

interface Untold {
  readonly id: string;
  readonly result: string;
  readonly source: string;
  readonly given: string;
  readonly published: string;
  /** What the model does say of it: a count or an order, no figure of the kind that was published. */
  readonly says: string;
  readonly why: string;
}

function untold({ says, ...rest }: Untold): ScoreRow {
  return {
    ...rest,
    fixed: '',
    run: () => ({ says, low: Number.NaN, high: Number.NaN, estimate: Number.NaN, unit: '' }),
    judge: () => 'cannot be told',
  };
}

export const rows: readonly ScoreRow[] = [
  untold({
    id: 'batching-throughput',
    result:
      'Pages migrated a second with unmapping in batches (6.3) against one by one: x86, two sockets; arm64, 128 cores',
    source: 'Huang Ying, 7e12beb8ca2a and its series (6.3); Xin Hao in the same thread',
    given: 'pmbench with migratepages; no times of single steps',
    published: '+291.7 % on x86; up to +78 % on arm64',
    says: 'fewer flushes a page (see tlb-flushes); what a flush costs beside a copy is not in the model',
    why: 'Throughput is made of service times (flush, copy, lock), which were not published, and which the model takes from a capture.',
  }),
  untold({
    id: 'expedited-rcu',
    result:
      'move_pages under Stress-NG with a plain grace period in each call (5.18) against an expedited one (5.19, 5.18.8)',
    source: '31733463372e; Phoronix, 2022-06',
    given: 'a "large" regression of 5.18 against 5.17',
    published: 'gone with the expedited one; no figure found',
    says: 'one grace period a call in both; the difference is that of the two grace periods',
    why: 'How long either takes is the whole answer, and it is a property of the machine that the model is told.',
  }),
  untold({
    id: 'buffer-heads-hot-path',
    result: 'Buffer-head LRUs emptied by every drain (5.13) against by all-CPU drains only (5.15)',
    source: 'kernel test robot, 8cc621d2f45d, 2021-05-20; Minchan Kim, 2021-09-07',
    given: 'fio with buffered writes',
    published: 'fio.write_iops -21.8 %, cured by the second',
    says: 'more local drains that empty them; that is a miss in the buffer-head LRU each time',
    why: 'What a missed lookup costs a file system is outside the model.',
  }),
  untold({
    id: 'batch-of-31',
    result: 'Batches of 31 folios (6.9) against 15',
    source: '9cecde80aae0 "mm: increase folio batch size" (6.9)',
    given: 'will-it-scale page_fault2',
    published: 'a gain; the figure is not verified here',
    says: 'half as many flushes, each with one lock of the lruvec for up to twice the folios',
    why: 'The gain is in the contention on that lock, whose hold times the model does not have.',
  }),
  untold({
    id: 'drain-after-move',
    result: 'A local drain after each moved folio (up to 6.7) against only for mlocked ones (6.8)',
    source: 'Baolin Wang, 2023-10-18, before eebb3dabbb5c',
    given: 'thpfioscale on a machine that compacts; 7 % of cycles were in those drains',
    published: 'fault latencies from 0 to 22 % lower, by number of threads',
    says: 'one local drain less for each mapped folio that moves',
    why: 'The count is certain, and cycles and latencies follow from service times that were not published.',
  }),
  untold({
    id: 'drain-local-first',
    result: 'An all-CPU drain that empties its own CPU first (6.18)',
    source: 'Hugh Dickins, "mm: better GUP pin lru_add_drain_all()" 6/6, 2025-08-31',
    given: 'the author says that there are no numbers',
    published: 'nothing',
    says: 'one work less for each drain whose own CPU has entries; none at all where only that CPU has',
    why: 'There is no result to compare with.',
  }),
  untold({
    id: 'reference-sleep',
    result: 'A longterm pin that sleeps up to a second for references, against one that fails',
    source: 'John Hubbard, RFC of 2026-04-09',
    given: 'a bound of 1 s; 6 to 9 interrupts to all CPUs for the static key, twice a call',
    published: 'no success rate',
    says: 'everything whose holders let go within the second is pinned; its tasks wait for as long',
    why: 'How long such holders stay was not published.',
  }),
  untold({
    id: 'fail-fast-handlerless',
    result: 'Pages without a migrate handler that fail at once, against those that are retried',
    source: 'Mel Gorman, 806031bb5ec3, 2019',
    given: 'thpfioscale',
    published: 'fault latencies from -4 to +4.4 %',
    says: 'fewer tries; nothing of latencies',
    why: 'The published differences have both signs and no spread.',
  }),
  untold({
    id: 'batch-size-sweep',
    result: 'NR_MAX_BATCHED_MIGRATION from 32 to 1024',
    source: 'artefact of the KernelX paper, 2025-11',
    given: '24 query threads, 2 migrators, 8 GiB, 20 % of it hot; latencies from P50 to P99',
    published: 'the values were not found',
    says: 'the first folio of a batch stays unmapped until the last has moved, so that stalls grow with the batch',
    why: 'There is nothing to compare with.',
  }),
];
