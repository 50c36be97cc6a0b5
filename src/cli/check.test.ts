/** `check` as a user meets it: exit codes, what is printed, and the files of the example. */
import { strict as assert } from 'node:assert';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { skipWithout, tracePath } from '../test-support.ts';
import { folioscope, hasScript, onTerminal, small, temporaryFile, temporaryFolder } from './test-support.ts';

const rules = tracePath('pairs', 'rules.yaml');
const pair = (policy: string): string => tracePath('pairs', 'shared-anon-hot', policy, 'run01', 'trace.txt.gz');

interface Data {
  passed: boolean;
  sums: Record<string, number>;
  rules: { name: string; verdict: string; breaking: { command: string; items: number } | null }[];
}

test('the example holds of one policy and breaks on the other, and the command lists the events', (t) => {
  const good = folioscope(['check', pair('waiters-undo'), rules]);
  assert.deepEqual([good.code, good.stderr], [0, '']);
  assert.match(good.stdout, /\n5 rules: 5 hold, 0 broken and 0 cannot be told\n$/);
  const path = join(temporaryFolder(t), 'check.xml');
  const bad = folioscope(['check', pair('baseline'), rules, '--json', '--junit', path]);
  assert.equal(bad.code, 1);
  const { passed, sums, rules: told } = JSON.parse(bad.stdout) as Data;
  assert.deepEqual([passed, sums['broken']], [false, 2]);
  const broken = told.find(({ verdict }) => verdict === 'broken')!;
  assert.equal(broken.name, 'few folios are given up');
  const [, ...command] = broken.breaking!.command.split(' ');
  const [first = 0, last = 0] = command.at(-1)!.split('-').map(Number);
  const listed = folioscope(command);
  assert.equal(listed.code, 0, listed.stderr);
  assert.equal(listed.stdout.trimEnd().split('\n').length - 1, last - first + 1);
  assert.match(readFileSync(path, 'utf8'), /<testsuite [^>]*tests="5" failures="2" errors="0" skipped="0"/);
});

test('what cannot be told is a warning, and a failure under --strict', (t) => {
  const file = temporaryFile(t, 'r.yaml', 'rules: [{name: stays, assert: max stay_time < 1 s}]');
  const lax = folioscope(['check', small, file]);
  assert.equal(lax.code, 0);
  assert.match(lax.stdout, /^cannot tell {2}stays\n.*the capture cannot show batch/);
  assert.equal(folioscope(['check', small, file, '--strict']).code, 1);
});

test('nothing is wider than the screen, and nothing is coloured in a pipe', (t) => {
  const name = `\u001b[31m${'long '.repeat(30)}`;
  const file = temporaryFile(t, 'r.json', JSON.stringify({ rules: [{ name, assert: 'p50 passes per task < 0' }] }));
  const { code, stdout } = folioscope(['check', small, file], { COLUMNS: '80' });
  assert.equal(code, 1);
  // A path is not cut: it would be another one.
  for (const line of stdout.split('\n')) if (!line.includes(small)) assert.ok(line.length <= 80, line);
  assert.ok(!stdout.includes('\u001b'));
});

test('JUnit may go to stdout, alone', (t) => {
  const file = temporaryFile(t, 'r.yaml', 'rules: [{name: all, assert: calls < 1}]');
  const { code, stdout } = folioscope(['check', small, file, '--junit', '-']);
  assert.equal(code, 1);
  assert.match(stdout, /^<\?xml[\s\S]*<\/testsuites>\n$/);
  assert.match(folioscope(['check', small, file, '--junit', '-', '--json']).stderr, /both write to stdout/);
});

test('verdicts have a colour on a terminal, unless NO_COLOR is set', {
  skip: skipWithout('script', hasScript),
}, (t) => {
  const file = temporaryFile(t, 'r.yaml', 'rules: [{name: all, assert: calls < 1}]');
  assert.match(onTerminal(['check', small, file], { TERM: 'xterm', NO_COLOR: '' }), /\u001b\[31mbroken\u001b\[0m/);
  for (const env of [
    { TERM: 'xterm', NO_COLOR: '1' },
    { TERM: 'dumb', NO_COLOR: '' },
  ])
    assert.match(onTerminal(['check', small, file], env), /^broken {7}all\n/);
});

test('wrong rules are exit 2 before the capture is read, and leave no file', (t) => {
  const folder = temporaryFolder(t);
  const file = temporaryFile(t, 'r.yaml', 'rules:\n  - {name: a, assert: cals < 1}\n');
  const { code, stderr } = folioscope(['check', join(folder, 'none'), file, '--junit', join(folder, 'x.xml')]);
  assert.equal(code, 2);
  assert.match(stderr, /r\.yaml:2:23: "cals" is no measure\n {2}hint: nearest: calls\n$/);
  assert.match(folioscope(['check', small, join(folder, 'none')]).stderr, /rules .*none: there is no such file/);
  const right = temporaryFile(t, 'r.yaml', 'rules:\n  - {name: a, assert: calls < 1}\n');
  assert.equal(folioscope(['check', join(folder, 'none'), right, '--junit', join(folder, 'x.xml')]).code, 3);
  assert.ok(!existsSync(join(folder, 'x.xml')));
});
