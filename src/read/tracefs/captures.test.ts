/** Real captures: the bundled ones, and those of the folder that FOLIOSCOPE_CAPTURES names. */
import { strict as assert } from 'node:assert';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { EventBatch } from '../../events/batch.ts';
import { balance, type Capture } from '../../events/capture.ts';
import { lruFlagsText } from '../../events/values.ts';
import { outsideCaptures, root } from '../../test-support.ts';
import { eventsOf, type PlainEvent } from '../test-support.ts';
import { tracefs } from './tracefs.ts';

interface Stats {
  readonly lines_not_matched: number;
  readonly events: Readonly<Record<string, number>>;
}

function tracesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /(?:^|\/)trace(?:_pipe)?\.txt\.gz$/.test(path))
    .map((path) => join(folder, path))
    .sort();
}

function statsOf(path: string): Stats | undefined {
  const sidecar = join(dirname(path), 'meta.json');
  if (!existsSync(sidecar)) return undefined;
  const meta = JSON.parse(readFileSync(sidecar, 'utf8')) as { text_stats?: Record<string, Stats> };
  return meta.text_stats?.[path.slice(dirname(path).length + 1)];
}

function readAll(path: string, bytes: Uint8Array, each: (capture: Capture, batch: EventBatch) => void): Capture {
  const reader = tracefs.open(path, {});
  for (let at = 0; at < bytes.length; at += 1 << 18) {
    for (const batch of reader.push(bytes.subarray(at, at + (1 << 18)))) each(reader.capture, batch);
  }
  for (const batch of reader.end()) each(reader.capture, batch);
  return reader.capture;
}

/** Counts names with nothing of the reader: one regular expression a line. */
function countByRegex(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  const add = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const line of text.split('\n')) {
    if (line.startsWith('#') || line.startsWith(' => ')) continue;
    const raw = /^\d+ \d+ \d+ type: (\d+)$/.exec(line);
    const event = raw ?? /^(?:.*?: )??([A-Za-z_]\w*): /.exec(line);
    if (event?.[1]) add(event[1]);
    else if (/: \w+ <-\w+/.test(line)) add('function');
  }
  return counts;
}

function check(path: string, name: string): void {
  test(`${name}: every line is accounted for, and events are counted as an independent count has them`, () => {
    const bytes = gunzipSync(readFileSync(path));
    const counts = new Map<string, number>();
    const capture = readAll(path, bytes, ({ kinds }, batch) => {
      for (let i = 0; i < batch.length; i++) {
        const kind = kinds[batch.kind[i]!]!.name;
        counts.set(kind, (counts.get(kind) ?? 0) + 1);
      }
    });
    const text = bytes.toString('latin1');
    const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
    assert.ok(balance(capture.accounting));
    assert.equal(capture.accounting.total, lines);
    assert.deepEqual(capture.accounting.oddities, []);

    const isGraph = text.startsWith('# tracer: function_graph');
    assert.equal(capture.accounting.skipped, 0, JSON.stringify(capture.accounting.skips));
    const stats = statsOf(path);
    // Events with ground truth were taken out of the files after they had been counted.
    const expected =
      stats?.lines_not_matched === 0
        ? new Map(Object.entries(stats.events).filter(([event]) => !event.startsWith('fslab_')))
        : isGraph
          ? new Map<string, number>()
          : countByRegex(text);
    assert.deepEqual(Object.fromEntries([...counts].sort()), Object.fromEntries([...expected].sort()));
  });
}

/** What `key=value` says, the value as text: compared with the column, formatted anew. */
function agrees(event: PlainEvent, key: string, shown: string): boolean {
  const field = event.fields.findIndex(({ name }) => name === key);
  if (field < 0) return false;
  const value = event.values[field];
  if (typeof value === 'string') return value === shown || `"${value}"` === shown;
  if (value === undefined) return shown === '(fault)';
  const wide = BigInt.asUintN(64, BigInt(value));
  if (shown.startsWith('0x')) return `0x${wide.toString(16)}` === shown;
  // Without prefix: hex in pointers, entries and addresses, and in the page frame of 5.10's cma_alloc; else decimal.
  const isHex = typeof value === 'bigint' || key === 'addr' || (event.name === 'cma_alloc' && key === 'pfn');
  return isHex ? wide.toString(16).padStart(shown.length, '0') === shown : value.toString() === shown;
}

