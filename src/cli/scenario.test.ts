import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { test } from 'node:test';
import { folioscope, temporaryFile, temporaryFolder } from './test-support.ts';

const text = `name: hot
about: Four readers and a mover.
kernel: linux-6.1.192
duration: 20ms
machine: {cpus: 4}
folios: [{name: hot, count: 40, kind: shmem}]
tasks: [{name: readers, count: 4, does: [{touch: hot, every: {exponential: 400ns}}]}]
requests: [{name: mover, model: move_pages, of: hot, at: [1ms, 9ms], list: 20}]
services: {unmap: 4us, flush: 6us, release: 8us}
`;

test('a scenario is run under policies and set against its own kernel', (t) => {
  const file = temporaryFile(t, 'hot.yaml', text);
  const args = ['scenario', file, '--policy', 'refcheck-unmap', '--policy', 'drain-once', '--draws', '5'];
  const { code, stdout, stderr } = folioscope(args, { COLUMNS: '100' });
  assert.equal(stderr, '');
  assert.equal(code, 0);
  assert.match(
    stdout,
    /: hot, set against linux-6\.1\.192; 5 draws, seed 1, model \d+\n\nFour readers and a mover\.\n/,
  );
  assert.match(stdout, /^Under each policy, 2 requests a draw$/m);
  assert.match(stdout, /^linux-6\.1\.192 .*\nrefcheck-unmap .*\ndrain-once /m);
  assert.match(stdout, /^Difference from linux-6\.1\.192: drains$/m);
  assert.match(stdout, /^refcheck-unmap: compare references/m);
  assert.ok(stdout.split('\n').every((line) => line.length <= 100));
});

test('--json has the same numbers, the same bytes each time, and the scenario itself', (t) => {
  const file = temporaryFile(t, 'hot.yaml', text);
  const args = ['scenario', file, '--policy', 'oracle', '--draws', '3', '--seed', '7', '--json'];
  const first = folioscope(args);
  assert.equal(first.code, 0);
  assert.equal(first.stdout, folioscope(args).stdout);
  const { scenario, seed, base, rows } = JSON.parse(first.stdout);
  assert.equal(scenario.name, 'hot');
  assert.equal(seed, 7);
  assert.equal(base, 'linux-6.1.192');
  assert.equal(rows[1].policy, 'oracle');
  assert.equal(rows[1].value.movedFolios.estimate, 40);
});

test('a mistake in a scenario is exit 2 and says where', (t) => {
  const file = temporaryFile(t, 'hot.yaml', text.replace('of: hot', 'of: cold').replace('[1ms', '[1h'));
  const { code, stdout, stderr } = folioscope(['scenario', file]);
  assert.equal(code, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /^folioscope: .*hot\.yaml:8:\d+: requests\.0\.at\.0: write a duration/);
  for (const [args, says] of [
    [['scenario'], /^folioscope: no scenario is named\n/],
    [['scenario', '/nowhere/a.yaml'], /^folioscope: \/nowhere\/a\.yaml: there is no such file\n$/],
    [
      ['scenario', temporaryFile(t, 'good.yaml', text), '--policy', 'refchek'],
      /^folioscope: no policy is called "refchek"/,
    ],
  ] as const) {
    const ran = folioscope(args);
    assert.equal(ran.code, 2, args.join(' '));
    assert.match(ran.stderr, says);
  }
});

test('--schema prints the JSON schema of a scenario', () => {
  const { code, stdout } = folioscope(['scenario', '--schema']);
  assert.equal(code, 0);
  const schema = JSON.parse(stdout);
  assert.equal(schema.$schema, 'https://json-schema.org/draft/2020-12/schema');
  assert.equal(schema.properties.requests.type, 'array');
});

test('--emit writes a capture that every other command reads', (t) => {
  const file = temporaryFile(t, 'hot.yaml', text);
  const folder = temporaryFolder(t);
  const events = new Map<string, number>();
  for (const form of ['ftrace', 'perf-script', 'csv']) {
    const path = join(folder, form);
    const { code, stdout, stderr } = folioscope(['scenario', file, '--emit', form, '-o', path]);
    assert.equal(stderr, 'to read it: --kernel 6.1.192 --page-size 4096\n');
    assert.equal(code, 0);
    assert.equal(stdout, '');
    const read = ['--kernel', '6.1.192', '--page-size', '4096', '--json', path];
    const [capture] = JSON.parse(folioscope(['inspect', ...read]).stdout).captures;
    assert.equal(capture.accounting.skipped, 0);
    events.set(form, capture.events);
    const { requests, calls } = JSON.parse(folioscope(['analyze', ...read]).stdout);
    assert.deepEqual(
      requests.map(({ kind, requests: count }: { kind: string; requests: number }) => [kind, count]),
      [['move_pages', 2]],
    );
    assert.ok(calls[0].foliosMoved > 0);
  }
  assert.ok(events.get('ftrace')! > 100);
  assert.equal(new Set(events.values()).size, 1, 'the same events in every form');
  const [first, again] = [0, 1].map(() => folioscope(['scenario', file, '--emit', 'ftrace']).stdout);
  assert.equal(first, again);
  assert.notEqual(first, folioscope(['scenario', file, '--emit', 'ftrace', '--policy', 'linux-6.12']).stdout);
});

test('what --emit cannot be with is said', (t) => {
  const file = temporaryFile(t, 'hot.yaml', text);
  for (const [args, says] of [
    [['-o', 'x.txt'], /-o is about what --emit writes/],
    [['--emit', 'ftrace', '--json'], /--json asks for a comparison/],
    [['--emit', 'ftrace', '--policy', 'oracle', '--policy', 'drain-once'], /under one policy/],
    [['--emit', 'ftrace', '-o', file], /is the capture that is read/],
    [['--emit', 'parquet'], /--emit <form>.*ftrace, perf-script, csv/],
  ] as const) {
    const { code, stderr, stdout } = folioscope(['scenario', file, ...args]);
    assert.equal(code, 2, args.join(' '));
    assert.equal(stdout, '');
    assert.match(stderr, says);
  }
});

test('what never ends under a policy stands beside its numbers', (t) => {
  const file = temporaryFile(
    t,
    'endless.yaml',
    `name: endless
kernel: linux-6.15
duration: 10ms
machine: {cpus: 2, patience: 1ms}
folios: [{name: f, count: 4, kind: anon, start: fresh}]
requests: [{name: pinner, model: longterm pin, of: f, at: [1ms], list: 2}]
services: {pin: 1us}
`,
  );
  const { stdout, code } = folioscope(['scenario', file, '--policy', 'gup-never', '--draws', '2'], { COLUMNS: '120' });
  assert.equal(code, 0);
  assert.match(stdout, /^policy +endless /m);
  assert.match(stdout, /^gup-never +2 of 2 draws /m);
  assert.match(stdout, /found +\d+ collections in a row isolated none of 2 folios/);
});
