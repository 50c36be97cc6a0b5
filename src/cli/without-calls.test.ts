/** Captures without migrate_pages calls, as the command line meets them: what can be replayed is, the rest says what to record. */
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tracePath } from '../test-support.ts';
import { folioscope, temporaryFile, temporaryFolder, textOf } from './test-support.ts';

const hmm = tracePath('lab-6.12-4k', 'hmm_migrate_vma', 'trace.txt.gz');
const splits = tracePath('debian-6.1-4k', 'thp_split_race', 'trace.txt.gz');

test('analyze shows requests without calls, their folios and their episodes', () => {
  for (const [path, kind] of [
    [hmm, 'migrate_vma'],
    [splits, 'thp split'],
  ] as const) {
    const { code, stdout } = folioscope(['analyze', '--json', path]);
    assert.equal(code, 0);
    const found = JSON.parse(stdout);
    assert.deepEqual(
      found.withoutCalls.map((row: { kind: string }) => row.kind),
      [kind],
    );
    const [{ requests, withoutFolios, foliosMoved, foliosFailed }] = found.withoutCalls;
    assert.equal(found.requests[0].requests, requests);
    assert.ok(foliosMoved > 0 && withoutFolios < requests);
    assert.equal(found.failures.length, foliosFailed);
    const episodes = found.episodes.reduce((sum: number, row: { episodes: number }) => sum + row.episodes, 0);
    // Each folio that moved, or was split, had one.
    assert.ok(episodes > 0 && episodes <= foliosMoved + foliosFailed);
    const text = folioscope(['analyze', path]).stdout;
    assert.match(text, /Requests that make no migrate_pages call/);
    assert.doesNotMatch(text, /nothing that could have failed/);
  }
});

test('compare replays them, says what it cannot know of migrate_vma, and reproduces each folio', () => {
  for (const path of [hmm, splits]) {
    const { code, stdout, stderr } = folioscope(['compare', '--json', '--draws', '4', '--policy', 'linux-5.16', path]);
    assert.equal(code, 0, stderr);
    const { reproduction, identifiable, remarks, rows } = JSON.parse(stdout).comparisons[0];
    assert.ok(reproduction.folios > 10 && reproduction.reproduced === reproduction.folios);
    assert.ok(rows.length >= 1);
    const lock = identifiable.find(({ axis }: { axis: string }) => axis === 'M');
    assert.equal(lock.answer, path === hmm ? 'bounded' : 'observed');
    assert.equal(
      remarks.some((remark: string) => /of migrate_vma show no folio/.test(remark)),
      path === hmm,
    );
  }
});

test('what holds nothing to replay is refused, with what to record', () => {
  const { code, stderr } = folioscope(['compare', tracePath('debian-6.12-4k', 'fmt_function_stack', 'trace.txt.gz')]);
  assert.notEqual(code, 0);
  assert.match(stderr, /nothing to replay/);
  assert.match(stderr, /mm_migrate_pages/);
});

test('migrate_vma without probes: its entries are counted and not guessed at, and the refusal says what shows them', (t) => {
  const lines = textOf(hmm).split('\n');
  const stock = lines.filter((line) => !line.includes('+0x')).join('\n');
  const path = temporaryFile(t, 'trace.txt', stock);
  const options = ['--kernel', '6.12.117', path];
  const { refusals, withoutCalls } = JSON.parse(folioscope(['analyze', '--json', ...options]).stdout);
  assert.deepEqual(withoutCalls, []);
  assert.deepEqual(
    refusals.map(({ count }: { count: number }) => count),
    [lines.filter((line) => line.includes(' remove_migration_pte: ')).length],
  );
  const { code, stderr } = folioscope(['compare', ...options]);
  assert.notEqual(code, 0);
  assert.match(stderr, /nothing to replay/);
  assert.match(stderr, /p:fs\/migrate_vma_setup .* trace-cmd record/);
});

test('a report says what became of splits, and does not call them calls', (t) => {
  const folder = temporaryFolder(t);
  const { code, stderr } = folioscope(['report', '--draws', '4', '--policy', 'linux-5.16', '-o', folder, splits]);
  assert.equal(code, 0, stderr);
  const words = readFileSync(join(folder, 'report.md'), 'utf8').replace(/\s+/g, ' ');
  assert.match(words, /No call of migrate_pages is recorded; of 17 tries to split a huge page 13 failed\./);
  assert.match(words, /There were 17 requests \(17 thp split; all seen\)/);
  assert.match(words, /thp split by fsl-thp-718 at #\d+/);
  assert.doesNotMatch(words, /is in no replay/);
});