const aliases: Readonly<Record<string, string>> = { page: 'folio', struct: 'work', count: 'request_count' };

/** Most lines of one capture that are read again with regular expressions. */
const compared = 20_000;

function compareFields(path: string, name: string): void {
  test(`${name}: columns say what a regular expression reads from the same lines`, () => {
    const bytes = gunzipSync(readFileSync(path));
    const lines = bytes
      .toString('utf8')
      .split('\n')
      .filter((line) => /^.{16}-\d+ .*\[\d{3}\] .*?\d: \w+: /.test(line))
      .slice(0, compared);
    if (lines.length === 0) return;
    const events: PlainEvent[] = [];
    readAll(path, Buffer.from(`${lines.join('\n')}\n`), (capture, batch) => events.push(...eventsOf(capture, [batch])));
    assert.equal(events.length, lines.length);
    let pairs = 0;
    lines.forEach((line, i) => {
      const event = events[i]!;
      const match = /^(.{16})-(\d+) .*?\[(\d{3})\] (?:\S{4,5} )? *(\d+)(?:\.(\d{6}))?: (\w+): (.*)$/.exec(line);
      assert.ok(match, line);
      const [, comm, pid, cpu, seconds, micros, eventName, text] = match as unknown as string[];
      assert.equal(event.comm ?? '<...>', comm!.trim(), line);
      assert.deepEqual([event.pid, event.cpu, event.name], [Number(pid), Number(cpu), eventName], line);
      assert.equal(event.time, micros === undefined ? BigInt(seconds!) : BigInt(`${seconds}${micros}000`), line);
      const lru = / flags=(.{6})$/.exec(text!);
      if (event.name === 'mm_lru_insertion') {
        const flags = event.fields.findIndex((field) => field.name === 'flags');
        if (lru) assert.equal(lruFlagsText(event.values[flags] as number), lru[1], line);
      }
      if (event.form === 'generic') return;
      for (const [, key, shown] of text!.matchAll(/(?:^|[ ,])(\w+)=([^\s,]+)/g)) {
        if (key === 'flags' && lru && event.name === 'mm_lru_insertion') continue;
        if (key === 'range') continue;
        pairs++;
        const known =
          agrees(event, key!, shown!) || (aliases[key!] !== undefined && agrees(event, aliases[key!]!, shown!));
        assert.ok(
          known,
          `${line}\n${key}=${shown} is ${JSON.stringify(event, (_, v) => (typeof v === 'bigint' ? `${v}` : v))}`,
        );
      }
    });
    assert.ok(pairs > 0 || !lines.some((line) => line.includes('=')));
  });
}

const bundled = tracesBelow(join(root, 'traces'));
test('the bundled captures were found', () => assert.ok(bundled.length >= 20, `${bundled.length}`));
for (const path of bundled) {
  check(path, relative(root, path));
  if (!/fmt_fields|fmt_verbose|fmt_rawopt/.test(path)) compareFields(path, relative(root, path));
}

test('captures outside the repository', { skip: outsideCaptures ? false : 'FOLIOSCOPE_CAPTURES is not set' }, (t) => {
  const paths = tracesBelow(outsideCaptures!);
  t.diagnostic(`${paths.length} captures below FOLIOSCOPE_CAPTURES`);
  assert.ok(paths.length > 0);
});
for (const path of outsideCaptures ? tracesBelow(outsideCaptures) : []) {
  check(path, relative(outsideCaptures!, path));
  if (!/fmt_fields|fmt_verbose|fmt_rawopt/.test(path)) compareFields(path, relative(outsideCaptures!, path));
}
