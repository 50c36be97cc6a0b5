/** D: in which order the page-table entry is cleared, flushed and replaced (kernel-model 3.6). */
import type { AxisOfChoice, Choice } from '../axis.ts';

/** Neither proposal touches which flushes are deferred: that stays as it is in what it is laid over. */
const closesTheWindow: Choice['directions'] = { S: '+', R: '-', L: '=', W: '=', D: '=', C: '=' };

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
      directions: { S: '=', R: '=', L: '=', W: '=', D: '=', C: '=' },
      settles: { deferredFlush: false, faultWindow: true },
    },
    {
      name: 'clear, entry, batched flush',
      does: 'defers TLB flushes of asynchronous parts, which practically closes the window for faults',
      mainline: [{ since: '6.6' }],
      source: '43b3dfdd0455 (arm64 selects ARCH_WANT_BATCHED_UNMAP_TLB_FLUSH), 6.6 (release not verified)',
      directions: { S: '+', R: '-', L: '=', W: '=', D: '--', C: '=' },
      settles: { deferredFlush: true, faultWindow: true },
    },
    {
      name: 'marker first',
      does: 'marks the entry invalid but present before it is flushed, so that no fault finds it clear',
      source: 'Dev Jain, RFC of 2024-08-01 (pte_mkinvalid() in try_to_migrate_one(), a demonstration)',
      directions: closesTheWindow,
      settles: { faultWindow: false },
    },
    {
      name: 'entry before flush',
      does: 'writes the migration entry before TLBs are flushed, so that no fault finds it clear',
      source: 'patch to try_to_migrate_one() of 2024-12 (not merged; author not verified)',
      directions: closesTheWindow,
      settles: { faultWindow: false },
    },
  ],
};
