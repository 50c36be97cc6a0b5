import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { TraceError } from '../../base/errors.ts';
import { balance } from '../../events/capture.ts';
import { readChunked } from '../test-support.ts';
import { csv } from './format.ts';

const encoder = new TextEncoder();
const read = (text: string, csvMap?: Record<string, string>, sizes: number[] = []) =>
  readChunked(csv, encoder.encode(text), sizes, csvMap === undefined ? {} : { csvMap });

/** The header error of a table. */
function headerError(text: string, csvMap?: Record<string, string>): TraceError {
  try {
    read(text, csvMap);
  } catch (error) {
    if (error instanceof TraceError && error.code === 'csv-header') return error;
    throw error;
  }
  return assert.fail('the header was taken');
}

const dump = `timestamp,cpu,tid,task,event,page,pfn,lru,flags
1033.443989123,2,167,sleep,mm_lru_insertion,0xfffffc0001079600,0x81e58,0,Ma bd 
1033.443989124,2,167,"a, ""b""",pagemap:mm_lru_insertion,fffffc0001079600,531032,,0x33
1033.5,3,46,kcompactd1,mm_compaction_kcompactd_sleep,,,,
`;

test('a dump with common names: units, aliases, both ways of a pfn, LRU flags as letters', () => {
  const { capture, events } = read(dump.replace('fffffc0001079600,531032', '0xfffffc0001079600,531032'));
  assert.deepEqual(
    events.map(({ time, cpu, pid, tgid, comm, system, name }) => [time, cpu, pid, tgid, comm, `${system}:${name}`]),
    [
      [1033443989123n, 2, 167, -1, 'sleep', 'pagemap:mm_lru_insertion'],
      [1033443989124n, 2, 167, -1, 'a, "b"', 'pagemap:mm_lru_insertion'],
      [1033500000000n, 3, 46, -1, 'kcompactd1', 'compaction:mm_compaction_kcompactd_sleep'],
    ],
  );
  assert.deepEqual(events[0]?.values, [0xfffffc0001079600n, 0x81e58, 0, 0x33]);
  assert.deepEqual(events[1]?.values, [0xfffffc0001079600n, 531032, undefined, 0x33]);
  assert.deepEqual(events[2]?.values, [undefined]);
  assert.match(capture.remarks.join(), /times are read as seconds: the first is 1033.443989123/);
  assert.equal(capture.clock.resolution, 1);
});

test('digits without 0x are decimal, so letters among them are a counted mistake', () => {
  const { capture, events } = read(dump);
  assert.equal(events.length, 2);
  assert.deepEqual(capture.accounting.skips, [
    {
      reason: 'folio is not a number: hex needs 0x, or "folio hex" in a map',
      count: 1,
      firstPlace: 'row 3',
      firstText: '1033.443989124,2,167,a, "b",pagemap:mm_lru_insertion,fffffc0001079600,531032,,0x33',
    },
  ]);
  assert.ok(balance(capture.accounting));
});

test('tabs and semicolons cut rows as well, a byte order mark is no part of a name, CRLF ends lines', () => {
  const rows = [
    ['time_ns', 'event', 'pfn'],
    ['1033443989123', 'mm_lru_activate', '0x10'],
  ];
  for (const [separator, words] of [
    ['\t', 'tabs'],
    [';', 'semicolons'],
    [',', 'commas'],
  ]) {
    const text = `\ufeff${rows.map((row) => row.join(separator)).join('\r\n')}\r\n`;
    const { capture, events } = read(text);
    assert.deepEqual(
      events.map((event) => [event.time, event.values]),
      [[1033443989123n, [undefined, 16]]],
    );
    assert.match(capture.variant, new RegExp(words ?? ''));
    assert.equal(capture.accounting.skipped, 0);
  }
});

