/**
 * Names in a capture are data: whatever a task, an event, a field, a header or a tool is called, it commands no terminal,
 * no page, no table and no spreadsheet.
 */
import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'csv-parse/sync';
import { skipWithout } from '../test-support.ts';
import { folioscope, hasScript, onTerminal, small, temporaryFile, temporaryFolder, textOf } from './test-support.ts';

/** ESC sequences, C1 controls, bidirectional marks, separators of lines, what is not seen. */
const weapons = [
  '\u001b]0;owned\u0007',
  '\u001b[2J',
  '\u009b31m',
  '\u0090q\u009c',
  '\u202ecod.exe',
  '\u2066x\u2069',
  '\u061c',
  '\u200b\ufeff',
  '\u2028',
  '\r\u0008\u007f',
] as const;

/** Anything but text and line ends; tabs are none of ours either. */
const controls = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;

/** Markup for a page and for Markdown, as long as a task's name can be. */
const markup = [
  '<img src=x>',
  '<svg/onload=a>',
  '[x](js:a(3))',
  '`a`**b**|c',
  '</td></p>',
  '&lt;&#60;',
  '../../../etc',
] as const;

/** The small capture with its tasks, and now and then an event, called something else. */
function armed(names: readonly string[], most = 3000): string {
  const lines = textOf(small).trimEnd().split('\n').slice(0, most);
  return `${lines
    .map((line, i) => {
      const name = names[i % names.length] ?? '';
      if (i % 97 === 50) return line.replace(/: (\w+): /, `: ev${name.replace(/[\s:]/g, '')}il: `);
      return line.replace(/^ *[^#\s].*?-(\d+ +\()/, (_, rest: string) => `${name.padStart(16)}-${rest}`);
    })
    .join('\n')}\n`;
}

/** A table of which every text is the name. */
const table = (name: string): string =>
  `time_ns,cpu,comm,event,text\n${[1, 2, 3].map((i) => `${i},0,"${name}","a${name}b","${name}"\n`).join('')}`;

/** A perf script header says who recorded what. */
const perfHeader = (name: string): string =>
  [
    '# ========',
    `# hostname : ${name}`,
    `# os release : 6.1.0${name}`,
    `# perf version : 6.1${name}`,
    '# arch : aarch64',
    `# cmdline : perf record -e ${name}`,
    '# ========',
    '#',
    `  ${name.replace(/\s/g, '')} 77 [000] 3.352716: migrate:mm_migrate_pages: nr_succeeded=1 nr_failed=0`,
    '',
  ].join('\n');

const inputs = (name: string): [string, string][] => [
  ['trace.txt', armed(weapons.map((weapon) => `k${weapon.replace(/[\r\u2028]/g, '')}w`))],
  ['dump.csv', table(name)],
  ['perf.txt', perfHeader(name)],
  ['broken.txt', armed(['task']).replace(/^(.*mm_lru_insertion.*)$/m, `${name} is no line $1`)],
];

const commands = (path: string, rules: string): string[][] => [
  ['check', '--max-loss', '1', path, rules],
  ['check', '--max-loss', '1', '--json', path, rules],
  ['inspect', '--max-loss', '1', path],
  ['inspect', '--max-loss', '1', '--json', path],
  ['inspect', '--quick', path],
  ['inspect', '--quick', '--json', path],
  ['analyze', '--max-loss', '1', path],
  ['analyze', '--max-loss', '1', '--json', path],
  ['compare', '--max-loss', '1', '--draws', '2', '--policy', 'oracle', path],
  ['compare', '--max-loss', '1', '--draws', '2', '--policy', 'oracle', '--json', path],
];

test('no command lets a name of a capture command the terminal', (t) => {
  const name = `k${weapons.join('')}w`;
  // It holds, and names the task that comes nearest to breaking it.
  const rules = temporaryFile(t, 'rules.yaml', 'rules: [{name: all, assert: entry_waits per task >= 0}]');
  for (const [file, content] of inputs(name)) {
    const path = temporaryFile(t, file, content);
    const [{ events }] = JSON.parse(folioscope(['inspect', '--json', path]).stdout).captures;
    // What is not understood would prove nothing.
    assert.ok(events >= (file === 'perf.txt' ? 1 : file === 'dump.csv' ? 3 : 2500), `${file}: ${events} events`);
    for (const args of commands(path, rules)) {
      const { stdout, stderr, code } = folioscope(args);
      assert.notEqual(code, 1, `${args.join(' ')}\n${stderr}`);
      const found = controls.exec(stdout + stderr);
      assert.equal(found, null, `${file}: ${args.join(' ')}: U+${found?.[0].charCodeAt(0).toString(16)} in the output`);
    }
  }
});

