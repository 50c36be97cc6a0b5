/** The selftest of the thread on x86, with TLB flushes deferred and at once. */
import { lawWorld, one } from '../../src/model/made-up.ts';
import { resolvePolicy } from '../../src/policies/policies.ts';
import type { ScoreRow } from './row.ts';

/** Iterations after which the test counts as passed: more than a run of 20 s makes. */
const most = 2000;
/** ns of one flush: the length of the window in which a fault finds the entry clear, when the flush is not deferred. */
const flush = 2000;

/** Iterations of move_pages until one leaves the page behind, with `touches` a window on average; `most` = none did. */
function iterations(entryOrder: string, touches: number, seed: number): number {
  const policy = resolvePolicy(`linux-6.10${entryOrder}`);
  const services = { flush, unmap: 500, attempt: 300, copy: 500, restore: 500 };
  // A woken reader needs a moment, in which the folio is locked again: the same reader may be in the way twice.
  const world = lawWorld({ seed, touch: touches / flush, release: () => 100, services });
  for (let id = 0; id < most; id++) {
    if (one(policy.decisions, { kind: 'shmem' }, { id }, world).returned !== 0) return id;
  }
  return most;
}

export const row: ScoreRow = {
  id: 'x86-deferral',
  result:
    'The selftest of migration beside readers on x86: it passes with TLB flushes deferred (A); with deferral switched off (B)',
  source:
    'David Hildenbrand in "Race condition observed between page migration and page fault handling on arm64 machines", 2024-08',
  given: 'one page of shared anonymous memory, a reader on each CPU but one; no rate',
  fixed: '',
  run({ seed, draws }) {
    const mean = (order: string, touches: number) => {
      let sum = 0;
      for (let draw = 0; draw < draws; draw++) sum += iterations(order, touches, seed * 1000 + draw) / draws;
      return sum;
    };
    const deferred = iterations('', 5, seed);
    const [rare, often] = [mean('+flush-at-once', 0.3), mean('+flush-at-once', 5)];
    return {
      says: `deferred, ${deferred === most ? `no failure in ${most} iterations, as nobody finds a cleared entry` : `a failure after ${deferred} iterations`}; at once, a failure after ${rare.toFixed(1)} iterations on average with 0.3 touches a window, and after ${often.toFixed(2)} with 5`,
      low: often,
      high: rare,
      estimate: Number.NaN,
      unit: 'iterations before a failure',
    };
  },
  published: 'fails every time',
  judge: ({ high }) => (high < most / 10 ? 'same direction' : 'disagrees'),
  why: 'The rate of touches was not published, nor how soon a woken reader runs; at any rate at which a flush is likely to be hit, a run of seconds fails. That a deferred flush closes the window for good is an assumption: a reader without the translation in its TLB still finds the entry cleared, and on arm64 captures some do.',
};
