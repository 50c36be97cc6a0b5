import { strict as assert } from 'node:assert';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { TraceError } from '../../base/errors.ts';
import type { EventBatch } from '../../events/batch.ts';
import { balance, type Capture } from '../../events/capture.ts';
import { tracePath } from '../../test-support.ts';
import { openCapture } from '../file.ts';
import type { FileSet } from '../format.ts';
import { formatText, headerPage, type Item, pagesOf } from '../ring-buffer/test-support.ts';
import { MemorySource } from '../sources.ts';
import { eventsOf, type PlainEvent, readEvents } from '../test-support.ts';
import { rawPages } from './format.ts';
import { pageFiles, systemOf } from './names.ts';

const folder = tracePath('debian-6.12-4k', 'fmt_rawpages');

function filesOf(contents: Readonly<Record<string, string | Uint8Array>>): FileSet {
  return {
    names: Object.keys(contents),
    open: async (name) => {
      const content = contents[name]!;
      return new MemorySource([typeof content === 'string' ? new TextEncoder().encode(content) : content]);
    },
  };
}

async function read(
  contents: Readonly<Record<string, string | Uint8Array>>,
): Promise<{ capture: Capture; events: PlainEvent[] }> {
  const reader = await rawPages.openFiles('folder', filesOf(contents), {});
  const batches: EventBatch[] = [];
  for await (const batch of reader.batches()) batches.push(batch);
  return { capture: reader.capture, events: eventsOf(reader.capture, batches) };
}

test('a folder of pages holds the events that the text of the same buffer shows, in its order', async () => {
  const open = await openCapture(folder);
  const events = await readEvents(open);
  const text = gunzipSync(readFileSync(join(folder, 'trace.txt.gz'))).toString('latin1');
  const lines = [...text.matchAll(/^ *(.*)-(\d+) +\[(\d+)\] \S+ +(\d+)\.(\d{6}): (\w+):/gm)];
  assert.equal(events.length, 2722);
  assert.equal(lines.length, 2722);
  lines.forEach(([line, , pid, cpu, seconds, micros, name], i) => {
    const event = events[i]!;
    // The kernel prints microseconds rounded to the nearest (kernel/trace/trace_output.c).
    const shown = (event.time + 500n) / 1000n;
    assert.deepEqual([event.pid, event.cpu, shown], [Number(pid), Number(cpu), BigInt(`${seconds}${micros}`)], line);
    // The kernel's probes were not described in the archive.
    if (event.system !== 'unknown') assert.equal(event.name, name, line);
  });
  const { accounting } = open.capture;
  assert.ok(balance(accounting));
  assert.equal(accounting.skipped, 0);
  const sizes = readdirSync(folder).filter((name) => name.endsWith('.bin'));
  assert.equal(
    accounting.total,
    sizes.reduce((sum, name) => sum + readFileSync(join(folder, name)).length, 0),
  );
});

test('without descriptions the way out is told', async () => {
  const bare = mkdtempSync(join(tmpdir(), 'raw-pages-'));
  try {
    for (const cpu of [0, 1]) cpSync(join(folder, `raw_cpu${cpu}.bin`), join(bare, `raw_cpu${cpu}.bin`));
    await assert.rejects(openCapture(bare), (error: unknown) => {
      assert.ok(error instanceof TraceError);
      assert.equal(error.code, 'no-formats');
      assert.match(error.message, /events\/header_page, events\/\*\/\*\/format/);
      assert.match(error.hint, /cd \/sys\/kernel\/tracing; for f in events\/header_page .*cat \$f/);
      return true;
    });
    writeFileSync(join(bare, 'event_formats.tar.gz'), readFileSync(join(folder, 'event_formats.tar.gz')));
    assert.ok((await readEvents(await openCapture(bare))).length > 0);
  } finally {
    rmSync(bare, { recursive: true });
  }
});

const lru = (time: number, pfn: number): Item => ({
  what: 'event',
  time: BigInt(time),
  event: 'mm_lru_insertion',
  pid: 46,
  values: [pfn * 64, pfn, 1, 0x33],
});

for (const isLittleEndian of [true, false]) {
  for (const longSize of [4, 8] as const) {
    test(`the byte order is that in which the pages make sense: ${isLittleEndian ? 'little' : 'big'}, ${longSize * 8} bits`, async () => {
      const shape = { isLittleEndian, longSize, pageSize: 4096 };
      const { capture, events } = await read({
        'per_cpu/cpu0/trace_pipe_raw': pagesOf([lru(10, 5), lru(30, 6)], shape),
        'per_cpu/cpu1/trace_pipe_raw': pagesOf([lru(20, 7)], shape),
        'events/header_page': headerPage(longSize, 4096),
        'events/pagemap/mm_lru_insertion/format': formatText('mm_lru_insertion', longSize),
        saved_cmdlines: '46 kcompactd1\n',
        saved_tgids: '46 45\n',
        trace_clock: 'local global [boot]\n',
      });
      assert.deepEqual(
        events.map(({ time, cpu, comm, tgid, values }) => [Number(time), cpu, comm, tgid, values[1]]),
        [
          [10, 0, 'kcompactd1', 45, 5],
          [20, 1, 'kcompactd1', 45, 7],
          [30, 0, 'kcompactd1', 45, 6],
        ],
      );
      assert.equal(capture.clock.name?.value, 'boot');
      assert.equal(capture.accounting.total, 8192);
    });
  }
}

test('names of page files, and of descriptions', () => {
  const names = [
    'tracing/per_cpu/cpu12/trace_pipe_raw',
    'instances/migration/per_cpu/cpu0/trace_pipe_raw',
    'raw_cpu3.bin',
    'cpu4.raw',
    'trace_pipe_raw.cpu5',
    'trace.dat.cpu6',
    'meta.json',
    'trace.txt.gz',
    'cpu7',
  ];
  assert.deepEqual(
    pageFiles(names).map(({ cpu, instance }) => [cpu, instance]),
    [
      [3, ''],
      [4, ''],
      [5, ''],
      [6, ''],
      [12, ''],
      [0, 'migration'],
    ],
  );
  assert.equal(systemOf('events/migrate/mm_migrate_pages/format'), 'migrate');
  assert.equal(systemOf('formats/migrate/mm_migrate_pages.format'), 'migrate');
  assert.equal(systemOf('format'), undefined);
});

test('one CPU twice is refused: which pages are meant cannot be told', async () => {
  const shape = { isLittleEndian: true, longSize: 8 as const, pageSize: 4096 };
  const pages = pagesOf([lru(10, 5)], shape);
  await assert.rejects(
    read({
      'raw_cpu0.bin': pages,
      'cpu0.raw': pages,
      header_page: headerPage(8, 4096),
      'pagemap/mm_lru_insertion/format': formatText('mm_lru_insertion', 8),
    }),
    /has pages of CPU 0 twice/,
  );
});
