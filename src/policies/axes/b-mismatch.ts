/** B: what happens to an unmapped folio whose references do not match (kernel-model 3.4 to 3.9). */
import type { Decisions, MismatchAnswer, MismatchView } from '../../model/decisions.ts';
import type { AxisOfChoice, Choice, Ground, Settles } from '../axis.ts';

const david = 'David Hildenbrand in "mm: Retry migration earlier upon refcount mismatch", 2024-08-11';
const christoph = 'Christoph Lameter in the same thread, 2024-08-09';
const ying = 'Huang Ying in the same thread, 2024-08-12';

/**
 * Submissions after the first of the second part, seven in all: the thread says no number, and the kernel whose captures
 * are scored against was built with these (none of its folios has more than one episode and seven).
 */
const sevenTimes = 6;

/** The bound of the RFC of 2026, in ns. */
const secondOfSleep = 1e9;

const undoAlways = (): MismatchAnswer => 'undo';
const keepAlways = (): MismatchAnswer => 'keep';
const giveBackAlways = (): MismatchAnswer => 'give back';
const giveBackIfWaiters = (view: MismatchView): MismatchAnswer => (view.waiters ? 'give back' : 'keep');
const giveBackIfSleepers = (view: MismatchView): MismatchAnswer => (view.lockSleepers ? 'give back' : 'keep');
const undoIfWaiters = (view: MismatchView): MismatchAnswer => (view.waiters ? 'undo' : 'keep');
const undoIfSleepers = (view: MismatchView): MismatchAnswer => (view.lockSleepers ? 'undo' : 'keep');
const sleepIfPinning = (view: MismatchView): MismatchAnswer => (view.reason === 'longterm_pin' ? 'sleep' : 'keep');

interface Proposal {
  readonly onMismatch: Decisions['onMismatch'];
  readonly resubmissions?: number;
  readonly undoesOnWaiters?: boolean;
  readonly referenceSleep?: number;
}

/** A proposal for the loops of 6.3 and later. Where every pass undoes anyway, there is nothing left for it to change. */
function inBatchedLoop(proposal: Proposal): (ground: Ground) => Settles {
  const { onMismatch, resubmissions = 0, undoesOnWaiters = false, referenceSleep = 0 } = proposal;
  return ({ decisions }) =>
    decisions.plan.loop === 'per-folio' ? {} : { onMismatch, undoesOnWaiters, referenceSleep, plan: { resubmissions } };
}

/** b3 of kernel-model 8.1; b4 does the same to other folios of the list. */
const backingOff: Choice['directions'] = { S: '+', R: '-', L: '-', W: '-', D: '+', C: '=' };

/**
 * The literal words of both proposals are about PG_waiters, which those who wait on a migration entry set, too, without
 * holding a reference; the argument for them holds only for those who sleep on the lock (kernel-model 8.2). Both readings are here;
 * the second asks for what no kernel can see.
 */
const onlySleepers = 'that sleeps on its lock with a reference (which PG_waiters alone does not tell)';

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
      directions: { S: '+', R: '+', L: '=', W: '=', D: '+', C: '=' },
      settles: {
        onMismatch: undoAlways,
        undoesOnWaiters: false,
        referenceSleep: 0,
        plan: { loop: 'per-folio', resubmissions: 0 },
      },
    },
    {
      name: 'keep locked and retry',
      does: 'keeps the folio locked with its entries through all move passes',
      mainline: [{ since: '6.3' }],
      source: 'migrate_pages_batch(), 6.3 and later',
      directions: { S: '=', R: '=', L: '++', W: '++', D: '=', C: '=' },
      settles: {
        onMismatch: keepAlways,
        undoesOnWaiters: false,
        referenceSleep: 0,
        plan: { loop: 'batched', resubmissions: 0 },
      },
    },
    {
      name: 'undo if waiters, resubmitted',
      does: 'undoes a folio at once when somebody waits for it (PG_waiters); migrate_pages_sync submits it again, up to 7 times',
      source: david,
      directions: backingOff,
      settles: inBatchedLoop({ onMismatch: giveBackIfWaiters, resubmissions: sevenTimes }),
    },
    {
      name: 'undo if waiters, to the caller',
      does: 'undoes a folio at once when somebody waits for it (PG_waiters) and leaves the retry to the caller',
      source: david,
      directions: backingOff,
      settles: inBatchedLoop({ onMismatch: giveBackIfWaiters }),
    },
    {
      name: 'undo if waiters, requeued last',
      does: 'undoes a folio at once when somebody waits for it (PG_waiters) and tries it again after the others',
      source: christoph,
      directions: backingOff,
      settles: inBatchedLoop({ onMismatch: undoIfWaiters }),
    },
    {
      name: 'undo if lock sleepers, resubmitted',
      does: `undoes a folio at once for a task ${onlySleepers}; migrate_pages_sync submits it again, up to 7 times`,
      source: `${david}, second reading`,
      directions: backingOff,
      settles: inBatchedLoop({ onMismatch: giveBackIfSleepers, resubmissions: sevenTimes }),
    },
    {
      name: 'undo if lock sleepers, to the caller',
      does: `undoes a folio at once for a task ${onlySleepers}, and leaves the retry to the caller`,
      source: `${david}, second reading`,
      directions: backingOff,
      settles: inBatchedLoop({ onMismatch: giveBackIfSleepers }),
    },
    {
      name: 'undo if lock sleepers, requeued last',
      does: `undoes a folio at once for a task ${onlySleepers}, and tries it again after the others`,
      source: `${christoph}, second reading`,
      directions: backingOff,
      settles: inBatchedLoop({ onMismatch: undoIfSleepers }),
    },
    {
      name: 'undo at any waiter, requeued last',
      does: 'undoes a folio as soon as somebody waits for it (PG_waiters), before references are compared, and tries it again after the others',
      source: `${christoph}, read literally`,
      directions: { ...backingOff, R: '?' },
      settles: inBatchedLoop({ onMismatch: undoIfWaiters, undoesOnWaiters: true }),
    },
    {
      name: 'one combined loop',
      does: 'undoes every mismatch and begins again from unmapping, in one loop',
      source: ying,
      directions: { S: '+', R: '+', L: '=', W: '=', D: '+', C: '=' },
      settles: inBatchedLoop({ onMismatch: undoAlways }),
    },
    {
      name: 'one attempt, the caller loops',
      does: 'undoes every mismatch after one attempt; migrate_pages_sync submits the folio again, up to 10 times',
      source: `${ying}, his other proposal; "up to 10" is an own choice`,
      directions: { S: '+', R: '+', L: '=', W: '=', D: '+', C: '=' },
      settles: inBatchedLoop({ onMismatch: giveBackAlways, resubmissions: 10 }),
    },
    {
      name: 'sleep for references',
      does: 'sleeps up to one second, locked and unmapped, until the references of a folio go that is to be pinned for long',
      source: 'John Hubbard, RFC of 2026-04-09, for MR_LONGTERM_PIN',
      directions: { S: '+', R: '=', L: '++', W: '++', D: '=', C: '=' },
      settles: inBatchedLoop({ onMismatch: sleepIfPinning, referenceSleep: secondOfSleep }),
    },
  ],
};
