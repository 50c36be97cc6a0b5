import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { openCapture } from '../read/file.ts';
import { tracePath } from '../test-support.ts';
import { eventsToNdjson } from './ndjson.ts';
import { pickEvents } from './pick.ts';

const small = tracePath('debian-6.1-4k', 'shanon_hot', 'trace.txt.gz');

test('picked events are those that the same numbers filter, and say the same', async () => {
  const picked = await pickEvents(await openCapture(small), [70_000, 3, 4, 4, 1e9]);
  const rows: Record<string, unknown>[] = [];
  for await (const text of eventsToNdjson(await openCapture(small), { ordinals: '3-4,70000' }))
    rows.push(
      ...text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    );
  assert.ok(rows.length >= 2);
  assert.equal(picked.size, rows.length);
  for (const [i, { ordinal, event, task, cpu, fields, time }] of [...picked.values()].entries()) {
    const row = rows[i]!;
    assert.ok([3, 4, 70_000].includes(ordinal));
    assert.equal(event, row['event']);
    assert.equal(task, `${row['comm']}-${row['pid']}`);
    assert.equal(cpu, String(row['cpu']));
    assert.equal(Math.round(Number(time) * 1e6), Math.round(Number(row['time_ns']) / 1e3));
    for (const pair of fields.split(' ')) {
      const [name = '', value = ''] = pair.split('=');
      if (name in row) assert.equal(value, String(row[name]));
    }
    assert.ok(fields.includes('='));
  }
});