test('a map names columns, fields, hex without 0x, and the event of every row', () => {
  const text = 'when(us),who,frame,note\n5.25,7,81e58,x\n';
  const { events } = read(text, {
    'when(us)': 'time_us',
    who: 'pid',
    frame: 'pfn hex',
    note: '-',
    '@event': 'mm_lru_activate',
  });
  assert.deepEqual(
    events.map(({ time, pid, name, values }) => ({ time, pid, name, values })),
    [{ time: 5250n, pid: 7, name: 'mm_lru_activate', values: [undefined, 0x81e58] }],
  );
  assert.match(
    headerError(text, { whom: 'pid' }).message,
    /the map names a column "whom" that the header \(when\(us\), who/,
  );
});

test('pid and tid in one table are process and thread', () => {
  const { events } = read('time_ns,pid,tid,event,pfn\n1,100,101,mm_lru_activate,1\n');
  assert.deepEqual([events[0]?.pid, events[0]?.tgid], [101, 100]);
});

test('an event that nothing knows keeps its cells as text', () => {
  const { capture, events } = read('time_ns,event,foo,bar\n1,vendor:page_moved,3,\n2,vendor:page_moved,4,x y\n');
  assert.deepEqual(
    events.map(({ system, name, form, values }) => [system, name, form, values[0]]),
    [
      ['vendor', 'page_moved', 'generic', 'foo=3'],
      ['vendor', 'page_moved', 'generic', 'foo=4 bar=x y'],
    ],
  );
  assert.equal(capture.accounting.generic, 2);
});

test('a column that its event does not have is remarked', () => {
  const { capture } = read('time_ns,event,pfn,zone_name\n1,mm_lru_activate,1,Normal\n');
  assert.deepEqual(capture.remarks, ['column "zone_name" is no field of mm_lru_activate: not used']);
});

test('a missing column is named, with the header seen and the way out', () => {
  const error = headerError('time,cpu,pfn\n1,2,3\n');
  assert.equal(error.message, 'test at line 1: missing column: event; the header is: time, cpu, pfn');
  assert.match(error.hint, /--map map\.json.*@event/);
  assert.match(headerError('a,b\n1,2\n').message, /missing column: a time \(.*\) and event; the header is: a, b/);
  assert.match(
    headerError('# kind=shanon pages=16\ncall,t0_ns,t1_ns,rc\n0,1,2,0\n').message,
    /at line 2: this is the record that a workload keeps/,
  );
  assert.match(headerError('time_ns,ev"ent\n1,x\n').message, /the header is no row of CSV: a quote is in the middle/);
  assert.match(headerError('time_ns,ts,event\n1,1,x\n').message, /columns "time_ns" and "ts" are both the time/);
});

test('integer clocks are clock values, not nanoseconds', () => {
  const { capture, events } = read('clock_value,event,pfn\n12345678901234567890,mm_lru_activate,1\n');
  assert.equal(capture.clock.unit, 'integer');
  assert.equal(events[0]?.time, 12345678901234567890n);
});

const damaged = `# a comment

time_ns,cpu,event,pfn
1,0,mm_lru_activate,0x1
2,0,mm_lru_activate
3,0,mm_lru_activate,0x3,more
later,0,mm_lru_activate,0x4
5,zero,mm_lru_activate,0x5
6,0,,0x6
7,0,"mm_lru_activate,0x7
8,0,mm_lru_activate,0x8
9,0,mm"lru,0x9
10,0,"mm_lru"activate,0x10
11,0,"mm_lru_activate","0x11"
`;

test('a bad row costs that row, is counted by reason with its place, and no other', () => {
  const { capture, events } = read(damaged);
  // The quote opened in row 7 closes in row 10: what lies between is one record to any CSV reader.
  assert.deepEqual(
    events.map((event) => event.time),
    [1n, 11n],
  );
  assert.ok(balance(capture.accounting));
  assert.equal(capture.accounting.comment, 3);
  assert.deepEqual(
    capture.accounting.skips.map(({ reason, count, firstPlace }) => `${firstPlace}: ${reason} (${count})`),
    [
      "row 5: a row does not have the header's 4 columns (2)",
      'row 7: the time is not a number (1)',
      'row 8: cpu is not a number (1)',
      'row 9: the event has no name (1)',
      'row 10: a quote is in the middle of a field (2)',
    ],
  );
});

test('a quote that is never closed costs its line only', () => {
  const { capture, events } = read(
    'time_ns,event,pfn\n1,"mm_lru_activate,1\n2,mm_lru_activate,2\n3,mm_lru_activate,3\n',
  );
  assert.deepEqual(
    events.map((event) => event.time),
    [2n, 3n],
  );
  assert.deepEqual(
    capture.accounting.skips.map((skip) => `${skip.firstPlace}: ${skip.reason}`),
    ['row 2: a quote is not closed'],
  );
});

test('a last row without a line end is never an event, even where it looks whole: 0x81e may be half of 0x81e58', () => {
  const rows = 'time_ns,event,pfn\n1,mm_lru_activate,0x81e58\n';
  const last = '2,mm_lru_activate,0x81e58';
  for (let length = 1; length <= last.length; length++) {
    const { events, capture } = read(rows + last.slice(0, length));
    assert.equal(events.length, 1);
    assert.deepEqual(
      capture.accounting.skips.map(({ reason, firstPlace }) => `${firstPlace}: ${reason}`),
      ['row 3: the last line has no line end, so it may be cut; add one if it is whole'],
    );
  }
  assert.equal(read(`${rows}# a comment`).capture.accounting.skipped, 0);
});

test('a line without an end (a file whose space was reserved and never written) costs itself, and no time', () => {
  const rows = 'time_ns,event,pfn\n1,mm_lru_activate,0x81e58\n';
  for (const behind of ['', '\n2,mm_lru_activate,0x81e59\n']) {
    const { events, capture } = read(`${rows}${'\0'.repeat(5 << 20)}${behind}`, undefined, [65_536]);
    assert.equal(events.length, behind === '' ? 1 : 2);
    assert.deepEqual(
      capture.accounting.skips.map(({ reason, firstPlace }) => `${firstPlace}: ${reason}`),
      ['row 3: row longer than 1 MiB'],
    );
  }
});

test('any chunking gives the same events and the same books', () => {
  for (const text of [dump, damaged, `\ufeff${dump}`]) {
    const whole = read(text);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 8 }), (sizes) => {
        const chunked = read(text, undefined, sizes);
        assert.deepEqual(chunked.events, whole.events);
        assert.deepEqual(chunked.capture.accounting, whole.capture.accounting);
        assert.deepEqual(chunked.capture.remarks, whole.capture.remarks);
      }),
      { numRuns: 40 },
    );
  }
});

