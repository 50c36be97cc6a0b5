import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { StringTable } from '../../base/strings.ts';
import type { EventRow } from '../../events/catalog.ts';
import { decimal, hex, text, u64 } from '../../events/fields.ts';
import { findRow } from '../../events/rows.ts';
import { tracePath } from '../../test-support.ts';
import type { Environment } from './c-code.ts';
import { type EventFormat, parseEventFormat } from './event-format.ts';
import { bindRow } from './row-record.ts';
import { ShortNotes } from './short-notes.ts';
import { SymbolIds } from './symbol-ids.ts';
import { type Declared, formatOf } from './test-support.ts';
import { TextOut } from './text-out.ts';

const strings = new StringTable();
const environment: Environment = {
  longSize: 8,
  strings,
  names: new SymbolIds(strings, undefined, 'name', '0x'),
  places: new SymbolIds(strings, undefined, 'place', '0x'),
  callers: new SymbolIds(strings, undefined, 'place', ''),
  symbols: undefined,
  printkFormats: undefined,
  out: new TextOut(),
  spill: new TextOut(),
  shorts: new ShortNotes([]),
};

function* bundledFormats(): Generator<{ kernel: string; format: EventFormat }> {
  const top = tracePath('formats');
  for (const kernel of readdirSync(top)) {
    for (const system of readdirSync(join(top, kernel), { withFileTypes: true })) {
      if (!system.isDirectory()) continue;
      for (const file of readdirSync(join(top, kernel, system.name))) {
        const format = parseEventFormat(readFileSync(join(top, kernel, system.name, file), 'utf8'), system.name);
        assert.ok(format);
        yield { kernel, format };
      }
    }
  }
}

/**
 * Columns of the catalogue that a kernel's record does not have: fields that came later, or are gone. Everything else is
 * bound through the print format, in every kernel of `traces/formats`.
 */
const without: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  cma_alloc_finish: { errorno: '6.1' },
  cma_alloc_start: { available_count: '6.1 6.12 6.16 6.17', total_count: '6.1 6.12 6.16 6.17' },
  cma_release: { name: '5.10' },
  mm_collapse_huge_page: { order: '5.10 6.1 6.12 6.16 6.17' },
  mm_collapse_huge_page_isolate: { order: '5.10 6.1 6.12 6.16 6.17', writable: '7.2' },
  mm_collapse_huge_page_swapin: { order: '5.10 6.1 6.12 6.16 6.17' },
  mm_compaction_try_to_compact_pages: { mode: '5.10 6.1 6.12 6.16 6.17 7.2' },
  mm_khugepaged_scan_pmd: { writable: '7.2' },
  mm_migrate_pages: { nr_split: '5.10 6.1' },
};

test('every column of a catalogued event is bound through the print format, in every kernel', () => {
  let events = 0;
  for (const { kernel, format } of bundledFormats()) {
    const row = findRow(format.system, format.name);
    if (!row) continue;
    events++;
    const version = kernel.replace(/^debian-|-4k$/g, '');
    const { columns, boundBy } = bindRow(row, format, environment);
    row.fields.forEach((field, i) => {
      const isWithout = without[format.name]?.[field.name]?.split(' ').includes(version) === true;
      assert.equal(boundBy[i], isWithout ? 'nothing' : 'print format', `${kernel} ${format.name}.${field.name}`);
    });
    assert.deepEqual(
      columns.slice(row.fields.length).map((column) => column.field.name),
      [],
      `${kernel} ${format.name}: fields that no column holds`,
    );
  }
  assert.ok(events > 150, `${events} descriptions of catalogued events`);
});

test('plain fields are loaded, not computed', () => {
  for (const { format } of bundledFormats()) {
    if (format.name !== 'mm_lru_insertion' && format.name !== 'set_migration_pte') continue;
    const row = findRow(format.system, format.name);
    assert.ok(row);
    for (const { source } of bindRow(row, format, environment).columns) assert.equal(source.from, 'load', format.name);
  }
});

const row: EventRow = {
  system: 'vendor',
  name: 'vendor_event',
  fields: [u64('folio'), hex('pfn'), decimal('order'), text('mode')],
  aliases: { page: 'folio' },
  symbols: { mode: ['async', 'sync'] },
  eras: [
    { text: 'folio={folio:p} pfn={pfn:0x} order={order:d} mode={mode:w}', since: '', until: '', source: '' },
    { text: 'page={folio:p} pfn={pfn:d} order={order:d}', since: '', until: '', source: '' },
  ],
};
const fields: readonly Declared[] = [
  ['struct page * page', 8, 8],
  ['unsigned long pfn', 16, 8],
  ['int order', 24, 4, 1],
  ['int mode', 28, 4, 1],
  ['u32 vendor_hint', 32, 4],
];

function bound(print: string): { boundBy: readonly string[]; extra: string[] } {
  const { columns, boundBy } = bindRow(row, formatOf('vendor', 'vendor_event', 7, fields, print), environment);
  return { boundBy, extra: columns.slice(row.fields.length).map((column) => column.field.name) };
}

test('a text that a vendor changed is bound by its keys, the rest by name; fields of the vendor follow', () => {
  const print =
    '"page=%p pfn=0x%lx order=%d hint=%u mode=%s", REC->page, REC->pfn, REC->order, REC->vendor_hint, REC->mode ? "sync" : "async"';
  assert.deepEqual(bound(print), { boundBy: ['key', 'key', 'key', 'key'], extra: ['vendor_hint'] });
});

test('without a print format that can be read, columns are bound by name and alias', () => {
  for (const print of ['', '"', 'x ? "a" : "b"', '"%s"', '"(((((((', `"%d", ${'('.repeat(5000)}REC->pfn`]) {
    assert.deepEqual(
      bound(print),
      { boundBy: ['name', 'name', 'name', 'name'], extra: ['vendor_hint'] },
      print.slice(0, 20),
    );
  }
});

test('an older era is chosen where the newer does not fit, and what it lacks is found by name', () => {
  const print = '"page=%p pfn=%lu order=%d", REC->page, REC->pfn, REC->order';
  assert.deepEqual(bound(print), {
    boundBy: ['print format', 'print format', 'print format', 'name'],
    extra: ['vendor_hint'],
  });
});

test('an address computed from memory of the kernel is not recorded, and what it was made from is kept', () => {
  const print =
    '"folio=%p pfn=0x%lx order=%d mode=%s", (((struct page *)vmemmap) + REC->pfn), REC->pfn, 0, REC->mode == 1 ? "sync" : unknown_fn(REC->vendor_hint)';
  const { boundBy, extra } = bound(print);
  assert.deepEqual(boundBy, ['computed', 'print format', 'print format', 'computed']);
  assert.deepEqual(extra, ['page', 'raw_order', 'raw_mode', 'vendor_hint']);
});
