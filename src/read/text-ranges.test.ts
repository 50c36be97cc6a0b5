/** Text read in parts is the same text: same events in the same columns, same kinds, same strings, same books. */
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { EventBatch } from '../events/batch.ts';
import { balance } from '../events/capture.ts';
import { tracePath } from '../test-support.ts';
import { type Told, told } from './test-support.ts';
import { fromShared, toShared } from './text-memory.ts';
import type { PartReader } from './text-ranges.ts';
import { openTracefs, openTracefsPart, type TracefsSeed } from './tracefs/reader.ts';

function whole(bytes: Uint8Array): Told {
  const reader = openTracefs('test', {});
  const batches = [...reader.push(bytes.slice()), ...reader.end()];
  return told(reader.capture, batches);
}

/**
 * As threads do it: the seed may be older than what comes before the part, and everything goes through a copy.
 *
 * @param readers how many take turns, and keep what they learn; they hear as late of a part that was not taken as seeds are
 *   old, and then begin anew. 0: each part has its own.
 */
function inParts(
  bytes: Uint8Array,
  places: readonly number[],
  staleness: number,
  readers = 0,
): Told & { taken: number; continued: number } {
  const front = openTracefs('test', {});
  const batches: EventBatch[] = [];
  const seeds: { readonly seed: TracefsSeed; readonly age: number }[] = [];
  const reading = new Map<number, { readonly reader: PartReader; readonly age: number }>();
  let memory: SharedArrayBuffer | undefined;
  let age = 0;
  let continued = 0;
  let at = 0;
  let taken = 0;
  const readHere = (to: number): void => {
    batches.push(...front.push(bytes.slice(at, to)));
    at = to;
  };
  let isAtEvent = false;
  for (const place of [...places].sort((a, b) => a - b)) {
    if (place <= at) continue;
    const seed = front.seed();
    const cut = seed === undefined ? -1 : front.cutIn(bytes.subarray(place - 1));
    if (seed === undefined || cut < 0) {
      // Nothing is known yet, or no line from here on is an event.
      if (seed === undefined) readHere(place);
      continue;
    }
    const to = place - 1 + cut;
    seeds.push({ seed: structuredClone(seed), age });
    if (!isAtEvent) {
      readHere(to);
      isAtEvent = true;
      continue;
    }
    const known = seeds.at(-1 - Math.min(staleness, seeds.length - 1))!;
    const id = readers === 0 ? 0 : place % readers;
    const before = readers === 0 ? undefined : reading.get(id);
    const reader = before?.age === known.age ? before.reader : openTracefsPart(known.seed, id);
    reading.set(id, { reader, age: known.age });
    const middle = (at + to) >> 1;
    reader.push(bytes.slice(at, middle));
    reader.push(bytes.slice(middle, to));
    const read = reader.finish();
    const shared = structuredClone(toShared(read, memory));
    // Its columns are filled again by what is read next.
    reader.giveBack(read);
    memory = shared.memory;
    const joined = front.take(fromShared(shared, []).part);
    // What is read next may use the memory again.
    new Uint8Array(memory).fill(255);
    if (joined === undefined) {
      age++;
      readHere(to);
    } else {
      if (read.turn > 0) continued++;
      batches.push(...joined);
      at = to;
      taken++;
    }
  }
  readHere(bytes.length);
  batches.push(...front.end());
  return { ...told(front.capture, batches), taken, continued };
}

function same(actual: Told, expected: Told): void {
  assert.deepEqual(actual.events, expected.events);
  assert.deepEqual(actual.columns, expected.columns);
  const { strings, ...books } = actual.capture;
  const { strings: wanted, ...expectedBooks } = expected.capture;
  assert.deepEqual(books, expectedBooks);
  assert.deepEqual(
    Array.from({ length: strings.size }, (_, id) => strings.text(id)),
    Array.from({ length: wanted.size }, (_, id) => wanted.text(id)),
  );
  assert.ok(balance(actual.capture.accounting));
}

