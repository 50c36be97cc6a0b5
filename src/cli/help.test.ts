/** Help and the manual: every command with examples that its options allow, no line wider than the screen. */
import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { golden, root, skipWithout } from '../test-support.ts';
import { wordsOf } from './completion-words.ts';
import { examples } from './examples.ts';
import { manPage } from './man-page.ts';
import { program } from './program.ts';
import { folioscope } from './test-support.ts';

test('every command has examples, of options that it has', () => {
  const { commands } = wordsOf(program());
  const names = commands.map(({ name }) => name).filter((name) => name !== 'help');
  assert.deepEqual(Object.keys(examples).sort(), names.sort());
  for (const { name, options } of commands) {
    for (const { line } of examples[name] ?? []) {
      assert.equal(line.split(' ')[0], name);
      const known = options.flatMap(({ flags }) => flags);
      const [own = ''] = line.split(' | ');
      for (const flag of own.match(/(?<= )--?[a-z][\w-]*/g) ?? []) assert.ok(known.includes(flag), `${line}: ${flag}`);
    }
  }
});

test('help fits 80 columns, with the examples below the options', () => {
  process.env['COLUMNS'] = '80';
  for (const command of program().commands) {
    const name = command.name();
    let stdout = '';
    command.configureOutput({ writeOut: (text) => (stdout += text) }).outputHelp();
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80, `${name}: ${line}`);
    assert.match(stdout, new RegExp(`^Options:[\\s\\S]*^Examples:\\n {2}folioscope ${name}`, 'm'), name);
  }
});

test('the name alone says what to do first, within 80 columns', () => {
  const { code, stdout, stderr } = folioscope([], { COLUMNS: '80' });
  assert.deepEqual([code, stdout], [2, '']);
  assert.match(stderr, /^First, with a capture/m);
  const traces = join(root, 'traces');
  assert.ok(stderr.includes(traces));
  for (const line of stderr.split('\n')) if (!line.includes(traces)) assert.ok(line.length <= 80, line);
});

test('docs/folioscope.1 is the manual of the program as it is', () => {
  const page = manPage(program());
  golden('docs/folioscope.1', page);
  assert.equal(folioscope(['man']).stdout, page);
  for (const { name, options } of wordsOf(program()).commands) {
    if (name === 'help') continue;
    assert.ok(page.includes(`.SS \\fB${name}\\fR`), name);
    for (const { flags } of options)
      for (const flag of flags) assert.ok(page.includes(`\\fB${flag.replaceAll('-', '\\-')}\\fR`), `${name}: ${flag}`);
  }
  for (const section of ['NAME', 'SYNOPSIS', 'EXIT STATUS', 'ENVIRONMENT', 'FILES', 'EXAMPLES'])
    assert.ok(page.includes(`\n.SH ${section}\n`), section);
});

const hasMan = spawnSync('man', ['--version']).error === undefined;
test('man finds nothing wrong with the page', { skip: skipWithout('man', hasMan) }, () => {
  const options = ['-l', '--warnings=all', '-E', 'UTF-8', '-P', 'cat', join(root, 'docs', 'folioscope.1')];
  const shown = spawnSync('man', options, {
    encoding: 'utf8',
    env: { ...process.env, MANWIDTH: '80', MAN_KEEP_FORMATTING: '' },
  });
  assert.deepEqual([shown.status, shown.stderr], [0, '']);
  assert.match(shown.stdout, /EXIT STATUS/);
  assert.match(shown.stdout, /folioscope check trace\.dat rules\.yaml --strict --junit check\.xml/);
});
