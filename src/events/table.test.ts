import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { contextFlags } from './batch.ts';
import type { EventKind } from './kinds.ts';
import {
  columnOfField,
  columnsOfKind,
  contextText,
  fieldOfColumn,
  guardText,
  parseContext,
  parseProbeText,
  probeText,
  unguardText,
} from './table.ts';

test('any text comes back from its cell, guarded or raw', () => {
  const awkward = fc.stringMatching(/^['=+\-@\t\ra"]{0,5}$/);
  fc.assert(
    fc.property(fc.oneof(fc.string(), awkward), fc.boolean(), (text, raw) => {
      const cell = guardText(text, raw);
      assert.equal(unguardText(cell), text);
      assert.notEqual(cell, '', 'an empty cell means: not recorded');
    }),
    { numRuns: 1000 },
  );
});

test('a spreadsheet sees no formula in a guarded cell', () => {
  for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1']) {
    assert.equal(guardText(text, false), `'${text}`);
    assert.equal(guardText(text, true), text);
  }
  assert.equal(guardText('sleep', false), 'sleep');
});

test('a field that is called like a column is told apart', () => {
  assert.equal(columnOfField('cpu'), 'field.cpu');
  assert.equal(columnOfField('pfn'), 'pfn');
  for (const field of ['cpu', 'pfn', 'time_ns', 'comm']) assert.equal(fieldOfColumn(columnOfField(field)), field);
});

test('context flags have a letter each', () => {
  assert.equal(contextText(0), '');
  assert.equal(contextText(contextFlags.irqsOff | contextFlags.needResched), 'dN');
  for (let flags = 0; flags < 64; flags++) assert.equal(parseContext(contextText(flags)), flags);
});

test('what a probe is comes back from its cell: function, roles, types', () => {
  const kind: EventKind = {
    id: 3,
    system: 'fs',
    name: 'moved_ret',
    form: 'probe',
    fields: [
      { name: '__probe_ret_ip', storage: 'text', print: 'text' },
      { name: 'ret', storage: 'number', print: 'decimal' },
      { name: 'flags', storage: 'u64', print: 'hex' },
    ],
    probe: {
      function: 'move_to_new_folio',
      meaning: 'move_to_new_folio',
      isReturn: true,
      roles: ['caller', 'return', ''],
      source: 'line',
    },
  };
  const text = probeText(kind, kind.probe!);
  assert.equal(text, 'r:move_to_new_folio:line __probe_ret_ip=caller:t ret=return:d flags=:X');
  assert.deepEqual(parseProbeText(text), { fields: kind.fields, probe: kind.probe });
  for (const bad of ['', 'p', 'p:f', 'q:f:line', 'p:f:line x', 'p:f:line x=y:Q'])
    assert.equal(parseProbeText(bad), undefined);
});

test('every field of a kind has a column of its own, whatever they are called', () => {
  const fields = ['a', 'a', 'a.2', 'cpu', 'cpu'].map(
    (name) => ({ name, storage: 'number', print: 'decimal' }) as const,
  );
  assert.deepEqual(columnsOfKind({ fields }), ['a', 'a.2', 'a.2.2', 'field.cpu', 'field.cpu.2']);
});
