import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { axes } from './axes/axes.ts';
import { resolvePolicy } from './policies.ts';
import type { Axis } from './policy.ts';

const versions = [
  '5.10',
  '5.12',
  '5.13',
  '5.17',
  '5.18',
  '6.1',
  '6.1.116',
  '6.1.192',
  '6.3',
  '6.6',
  '6.9',
  '6.11',
  '6.12',
  '6.12.50',
  '6.12.117',
  '6.17',
  '7.2',
] as const;
type Version = (typeof versions)[number];

/** [axis, choice, versions, where kernel-model.md says so]. Written from that page, not from the ranges of the axes. */
const table: readonly (readonly [Axis, string, readonly Version[], string])[] = [
  [
    'A',
    'at freeze',
    ['5.10', '5.12', '5.13', '5.17', '5.18', '6.1', '6.1.116', '6.1.192'],
    '1.5 first row: <= 6.2, 6.1.y',
  ],
  ['A', 'at freeze', ['6.3', '6.6', '6.9'], '1.5 second row: 6.3 .. 6.10'],
  [
    'A',
    'before copy and at freeze',
    ['6.11', '6.12', '6.12.50', '6.12.117', '6.17', '7.2'],
    '1.5 third row: 6.11 .. 7.2',
  ],

  [
    'B',
    'undo every pass',
    ['5.10', '5.12', '5.13', '5.17', '5.18', '6.1', '6.1.116', '6.1.192'],
    '3.4; 0.1 trap 1 for 6.1.116 and later',
  ],
  [
    'B',
    'keep locked and retry',
    ['6.3', '6.6', '6.9', '6.11', '6.12', '6.12.50', '6.12.117', '6.17', '7.2'],
    '3.5: 6.3+',
  ],

  ['C', '10', ['5.10', '5.12', '5.13', '5.17', '5.18', '6.1', '6.1.116', '6.1.192'], '3.1; 3.4: pass in 0..9'],
  [
    'C',
    '3 + 7',
    ['6.3', '6.6', '6.9', '6.11', '6.12', '6.12.50', '6.12.117', '6.17', '7.2'],
    '3.1: 3 and 7, since 6.3',
  ],

  [
    'D',
    'clear, flush, entry',
    ['5.10', '5.12', '5.13', '5.17', '5.18', '6.1', '6.1.116', '6.1.192', '6.3'],
    '3.6: arm64 defers from 6.6 on',
  ],
  [
    'D',
    'clear, entry, batched flush',
    ['6.6', '6.9', '6.11', '6.12', '6.12.50', '6.12.117', '6.17', '7.2'],
    '3.6 (6.6 UNVERIFIED)',
  ],

  ['E', 'as is', versions, '8.1 e1: real everywhere'],

  ['F', 'get and wait, tail pages fail', ['5.10', '5.12'], '6.2: kernels <= 5.13-rc'],
  ['F', 'get and wait', ['5.13'], '6.1 first row: <= 5.16; 6.2: head page in 5.13-rc7'],
  [
    'F',
    'no reference',
    [
      '5.17',
      '5.18',
      '6.1',
      '6.1.116',
      '6.1.192',
      '6.3',
      '6.6',
      '6.9',
      '6.11',
      '6.12',
      '6.12.50',
      '6.12.117',
      '6.17',
      '7.2',
    ],
    '6.1 second row; 0.1 trap 4: 5.17',
  ],

  ['G', 'drain once', ['5.10', '5.12'], '7.6: before 5.13 migrate_prep()'],
  [
    'G',
    'disabled for the window',
    [
      '5.13',
      '5.17',
      '5.18',
      '6.1',
      '6.1.116',
      '6.1.192',
      '6.3',
      '6.6',
      '6.9',
      '6.11',
      '6.12',
      '6.12.50',
      '6.12.117',
      '6.17',
      '7.2',
    ],
    '2.8; 7.6: d479960e44f2 in 5.13',
  ],

  [
    'H',
    'kept',
    ['5.10', '5.12', '5.13', '5.17', '5.18', '6.1', '6.1.116', '6.1.192', '6.3', '6.6', '6.9'],
    '2.5 classic: <= 6.10; all 6.1.y',
  ],
  ['H', 'cleared', ['6.11', '6.12'], '2.5 flag-clear: 6.11 .. 6.16, 6.12.0 .. 6.12.49'],
  ['H', 'kept', ['6.12.50', '6.12.117', '6.17', '7.2'], '2.5 classic; 0.1 trap 3: reverted in 6.17 and 6.12.50'],

  ['I', 'LRU flag, all CPUs', ['5.10', '5.12'], '5.3 begins with 5.13: what came before is UNVERIFIED'],
  [
    'I',
    'LRU flag, all CPUs',
    ['5.13', '5.17', '5.18', '6.1', '6.1.116', '6.3', '6.6', '6.9', '6.11', '6.12'],
    '5.3 first row: 5.13 .. 6.16; 6.12.0-48; 6.1.0-154',
  ],
  [
    'I',
    'references, local then all',
    ['6.1.192', '6.12.50', '6.17'],
    '5.3 fourth row: 6.17; 6.12.49/50; 6.1.155; "6.1.192 still has the +1 form"',
  ],
  ['I', 'references with pin bias', ['6.12.117', '7.2'], '5.3 fifth row: 6.12.111, present in 7.2'],

  ['J', 'immediate', ['5.10', '5.12', '5.13', '5.17'], '2.1: mlock batching since 5.18'],
  [
    'J',
    'batched',
    ['5.18', '6.1', '6.1.116', '6.1.192', '6.3', '6.6', '6.9', '6.11', '6.12', '6.12.50', '6.12.117', '6.17', '7.2'],
    '2.1: since 5.18 (2fbb0c10d1e8)',
  ],

  ['K', 'never', ['5.10', '5.12', '5.13', '5.17'], '2.9: "5.18 until 6.7 or 6.8"'],
  ['K', 'always if mapped', ['5.18', '6.1', '6.1.116', '6.1.192', '6.3', '6.6'], '2.9: and all 6.1.y; 6.6 until .15'],
  [
    'K',
    'only if mlocked',
    ['6.9', '6.11', '6.12', '6.12.50', '6.12.117', '6.17', '7.2'],
    '2.9: eebb3dabbb5c (6.7 or 6.8 UNVERIFIED)',
  ],

  ['L', '15', ['5.10', '5.12', '5.13', '5.17', '5.18', '6.1', '6.1.116', '6.1.192', '6.3', '6.6'], '2.2: ~4.15 .. 6.8'],
  ['L', '31', ['6.9', '6.11', '6.12', '6.12.50', '6.12.117', '6.17', '7.2'], '2.2: 6.9 .. 7.2'],

  ['M', 'two', ['5.10', '5.12', '5.13'], '4.2: <= 5.16'],
  [
    'M',
    'one',
    [
      '5.17',
      '5.18',
      '6.1',
      '6.1.116',
      '6.1.192',
      '6.3',
      '6.6',
      '6.9',
      '6.11',
      '6.12',
      '6.12.50',
      '6.12.117',
      '6.17',
      '7.2',
    ],
    '4.1: 5.17+',
  ],

  ['N', 'generation skip', ['5.10', '5.12'], '2.7: since 5.5'],
  ['N', 'works on all CPUs, buffer heads with every drain', ['5.13'], '2.8 first row; 7.6: 8cc621d2f45d in 5.13'],
  [
    'N',
    'generation skip, works on all CPUs',
    ['5.17'],
    '2.8 first row: 5.13 .. 5.17; 7.6: only cold path from 5.15 (UNVERIFIED)',
  ],
  ['N', 'generation skip, RCU', ['5.18'], '2.8 second row: 5.18.0 .. 5.18.7'],
  [
    'N',
    'generation skip, expedited RCU',
    ['6.1', '6.1.116', '6.1.192', '6.3', '6.6', '6.9', '6.11', '6.12', '6.12.50', '6.12.117', '6.17'],
    '2.8 third row: 5.18.8+, 5.19',
  ],
  ['N', 'local first, lone folios freed', ['7.2'], '2.7: 6.18+; 2.6 "7.2 extra"'],

  ['O', '5', versions, '7.3: ++tries == 5'],

  ['P', 'one folio', ['5.10', '5.12', '5.13', '5.17', '5.18', '6.1'], '3.4: unmap and move per folio'],
  ['P', 'one folio, lists cut', ['6.1.116', '6.1.192'], '0.1 trap 1; 3.1: 6.1.116 backport'],
  [
    'P',
    'HPAGE_PMD_NR',
    ['6.3', '6.6', '6.9', '6.11', '6.12', '6.12.50', '6.12.117', '6.17', '7.2'],
    '3.1: NR_MAX_BATCHED_MIGRATION, 6.3',
  ],

  ['Q', 'never', versions, '2.3 rule 2; 8.1 q1: all versions'],
];

