/** JSON of the Trace Event Format: valid, by the rules of the format, and with everything that the history has. */
import { strict as assert } from 'node:assert';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { History } from '../../history/facts.ts';
import { workOut } from '../../history/history.ts';
import { readBytes } from '../../read/bytes.ts';
import { openCapture } from '../../read/file.ts';
import { chunksOf } from '../../read/test-support.ts';
import { outsideCaptures, tracePath } from '../../test-support.ts';
import { factsOf } from '../facts/table.ts';
import { FreeLanes, NestedLanes } from './lanes.ts';
import { microseconds } from './pen.ts';
import { toTraceEvents } from './trace-events.ts';

interface TraceEvent {
  readonly ph: string;
  readonly pid: number;
  readonly tid?: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly id?: string;
  readonly cat?: string;
  readonly s?: string;
  readonly name: string;
  readonly args?: Record<string, unknown>;
}

const captures = [
  tracePath('debian-6.1-4k', 'shanon_hot', 'trace.txt.gz'),
  tracePath('debian-6.1-4k', 'lossy', 'trace.txt.gz'),
  tracePath('debian-6.1-4k', 'contig_lowmem_apps', 'trace.txt.gz'),
  tracePath('debian-6.12-4k', 'shanon_hot', 'trace.txt.gz'),
  tracePath('lab-6.12-4k', 'hmm_migrate_vma', 'trace.txt.gz'),
];

interface Exported {
  readonly history: History;
  readonly events: TraceEvent[];
  readonly left: number;
}

const exported = new Map<string, Promise<Exported>>();

/** What a capture became; each is read once. */
function eventsOf(path: string): Promise<Exported> {
  const made = exported.get(path) ?? exportOf(path);
  exported.set(path, made);
  return made;
}

interface Whole {
  readonly displayTimeUnit: string;
  readonly traceEvents: TraceEvent[];
  readonly otherData: Readonly<Record<string, string>>;
}

const traceOf = (history: History): Whole => JSON.parse([...toTraceEvents(factsOf(history))].join('')) as Whole;

async function exportOf(path: string): Promise<Exported> {
  const history = await workOut(await openCapture(path));
  const whole = traceOf(history);
  assert.equal(whole.displayTimeUnit, 'ns');
  const left = Number(whole.otherData['left out, when it began is not known']);
  return { history, events: whole.traceEvents, left };
}

/** In whole ns: ts and dur are microseconds in floating point. */
const ns = (us: number): number => Math.round(us * 1000);

/** Rules of "Trace Event Format": what is broken, in words. */
function broken(events: readonly TraceEvent[]): string[] {
  const faults: string[] = [];
  const processes = new Set<number>();
  const threads = new Set<string>();
  const open = new Map<string, { end: number; start: number }[]>();
  const last = new Map<string, number>();
  const async = new Map<string, TraceEvent>();
  for (const event of events) {
    const { ph, pid, tid, ts = Number.NaN, dur = Number.NaN, cat, id, name, args } = event;
    const say = (what: string): unknown => faults.push(`${what}: ${JSON.stringify(event)}`);
    const track = `${pid} ${tid}`;
    if (ph === 'M') {
      if (name === 'process_name') processes.add(pid);
      if (name === 'thread_name') threads.add(track);
      if (/_name$/.test(name) ? typeof args?.['name'] !== 'string' : typeof args?.['sort_index'] !== 'number')
        say('metadata');
      continue;
    }
    if (!processes.has(pid)) say('a process without a name');
    if (!Number.isFinite(ts)) say('no time');
    if (ph === 'C') {
      if (!Number.isInteger(args?.['value']) || (args?.['value'] as number) < 0) say('counter');
      if (!((last.get(`${pid} C`) ?? Number.NEGATIVE_INFINITY) < ts)) say('counter goes back');
      last.set(`${pid} C`, ts);
      continue;
    }
    if (!threads.has(track)) say('a thread without a name');
    if (typeof cat !== 'string' || name === '') say('no category or name');
    if (ph === 'b' || ph === 'e') {
      const key = `${pid} ${cat} ${id}`;
      const begun = async.get(key);
      if (ph === 'b' && begun !== undefined) say('begun twice');
      if (ph === 'e' && (begun === undefined || begun.name !== name || begun.ts! > ts)) say('ended, not begun');
      if (ph === 'b') async.set(key, event);
      else async.delete(key);
      continue;
    }
    if (ts < (last.get(track) ?? Number.NEGATIVE_INFINITY)) say('goes back on its track');
    last.set(track, ts);
    if (ph === 'i') {
      if (event.s !== 't') say('instant without a scope');
      continue;
    }
    if (ph !== 'X' && ph !== 'B') say('phase');
    if (ph === 'X' && !(dur >= 0)) say('duration');
    const stack = open.get(track) ?? [];
    const start = ns(ts);
    const end = ph === 'B' ? Number.POSITIVE_INFINITY : start + ns(dur);
    while (stack.length > 0 && stack.at(-1)!.end <= start) stack.pop();
    const outer = stack.at(-1);
    if (outer !== undefined && (outer.end < end || outer.end === Number.POSITIVE_INFINITY)) say('does not nest');
    stack.push({ start, end });
    open.set(track, stack);
  }
  return faults;
}

