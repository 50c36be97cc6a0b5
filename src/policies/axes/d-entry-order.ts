/** D: in which order the page-table entry is cleared, flushed and replaced. */
import type { AxisOfChoice } from '../axis.ts';

export const entryOrder: AxisOfChoice = {
  axis: 'D',
  question: 'in which order are entries cleared, flushed from TLBs and replaced?',
  needs: ['episodes'],
  choices: [
    {
      name: 'clear, flush, entry',
      does: 'flushes TLBs between clearing an entry and writing the migration entry, which leaves a window for faults',
      mainline: [{ before: '6.6' }],
      source: 'try_to_migrate_one(); arm64 did not defer flushes before 6.6 (release not verified)',
      settles: { deferredFlush: false },
    },
    {
      name: 'clear, entry, batched flush',
      does: 'defers TLB flushes of asynchronous parts, which practically closes the window for faults',
      mainline: [{ since: '6.6' }],
      source: '43b3dfdd0455 (arm64 selects ARCH_WANT_BATCHED_UNMAP_TLB_FLUSH), 6.6 (release not verified)',
      settles: { deferredFlush: true },
    },
  ],
};
