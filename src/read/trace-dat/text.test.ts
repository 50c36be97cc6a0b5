import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { balance } from '../../events/capture.ts';
import { read, textFileOf, usualShape } from './test-support.ts';

const text = `# tracer: nop
#
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
      kcompactd1-50      [003] .....   104.608164: mm_compaction_kcompactd_sleep: nid=1
      kcompactd0-49      [001] .....   104.932854: mm_compaction_kcompactd_sleep: nid=0
`;

for (const shape of [{ version: 6 }, {}, { packing: 'zlib' }, { packing: 'zstd', isLittleEndian: false }] as const) {
  test(`the text of a latency tracer is read as tracefs text ${JSON.stringify(shape)}`, async () => {
    const { capture, events } = await read(textFileOf(text, { ...usualShape, ...shape }));
    assert.deepEqual(
      events.map(({ time, cpu, name }) => [time, cpu, name]),
      [
        [104_608_164_000n, 3, 'mm_compaction_kcompactd_sleep'],
        [104_932_854_000n, 1, 'mm_compaction_kcompactd_sleep'],
      ],
    );
    assert.ok(balance(capture.accounting));
    assert.equal(capture.kernelRelease?.value, '6.1.0-56-arm64');
    assert.match(capture.remarks.join('\n'), /the text of a latency tracer/);
  });
}
