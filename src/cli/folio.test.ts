import { strict as assert } from 'node:assert';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tracePath } from '../test-support.ts';
import { folioscope, temporaryFolder } from './test-support.ts';

const hot = tracePath('debian-6.12-4k', 'shanon_hot', 'trace.txt.gz');

interface Told {
  readonly topFolios: readonly { readonly pfn: number; readonly failures: number }[];
}

/** A frame that failed in it, by what analyze says. */
const failing = (JSON.parse(folioscope(['analyze', '--json', hot]).stdout) as Told).topFolios[0]!;

test('the text has 80 columns, every failure that analyze counts, and its blame', (t) => {
  const chart = join(temporaryFolder(t), 'folio.svg');
  const ran = folioscope(['folio', hot, '--pfn', `0x${failing.pfn.toString(16)}`, '--chart', chart]);
  assert.equal(ran.code, 0, ran.stderr);
  assert.ok(ran.stdout.split('\n').every((line) => [...line].length <= 80));
  const text = ran.stdout.replace(/\s+/g, ' ');
  assert.match(text, new RegExp(`^0x${failing.pfn.toString(16)} moved `));
  assert.match(text, /not moved: [a-z -]+ \d/);
  const svg = readFileSync(chart, 'utf8');
  assert.match(svg, /^<svg /);
  for (const lane of ['in a batch', 'isolated', 'under entries', 'waits']) assert.ok(svg.includes(lane), lane);
});

test('--json: a decimal frame is the same as a hexadecimal one, and blame adds up to 1', () => {
  const decimal = folioscope(['folio', hot, '--json', '--pfn', String(failing.pfn)]);
  const hexadecimal = folioscope(['folio', hot, '--json', '--pfn', `0x${failing.pfn.toString(16)}`]);
  assert.equal(decimal.code, 0, decimal.stderr);
  assert.equal(decimal.stdout, hexadecimal.stdout);
  const { folios } = JSON.parse(decimal.stdout) as {
    folios: { pfn: number; events: { pfn: number; topic: string; blame?: Record<string, number> }[] }[];
  };
  assert.deepEqual(
    folios.map(({ pfn }) => pfn),
    [failing.pfn],
  );
  const blamed = folios[0]!.events.filter(({ topic, pfn }) => topic === 'failure' && pfn === failing.pfn);
  assert.equal(blamed.length, failing.failures);
  for (const { blame } of blamed) {
    const sum = Object.values(blame!).reduce((all, one) => all + one, 0);
    assert.ok(Math.abs(sum - 1) < 1e-9);
  }
});

test('an unknown frame is refused with those near it, and what is no frame is a usage error', (t) => {
  const chart = join(temporaryFolder(t), 'none.svg');
  const unknown = folioscope(['folio', hot, '--pfn', '0x7', '--chart', chart]);
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /--pfn 0x7: no fact of .* names it\n {2}hint: of \d+ frames that it knows 0x/);
  assert.equal(existsSync(chart), false);
  const bare = folioscope(['folio', hot, '--pfn', '59cf9']);
  assert.equal(bare.code, 2);
  assert.match(bare.stderr, /Write 0x59cf9 for a hexadecimal one/);
  const missing = folioscope(['folio', hot]);
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /required option '--pfn <n>' not specified/);
});
