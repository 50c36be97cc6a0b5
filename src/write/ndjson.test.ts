import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { readBytes } from '../read/bytes.ts';
import { openCapture } from '../read/file.ts';
import { chunksOf } from '../read/test-support.ts';
import { tracePath } from '../test-support.ts';
import { collectColumns } from './csv.ts';
import { eventsToNdjson } from './ndjson.ts';

async function objectsOf(open: Awaited<ReturnType<typeof openCapture>>, names?: string[]) {
  let text = '';
  for await (const piece of eventsToNdjson(open, names === undefined ? {} : { names })) text += piece;
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('one object an event: what was not recorded is left out, what a double cannot hold is a text', async () => {
  const table = `time_ns,cpu,pid,tgid,comm,event,text,folio,pfn,lru
1700000000123456789,1,7,,"a ""b""",pagemap:mm_lru_insertion,,0xfffffc0000088f80,0x4223e,0
1700000000123456790,,,,,vendor:moved,x,,,
`;
  assert.deepEqual(await objectsOf(await readBytes('t', chunksOf(table))), [
    {
      time_ns: '1700000000123456789',
      cpu: 1,
      pid: 7,
      comm: 'a "b"',
      event: 'pagemap:mm_lru_insertion',
      folio: '0xfffffc0000088f80',
      pfn: '0x4223e',
      lru: 0,
    },
    { time_ns: '1700000000123456790', event: 'vendor:moved', text: 'x' },
  ]);
});

test('an event that nothing knows has its text, and the pairs in it', async () => {
  const text =
    '  a 1 [000] 1.000001: my:event: nr=1 who=some one, __proto__=x\n  a 1 [000] 1.000002: my:plain: hello\n';
  const objects = await objectsOf(await readBytes('t', chunksOf(text)));
  assert.equal(objects[0]?.['text'], 'nr=1 who=some one, __proto__=x');
  assert.deepEqual(Object.entries(objects[0]?.['fields'] ?? {}), [
    ['nr', '1'],
    ['who', 'some one'],
    ['__proto__', 'x'],
  ]);
  assert.equal('fields' in (objects[1] ?? {}), false);
});

test('a real capture: every line is JSON, under the names that the CSV has', async () => {
  const path = tracePath('debian-6.1-4k', 'shanon_hot', 'trace.txt.gz');
  const objects = await objectsOf(await openCapture(path));
  assert.equal(objects.length, 14617);
  const { fields } = await collectColumns(await openCapture(path));
  const names = new Set(['time_ns', 'cpu', 'pid', 'tgid', 'comm', 'event', 'probe', 'context', 'fields', ...fields]);
  for (const object of objects) for (const name of Object.keys(object)) assert.ok(names.has(name), name);
  assert.equal((await objectsOf(await openCapture(path), ['migrate:mm_migrate_pages'])).length, 91);
});
