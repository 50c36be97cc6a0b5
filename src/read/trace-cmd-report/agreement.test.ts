/**
 * One run, two buffers: `trace.txt` is the ring buffer's own text, `report*.txt` is what trace-cmd printed of its own buffer. What
 * both recorded must be the same events in the same order, with the same fields.
 *
 * Compared: for each CPU, the sequences of events whose names occur in both, from where one begins inside the other to the
 * end of the shorter one. Of each event: name, task id, context flags of -l, and every field. Not compared, each for its reason
 * (docs/formats/trace-cmd-report.md):
 *   - comm: cut at 8 with -l, and each tool has its own memory of names;
 *   - hashed pointers, a return probe's caller (a symbol in one, an address in the other);
 *   - what the record does not hold: `notRecorded`, of events printed as records;
 *   - times: trace-cmd and the kernel round to microseconds; the clocks of the two buffers may differ by a constant;
 *   - what an event reads through a pointer (a probe's `ref=+0x34(%x0)`, the counts of page_ref) is read once for each buffer,
 *     and may change in between: counted, and rare.
 */
import { strict as assert } from 'node:assert';
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { shiftOf } from '../../../scripts/exact/two-buffers.ts';
import { balance } from '../../events/capture.ts';
import { outsideCaptures, tracePath } from '../../test-support.ts';
import { openCapture } from '../file.ts';
import { type PlainEvent, readEvents } from '../test-support.ts';

interface Line {
  readonly time: bigint;
  readonly must: string;
  readonly may: string;
}

const pointers = new Set(['folio', 'page']);

/** Fields that the kernel's text computes or names, and the record holds as another number, or not at all. */
const notRecorded: Readonly<Record<string, readonly string[]>> = {
  // The print format takes `page` from vmemmap, which trace-cmd cannot; flags of gfp are names only in the text.
  mm_page_alloc: ['page', 'gfp_flags'],
  mm_page_free: ['page'],
  mm_page_free_batched: ['page', 'order'],
  mm_page_pcpu_drain: ['page'],
  // Numbers of zones and of khugepaged's status moved between releases and configurations.
  mm_filemap_add_to_page_cache: ['dev', 'ofs'],
  mm_filemap_delete_from_page_cache: ['dev', 'ofs'],
};

/** Names that trace-cmd prints for some bits only: page flags are a table that the format file cuts short. */
const namedByKernelOnly: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  ['set', 'mod', 'mod_and_test', 'mod_and_return', 'mod_unless', 'freeze', 'unfreeze'].map((name) => [
    `page_ref_${name}`,
    ['flags'],
  ]),
);

function isHashed(events: readonly PlainEvent[]): boolean {
  return events.some((event) =>
    event.fields.some((field, i) => {
      const value = event.values[i];
      return pointers.has(field.name) && event.form === 'catalogued' && typeof value === 'bigint' && value < 2n ** 32n;
    }),
  );
}

function lineOf(event: PlainEvent, withPointers: boolean, isRecord: boolean): Line {
  const must: string[] = [];
  const may: string[] = [];
  const left = [
    ...((isRecord || event.name.startsWith('mm_page_') ? notRecorded[event.name] : undefined) ?? []),
    ...(namedByKernelOnly[event.name] ?? []),
  ];
  event.fields.forEach((field, i) => {
    const role = event.probe?.roles[i] ?? '';
    if ((pointers.has(field.name) && !withPointers) || role === 'caller' || left.includes(field.name)) return;
    const isReread = role.includes('.') || (event.system === 'page_ref' && /count$/.test(field.name));
    (isReread ? may : must).push(`${field.name}=${String(event.values[i])}`);
  });
  return {
    time: event.time,
    must: `${event.system}:${event.name} ${event.pid} ${event.form} ${event.probe?.meaning ?? ''} ${must.join(' ')}`,
    may: may.join(' '),
  };
}

/** Lines by which two buffers are laid beside each other. */
const window = 8;

interface Agreement {
  compared: number;
  rereads: number;
  /** Largest distance of two times from the distance of the first two, ns. */
  apart: number;
}

async function compare(report: string): Promise<Agreement> {
  const opened = await openCapture(report);
  const ofReport = await readEvents(opened);
  assert.equal(opened.capture.format, 'trace-cmd-report');
  assert.ok(balance(opened.capture.accounting));
  assert.equal(opened.capture.accounting.skipped, 0, JSON.stringify(opened.capture.accounting.skips));
  assert.deepEqual(opened.capture.accounting.oddities, []);
  const isRecord = opened.capture.variant.includes('records');
  const trace = await readEvents(await openCapture(join(dirname(report), 'trace.txt.gz')));
  const nameOf = (event: PlainEvent): string => `${event.system}:${event.name}`;
  const withPointers = !isHashed(trace);
  const ofTrace = new Set(trace.map(nameOf));
  const both = new Set(ofReport.map(nameOf).filter((name) => ofTrace.has(name)));
  const result: Agreement = { compared: 0, rereads: 0, apart: 0 };
  for (const cpu of new Set(ofReport.map((event) => event.cpu))) {
    const choose = (events: readonly PlainEvent[]): Line[] =>
      events
        .filter((event) => event.cpu === cpu && both.has(nameOf(event)))
        .map((event) => lineOf(event, withPointers, isRecord));
    const a = choose(trace);
    const b = choose(ofReport);
    const shift = shiftOf(a, b, window);
    if (shift === undefined) {
      assert.ok(Math.min(a.length, b.length) < 40, `${report} cpu ${cpu}: ${a.length}, ${b.length} events never meet`);
      continue;
    }
    let first: bigint | undefined;
    for (let j = Math.max(0, -shift); j < Math.min(b.length, a.length - shift); j++) {
      const one: Line = a[j + shift]!;
      const other: Line = b[j]!;
      assert.equal(other.must, one.must, `${report} cpu ${cpu}: event ${j} against event ${j + shift} of the trace`);
      if (other.may !== one.may) result.rereads++;
      first ??= other.time - one.time;
      result.apart = Math.max(result.apart, Math.abs(Number(other.time - one.time - first)));
      result.compared++;
    }
  }
  return result;
}

function reportsBelow(top: string): string[] {
  return readdirSync(top, { recursive: true, encoding: 'utf8' })
    .filter((path) => /^report\w*\.txt\.gz$/.test(basename(path)))
    .map((path) => join(top, path))
    .filter((path) => existsSync(join(dirname(path), 'trace.txt.gz')))
    .sort();
}

for (const report of reportsBelow(tracePath())) {
  test(`${report.slice(tracePath().length + 1)} tells the events of the ring buffer's own text`, async (t) => {
    const agreement = await compare(report);
    t.diagnostic(JSON.stringify(agreement));
    assert.ok(agreement.compared > 1000, `${agreement.compared} events compared`);
    assert.ok(agreement.rereads <= agreement.compared / 50, `${agreement.rereads} read otherwise through a pointer`);
  });
}

test('captures outside the repository: every report tells the events of the ring buffer', {
  skip: outsideCaptures === undefined && 'FOLIOSCOPE_CAPTURES is not set',
}, async (t) => {
  const reports = reportsBelow(outsideCaptures ?? '');
  assert.ok(reports.length > 0);
  const failures: string[] = [];
  for (const report of reports) {
    try {
      t.diagnostic(`${report}: ${JSON.stringify(await compare(report))}`);
    } catch (error) {
      failures.push(String(error));
    }
  }
  assert.deepEqual(failures, []);
});
