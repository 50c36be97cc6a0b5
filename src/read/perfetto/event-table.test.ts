import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { Field } from '../../events/kinds.ts';
import { findRow, rows } from '../../events/rows.ts';
import { typedEvents } from './event-table.ts';
import { columnOf } from './targets.ts';

test('every value of an event that the catalogue has lands in one of its columns', () => {
  let catalogued = 0;
  for (const { system, name, fields } of typedEvents.values()) {
    const row = findRow(system, name);
    assert.equal(row === undefined, !rows.some((one) => one.name === name), `the system of ${name}`);
    if (row === undefined) continue;
    catalogued++;
    for (const field of fields) {
      if (field === undefined) continue;
      const column: Field | undefined = row.fields[columnOf(row, field.name)];
      assert.ok(column, `${name} has no column for ${field.name}`);
      // A number may become a name, but a name no number.
      if (field.what === 's') assert.equal(column.storage, 'text', `${name}.${field.name}`);
    }
  }
  assert.ok(catalogued > 30);
});

test('fields are listed by their numbers, each number and name once', () => {
  assert.equal(new Set([...typedEvents.values()].map(({ name }) => name)).size, typedEvents.size);
  assert.deepEqual(typedEvents.get(59)?.fields[5], { name: 'workqueue', what: 's' });
  assert.equal(typedEvents.get(59)?.fields[2], undefined);
});
