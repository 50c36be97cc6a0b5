/**
 * The catalogue against the kernels' own descriptions of their events (traces/formats/KERNEL/SYSTEM/EVENT.format): each print format
 * is filled with values, and one era of the row must read the text (and none before it), each value into the column that the row
 * names for the record's field. A kernel whose text the catalogue does not have fails here.
 */
import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { tracePath } from '../test-support.ts';
import { findRow } from './rows.ts';
import { compileTemplate, matchTemplate } from './template.ts';
import { FieldValues, presence } from './values.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Fields of records that no text of the event shows as they are, so no column has them. */
const notKept: Readonly<Record<string, readonly string[]>> = {
  // The text has 1 << defer_shift.
  mm_compaction_deferred: ['defer_shift'],
  mm_compaction_defer_compaction: ['defer_shift'],
  mm_compaction_defer_reset: ['defer_shift'],
};

/** Splits at commas that are in no parentheses, braces or quotes. */
function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '"' && text[i - 1] !== '\\') quoted = !quoted;
    if (quoted) continue;
    if (c === '(' || c === '{') depth++;
    else if (c === ')' || c === '}') depth--;
    else if (c === ',' && depth === 0) {
      parts.push(text.slice(from, i).trim());
      from = i + 1;
    }
  }
  return [...parts, text.slice(from).trim()];
}

interface Filled {
  readonly line: string;
  /** What each column must hold: numbers and pointers as bigint, texts as string. */
  readonly columns: ReadonlyMap<string, bigint | string>;
}

/** A print format with a value in each place. */
function fill(print: string, aliases: Readonly<Record<string, string>>): Filled {
  const quoted = /^"((?:[^"\\]|\\.)*)"/.exec(print);
  assert.ok(quoted, print);
  const expressions = splitArguments(print.slice(quoted[0].length)).filter((part) => part !== '');
  const columns = new Map<string, bigint | string>();
  let next = 0;
  let line = '';
  let from = 0;
  const format = quoted[1] ?? '';
  for (const match of format.matchAll(/%(-?)(\d*)(?:l|ll|z)?([duxsp])S?/g)) {
    line += format.slice(from, match.index);
    from = match.index + match[0].length;
    const expression = expressions[next] ?? '';
    next++;
    const field = /REC->(\w+)|__get_str\((\w+)\)/.exec(expression);
    const key = /(\w+)=\(?(?:0x)?$/.exec(line)?.[1];
    const isPlain =
      /^\(*(?:\w+(?: \*)?\)\s*)*REC->\w+\)?$/.test(expression) || /print_symbolic|print_flags|get_str/.test(expression);
    const named = (isPlain ? (field?.[1] ?? field?.[2]) : undefined) ?? key ?? '';
    const column = aliases[named] ?? named;
    let shown: string;
    if (match[3] === 's') {
      const choice = /\{\s*\(?[^{}]*?,\s*"([^"]*)"/.exec(expression)?.[1] ?? /\?\s*"([^"]*)"/.exec(expression)?.[1];
      shown = (choice ?? `some ${named}`).padEnd(Number(match[2] ?? 0));
      const bit = /REC->flags & (0x[0-9a-f]+)u \?/.exec(expression)?.[1];
      if (bit === undefined) columns.set(column === 'sync' ? 'mode' : column, shown.trimEnd());
      else {
        const before = columns.get('flags');
        columns.set('flags', (typeof before === 'bigint' ? before : 0n) | BigInt(bit));
      }
    } else {
      const value = match[3] === 'p' ? 0xffff0000deadb000n + BigInt(next) : 200n + BigInt(next);
      shown = match[3] === 'd' || match[3] === 'u' ? String(value) : value.toString(16);
      columns.set(column, value);
    }
    line += shown;
  }
  assert.equal(next, expressions.length, print);
  return { line: line + format.slice(from), columns };
}

const top = tracePath('formats');
const kernels = readdirSync(top).sort();

for (const kernel of kernels) {
  test(`${kernel}: each event's own print format fits its era, and each field its column`, () => {
    let checked = 0;
    for (const path of readdirSync(join(top, kernel), { recursive: true, encoding: 'utf8' })) {
      if (!path.endsWith('.format')) continue;
      const text = readFileSync(join(top, kernel, path), 'utf8');
      const name = basename(path, '.format');
      const system = path.split('/')[0] ?? '';
      const row = findRow(system, name);
      assert.ok(row, `${kernel} ${path}: no row in the catalogue`);
      const print = /^print fmt: (.*)$/m.exec(text)?.[1] ?? '';
      const { line, columns } = fill(print, row.aliases ?? {});
      const bytes = encoder.encode(line);
      const values = new FieldValues();
      const fitting = row.eras.filter((era) =>
        matchTemplate(compileTemplate(era.text, row.fields), bytes, 0, bytes.length, values),
      );
      // The newest that fits wins; one whose last text would swallow what the newer ones name may follow it.
      const others = fitting.slice(1).filter((era) => !era.text.endsWith(':w}'));
      assert.ok(fitting.length >= 1 && others.length === 0, `${kernel} ${path}: "${line}" fits ${fitting.length} eras`);
      matchTemplate(compileTemplate(fitting[0]!.text, row.fields), bytes, 0, bytes.length, values);
      const found = new Map<string, bigint | string>();
      row.fields.forEach((field, i) => {
        if (values.present[i] === presence.absent) return;
        if (field.storage === 'text')
          found.set(field.name, decoder.decode(bytes.subarray(values.start[i], values.end[i])));
        else found.set(field.name, (BigInt(values.hi[i]!) << 32n) | BigInt(values.lo[i]!));
      });
      assert.deepEqual(
        found,
        new Map([...columns].sort((a, b) => order(row, a[0]) - order(row, b[0]))),
        `${kernel} ${path}: "${line}"`,
      );
      for (const [, field = ''] of text.matchAll(/field:[^;]*?(\w+)(?:\[\w*\])?;/g)) {
        if (field.startsWith('common_') || notKept[name]?.includes(field)) continue;
        const column = row.aliases?.[field] ?? field;
        assert.ok(
          row.fields.some((one) => one.name === column),
          `${kernel} ${path}: the record's ${field} has no column`,
        );
      }
      checked++;
    }
    assert.ok(checked >= 20, `${checked} events`);
  });
}

function order(row: NonNullable<ReturnType<typeof findRow>>, name: string): number {
  return row.fields.findIndex((field) => field.name === name);
}

test('formats of five releases and more are bundled', () => {
  assert.ok(kernels.length >= 6, kernels.join());
});
