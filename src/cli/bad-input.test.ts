/** Everything that people feed to a program by mistake: each has one line of reason, and an exit code of its own. */
import { strict as assert } from 'node:assert';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { folioscope, type Ran, small, temporaryFile, temporaryFolder, textOf } from './test-support.ts';

/** One line `folioscope: ...`, perhaps hints, no stack, nothing on stdout. */
function assertRefused({ code, stdout, stderr }: Ran, exit: number, reason: RegExp): void {
  assert.match(stderr, reason);
  assert.match(stderr, /^folioscope: [^\n]+\n( {2}hint: [^\n]+\n)*$/);
  assert.doesNotMatch(stderr, /^\s+at /m);
  assert.equal(stdout, '');
  assert.equal(code, exit);
}

const readers = [['inspect'], ['events'], ['analyze'], ['compare']] as const;

test('an empty file', (t) => {
  const path = temporaryFile(t, 'trace.txt', '');
  for (const [command] of readers) {
    const ran = folioscope([command, path]);
    assertRefused(ran, 3, /empty/);
    assert.ok(ran.stderr.includes(path));
  }
});

test('a directory', () => {
  for (const [command] of readers)
    assertRefused(folioscope([command, dirname(small)]), 3, /is a directory[\s\S]*shanon_hot\/\w+\.txt\.gz/);
});

test('no such file', () => {
  for (const [command] of readers) assertRefused(folioscope([command, '/nowhere/trace.txt']), 3, /no such file/);
});

test('a PNG', (t) => {
  const png = Buffer.from('89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de', 'hex');
  const path = temporaryFile(t, 'trace.txt', Buffer.concat([png, Buffer.alloc(4096, 0xa5)]));
  for (const [command] of readers) assertRefused(folioscope([command, path]), 3, /PNG[\s\S]*tracefs/i);
});

test('a file full of NULs', (t) => {
  const path = temporaryFile(t, 'trace.txt', new Uint8Array(100_000));
  for (const [command] of readers) assertRefused(folioscope([command, path]), 3, /NUL|zero/i);
});

test('a truncated gzip is not taken for a whole one', (t) => {
  const whole = readFileSync(small);
  const path = temporaryFile(t, 'trace.txt.gz', whole.subarray(0, whole.length >> 1));
  // Two skipped units of seven thousand are few, but nobody can say how many more there would have been.
  for (const command of ['analyze', 'compare']) {
    const ran = folioscope([command, path]);
    assert.equal(ran.code, 3, ran.stderr);
    assert.match(ran.stderr, /^folioscope: .*gzip stream ends early: how much is missing .* is not known$/m);
    assert.equal(ran.stdout, '');
  }
  for (const command of ['inspect', 'events']) {
    const ran = folioscope([command, path]);
    assert.equal(ran.code, 3);
    assert.match(ran.stderr, /gzip stream ends early/);
    assert.ok(ran.stdout.length > 1000);
  }
  assert.equal(folioscope(['analyze', '--max-loss', '1', path]).code, 0);
});

/** The capture's first lines, the last of them cut in the middle. */
function cutText(lines: number): string {
  const all = textOf(small).split('\n');
  const last = all[lines] ?? '';
  return `${all.slice(0, lines).join('\n')}\n${last.slice(0, last.indexOf(':') + 4)}`;
}

test('a text cut in the middle of a line: the line is counted, the rest is read', (t) => {
  const long = temporaryFile(t, 'trace.txt', cutText(5000));
  const data = JSON.parse(folioscope(['inspect', '--json', long]).stdout).captures[0];
  const { total, skipped, generic, oddities } = data.accounting;
  assert.equal(total, 5001);
  // Where exactly it was cut decides whether a line is left or something that names an event; neither passes in silence.
  assert.equal(skipped + (oddities.length > 0 ? generic : 0), 1, JSON.stringify(data.accounting));
});

test('too much that cannot be read: inspect and events finish and then exit 3, conclusions are refused', (t) => {
  const lines = textOf(small).split('\n').slice(0, 200);
  for (const i of [40, 80, 120]) lines[i] = 'this is not a line of any trace';
  const path = temporaryFile(t, 'trace.txt', `${lines.join('\n')}\n`);
  for (const command of ['inspect', 'events']) {
    const ran = folioscope([command, path]);
    assert.equal(ran.code, 3);
    assert.ok(ran.stdout.length > 1000);
    assert.match(
      ran.stderr,
      /folioscope: .*3 of 200 lines could not be read: 1\.5 %, and --max-loss allows 0\.1 %\n {2}hint: /,
    );
  }
  assert.match(folioscope(['inspect', path]).stdout, /line 41/);
  for (const command of ['analyze', 'compare']) {
    const ran = folioscope([command, path]);
    assert.equal(ran.code, 3);
    assert.equal(ran.stdout, '');
    assert.match(ran.stderr, /\(first: line 41: this is not a line/);
  }
  assert.equal(folioscope(['analyze', '--max-loss', '2%', path]).code, 0);
});

test('a capture without migration events: its history is told, but no policy can be judged on it', (t) => {
  const lines = textOf(small)
    .split('\n')
    .filter((line) => line.startsWith('#') || line.includes(': mm_lru_insertion: '));
  const path = temporaryFile(t, 'trace.txt', `${lines.join('\n')}\n`);
  const analyzed = folioscope(['analyze', path]);
  assert.equal(analyzed.code, 0, analyzed.stderr);
  assert.match(analyzed.stdout, /No migrate_pages call was seen/);
  assertRefused(folioscope(['compare', '--draws', '2', path]), 3, /mm_migrate_pages|migrate/);
});

test('CSV with a missing column', (t) => {
  const path = temporaryFile(t, 'dump.csv', 'cpu,pid,comm,event,pfn\n0,1,init,mm_lru_insertion,0x40207\n');
  for (const [command] of readers) assertRefused(folioscope([command, path]), 3, /time/);
});

test('an unknown policy: the nearest names, before anything is read', (t) => {
  const out = join(temporaryFolder(t), 'out');
  for (const args of [
    ['compare', '/nowhere', '--policy', 'drain-onec'],
    ['report', '/nowhere', '--policy', 'drain-onec', '-o', out],
    ['policies', 'drain-onec'],
    ['inspect', '/nowhere', '--recorded', 'drain-onec'],
  ])
    assertRefused(folioscope(args), 2, /drain-onec[\s\S]*drain-once/);
  assert.equal(existsSync(out), false);
});

test('an output folder that cannot be written', (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'file');
  writeFileSync(file, 'mine');
  assertRefused(folioscope(['report', small, '-o', file]), 2, /cannot write there: there is a file of that name/);
  assertRefused(
    folioscope(['report', small, '-o', join(file, 'out')]),
    2,
    /cannot write there: a part of the path is not a folder/,
  );
  if (existsSync('/proc/self'))
    assertRefused(folioscope(['report', small, '-o', '/proc/x']), 2, /no folder can be made there/);
  assert.equal(readFileSync(file, 'utf8'), 'mine');
  assert.deepEqual(readdirSync(folder), ['file']);
});

test('a JSON file is no CSV map unless it maps names', (t) => {
  for (const text of ['[1, 2]', '{"a": 1}', '{']) {
    const map = temporaryFile(t, 'map.json', text);
    assertRefused(folioscope(['inspect', '--map', map, small]), 2, /--map .*[\s\S]*hint/);
  }
});
