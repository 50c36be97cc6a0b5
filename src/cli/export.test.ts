/** `events` into files, in every form; `inspect --quick`; several captures at once: as a user meets them. */
import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { fromArrow } from 'arquero';
import { parquetReadObjects } from 'hyparquet';
import { formats } from '../read/formats.ts';
import { root, tracePath } from '../test-support.ts';
import { folioscope, main, small, temporaryFile, temporaryFolder, textOf } from './test-support.ts';

const script = tracePath('debian-6.1-4k', 'shanon_hot', 'perf_script.txt.gz');
const perfData = tracePath('debian-6.1-4k', 'shanon_hot', 'perf.data.gz');

/** Runs a command with bytes on stdin; stdout as bytes. */
function piped(args: readonly string[], input: Uint8Array): { code: number | null; stdout: Buffer; stderr: string } {
  const done = spawnSync(process.execPath, [main, ...args], { input, maxBuffer: 1 << 28 });
  return { code: done.status, stdout: done.stdout, stderr: done.stderr.toString() };
}

const rowsOf = async (parquet: Buffer): Promise<number> =>
  (await parquetReadObjects({ file: new Uint8Array(parquet).buffer })).length;

test('events into a file: the bytes of stdout, and nothing beside it', async (t) => {
  const folder = temporaryFolder(t);
  const filter = ['--name', 'mm_*', '--to', '+3s'];
  const lines =
    folioscope(['events', small, ...filter])
      .stdout.trimEnd()
      .split('\n').length - 1;
  assert.ok(lines > 100);
  for (const format of ['csv', 'ndjson', 'parquet', 'arrow']) {
    const path = join(folder, `events.${format}`);
    const done = folioscope(['events', small, ...filter, '--format', format, '-o', path]);
    assert.deepEqual(done, { code: 0, stdout: '', stderr: '' });
    const { stdout } = piped(['events', small, ...filter, '--format', format], new Uint8Array());
    assert.ok(readFileSync(path).equals(stdout), format);
  }
  assert.equal(readdirSync(folder).length, 4);
  assert.equal(await rowsOf(readFileSync(join(folder, 'events.parquet'))), lines);
  assert.equal(fromArrow(new Uint8Array(readFileSync(join(folder, 'events.arrow')))).numRows(), lines);
});

test('events from stdin in binary forms are those of the file', async () => {
  const fromFile = piped(['events', small, '--format', 'parquet'], new Uint8Array());
  const fromPipe = piped(
    ['events', '-', '--format', 'parquet', '--kernel', '6.1.192'],
    gunzipSync(readFileSync(small)),
  );
  assert.equal(fromPipe.code, 0, fromPipe.stderr);
  assert.equal(await rowsOf(fromPipe.stdout), await rowsOf(fromFile.stdout));
});

test('a file that cannot be written, or should not be: one line, and nothing is lost', (t) => {
  const folder = temporaryFolder(t);
  const input = join(folder, 'trace.txt');
  writeFileSync(input, textOf(small));
  const before = readFileSync(input, 'utf8');
  for (const [output, reason] of [
    [input, /is the capture that is read/],
    [folder, /there is a folder of that name/],
    [join(folder, 'no', 'where'), /there is no such folder/],
    [join(input, 'x'), /a part of the path is not a folder/],
  ] as const) {
    const { code, stdout, stderr } = folioscope(['events', input, '-o', output]);
    assert.match(stderr, reason);
    assert.match(stderr, /^folioscope: [^\n]+\n {2}hint: choose another file with -o FILE\n$/);
    assert.deepEqual([code, stdout], [2, '']);
  }
  // What fails on the way leaves nothing behind, and what was there before.
  const old = join(folder, 'old.csv');
  writeFileSync(old, 'mine');
  for (const args of [
    [join(folder, 'none'), '-o', old],
    [input, '--from', 'noon', '-o', old],
  ])
    assert.notEqual(folioscope(['events', ...args]).code, 0);
  assert.equal(readFileSync(old, 'utf8'), 'mine');
  assert.equal(readFileSync(input, 'utf8'), before);
  assert.deepEqual(readdirSync(folder).sort(), ['old.csv', 'trace.txt']);
  assert.equal(folioscope(['events', input, '-o', '/dev/null']).code, 0);
  assert.ok(statSync('/dev/null').isCharacterDevice());
});

