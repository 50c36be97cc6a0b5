/** What the catalogue prints: it reads back to the same values, and is what kernels printed. */
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { tracePath } from '../test-support.ts';
import type { EventRow } from './catalog.ts';
import { decimal, hex, text, u64 } from './fields.ts';
import { findRow, rows } from './rows.ts';
import { compileTemplate, matchTemplate, type PrintValue, printTemplate, type Template } from './template.ts';
import { FieldValues, presence } from './values.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const values = new FieldValues();

const compile = (row: EventRow): Template[] => row.eras.map((era) => compileTemplate(era.text, row.fields, era.widths));

/** What a text holds, by the first template that fits; undefined when none does. */
function parse(row: EventRow, templates: readonly Template[], line: string): [Template, PrintValue[]] | undefined {
  const bytes = encoder.encode(line);
  for (const template of templates) {
    if (!matchTemplate(template, bytes, 0, bytes.length, values)) continue;
    const found = row.fields.map((field, i): PrintValue => {
      if (values.present[i] === presence.absent) return undefined;
      if (field.storage === 'number') return values.numbers[i];
      if (field.storage === 'u64') return (BigInt(values.hi[i]!) << 32n) | BigInt(values.lo[i]!);
      return decoder.decode(bytes.subarray(values.start[i], values.end[i]));
    });
    return [template, found];
  }
  return undefined;
}

/** A value that a notation can print, and that a kernel would: names hold no `=`, and none of the literals between fields. */
function printable(how: string, storage: string): fc.Arbitrary<PrintValue> {
  switch (how) {
    case 'w':
      return fc.oneof(
        fc.stringMatching(/^[A-Za-z_][\w.+|/-]{0,20}$/),
        fc.stringMatching(/^[a-z]{1,6}:[a-z0-9]{1,4}$/),
        fc.stringMatching(/^[a-z]{1,6} [a-z0-9]{1,4}$/),
      );
    case 'f6':
      return fc
        .tuple(fc.constantFrom(2, 4), fc.subarray([1, 8, 16, 32, 64]))
        .map(([kind, bits]) => bits.reduce((sum, bit) => sum | bit, kind));
    case 'd':
      if (storage === 'u64') return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
      return fc.maxSafeInteger();
    default:
      if (storage === 'u64') return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
      return fc.oneof(fc.maxSafeNat(), fc.constant(-1));
  }
}

for (const row of rows) {
  test(`${row.system}:${row.name}: what each era prints reads back to the same values`, () => {
    const templates = compile(row);
    templates.forEach((template, era) => {
      const placeholders = [...row.eras[era]!.text.matchAll(/\{(\w+):(\w+)\}/g)];
      const shape = Object.fromEntries(
        placeholders.map(([, name = '', how = '']) => {
          const field = row.fields.find((one) => one.name === name)!;
          return [name, printable(how, field.storage)];
        }),
      );
      fc.assert(
        fc.property(fc.record(shape), (given: Record<string, PrintValue>) => {
          const wanted = row.fields.map((field) => given[field.name]);
          const line = printTemplate(template, wanted);
          assert.ok(line !== undefined);
          const read = parse(row, templates, line);
          assert.deepEqual(read?.[1], wanted, line);
          assert.equal(read?.[0], template, line);
        }),
        { numRuns: 40 },
      );
    });
  });
}

test('what kernels printed is printed again, byte for byte', () => {
  const captures = [
    ['debian-5.10-4k', 'shanon_hot'],
    ['debian-6.1-4k', 'contig_lowmem_apps_stockev'],
    ['debian-6.1-4k', 'migrate_pages_api'],
    ['debian-6.12-4k', 'shanon_hot'],
    ['debian-7.2-4k', 'shanon_hot'],
    ['pairs/cma-second-reads/baseline', 'run02'],
  ];
  const seen = new Set<string>();
  let lines = 0;
  for (const path of captures) {
    const trace = decoder.decode(gunzipSync(readFileSync(tracePath(...path, 'trace.txt.gz'))));
    const each = new Map<string, number>();
    for (const [, name = '', line = ''] of trace.matchAll(/\d: (\w+): ([^(\n].*)$/gm)) {
      const row = findRow('', name);
      const count = each.get(name) ?? 0;
      if (row === undefined || count === 2000) continue;
      each.set(name, count + 1);
      const read = parse(row, compile(row), line);
      assert.ok(read, `${name}: ${line}`);
      assert.equal(printTemplate(...read)?.trimEnd(), line.trimEnd());
      seen.add(name);
      lines++;
    }
  }
  assert.ok(lines > 20_000 && seen.size >= 17, `${lines} lines of ${seen.size} events`);
});

test('a text that needs what was not recorded is not printed', () => {
  const fields = [hex('pfn'), decimal('order'), u64('page'), text('name')];
  const template = compileTemplate('page={page:p} pfn={pfn:0x} order={order:d} name={name:w}', fields);
  assert.equal(printTemplate(template, [1, undefined, 2n, 'a']), undefined);
  assert.equal(printTemplate(template, [1, 2, undefined, 'a']), 'page=(____ptrval____) pfn=0x1 order=2 name=a');
  assert.equal(
    printTemplate(template, [-1, -1, 2n, 'a']),
    'page=0000000000000002 pfn=0xffffffffffffffff order=-1 name=a',
  );
  assert.equal(printTemplate(template, ['x', 2, 2n, 'a']), undefined);
});

test('a text goes on when what follows it does not fit: names may hold what stands behind them', () => {
  const row = findRow('sched', 'sched_switch')!;
  const read = (line: string) => parse(row, compile(row), line)?.[1];
  assert.deepEqual(read('kworker/0:1:34 [120] R ==> a b:c:7 [0]'), ['kworker/0:1', 34, 120, 'R', 'a b:c', 7, 0]);
  assert.deepEqual(
    read('prev_comm=a prev_pid=1 prev_pid=34 prev_prio=120 prev_state=R+ ==> next_comm=b next_pid=7 next_prio=0'),
    ['a prev_pid=1', 34, 120, 'R+', 'b', 7, 0],
  );
  // However often the literal occurs, one walk over the text decides.
  const long = 'x:'.repeat(200_000);
  const start = performance.now();
  assert.equal(read(long), undefined);
  assert.ok(performance.now() - start < 2000);
});
