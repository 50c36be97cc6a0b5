/** Real captures, written as Perfetto traces by an encoder of their own: what comes out is what the text of them says. */
import { strict as assert } from 'node:assert';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { type EncoderOptions, encodePerfetto, readText } from '../../../scripts/perfetto-encoder.ts';
import { parseLine } from '../../../scripts/perfetto-messages.ts';
import { balance } from '../../events/capture.ts';
import { outsideCaptures, root, tracePath } from '../../test-support.ts';
import type { ReadOptions } from '../format.ts';
import { parseSidecar } from '../sidecar.ts';
import { type PlainEvent, readChunked } from '../test-support.ts';
import { tracefs } from '../tracefs/tracefs.ts';
import { perfetto } from './format.ts';

/** The lines of a text that the encoder takes, `count` at most behind the first `skip`. */
function linesOf(text: string, skip: number, count: number): string {
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    if (lines.length === skip + count) break;
    if (parseLine(line) !== undefined) lines.push(`${line}\n`);
  }
  return lines.slice(skip).join('');
}

/**
 * What a Perfetto trace cannot have, and what it has otherwise, each with its reason:
 *  - the context (irqs off, ...): FtraceEvent has none;
 *  - names of tasks that changed: an event has the name known last;
 *  - gfp_flags and page flags by name: the record has the number;
 *  - the order of mm_filemap events: their message has none, and of mm_page_free_batched: the text alone has it, always 0;
 *  - test_pages_isolated's ret: worked out by the text, not in the record;
 *  - whose function a probe sits on, where no definition tells; and callers, which are addresses.
 */
function comparable(event: PlainEvent, stable: ReadonlySet<number>): unknown {
  const fields: Record<string, unknown> = {};
  event.fields.forEach((field, i) => {
    const value = event.values[i];
    if (value === undefined || field.name === 'gfp_flags' || field.name === '__probe_ret_ip') return;
    if (event.name === 'test_pages_isolated' && field.name === 'ret') return;
    if (event.name.startsWith('page_ref') && field.name === 'flags') return;
    if (/^mm_filemap|^mm_page_free_batched$/.test(event.name) && field.name === 'order') return;
    fields[field.name] = value;
  });
  return {
    time: event.time,
    cpu: event.cpu,
    pid: event.pid,
    comm: stable.has(event.pid) ? event.comm : undefined,
    name: event.name,
    form: event.form,
    fields,
  };
}

/** Tasks that have one name throughout; their number is theirs. */
function stablePids(events: readonly PlainEvent[]): Set<number> {
  const names = new Map<number, Set<string | undefined>>();
  for (const { pid, comm } of events) {
    const known = names.get(pid) ?? new Set();
    known.add(comm);
    names.set(pid, known);
  }
  return new Set([...names].filter(([, found]) => found.size === 1 && !found.has(undefined)).map(([pid]) => pid));
}

/** Events of a name in no catalogue are text in one and columns in the other: they are counted only. */
function known(events: readonly PlainEvent[]): PlainEvent[] {
  return events.filter(({ form, name }) => form !== 'generic' || name === 'tracing_mark_write');
}

function byCpu(events: readonly PlainEvent[]): PlainEvent[] {
  return [...events].sort((a, b) => a.cpu - b.cpu);
}

function compare(text: string, bytes: Uint8Array, options: ReadOptions, chunks: readonly number[] = []): void {
  const expected = readChunked(tracefs, new TextEncoder().encode(text), [], options);
  const actual = readChunked(perfetto, bytes, chunks, options);
  assert.ok(balance(actual.capture.accounting));
  assert.equal(actual.capture.accounting.skipped, 0, JSON.stringify(actual.capture.accounting.skips));
  assert.equal(actual.events.length, expected.events.length);
  assert.equal(actual.capture.inversions, 0);
  const stable = stablePids(expected.events);
  assert.ok(stable.size > 0);
  // Events of one CPU are in order; between CPUs, equal microseconds do not tell which was first.
  const wanted = byCpu(known(expected.events));
  const found = byCpu(known(actual.events));
  for (let i = 0; i < wanted.length; i++) {
    assert.deepEqual(comparable(found[i]!, stable), comparable(wanted[i]!, stable), `event ${i}`);
    // Where the text does not say, the process tree may.
    if (wanted[i]!.tgid >= 0 && stable.has(wanted[i]!.pid)) assert.equal(found[i]!.tgid, wanted[i]!.tgid);
  }
  assert.equal(found.length, wanted.length);
}

function optionsOf(folder: string): ReadOptions {
  const path = join(folder, 'meta.json');
  return existsSync(path) ? { sidecar: parseSidecar(path, readFileSync(path, 'utf8')) } : {};
}

const samples = [
  ['perfetto-generic', 'shanon_hot', 9000, 4000, 'generic events, one packet after the other'],
  ['perfetto-dense', 'contig_lowmem_apps_stockev', 57_000, 5000, 'events that describe themselves, packed packets'],
] as const;
for (const [sample, source, skip, count, what] of samples) {
  test(`${sample}: ${what}, with the events and fields of the text`, () => {
    const bytes = gunzipSync(readFileSync(tracePath('synthetic', sample, 'trace.perfetto-trace.gz')));
    const folder = tracePath('debian-6.1-4k', source);
    const text = linesOf(readText(join(folder, 'trace.txt.gz')), skip, count);
    compare(text, bytes, optionsOf(folder), [1000]);
    const { capture } = readChunked(perfetto, bytes);
    assert.equal(capture.clock.name?.value, 'boot');
    assert.equal(capture.kernelRelease?.value, '6.1.0-56-arm64');
    assert.equal(capture.pageSize?.value, 4096);
    assert.equal(capture.cpus?.value, 4);
    assert.match(capture.command?.value ?? '', /mm_migrate_pages/);
    assert.deepEqual(capture.losses, []);
  });
}

function textsBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('trace.txt.gz'))
    .map((path) => join(folder, path))
    .sort();
}

/** @param compared most lines that are written and read back */
function roundTrip(path: string, name: string, compared: number, options: EncoderOptions): void {
  test(`${name}: written as a Perfetto trace and read back`, (t) => {
    const text = linesOf(readText(path), 0, compared);
    if (text === '') {
      t.diagnostic('has no line of the default layout with seconds');
      return;
    }
    compare(text, encodePerfetto(text, options).bytes, optionsOf(dirname(path)));
  });
}

for (const path of textsBelow(tracePath())) roundTrip(path, relative(root, path), 3000, {});
for (const path of outsideCaptures ? textsBelow(outsideCaptures) : []) {
  roundTrip(path, relative(outsideCaptures!, path), 30_000, { isDense: true });
}