test('real captures give valid traces: names first, spans that nest, async events in pairs', async () => {
  for (const path of captures) assert.deepEqual(broken((await eventsOf(path)).events), [], path);
});

test('captures outside the repository give valid traces', {
  skip: outsideCaptures === undefined ? 'FOLIOSCOPE_CAPTURES names no folder' : false,
}, async () => {
  const paths = readdirSync(outsideCaptures!, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('trace.txt.gz'),
  );
  assert.ok(paths.length > 0);
  for (const path of paths) {
    const history = await workOut(await openCapture(join(outsideCaptures!, path)));
    if (history.capture.clock.unit === 'ns') assert.deepEqual(broken(traceOf(history).traceEvents), [], path);
    else assert.throws(() => traceOf(history), /its clock tells no durations/, path);
  }
});

test('the checker sees a broken trace', async () => {
  const { events } = await eventsOf(captures[0]!);
  const at = (ph: string): number => events.findIndex((event) => event.ph === ph);
  const call = events[events.findIndex(({ cat }) => cat === 'call')]!;
  const cut = { ...call, ts: call.ts! + call.dur! / 2, dur: call.dur! };
  const damaged: (readonly TraceEvent[])[] = [
    events.filter(({ ph }) => ph !== 'M'),
    events.filter((_, i) => i !== at('b')),
    events.filter((_, i) => i !== at('e')),
    events.toSpliced(events.indexOf(call) + 1, 0, cut),
    events.toReversed(),
  ];
  for (const [i, one] of damaged.entries()) assert.notDeepEqual(broken(one), [], `damage ${i}`);
});

test('everything that has a time is there, once', async () => {
  let stays = 0;
  for (const path of captures) {
    const { history, events, left } = await eventsOf(path);
    const drawn = (topic: string): number => events.filter(({ ph, cat }) => cat === topic && ph !== 'e').length;
    const dated = <T>(facts: readonly T[], time: (fact: T) => number): number =>
      facts.filter((fact) => !Number.isNaN(time(fact))).length;
    const added = Array.from(history.stays.added).filter((time) => !Number.isNaN(time)).length;
    const wanted = {
      call: dated(history.calls, ({ start }) => start),
      request: dated(history.requests, ({ start }) => start),
      episode: dated(history.episodes, ({ start }) => start),
      wait: dated(history.waits, ({ start }) => start),
      drain: dated(history.drains, ({ start }) => start),
      window: dated(history.windows, ({ start }) => start),
      flush: dated(history.flushes, ({ start }) => start),
      failure: dated(history.failures, ({ time }) => time),
      stay: added,
    };
    assert.deepEqual(Object.fromEntries(Object.keys(wanted).map((topic) => [topic, drawn(topic)])), wanted, path);
    const { calls, requests, episodes, waits, drains, windows, flushes, failures } = history;
    const all = [calls, requests, episodes, waits, drains, windows, flushes, failures].reduce(
      (n, { length }) => n + length,
      0,
    );
    assert.equal(left, all + history.stays.length - Object.values(wanted).reduce((a, b) => a + b, 0), path);
    stays += added;
  }
  assert.ok(stays > 0, 'no capture of these has probed adds');
});

