/** Will Deacon's Pixel 6: longterm pins of mlocked pages whose entries wait in an mlock batch. */
import { uniform } from '../../src/base/random.ts';
import type { FolioSpec } from '../../src/model/demand.ts';
import { one, rowsOf } from '../../src/model/made-up.ts';
import { emptyWorld } from '../../src/model/world.ts';
import { resolvePolicy } from '../../src/policies/policies.ts';
import type { ScoreRow } from './row.ts';

const cpus = 4;
const pinsPerDraw = 50;
const guest: Partial<FolioSpec> = { kind: 'file', mapped: 1, mlocked: true };
/** Times decide nothing here: the entry is queued before the pin, and nobody else adds to that batch. */
const world = { ...emptyWorld, serviceTime: () => 1000, drainWorkTime: () => 20_000, rcuWaitTime: () => 100_000 };

/** Shares of pins that end with -ENOMEM, and all-CPU drains a pin, under one policy. */
function pins(policy: string, seed: number, draw: number): { failed: number; drains: number } {
  const { decisions } = resolvePolicy(policy);
  let failed = 0;
  let drains = 0;
  for (let n = 0; n < pinsPerDraw; n++) {
    // The task that mlocks and the vCPU that pins run anywhere.
    const [queuedOn, pinnedOn] = [0, 1].map((which) => Math.floor(cpus * uniform(seed, 'deed', draw, n, which)));
    const result = one(
      decisions,
      guest,
      { model: 'longterm pin', reason: 'longterm_pin', cpu: pinnedOn! },
      world,
      rowsOf([[100, queuedOn!, 6, 0]]),
    );
    if (result.returned !== 0) failed++;
    drains += result.counters.allCpuDrains;
  }
  return { failed: failed / pinsPerDraw, drains: drains / pinsPerDraw };
}

export const row: ScoreRow = {
  id: 'gup-mlock-batch',
  result:
    'Longterm pins of mlocked pages in CMA: with the rule of 6.15 (drain when PG_lru is clear) they fail relatively easily (A); with a rule that looks at references (B) the failure is gone',
  source: 'Will Deacon, 2025-08-15; 98c6d259319e, 2025-09-08 (6.17)',
  given:
    'Pixel 6, 6.15, protected KVM guests whose memory is mlocked on fault and then pinned; one trace line (count=1027), no rate',
  fixed: '',
  run({ seed, draws }) {
    const sums = { before: 0, after: 0, drains: 0 };
    for (let draw = 0; draw < draws; draw++) {
      const after = pins('linux-6.17', seed, draw);
      sums.before += pins('linux-6.15', seed, draw).failed;
      sums.after += after.failed;
      sums.drains += after.drains;
    }
    const count = draws * pinsPerDraw;
    const estimate = sums.after / draws;
    // None of n: the exact 95 % bound for a share (Clopper and Pearson).
    const high =
      estimate === 0 ? 1 - 0.025 ** (1 / count) : estimate + 1.96 * Math.sqrt((estimate * (1 - estimate)) / count);
    const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
    return {
      says: `of pins that come while the entry is queued, ${percent(sums.before / draws)} fail with the rule of 6.15 (all whose entry is on another of ${cpus} CPUs: the pin drains its own) and ${percent(estimate)} with that of 6.17, at ${(sums.drains / draws).toFixed(2)} all-CPU drains a pin`,
      low: 0,
      high,
      estimate,
      unit: 'share of pins that fail',
    };
  },
  published: 'guests start; no figure on either side',
  judge: ({ high }) => (high < 0.05 ? 'same direction' : 'disagrees'),
  why: 'The report gives no rate, so only the order of the two can be compared. Nothing was fixed: that the entry is still queued when the pin comes is what the trace line says (1 + 1 + 1 + 1024). How often that is depends on how soon the guest pins what it has faulted in, which is not published.',
};
