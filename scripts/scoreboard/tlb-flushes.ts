/** Huang Ying's flushes: one for each page, and one for each batch. */
import { emptyBackground, type FolioSpec } from '../../src/model/demand.ts';
import { Machine } from '../../src/model/machine.ts';
import { emptyWorld } from '../../src/model/world.ts';
import { resolvePolicy } from '../../src/policies/policies.ts';
import type { ScoreRow } from './row.ts';

const anon: FolioSpec = { order: 0, kind: 'anon', mapped: 1 };

/** TLB flushes of one call on a list of pages with nothing in the way. */
function flushesOf(policy: string, pages: number): number {
  const { requests } = new Machine(resolvePolicy(policy).decisions, emptyWorld, {
    cpus: 2,
    folios: { length: pages, spec: () => anon },
    requests: [
      {
        id: 0,
        model: 'migrate_pages',
        reason: 'syscall_or_cpuset',
        mode: 'sync',
        cpu: 0,
        start: 0,
        end: 1,
        chunks: [{ folios: Array.from({ length: pages }, (_, id) => id), gap: 0 }],
      },
    ],
    background: emptyBackground,
  }).run();
  return requests[0]!.counters.tlbFlushes;
}

const fall = (pages: number) => 100 * (1 - flushesOf('linux-6.6', pages) / flushesOf('linux-6.2', pages));

export const row: ScoreRow = {
  id: 'tlb-flushes',
  result:
    'Interrupts to flush TLBs while migratepages moves a process: one flush a page (A), against one a batch of up to 512 pages (B)',
  source: 'Huang Ying, 7e12beb8ca2a "migrate_pages: batch flushing TLB" (6.3), 2023-02',
  given: 'x86, two sockets, pmbench; no sizes of lists',
  fixed: '',
  run: () => ({
    says: `a list of n pages is flushed once instead of n times: ${fall(512).toFixed(1)} % fewer with full batches, ${fall(111).toFixed(1)} % with lists of 111. On arm64 (6.6, which has no such interrupts) the same count is of barriers that wait for broadcast invalidations, while every page is still invalidated`,
    low: fall(32),
    estimate: fall(512),
    high: fall(512),
    unit: '% fewer flushes (32 to 512 pages a list)',
  }),
  published: '99.1 % fewer interrupts',
  judge: ({ low, high }) => (low < 99.1 && 99.1 < high ? 'same direction' : 'disagrees'),
  why: 'The published figure is what lists of 111 pages would give, or full batches with one page in 140 tried again alone; which of them, the sizes of the lists would say. Whether a flush is an interrupt at all depends on who ran the process meanwhile.',
};