test('the detector wants a header line of names', () => {
  const sure = (text: string) => csv.detect(encoder.encode(text))?.sure ?? 0;
  assert.ok(sure(dump) > 0.9);
  assert.ok(sure(`# made by hand\n\n${dump}`) > 0.9);
  assert.ok(sure('call,t0_ns,t1_ns,rc\n0,1,2,3\n') > 0 && sure('call,t0_ns,t1_ns,rc\n0,1,2,3\n') <= 0.5);
  assert.equal(sure('1,2,3\n4,5,6\n'), 0);
  assert.equal(sure('# tracer: nop\n#\n   sleep-167 [002] d..2. 5.532815: x: a=1, b=2\n'), 0);
  assert.equal(sure('{"a": 1, "b": 2}\n'), 0);
  assert.equal(sure('hello world\n'), 0);
  assert.equal(sure('First we open it, then we read it\nand then, at last, we look at it\n'), 0);
});

test('an event and a probe are not taken for a text of both their names', () => {
  const { events } = read(
    'time_ns,cpu,pid,tgid,comm,event,text,probe\n1,0,1,1,a,p:f:line,hello,\n2,0,1,1,a,text,,p:f:line\n',
  );
  assert.deepEqual(
    events.map(({ form, name, values }) => [form, name, values]),
    [
      ['generic', 'f:line', ['hello']],
      ['probe', 'text', []],
    ],
  );
});

test('a table of very many columns is not answered with as many remarks', () => {
  const names = Array.from({ length: 300 }, (_, i) => `extra_${i}`);
  const { capture, events } = read(
    `time_ns,event,pfn,${names.join(',')}\n1,mm_lru_activate,7,${names.map(() => 1).join(',')}\n`,
  );
  assert.equal(events.length, 1);
  const unused = capture.remarks.filter((remark) => remark.includes('not used'));
  assert.equal(unused.length, 100);
});