test('forms that exclude each other', () => {
  for (const [args, message] of [
    [['--json', '--format', 'parquet'], /^folioscope: --format parquet is about Parquet, and --json asks for JSON\n/],
    [['--raw', '--format', 'arrow'], /^folioscope: --raw is about CSV, and --format arrow asks for something else\n/],
    [
      ['--format', 'xlsx'],
      /^folioscope: option '--format <format>' argument 'xlsx' is invalid.*csv, ndjson, parquet, arrow/,
    ],
  ] as const) {
    const { code, stderr, stdout } = folioscope(['events', small, ...args]);
    assert.match(stderr, message);
    assert.deepEqual([code, stdout], [2, '']);
  }
});

test('a quick look at a terabyte answers at once: heads and tails, and it says so', (t) => {
  const path = join(temporaryFolder(t), 'trace.txt');
  const lines = textOf(small).trimEnd().split('\n');
  const file = openSync(path, 'w');
  const size = 2 ** 40;
  try {
    ftruncateSync(file, size);
  } catch (error) {
    closeSync(file);
    // Anything else than a size that the file system does not have is a fault.
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code !== 'EFBIG' && code !== 'EINVAL' && code !== 'ENOSPC') throw error;
    t.skip('the file system holds no terabyte, not even of nothing');
    return;
  }
  writeSync(file, `${lines.slice(0, 1000).join('\n')}\n`, 0);
  const tail = `\n${lines.slice(-1000).join('\n')}\n`;
  writeSync(file, tail, size - tail.length);
  closeSync(file);
  const { code, stdout, stderr } = folioscope(['inspect', '--quick', '--json', path]);
  assert.equal(code, 0, stderr);
  const [look] = JSON.parse(stdout).captures;
  const [whole] = JSON.parse(folioscope(['inspect', '--json', small]).stdout).captures;
  assert.equal(look.quick, true);
  assert.deepEqual([look.start, look.end], [whole.start, whole.end]);
  assert.match(look.unseen.join(), /the middle was not read/);
  const text = folioscope(['inspect', '--quick', path]).stdout;
  assert.match(text, /time span +3\.352716 to 14\.232150 s: 10\.9 s/);
  assert.match(text, /not seen +the middle was not read/);
});

test('a quick look says what it estimates, and that the end of a packed or piped input is not known', () => {
  const lossy = tracePath('debian-6.1-4k', 'lossy', 'trace_pipe.txt.gz');
  const packed = folioscope(['inspect', '--quick', lossy]).stdout;
  assert.match(packed, /time span +from \d+\.\d+ s, its end is not known/);
  assert.match(packed, /events +about [\d\u202f]+, estimated from the parts read/);
  assert.match(packed, /not seen +it is packed \(gzip\)/);
  assert.match(packed, /lost, as seen +CPU 0, lost: \d+ gaps, \d+ events/);
  const pipe = piped(['inspect', '--quick', '-'], gunzipSync(readFileSync(lossy)));
  assert.equal(pipe.code, 0, pipe.stderr);
  assert.match(pipe.stdout.toString(), /it comes from a pipe/);
  const [data] = JSON.parse(
    piped(['inspect', '--quick', '--json', '-'], readFileSync(perfData)).stdout.toString(),
  ).captures;
  assert.deepEqual([data.format, data.start, data.events, data.eventsBasis], ['perf-data', null, null, null]);
});

test('a capture that is read at any place comes through stdin all the same', () => {
  const plain = gunzipSync(readFileSync(perfData));
  const fromPipe = piped(['events', '-'], plain);
  assert.equal(fromPipe.code, 0, fromPipe.stderr);
  assert.equal(fromPipe.stdout.toString(), folioscope(['events', perfData]).stdout);
  assert.ok(fromPipe.stdout.length > 100_000);
});

test('inspect names the tool and the command of the recording', () => {
  const { stdout } = folioscope(['inspect', perfData]);
  assert.match(stdout, /written by +perf version 6\.1\.\d+ \(the capture\)/);
  assert.match(stdout, /recorded by +\S*perf record /);
  const [data] = JSON.parse(folioscope(['inspect', '--json', perfData]).stdout).captures;
  assert.match(data.tool.value, /^perf version 6\.1\.\d+$/);
  assert.equal(data.tool.from, 'capture');
});

test('at 60 columns nothing is lost: names are cut where their parts meet', () => {
  const { stdout } = folioscope(['inspect', small], { COLUMNS: '60' });
  // An argument of a command that is to be copied is never cut in two.
  assert.ok(stdout.split('\n').every((line) => [...line].length <= 60 || /^ {4}/.test(line)));
  const [data] = JSON.parse(folioscope(['inspect', '--json', small]).stdout).captures;
  const lines = stdout.split('\n');
  for (const { event } of data.eventsByName) {
    const found = lines.some((line, i) => {
      const [first = ''] = line.split(/\s{2,}/);
      if (first === event) return true;
      return /[-/_:]$/.test(first) && first + (lines[i + 1] ?? '').split(/\s{2,}/)[0] === event;
    });
    assert.ok(found, event);
  }
});

