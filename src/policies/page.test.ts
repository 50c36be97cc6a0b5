import { strict as assert } from 'node:assert';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../test-support.ts';
import { axes } from './axes/axes.ts';
import { rangesOf } from './axis.ts';
import { namedPolicies } from './policies.ts';

const row = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

function names(): string {
  return [
    row(['name', 'what it changes', 'needs', 'source']),
    row(['---', '---', '---', '---']),
    ...namedPolicies.map(({ name, changes, needs, source, refused }) =>
      row([
        `\`${name}\``,
        refused === undefined ? changes.join('; ') : `${changes.join('; ')}. Cannot be built: ${refused}`,
        needs.join(', '),
        source,
      ]),
    ),
  ].join('\n');
}

function choices(): string {
  return [
    row(['axis', 'question', 'choice', 'real in mainline; stable branch', 'source']),
    row(['---', '---', '---', '---', '---']),
    ...axes.flatMap((axis) =>
      axis.choices.map((choice, i) =>
        row([
          i === 0 ? axis.axis : '',
          i === 0 ? axis.question : '',
          `\`${choice.name}\``,
          rangesOf(choice),
          choice.source,
        ]),
      ),
    ),
  ].join('\n');
}

test('docs/policies.md holds every policy and every choice, with where each was real', () => {
  const path = join(root, 'docs', 'policies.md');
  const page = readFileSync(path, 'utf8');
  let wanted = page;
  for (const [mark, text] of [
    ['names', names()],
    ['axes', choices()],
  ] as const) {
    const region = new RegExp(`(<!-- ${mark} -->\n)[^]*?(<!-- end of ${mark} -->)`);
    assert.match(wanted, region);
    wanted = wanted.replace(region, (_all, open: string, close: string) => `${open}${text}\n${close}`);
  }
  if (process.env['UPDATE'] === '1') writeFileSync(path, wanted);
  else assert.equal(page, wanted, 'docs/policies.md differs: UPDATE=1 npm test, then look at the diff');
});