test('what a user names is no better: paths, options, policies', () => {
  const name = `x${weapons.join('').replaceAll('\u0000', '')}`;
  for (const args of [
    ['inspect', name],
    ['inspect', `--${name}`],
    [name],
    ['policies', name],
    ['events', small, '--from', name],
  ]) {
    const { stdout, stderr, code } = folioscope(args);
    assert.ok(code === 2 || code === 3, stderr);
    assert.doesNotMatch(stdout + stderr, controls, args.join(' '));
  }
});

test('events on a terminal: printable; in a pipe: as they are', {
  skip: skipWithout('script', hasScript),
}, (t) => {
  const name = `k${weapons.slice(0, 7).join('')}w`;
  const path = temporaryFile(t, 'dump.csv', table(name));
  for (const format of ['csv', 'ndjson']) {
    const shown = onTerminal(['events', '--format', format, path]);
    assert.match(shown, /pid|event/);
    assert.doesNotMatch(shown, controls, format);
  }
  assert.ok(folioscope(['events', path]).stdout.includes('\u001b]0;owned'));
  for (const format of ['parquet', 'arrow'])
    assert.match(
      onTerminal(['events', '--format', format, path]),
      /^folioscope: --format \w+ is binary, and stdout is a terminal\n {2}hint: name a file: -o events\.\w+\n$/,
    );
});

test('a page and a Markdown file hold names as text, and their own files only', (t) => {
  const folder = temporaryFolder(t);
  const path = temporaryFile(t, 'trace.txt', armed([...markup, weapons[0], weapons[4]], Number.POSITIVE_INFINITY));
  const done = folioscope([
    'report',
    path,
    '--kernel',
    '6.1.192',
    '--max-loss',
    '1',
    '--policy',
    'oracle',
    '--draws',
    '2',
    '-o',
    join(folder, 'out'),
  ]);
  assert.equal(done.code, 0, done.stderr);
  assert.doesNotMatch(done.stdout + done.stderr, controls);
  assert.deepEqual(readdirSync(folder), ['out']);
  assert.deepEqual(readdirSync(join(folder, 'out')).sort(), ['index.html', 'report.json', 'report.md']);
  const page = readFileSync(join(folder, 'out', 'index.html'), 'utf8');
  assert.doesNotMatch(page, /<img|<svg\/|<script/);
  assert.doesNotMatch(page.replaceAll('\n', ''), controls);
  const markdown = readFileSync(join(folder, 'out', 'report.md'), 'utf8');
  assert.doesNotMatch(markdown.replaceAll('\n', ''), controls);
  assert.doesNotMatch(markdown, /(?<!\\)<(?:img|svg\/|\/td)|(?<!\\)\]\(js:/);
});

test('no cell of any column starts a formula; our own reader gives the texts back', (t) => {
  const starts = ['=1+1', '+cmd', '-cmd', '@sum', '\t=x', '\uff1d1', '\n=y'];
  const rows = starts.map((start, i) => `${i + 1},0,"${start}","${start.trim()}|e","${start}"\n`).join('');
  const path = temporaryFile(t, 'dump.csv', `time_ns,cpu,comm,event,text\n${rows}`);
  const guarded = folioscope(['events', path]);
  assert.equal(guarded.code, 0, guarded.stderr);
  const formulas = (text: string): string[] =>
    (parse(text) as string[][]).flat().filter((cell) => /^[=+\-@\t\r\n\uff1d]/.test(cell));
  assert.deepEqual(formulas(guarded.stdout), []);
  assert.ok(formulas(folioscope(['events', '--raw', path]).stdout).length >= 2 * starts.length);
  const again = temporaryFile(t, 'again.csv', guarded.stdout);
  const json = (file: string): string => folioscope(['events', '--json', file]).stdout;
  assert.equal(json(again), json(path));
});