test('seventeen versions resolve on every axis to what kernel-model.md says', () => {
  const seen = new Set<string>();
  for (const [axis, choice, where, why] of table) {
    for (const version of where) {
      assert.ok(!seen.has(`${axis} ${version}`), `${axis} of ${version} stands twice in this table`);
      seen.add(`${axis} ${version}`);
      assert.equal(resolvePolicy(`linux-${version}`).choices[axis], choice, `${axis} of ${version}: ${why}`);
    }
  }
  assert.equal(seen.size, versions.length * axes.length, 'every cell stands in this table');
});

/** Decisions that follow from a choice, where its name might hide a mistake. */
test('what the versions decide, field by field, where a name could hide it', () => {
  const decides = (version: string) => resolvePolicy(`linux-${version}`).decisions;
  assert.equal(decides('5.12').offlineDrainsAgain, true);
  assert.equal(decides('5.13').offlineDrainsAgain, false);
  assert.equal(decides('5.12').tailPageWait, 'spin');
  assert.equal(decides('5.13').tailPageWait, 'head page');
  assert.equal(decides('5.17').tailPageWait, 'none');
  for (const [version, heads] of [
    ['5.12', 'never'],
    ['5.13', 'every drain'],
    ['5.14', 'every drain'],
    ['5.15', 'all-CPU drains'],
    ['5.18', 'all-CPU drains'],
    ['7.2', 'all-CPU drains'],
  ] as const) {
    assert.equal(decides(version).drainAll.bufferHeads, heads, version);
  }
  assert.equal(decides('5.17').drainAll.everyCpu, true);
  assert.equal(decides('5.18.7').drainAll.expeditedRcu, false);
  assert.equal(decides('5.18.8').drainAll.expeditedRcu, true);
  assert.equal(decides('5.19').drainAll.expeditedRcu, true);
  assert.equal(decides('6.17').drainAll.localFirst, false);
  assert.equal(decides('6.18').drainAll.localFirst, true);
  assert.equal(decides('6.18').drainAll.freesLone, false);
  assert.equal(decides('7.2').drainAll.freesLone, true);
  assert.equal(decides('6.13').emptyCollectEnds, false);
  assert.equal(decides('6.14').emptyCollectEnds, true);
  assert.equal(decides('6.17').emptyCollectEnds, false);
  for (const { axis } of axes) assert.equal(typeof resolvePolicy('linux-5.0').choices[axis], 'string', axis);
  for (const version of versions) {
    const { faultWindow, faultSide, undoesOnWaiters, referenceSleep, largestBatchedOrder } = decides(version);
    assert.deepEqual(
      { faultWindow, faultSide, undoesOnWaiters, referenceSleep, largestBatchedOrder },
      { faultWindow: true, faultSide: 'as is', undoesOnWaiters: false, referenceSleep: 0, largestBatchedOrder: 0 },
      version,
    );
  }
});
