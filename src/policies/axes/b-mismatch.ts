/** B: what happens to an unmapped folio whose references do not match. */
import type { Decisions, MismatchAnswer, MismatchView } from '../../model/decisions.ts';
import type { AxisOfChoice, Ground, Settles } from '../axis.ts';

const thread = 'David Hildenbrand in "mm: Retry migration earlier upon refcount mismatch", 2024-08-11';

const undoAlways: Decisions['onMismatch'] = () => 'undo';

/** A proposal for the loops of 6.3 and later. Where every pass undoes anyway, there is nothing left for it to change. */
function inBatchedLoop(onMismatch: (view: MismatchView) => MismatchAnswer, resubmissions = 0) {
  return ({ decisions }: Ground): Settles =>
    decisions.plan.loop === 'per-folio' ? {} : { onMismatch, plan: { resubmissions } };
}

export const mismatch: AxisOfChoice = {
  axis: 'B',
  question: 'what happens to an unmapped folio whose references do not match?',
  needs: ['episodes'],
  choices: [
    {
      name: 'undo every pass',
      does: 'unmaps and moves one folio at a time and undoes it after every failed pass',
      mainline: [{ before: '6.3' }],
      source: 'unmap_and_move(), up to 6.2; 6.1.y to this day',
      settles: { onMismatch: undoAlways, plan: { loop: 'per-folio', resubmissions: 0 } },
    },
    {
      name: 'keep locked and retry',
      does: 'keeps the folio locked with its entries through all move passes',
      mainline: [{ since: '6.3' }],
      source: 'migrate_pages_batch(), 6.3 and later',
      settles: { onMismatch: () => 'keep', plan: { loop: 'batched', resubmissions: 0 } },
    },
    {
      name: 'undo if waiters, resubmitted',
      does: 'undoes a folio at once when somebody waits for it (PG_waiters); migrate_pages_sync submits it again, up to 7 times',
      source: thread,
      settles: inBatchedLoop((view) => (view.waiters ? 'give back' : 'keep'), 7),
    },
    {
      name: 'undo if waiters, to the caller',
      does: 'undoes a folio at once when somebody waits for it (PG_waiters) and leaves the retry to the caller',
      source: thread,
      settles: inBatchedLoop((view) => (view.waiters ? 'give back' : 'keep')),
    },
    {
      name: 'undo if waiters, requeued last',
      does: 'undoes a folio at once when somebody waits for it (PG_waiters) and tries it again after the others',
      source: 'Christoph Lameter in the same thread, 2024-08-09',
      settles: inBatchedLoop((view) => (view.waiters ? 'undo' : 'keep')),
    },
    {
      name: 'one combined loop',
      does: 'undoes every mismatch and begins again from unmapping, in one loop',
      source: 'Huang Ying in the same thread, 2024-08-12',
      settles: inBatchedLoop(() => 'undo'),
    },
  ],
};
