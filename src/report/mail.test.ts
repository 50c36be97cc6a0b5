import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { golden } from '../test-support.ts';
import type { Facts } from './charts/figure.ts';
import { mailText } from './mail.ts';
import { ascii, bullet, commandLines, heading, paragraph, plainTable } from './plain.ts';
import type { ReportInput } from './report.ts';
import { table } from './tables.ts';
import { madeUpFacts } from './test-support.ts';

const facts = madeUpFacts('captures/one.txt');
const input: ReportInput = {
  captures: [facts],
  command: 'folioscope report captures/one.txt --draws 200 --mail -o out',
  version: '0.1.0',
  manifest: {
    manifest: 1,
    version: '0.1.0',
    modelVersion: 2,
    command: 'report',
    files: ['captures/one.txt'],
    options: { draws: 200 },
    seed: 1,
    draws: [200],
    inputs: [{ path: 'captures/one.txt', bytes: 12_345, sha256: '0f'.repeat(32) }],
    policies: [],
  },
};

/** What a mail program, a list's archive or git am could take for something else than text. */
function assertInert(text: string): void {
  for (const line of text.split('\n')) {
    assert.ok([...line].length <= 72, `${line.length} columns: ${line}`);
    assert.match(line, /^[\x20-\x7e]*$/, line);
    assert.doesNotMatch(line, / $/, line);
    assert.doesNotMatch(line, /^(From |>|-- ?$|---|diff |Index: |@@|[-+]{3} |\.$)/, line);
  }
}

test('the mail of made-up facts reads as it did', () => {
  const text = mailText(input);
  assertInert(text);
  golden('docs/report/example-mail.txt', text);
  assert.equal(mailText(input), text);
});

test('fidelity and what the trace can tell come before any number of another policy', () => {
  const text = mailText(input);
  const places = [
    'How far to believe',
    'What the trace can tell',
    'What failed',
    'Under other policies',
    'How to reproduce',
  ];
  const found = places.map((title) => text.indexOf(`\n${title}`));
  assert.ok(
    found.every((place, i) => place > (found[i - 1] ?? 0)),
    found.join(' '),
  );
  assert.match(text, /0f0f0f/);
});

test('several captures are told apart, and all inputs keep their widths', () => {
  const text = mailText({ ...input, captures: [facts, madeUpFacts('captures/two.txt')], notes: ['Clocks differ.'] });
  assertInert(text);
  assert.match(text, /^How far to believe this: captures\/two\.txt$/m);
  assert.match(text, /Pooled: [^:]*: folios given\n {2}up:\n\n {2}policy +difference +another capture\n/);
});

test('hostile names command no mail program, patch tool or archive', () => {
  for (const evil of [
    'From nobody Mon Sep 17 00:00:00 2001',
    'a\n---\ndiff --git a/x b/x',
    '\u001b[2J\u202egnp.exe\u200b\ttab',
    `${'x'.repeat(200)} ${'é'.repeat(80)}`,
    '\u6f22\u5b57'.repeat(60),
    '\n-- \n',
    '\n.\n',
  ]) {
    const { history, comparison } = madeUpFacts(evil);
    history.capture.remarks.push(evil);
    const named: Facts = {
      history,
      comparison: {
        ...comparison,
        recorded: evil,
        rows: comparison.rows.map((row, i) => (i < 2 ? { ...row, policy: i === 0 ? evil : `${evil}2` } : row)),
        remarks: [evil],
      },
    };
    const inputs = [{ path: evil, bytes: 1, sha256: '0f'.repeat(32) }];
    const text = mailText({ ...input, captures: [named], notes: [evil], manifest: { ...input.manifest!, inputs } });
    assertInert(text);
  }
});

test('a command is broken where a shell puts it together again', () => {
  const words = [
    'folioscope',
    'report',
    `/a/${'long-folder/'.repeat(12)}trace.txt.gz`,
    "it's a file",
    `${'quoted words '.repeat(9)}`,
    "''''''''''''''''''''''''''''''''''''''''''",
    '--seed',
    '1',
  ];
  const quoted = words.map((word) => (/^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`));
  const text = commandLines(quoted.join(' '));
  for (const line of text.split('\n')) assert.ok(line.length <= 72, line);
  const { stdout } = spawnSync('sh', ['-c', text.replace('folioscope report', 'printf "%s\\n" folioscope report')], {
    encoding: 'utf8',
  });
  assert.deepEqual(
    stdout.trimEnd().split('\n'),
    words.map((word) => word.trimEnd()).map((word, i) => (i === 4 ? words[4]! : word)),
  );
});

test('text is spelled in ASCII, and no line parts an interval from its brackets or a number from its unit', () => {
  assert.equal(ascii('12\u202f345 µs – “a” → Szabó …'), '12345 us - "a" -> Szabo ...');
  for (let lead = 40; lead < 72; lead++) {
    const text = paragraph(`${'x'.repeat(lead)} 12 [8, 17] of 95 % and -35.1 ms [-40 ms, +1.5 ms].`);
    assert.doesNotMatch(text, /\[[^\]]*\n|\d\n *(%|ms)/, text);
  }
});

test('headings, lists and tables keep their shape', () => {
  assert.equal(heading('What failed'), 'What failed\n===========\n');
  assert.equal(
    bullet(`${'word '.repeat(20)}end`)
      .split('\n')[1]
      ?.slice(0, 8),
    '    word',
  );
  const text = plainTable(table(['a', 'b>'], [['x', '–']]));
  assert.match(text, / {2}x +\?\n/);
  assert.match(text, /\?: cannot tell from this capture\./);
});
