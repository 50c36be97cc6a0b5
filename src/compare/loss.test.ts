/** Lost events: what is said of a capture with events taken out must hold for the whole of it. */
import { strict as assert } from 'node:assert';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { workOut } from '../history/history.ts';
import { openCapture } from '../read/file.ts';
import { type Metric, metricNames } from '../replay/outcome.ts';
import { outsideCaptures, tracePath } from '../test-support.ts';
import { compare } from './compare.ts';
import type { Comparison, Interval } from './comparison.ts';
import { type Taken, withLoss } from './loss-support.ts';

const options = { draws: 8, policies: ['refcheck-unmap', 'drain-once'] };

/** A capture as tracefs text without some of its events, beside its sidecar. */
async function compareWithout(t: TestContext, path: string, taken: Taken): Promise<Comparison> {
  const folder = mkdtempSync(join(tmpdir(), 'folioscope-loss-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const sidecar = join(dirname(path), 'meta.json');
  if (existsSync(sidecar)) writeFileSync(join(folder, 'meta.json'), readFileSync(sidecar));
  writeFileSync(join(folder, 'trace.txt'), withLoss(gunzipSync(readFileSync(path)).toString(), taken));
  return compare(await workOut(await openCapture(join(folder, 'trace.txt'))), options);
}

/** The number itself; where only bounds are known, their middle. */
function middle({ estimate, low, high }: Interval): number {
  return Number.isNaN(estimate) ? (low + high) / 2 : estimate;
}

/** What of the whole capture lies outside of what the lossy one gives, in words. */
function outside(whole: Comparison, lossy: Comparison): { missed: string[]; checked: number } {
  const missed: string[] = [];
  let checked = 0;
  for (const row of whole.rows) {
    const other = lossy.rows.find(({ policy }) => policy === row.policy);
    assert.ok(other, `${row.policy} is refused of the lossy capture`);
    const check = (what: string, metric: Metric, of: Interval, { low, high }: Interval) => {
      const number = middle(of);
      if (Number.isNaN(number)) return;
      checked++;
      if (!(low <= number && number <= high)) {
        missed.push(`${row.policy}, ${what} of ${metric}: ${number} not in [${low}, ${high}]`);
      }
    };
    for (const metric of metricNames) {
      check('value', metric, row.value[metric], other.value[metric]);
      check('difference', metric, row.difference[metric], other.difference[metric]);
    }
  }
  return { missed, checked };
}

const losses = (seed: number): readonly Taken[] => [
  { how: 'at random', share: 0.01, seed },
  { how: 'in a burst', share: 0.03, seed },
];

async function brackets(t: TestContext, path: string, seeds: readonly number[]): Promise<void> {
  const whole = compare(await workOut(await openCapture(path)), options);
  for (const taken of seeds.flatMap(losses)) {
    const lossy = await compareWithout(t, path, taken);
    const { missed, checked } = outside(whole, lossy);
    assert.ok(checked > 60, `${checked} numbers`);
    assert.deepEqual(missed, [], `${path} without ${100 * taken.share} % ${taken.how}, seed ${taken.seed}`);
    assert.ok(lossy.remarks.some((remark) => remark.startsWith('Lost events are')));
  }
}

for (const path of [
  ['pairs', 'shared-anon-hot', 'baseline', 'run01'],
  ['debian-6.1-4k', 'shanon_hot'],
]) {
  test(`what a capture with lost events says holds for the whole of ${path.join('/')}`, (t) =>
    brackets(t, tracePath(...path, 'trace.txt.gz'), [1]));
}

test('larger captures with lost events hold for the whole of them', {
  skip: outsideCaptures === undefined ? 'FOLIOSCOPE_CAPTURES names no folder' : false,
}, async (t) => {
  const pairs = join(outsideCaptures!, 'pairs', 'shared-anon-hot');
  for (const policy of readdirSync(pairs))
    await brackets(t, join(pairs, policy, 'run02', 'trace.txt.gz'), [1, 2, 3, 4, 5]);
});

test('events are taken out as the kernel loses them: a mark before the next event of their CPU', () => {
  const line = (cpu: number, n: number) =>
    `          a-task-7       [00${cpu}] d....     1.00000${n}: mm_migrate_pages: x`;
  const text = ['# tracer: nop', line(0, 1), line(1, 2), line(0, 3), line(1, 4), line(0, 5), line(1, 6), ''].join('\n');
  assert.equal(withLoss(text, { how: 'at random', share: 0, seed: 1 }), text);
  const half = withLoss(text, { how: 'in a burst', share: 1 / 6, seed: 1 });
  const [mark, ...others] = half.split('\n').filter((one) => one.startsWith('CPU:'));
  assert.match(mark ?? '', /^CPU:[01] \[LOST 1 EVENTS\]$/);
  assert.deepEqual(others, []);
});