test('captures with different clocks are told apart, whatever reads several', (t) => {
  const note = /The captures have different clocks.*mono.*perf/;
  const joined = (text: string): string => text.replace(/\s+/g, ' ');
  assert.match(joined(folioscope(['inspect', small, script]).stdout), note);
  assert.match(joined(folioscope(['inspect', '--quick', small, script]).stdout), note);
  const replays = ['--draws', '2', '--policy', 'oracle'];
  assert.match(joined(folioscope(['compare', small, script, ...replays]).stdout), note);
  const out = join(temporaryFolder(t), 'out');
  assert.match(joined(folioscope(['report', small, script, ...replays, '-o', out]).stdout), note);
  assert.match(joined(readFileSync(join(out, 'report.md'), 'utf8')), note);
  assert.match(readFileSync(join(out, 'index.html'), 'utf8'), note);
  assert.doesNotMatch(joined(folioscope(['inspect', small, small]).stdout), note);
});

test('no table that is written has the events of two captures', () => {
  const { code, stderr, stdout } = folioscope(['events', small, script]);
  assert.deepEqual([code, stdout], [2, '']);
  assert.match(stderr, /too many arguments/);
  assert.equal(folioscope(['analyze', small, script]).code, 2);
});

test('what stands under a clock is with one capture only: each is replayed as if it were alone', () => {
  const replays = ['--draws', '2', '--policy', 'oracle', '--json'];
  const both = JSON.parse(folioscope(['compare', small, script, ...replays]).stdout).comparisons;
  const alone = [small, script].flatMap(
    (file) => JSON.parse(folioscope(['compare', file, ...replays]).stdout).comparisons,
  );
  assert.deepEqual(both, alone);
});

test('a report on what can be read: the others are named, exit 3', (t) => {
  const folder = temporaryFolder(t);
  const out = join(folder, 'out');
  const bad = temporaryFile(t, 'trace.txt', 'no trace at all\n');
  const args = ['--draws', '2', '--policy', 'oracle', '-o', out];
  const done = folioscope(['report', bad, small, '/nowhere/trace.txt', ...args]);
  assert.equal(done.code, 3);
  assert.match(done.stderr, /^folioscope: .*is not a capture in a known format/m);
  assert.match(done.stderr, /^folioscope: \/nowhere\/trace\.txt: there is no such file$/m);
  for (const file of ['index.html', 'report.md', 'report.json'])
    assert.match(readFileSync(join(out, file), 'utf8').replace(/\s+/g, ' '), /Left out.*nowhere\/trace\.txt/);
  const json = folioscope(['report', bad, small, '--json', ...args]);
  assert.equal(json.code, 3);
  const { captures, leftOut } = JSON.parse(json.stdout);
  assert.equal(captures.length, 1);
  assert.deepEqual([leftOut.length, leftOut[0].file], [1, bad]);
  const none = join(folder, 'none');
  assert.equal(folioscope(['report', bad, '-o', none]).code, 3);
  assert.deepEqual(existsSync(none) ? readdirSync(none) : [], []);
  const compared = folioscope(['compare', bad, small, '--draws', '2', '--policy', 'oracle', '--json']);
  assert.equal(compared.code, 3);
  assert.equal(JSON.parse(compared.stdout).comparisons.length, 1);
});

test('--probes with a file in which nothing is a probe', (t) => {
  for (const text of ['', '# only a comment\n', 'not a probe\n', readFileSync(join(root, 'README.md'), 'utf8')]) {
    const path = temporaryFile(t, 'kprobe_events', text);
    const { code, stdout, stderr } = folioscope(['inspect', '--probes', path, small]);
    assert.match(
      stderr,
      /^folioscope: --probes .*kprobe_events: no line of it defines a probe on a function\n {2}hint: give lines of .*kprobe_events, for example p:/,
    );
    assert.deepEqual([code, stdout], [2, '']);
  }
});

test('formats: every format of the list with how it is read, in words and as data', () => {
  const { stdout } = folioscope(['formats']);
  assert.ok(stdout.split('\n').every((line) => [...line].length <= 80));
  const data = JSON.parse(folioscope(['formats', '--json']).stdout).formats;
  assert.deepEqual(
    data.map(({ id }: { id: string }) => id),
    formats.map(({ id }) => id),
  );
  for (const { id, access, page } of data) {
    assert.match(stdout, new RegExp(`^${id}: `, 'm'));
    assert.match(access, /^(?:stream|random|folder)$/);
    assert.ok(existsSync(join(root, page)), page);
  }
});