test('arguments carry frames, reasons and blame', async () => {
  const { history, events } = await eventsOf(captures[0]!);
  const [failure] = events.filter(({ cat }) => cat === 'failure');
  const first = history.failures.toSorted((a, b) => a.time - b.time)[0]!;
  assert.equal(failure!.args!['pfn'], `0x${first.pfn.toString(16)}`);
  assert.equal(failure!.args!['reason'], history.calls[first.call]!.reason);
  const shares = Object.values(failure!.args!['blame'] as Record<string, number>);
  assert.ok(Math.abs(shares.reduce((a, b) => a + b, 0) - 1) < 1e-9);
  const spans = events.filter(({ cat, ph }) => cat === 'episode' && ph === 'b');
  for (const { args } of spans) assert.match(String(args!['pfn']), /^0x[0-9a-f]+$/);
});

test('names of a capture are data: quotes, controls and marks of direction are escaped', async () => {
  const hostile = 'a"}],\u202e\u0007\\';
  const lines = [0, 1].map(
    (i) =>
      `${hostile.replaceAll('\u0007', '')}-7 [000] d.... 1.00000${i}: ${i === 0 ? 'mm_migrate_pages_start: mode=MIGRATE_SYNC reason=compaction' : 'mm_migrate_pages: nr_succeeded=0 nr_failed=1 nr_thp_succeeded=0 nr_thp_failed=0 nr_thp_split=0 mode=MIGRATE_SYNC reason=compaction'}\n`,
  );
  const history = await workOut(await readBytes('hostile "name".txt', chunksOf(`# tracer: nop\n#\n${lines.join('')}`)));
  assert.equal(history.calls.length, 1);
  const text = [...toTraceEvents(factsOf(history))].join('');
  assert.doesNotMatch(text, /[\u202a-\u202e\u007f-\u009f]/);
  const { traceEvents } = JSON.parse(text) as { traceEvents: TraceEvent[] };
  assert.deepEqual(broken(traceEvents), []);
  assert.ok(traceEvents.some(({ ph, args }) => ph === 'M' && String(args!['name']).startsWith('a"}],\u202e')));
});

test('spans that cut each other go to different tracks, and an end of one is no overlap', () => {
  const nested = new NestedLanes();
  const ends = [
    [0, 10],
    [2, 5],
    [4, 6],
    [6, 10],
    [7, Number.POSITIVE_INFINITY],
    [11, 12],
    [12, 13],
  ].map(([start, end]) => nested.place({ start: start!, end: end! }));
  assert.deepEqual(ends, [0, 0, 1, 0, 1, 0, 0]);
  const free = new FreeLanes();
  const lanes = [
    [0, 10],
    [1, 2],
    [1, 3],
    [2, 4],
    [10, 11],
  ].map(([start, end]) => free.place({ start: start!, end: end! }));
  assert.deepEqual(lanes, [0, 1, 2, 1, 0]);
});

test('microseconds are exact', () => {
  assert.deepEqual([0, 1, 999, 1000, 1001, -1, -1500, 8.64e15 + 1].map(microseconds), [
    '0',
    '0.001',
    '0.999',
    '1',
    '1.001',
    '-0.001',
    '-1.500',
    '8640000000000.001',
  ]);
});