for (const name of ['shanon_hot', 'contig_lowmem_apps_stockev'])
  test(`a capture in parts: ${name}`, () => {
    const bytes = gunzipSync(readFileSync(tracePath('debian-6.1-4k', name, 'trace.txt.gz')));
    const expected = whole(bytes);
    const places = Array.from({ length: 7 }, (_, i) => Math.floor((bytes.length * (i + 1)) / 8));
    for (const readers of [0, 2]) {
      const actual = inParts(bytes, places, 2, readers);
      same(actual, expected);
      assert.ok(actual.taken >= 5, `${actual.taken} parts were taken`);
      assert.equal(actual.continued > 0, readers > 0);
    }
  });

/** Lines that lean on each other: markers over several lines, losses, probes whose arguments change, facts, damage. */
const line = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...contexts().flatMap((context) => texts().map((text) => context + text))) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'CPU:1 [LOST 7 EVENTS]',
      'CPU:9 [LOST EVENTS]',
      '##### CPU 2 buffer started ####',
      '# entries-in-buffer/entries-written: 10/30   #P:4',
      '# comment',
      '',
      'what a marker goes on with',
      'mm_lru_activate: no context',
      ' => do_something',
      '            late-77      [001] .....       123456: mm_lru_activate: folio=000000001 pfn=0x7',
    ),
  },
);

function contexts(): string[] {
  return [
    '         init.sh-1       [002] d....    50.932450: ',
    '            late-77      [001] .....    50.932451: ',
    '            late-77      [001] .N...    49.000001: ',
    '         fsl hot-9       (      9) [000] d..2.    51.932451: ',
    '           <...>-1234567 [120] d....   151.932451: ',
  ];
}

function texts(): string[] {
  return [
    'mm_lru_insertion: folio=00000000465c0e70 pfn=0x5eac1 lru=0 flags=Ma b  ',
    'mm_lru_activate: folio=00000000465c0e70 pfn=0x5eac1',
    'mm_lru_activate: something else',
    'migrate:mm_lru_activate: folio=00000000465c0e70 pfn=0x5eac1',
    'pagemap:mm_lru_activate: folio=00000000465c0e70 pfn=0x5eac1',
    'tracing_mark_write: begin of a marker',
    'tracing_mark_write: another ',
    'probe: (lru_add_drain_cpu+0x0/0x180) cpu=0',
    'probe: (lru_add_drain_cpu+0x0/0x180) cpu=0x10',
    'probe: (lru_add_drain_cpu+0x0/0x180) cpu=two words=no',
    'probe: (lru_add_drain_cpu+0x0/0x180)',
    'probe: (folio_isolate_lru+0x0/0x180) folio=0xfffffc000107dac0 ref=6',
    'probe: (isolate_lru_page+0x48/0x70 <- folio_isolate_lru) ret=0',
    'probe: (do_anything+0x48/0x70 <- folio_isolate_lru) ret=-16',
    'probe: no parenthesis',
    'fs:probe: (folio_isolate_lru+0x0/0x180) folio=1',
    'other_event: a=1 b=2',
    'kmem:other_event: a=1 b=2',
    'lru_add_drain <-migrate_pages',
    'sys_move_pages(pid: 0)',
    '<stack trace>',
    'a b c',
  ];
}

test('any text, cut anywhere, with seeds of any age and readers that read on', () => {
  const encoder = new TextEncoder();
  let taken = 0;
  let continued = 0;
  let refused = 0;
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1, maxLength: 80, size: 'max' }),
      fc.array(fc.nat(999), { maxLength: 10, size: 'max' }),
      fc.nat(3),
      fc.nat(3),
      fc.boolean(),
      (lines, places, staleness, readers, isWhole) => {
        // The layout is chosen by the first 64 KiB: comments fill them, so that cuts can lie behind.
        const head = `#${' '.repeat(1022)}\n`.repeat(64);
        const event = `${contexts()[0]}${texts()[0]}\n`;
        const bytes = encoder.encode(head + event + lines.join('\n') + (isWhole ? '\n' : ''));
        const start = head.length + event.length;
        const actual = inParts(
          bytes,
          [start, ...places.map((place) => start + Math.floor(((bytes.length - start) * place) / 1000))],
          staleness,
          readers,
        );
        taken += actual.taken;
        continued += actual.continued;
        if (actual.taken === 0) refused++;
        same(actual, whole(bytes));
      },
    ),
    { numRuns: 300 },
  );
  // The property says something only where parts were really taken.
  assert.ok(taken > refused && continued > 20, `${taken} parts taken, ${continued} of readers that had read before`);
});
