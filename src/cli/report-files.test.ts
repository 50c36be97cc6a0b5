/** What `report` writes beside the page when it is asked to. */
import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folioscope, small, temporaryFolder } from './test-support.ts';

const few = ['--policy', 'oracle', '--draws', '3'];

test('report --charts --mail: each figure and its spec in a folder, a mail beside the page, and the command that writes them again', (t) => {
  const out = temporaryFolder(t);
  const { code, stdout, stderr } = folioscope(['report', small, ...few, '--charts', 'svg', '--mail', '-o', out]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^charts: .*\/charts$/m);
  const names = readdirSync(join(out, 'charts'));
  assert.ok(names.includes('accounting-wide.svg') && names.includes('accounting-narrow.vl.json'), names.join(' '));
  assert.equal(names.filter((name) => name.endsWith('.svg')).length * 2, names.length);
  assert.match(readFileSync(join(out, 'report.md'), 'utf8'), /--charts svg .*--mail/);
  assert.match(stdout, /^mail: .*\/mail\.txt$/m);
  const mail = readFileSync(join(out, 'mail.txt'), 'utf8');
  for (const line of mail.split('\n')) assert.ok(/^[\x20-\x7e]{0,72}$/.test(line), line);
  assert.match(mail, /^ {2}[0-9a-f]{64}$/m);
});

test('report --charts: a form that does not exist is refused before anything is read', () => {
  const { code, stderr } = folioscope(['report', small, '--charts', 'gif', '-o', 'nowhere']);
  assert.equal(code, 2);
  assert.match(stderr, /Allowed choices are svg, png, vega/);
});
