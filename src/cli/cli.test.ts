import { strict as assert } from 'node:assert';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { tracePath } from '../test-support.ts';
import { folioscope, main, small, temporaryFile, temporaryFolder, textOf } from './test-support.ts';

/** Events by name, counted without any of our code: what stands between the time and the next colon. */
function countByName(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of text.split('\n')) {
    const name = /^ *\S.*\[\d+\].*? \d+\.\d{6}: (\w+): /.exec(line)?.[1];
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

function widest(text: string): number {
  return Math.max(...text.split('\n').map((line) => [...line].length));
}

test('help and version go to stdout and are no failure', () => {
  const help = folioscope(['--help']);
  assert.equal(help.code, 0);
  for (const command of ['inspect', 'events', 'analyze', 'compare', 'report', 'policies', 'formats'])
    assert.match(help.stdout, new RegExp(`^ {2}${command} `, 'm'));
  assert.equal(help.stderr, '');
  const version = folioscope(['--version']);
  assert.equal(version.code, 0);
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
});

test('usage errors: one line and a hint on stderr, nothing on stdout, exit 2', () => {
  for (const [args, message] of [
    [['inspekt', small], /^folioscope: unknown command 'inspekt'\n {2}hint: Did you mean inspect\?\n$/],
    [['inspect', '--jsn', small], /^folioscope: unknown option '--jsn'\n {2}hint: Did you mean --json\?\n$/],
    [['inspect'], /^folioscope: missing required argument 'file'\n {2}hint: /],
    [
      ['inspect', '--page-size', '8192', small],
      /^folioscope: option '--page-size <bytes>' argument '8192' is invalid\. .*65536/,
    ],
    [['compare', '--draws', '0', small], /^folioscope: option '--draws <n>' argument '0' is invalid/],
    [['inspect', '--max-loss', '2', small], /^folioscope: option '--max-loss <share>' argument '2' is invalid/],
    [['report', small], /^folioscope: required option '-o, --output <dir>' not specified/],
    [
      ['inspect', '--map', '/nowhere/map.json', small],
      /^folioscope: --map \/nowhere\/map\.json: there is no such file\n$/,
    ],
    [
      ['events', '--json', '--format', 'csv', small],
      /^folioscope: --format csv is about CSV, and --json asks for JSON\n/,
    ],
    [['events', '--raw', '--json', small], /^folioscope: --raw is about CSV/],
    [['inspect', '-', '-'], /^folioscope: stdin \(-\) is named twice/],
    [['compare', '-', small, '-'], /^folioscope: stdin \(-\) is named twice/],
  ] as const) {
    const { code, stdout, stderr } = folioscope(args);
    assert.match(stderr, message);
    assert.equal(stdout, '');
    assert.equal(code, 2, args.join(' '));
  }
  const bare = folioscope([]);
  assert.equal(bare.code, 2);
  assert.match(bare.stderr, /^Replays .*\n(.*\n)*First, with a capture/);
  assert.equal(bare.stdout, '');
});

test('inspect: what is in a capture, in words and as data', () => {
  const text = folioscope(['inspect', small]);
  assert.equal(text.stderr, '');
  assert.equal(text.code, 0);
  assert.match(text.stdout, /kernel +6\.1\.192 \(sidecar\)/);
  assert.match(text.stdout, /page size +4096 bytes \(sidecar\)/);
  assert.ok(widest(text.stdout) <= 80, `${widest(text.stdout)} columns`);

  const data = folioscope(['inspect', '--json', small]);
  assert.equal(data.code, 0);
  const [capture] = JSON.parse(data.stdout).captures;
  const expected = countByName(textOf(small));
  assert.ok(expected.size > 5);
  const counted = new Map<string, number>();
  for (const { event, events } of capture.eventsByName) {
    const name = event.split(':').at(-1);
    counted.set(name, (counted.get(name) ?? 0) + events);
  }
  assert.deepEqual([...counted].sort(), [...expected].sort());
  const { total, decoded, generic, comment, skipped } = capture.accounting;
  assert.equal(total, textOf(small).trimEnd().split('\n').length);
  assert.equal(decoded + generic + comment + skipped, total);
  assert.equal(skipped, 0);
  assert.match(capture.start, /^\d{10}$/);
});

test('inspect reads stdin and several files, and shows losses by CPU', () => {
  const { stdout, status } = spawnSync(process.execPath, [main, 'inspect', '--json', '-'], {
    input: readFileSync(small),
    encoding: 'utf8',
  });
  assert.equal(status, 0);
  assert.ok(JSON.parse(stdout).captures[0].events > 10_000);

  const lossy = tracePath('debian-6.1-4k', 'lossy', 'trace_pipe.txt.gz');
  const both = folioscope(['inspect', '--json', small, lossy]);
  assert.equal(both.code, 0, both.stderr);
  const [, second] = JSON.parse(both.stdout).captures;
  // [LOST n EVENTS] lines, counted without our code.
  const told = [...textOf(lossy).matchAll(/LOST (\d+) EVENTS/g)].reduce((sum, match) => sum + Number(match[1]), 0);
  assert.ok(told > 0);
  const lost = second.losses
    .filter(({ how }: { how: string }) => how === 'lost')
    .reduce((sum: number, loss: { count: number }) => sum + loss.count, 0);
  assert.equal(lost, told);
  assert.match(folioscope(['inspect', lossy]).stdout, /Events lost before they reached the capture/);
});

test('events: rows, filters, both forms', (t) => {
  const all = folioscope(['events', small]);
  assert.equal(all.code, 0, all.stderr);
  assert.equal(all.stderr, '');
  const lines = all.stdout.trimEnd().split('\n');
  assert.match(lines[0] ?? '', /^time_ns,cpu,pid,tgid,comm,event/);
  const expected = countByName(textOf(small));
  assert.equal(
    lines.length - 1,
    [...expected.values()].reduce((a, b) => a + b, 0),
  );

  const some = folioscope(['events', small, '--name', 'mm_lru_*', '--format', 'ndjson']);
  const rows = some.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(rows.length, (expected.get('mm_lru_insertion') ?? 0) + (expected.get('mm_lru_activate') ?? 0));
  assert.ok(rows.every(({ event }) => /^(pagemap:)?mm_lru_/.test(event)));

  // A file is read twice for its columns, stdin is held: the same rows, and what was written is read back the same.
  const alone = folioscope(['events', temporaryFile(t, 'trace.txt', textOf(small))]).stdout;
  for (const input of [readFileSync(small), alone]) {
    const held = spawnSync(process.execPath, [main, 'events', '-'], { input, encoding: 'utf8', maxBuffer: 1 << 28 });
    assert.equal(held.stdout, alone);
  }

  const typo = folioscope(['events', small, '--name', 'mm_lru_insertions', '--name', 'mm_lru_*']);
  assert.equal(typo.code, 0);
  assert.equal(typo.stderr, `no event of ${small} is called "mm_lru_insertions": folioscope inspect lists them\n`);

  const none = folioscope(['events', small, '--from', '+100000s', '--json']);
  assert.equal(none.code, 0);
  assert.equal(none.stdout, '');
});

test('events: formulas are guarded, unless --raw', (t) => {
  const path = temporaryFile(t, 'dump.csv', 'time_ns,comm,event,x\n1,=1+1,=cmd(),@x\n');
  assert.equal(folioscope(['events', path]).stdout, "time_ns,cpu,pid,tgid,comm,event,text\n1,,,,'=1+1,'=cmd(),x=@x\n");
  assert.equal(
    folioscope(['events', '--raw', path]).stdout,
    'time_ns,cpu,pid,tgid,comm,event,text\n1,,,,=1+1,=cmd(),x=@x\n',
  );
});

test('analyze: the history in words and as data', () => {
  const text = folioscope(['analyze', small]);
  assert.equal(text.code, 0, text.stderr);
  assert.ok(widest(text.stdout) <= 80, `${widest(text.stdout)} columns`);
  for (const title of ['migrate_pages calls by reason and mode', 'Failures by blame', 'Stays in per-CPU batches'])
    assert.ok(text.stdout.includes(title), title);
  const data = JSON.parse(folioscope(['analyze', '--json', small]).stdout);
  // mm_migrate_pages fires once for each call: its numbers, summed without our code.
  const sums = { calls: 0, succeeded: 0, failed: 0 };
  for (const match of textOf(small).matchAll(/mm_migrate_pages: nr_succeeded=(\d+) nr_failed=(\d+)/g)) {
    sums.calls++;
    sums.succeeded += Number(match[1]);
    sums.failed += Number(match[2]);
  }
  assert.ok(sums.calls > 0 && sums.failed > 0);
  const add = (key: string): number =>
    data.calls.reduce((sum: number, row: Record<string, number>) => sum + (row[key] ?? 0), 0);
  assert.equal(add('pagesSucceeded'), sums.succeeded);
  assert.equal(add('pagesFailed'), sums.failed);
  assert.ok(add('calls') >= sums.calls);
  // Shares of blame are probabilities: one for each failure.
  const blamed = data.blame.reduce((sum: number, row: { folios: number }) => sum + row.folios, 0);
  assert.ok(Math.abs(blamed - data.failures.length) < 1e-6);
});

test('compare: fidelity stands first, and the same seed gives the same bytes', () => {
  const args = ['compare', small, '--policy', 'drain-once', '--policy', 'oracle', '--draws', '5', '--seed', '3'];
  const first = folioscope(args);
  assert.equal(first.code, 0, first.stderr);
  assert.ok(widest(first.stdout) <= 80, `${widest(first.stdout)} columns`);
  const places = ['How far to believe this', 'Replayed under each policy', 'drain-once'].map((text) =>
    first.stdout.indexOf(text),
  );
  assert.ok(
    places.every((place) => place >= 0),
    first.stdout,
  );
  assert.ok(places[0]! < places[1]!);
  assert.equal(folioscope(args).stdout, first.stdout);
  const { comparisons } = JSON.parse(folioscope([...args, '--json']).stdout);
  assert.equal(comparisons.length, 1);
  assert.equal(comparisons[0].draws, 5);
  assert.equal(comparisons[0].seed, 3);
  assert.deepEqual(
    comparisons[0].rows
      .slice(1)
      .map(({ policy }: { policy: string }) => policy)
      .sort(),
    ['drain-once', 'oracle'],
  );
});

test('report: three whole files, the same bytes each time, and a summary', (t) => {
  const out = join(temporaryFolder(t), 'a', 'b');
  const args = ['report', small, '--policy', 'oracle', '--draws', '3', '-o', out];
  const done = folioscope(args);
  assert.equal(done.code, 0, done.stderr);
  assert.deepEqual(readdirSync(out).sort(), ['index.html', 'report.json', 'report.md']);
  assert.match(done.stdout, /^page: .*/m);
  assert.ok(widest(done.stdout.replace(/^page: .*/m, '')) <= 80);
  const page = readFileSync(join(out, 'index.html'), 'utf8');
  assert.match(page, /<svg/);
  assert.ok(JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')));
  folioscope(args);
  assert.equal(readFileSync(join(out, 'index.html'), 'utf8'), page);
});

test('policies and formats', () => {
  const list = folioscope(['policies']);
  assert.equal(list.code, 0);
  for (const name of ['drain-once', 'refcheck-unmap', 'waiters-undo', 'lru-cache-disable', 'oracle', 'never-drain'])
    assert.ok(list.stdout.includes(name), name);
  assert.ok(widest(list.stdout) <= 80);
  assert.match(list.stdout, /^refcheck-unmap-x3 +A C +compare references/m);
  const one = folioscope(['policies', 'linux-6.1.192']);
  assert.equal(one.code, 0);
  assert.match(one.stdout, /^linux-6\.1\.192: /);
  const data = JSON.parse(folioscope(['policies', '--json', 'drain-once']).stdout);
  assert.equal(data.name, 'drain-once');
  assert.ok(data.changes.length > 0);
  const formats = JSON.parse(folioscope(['formats', '--json']).stdout).formats.map(({ id }: { id: string }) => id);
  for (const id of ['tracefs', 'perf-script', 'csv']) assert.ok(formats.includes(id), id);
  assert.ok(widest(folioscope(['formats']).stdout) <= 80);
});

test('COLUMNS is respected', () => {
  const wide = folioscope(['policies'], { COLUMNS: '160' });
  assert.ok(widest(wide.stdout) > 80 && widest(wide.stdout) <= 160);
});

test('a task named like a terminal command stays text', (t) => {
  const line = (name: string) =>
    `${name.padStart(16)}-77      [000] d....     3.352716: mm_lru_insertion: folio=fffffc00000081c0 pfn=0x40207 lru=0 flags=Ma bd \n`;
  const path = temporaryFile(
    t,
    'trace.txt',
    `# tracer: nop\n#\n${line('\u001b]0;owned\u0007')}${line('a\u009b31mb')}${'x\u001b[2J'}\n`,
  );
  for (const args of [
    ['inspect', path],
    ['analyze', '--max-loss', '1', path],
    ['inspect', '--json', path],
  ]) {
    const { stdout, stderr } = folioscope(args);
    assert.doesNotMatch(stdout + stderr, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/, args.join(' '));
  }
});

test('a reader that stops reading is no error', () => {
  const { status, stdout, stderr } = spawnSync(
    'sh',
    ['-c', '"$0" "$1" events "$2" | head -n 2', process.execPath, main, small],
    { encoding: 'utf8' },
  );
  assert.equal(status, 0);
  assert.equal(stdout.trimEnd().split('\n').length, 2);
  assert.equal(stderr, '');
});

test('Ctrl-C while waiting for input: exit 130', async () => {
  const child = spawn(process.execPath, [main, 'inspect', '-'], { stdio: ['pipe', 'ignore', 'ignore'] });
  // The handler is there once the process reads: it then takes what is written to it.
  child.stdin.write('# tracer: nop\n');
  await sleep(1500);
  child.kill('SIGINT');
  const [code, signal] = await once(child, 'exit');
  assert.deepEqual([code, signal], [130, null]);
});

test('Ctrl-C during a replay: it ends, and nothing half-written is left', async (t) => {
  const out = join(temporaryFolder(t), 'out');
  const child = spawn(process.execPath, [main, 'report', small, '--draws', '100000', '-o', out], { stdio: 'ignore' });
  for (let waited = 0; !existsSync(out) && waited < 20_000; waited += 50) await sleep(50);
  await sleep(2500);
  assert.equal(child.exitCode, null, 'a hundred thousand draws take longer than this');
  child.kill('SIGINT');
  const [code, signal] = await once(child, 'exit');
  // A shell calls both 130.
  assert.ok(code === 130 || signal === 'SIGINT', `${code} ${signal}`);
  assert.deepEqual(readdirSync(out), []);
});
