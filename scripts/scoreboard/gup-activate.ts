/** Ge Yang's device passthrough: pins of folios that wait in activate batches. */
import { uniform } from '../../src/base/random.ts';
import { one, rowsOf } from '../../src/model/made-up.ts';
import { emptyWorld } from '../../src/model/world.ts';
import { resolvePolicy } from '../../src/policies/policies.ts';
import type { ScoreRow } from './row.ts';

const cpus = 4;
const pinsPerDraw = 50;
const world = { ...emptyWorld, serviceTime: () => 1000, drainWorkTime: () => 20_000, rcuWaitTime: () => 100_000 };

function shareFailed(policy: string, seed: number, draw: number): number {
  const { decisions } = resolvePolicy(policy);
  let failed = 0;
  for (let n = 0; n < pinsPerDraw; n++) {
    const cpu = Math.floor(cpus * uniform(seed, 'deed', draw, n));
    const result = one(
      decisions,
      { kind: 'anon' },
      { model: 'longterm pin', reason: 'longterm_pin', cpu: 0 },
      world,
      rowsOf([[100, cpu, 1, 0]]),
    );
    if (result.returned !== 0) failed++;
  }
  return failed / pinsPerDraw;
}

export const row: ScoreRow = {
  id: 'gup-activate-batch',
  result:
    'Device passthrough with half of memory in CMA: starting the guest fails while PG_lru stays set on folios in activate batches (A, 6.10), and works once queueing clears it (B, 6.11)',
  source: 'Ge Yang, 33dfe9204f29, 2024-07 (6.11)',
  given: 'half of RAM in CMA, a guest with a passed-through device; no rate',
  fixed: '',
  run({ seed, draws }) {
    let before = 0;
    let after = 0;
    for (let draw = 0; draw < draws; draw++) {
      before += shareFailed('linux-6.10', seed, draw) / draws;
      after += shareFailed('linux-6.11', seed, draw) / draws;
    }
    const count = draws * pinsPerDraw;
    const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
    return {
      says: `of pins that come while the folio is in an activate batch of one of ${cpus} CPUs, ${percent(before)} fail in 6.10 (nothing drains, not even the pin's own CPU) and ${percent(after)} in 6.11`,
      low: 0,
      high: after === 0 ? 1 - 0.025 ** (1 / count) : after + 1.96 * Math.sqrt((after * (1 - after)) / count),
      estimate: after,
      unit: 'share of pins that fail',
    };
  },
  published: 'fails without it, starts with it; no figure',
  judge: ({ high }) => (high < 0.05 ? 'same direction' : 'disagrees'),
  why: 'Only the order is published. That one folio of the many that a guest pins is in a batch is near certain, so that a share of the pins and the failure of a whole guest point the same way.',
};
