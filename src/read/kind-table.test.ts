/** What an input may have of kinds: an event's kind is 16 bits, and hostile inputs could have any number of them. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { readBytes } from './bytes.ts';
import { mostFunctions, mostKinds } from './kind-table.ts';
import { decodeAll, formatOf, RecordWriter } from './records/test-support.ts';
import { chunksOf, readEvents } from './test-support.ts';

test('probes beyond the kinds that there may be keep their text', async () => {
  const names = Math.ceil(mostKinds / mostFunctions) + 20;
  const lines: string[] = [];
  for (let name = 0; name < names; name++) {
    for (let at = 0; at < mostFunctions; at++) {
      lines.push(`            sh-1 [000] d..1.     1.000001: p${name}: (fn${at}+0x0/0x10) a=${name}`);
    }
  }
  const open = await readBytes('test', chunksOf(`# tracer: nop\n#\n${lines.join('\n')}\n`));
  const events = await readEvents(open);
  assert.equal(events.length, lines.length);
  assert.equal(events[mostKinds - 1]?.form, 'probe');
  const last = events.at(-1);
  assert.deepEqual(
    [last?.form, last?.name, last?.values],
    ['generic', `p${names - 1}`, [`(fn63+0x0/0x10) a=${names - 1}`]],
  );
  assert.ok(open.capture.kinds.length <= mostKinds + names);
});

test('records beyond them keep their bytes', () => {
  const ids = Array.from({ length: mostKinds + 300 }, (_, i) => i + 10);
  const formats = ids.map((id) => formatOf('vendor', `e${id}`, id, [['u32 a', 8, 4]], '"a=%u", REC->a'));
  const records = ids.map((id) => new RecordWriter(id, 12).put(8, 4, id).bytes);
  const { events } = decodeAll(formats, records, { isLittleEndian: true, longSize: 8 });
  assert.deepEqual(
    [events[mostKinds - 1]?.name, events[mostKinds - 1]?.values],
    [`e${mostKinds + 9}`, [mostKinds + 9]],
  );
  assert.deepEqual([events[mostKinds]?.system, events[mostKinds]?.name], ['unknown', `type_${mostKinds + 10}`]);
  assert.deepEqual([events.at(-1)?.system, events.at(-1)?.name], ['unknown', 'types']);
});
