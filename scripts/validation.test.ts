import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { Validation, ValidationRow } from '../src/compare/validate.ts';
import { isMiss, type Pair, pageOf, staleReasons } from './validation/page.ts';

const runs = { runs: [4, 6], mean: 5, low: 4, high: 6 };
const row = (change: Partial<ValidationRow>): ValidationRow => ({
  metric: 'pagesFailed',
  unit: 'pages',
  a: runs,
  b: runs,
  predictedB: { estimate: 5, low: 4, high: 6 },
  covered: 2,
  real: { estimate: 3, low: 1, high: 5 },
  predicted: { estimate: 3, low: 2, high: 4 },
  sign: 'right',
  told: true,
  inside: true,
  ...change,
});
const pairOf = (rows: readonly ValidationRow[]): Pair => ({
  workload: 'w',
  from: 'old',
  to: 'new',
  validation: {
    modelVersion: 2,
    a: { sources: ['1', '2'], recorded: ['old'] },
    b: { sources: ['3', '4'], recorded: ['new'] },
    rows,
    silent: ['callTime'],
  } as unknown as Validation,
});
const options = { draws: { w: 10 }, seed: 1, known: {} };

test('a miss is a wrong sign or an interval beside the real one, whether there is a real sign or not', () => {
  assert.ok(!isMiss(row({})));
  assert.ok(isMiss(row({ sign: 'wrong' })));
  assert.ok(isMiss(row({ inside: false })));
  assert.ok(isMiss(row({ inside: false, sign: 'not tellable' })));
});

test('every miss is on the page with its reason, or as not explained; the counts are those of the rows', () => {
  const rows = [
    row({}),
    row({ metric: 'calls', inside: false }),
    row({ metric: 'episodes', sign: 'wrong', inside: false }),
  ];
  const bare = pageOf([pairOf(rows)], options);
  assert.equal(bare.match(/\*\*not explained\*\*/g)?.length, 2);
  assert.match(bare, /sign is right in 2 of 3 cases .* inside in 1 of them/);
  const known = { 'w: old → new': { calls: 'because of this' } } as const;
  const page = pageOf([pairOf(rows)], { ...options, known });
  assert.match(page, /migrate_pages calls \(real \+3 \[\+1, \+5\], predicted \+3 \[\+2, \+4\]\): because of this/);
  assert.match(page, /2, of which 1 are not explained/);
  assert.match(page, /Not told by these captures: time in calls/);
});

test('a reason for what is no miss is named', () => {
  const known = { 'w: old → new': { calls: 'gone' }, 'v: a → b': { calls: 'never was' } } as const;
  assert.deepEqual(staleReasons([pairOf([row({})])], known), ['w: old → new, calls', 'v: a → b, calls']);
  assert.deepEqual(staleReasons([pairOf([row({ metric: 'calls', inside: false })])], known), ['v: a → b, calls']);
});
