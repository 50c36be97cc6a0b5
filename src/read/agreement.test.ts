/**
 * One run, two buffers: `trace.txt` is the ring buffer's text, `perf_script.txt` is perf's text of the same events. What
 * both recorded must be the same events in the same order, with the same fields.
 *
 * Compared: for each CPU, the sequences of events whose names occur in both texts (perf recorded only the systems it was
 * asked for), from where one begins inside the other to the end of the shorter one. Of each event: name, task id, and
 * every field. Not compared, each for its reason:
 *   - comm: ftrace prints a task's last name for all of its events (saved_cmdlines), perf the name at the time;
 *   - tgid and context flags: perf's default text does not have them;
 *   - hashed pointers (32 bits): the ring buffer's text may have them so, perf prints them raw. Raw ones are compared;
 *   - a return probe's caller: a symbol in one, an address in the other;
 *   - the time itself, since the clocks differ: that of the ring buffer was chosen, perf has its own. Their difference is
 *     looked at instead: within a capture it drifts by milliseconds at most;
 *   - what a probe reads through a pointer (`ref=+0x34(%x0)`): each tool's handler reads the memory itself, one after the
 *     other, and a reference count may change in between. Such differences are counted, and must be rare.
 */
import { strict as assert } from 'node:assert';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { outsideCaptures, tracePath } from '../test-support.ts';
import { openCapture } from './file.ts';
import { type PlainEvent, readEvents } from './test-support.ts';

interface Line {
  readonly time: bigint;
  /** Everything that must agree. */
  readonly must: string;
  /** What was read through pointers. */
  readonly may: string;
}

const pointers = new Set(['folio', 'page']);

/** `%p` gives 32 bits of a hash (lib/vsprintf.c ptr_to_hashval()); kernel addresses have their upper bits set. */
function isHashed(events: readonly PlainEvent[]): boolean {
  return events.some((event) =>
    event.fields.some((field, i) => {
      const value = event.values[i];
      return (
        pointers.has(field.name) &&
        event.form === 'catalogued' &&
        typeof value === 'bigint' &&
        value !== 0n &&
        value < 2n ** 32n
      );
    }),
  );
}

function lineOf(event: PlainEvent, withPointers: boolean): Line {
  const must: string[] = [];
  const may: string[] = [];
  event.fields.forEach((field, i) => {
    const role = event.probe?.roles[i] ?? '';
    if ((pointers.has(field.name) && !withPointers) || role === 'caller') return;
    (role.includes('.') ? may : must).push(`${field.name}=${String(event.values[i])}`);
  });
  return {
    time: event.time,
    must: `${event.system}:${event.name} ${event.pid} ${event.form} ${event.probe?.meaning ?? ''} ${must.join(' ')}`,
    may: may.join(' '),
  };
}

const window = 12;

/**
 * How far `b` is shifted against `a`: by the first dozen lines of `b` that occur exactly once in `a`. undefined when the
 * two have nothing of that length in common.
 */
function shiftOf(a: readonly Line[], b: readonly Line[]): number | undefined {
  const at = (lines: readonly Line[], i: number): string =>
    lines
      .slice(i, i + window)
      .map((line) => line.must)
      .join('\n');
  const places = new Map<string, number>();
  for (let i = 0; i + window <= a.length; i++) {
    const key = at(a, i);
    places.set(key, places.has(key) ? -1 : i);
  }
  for (let j = 0; j + window <= b.length; j++) {
    const i = places.get(at(b, j)) ?? -1;
    if (i >= 0) return i - j;
  }
  return undefined;
}

interface Agreement {
  compared: number;
  /** Differences in what a probe read through a pointer. */
  rereads: number;
  /** CPUs that both have events of, and that could not be brought together. */
  unaligned: number;
  /** Smallest and largest difference of the two clocks, ns. */
  least: number;
  most: number;
}

async function compareTexts(folder: string): Promise<Agreement> {
  const [trace, perf] = await Promise.all(
    ['trace.txt.gz', 'perf_script.txt.gz'].map(async (name) => readEvents(await openCapture(join(folder, name)))),
  );
  if (trace === undefined || perf === undefined) throw new Error('unreachable');
  const nameOf = (event: PlainEvent): string => `${event.system}:${event.name}`;
  const withPointers = !isHashed(trace);
  const ofTrace = new Set(trace.map(nameOf));
  const both = new Set(perf.map(nameOf).filter((name) => ofTrace.has(name)));
  const result = { compared: 0, rereads: 0, unaligned: 0, least: Infinity, most: -Infinity };
  for (const cpu of new Set(perf.map((event) => event.cpu))) {
    const choose = (events: readonly PlainEvent[]): Line[] =>
      events
        .filter((event) => event.cpu === cpu && both.has(nameOf(event)))
        .map((event) => lineOf(event, withPointers));
    const a = choose(trace);
    const b = choose(perf);
    const shift = shiftOf(a, b);
    if (shift === undefined) {
      result.unaligned++;
      // Too few on one side to be sure of anything.
      assert.ok(
        Math.min(a.length, b.length) < 40,
        `${folder} cpu ${cpu}: ${a.length} and ${b.length} events never meet`,
      );
      continue;
    }
    for (let j = Math.max(0, -shift); j < Math.min(b.length, a.length - shift); j++) {
      const one: Line = a[j + shift]!;
      const other: Line = b[j]!;
      assert.equal(
        other.must,
        one.must,
        `${folder} cpu ${cpu}: event ${j} of perf against event ${j + shift} of the trace`,
      );
      if (other.may !== one.may) result.rereads++;
      const apart = Number(one.time - other.time);
      result.least = Math.min(result.least, apart);
      result.most = Math.max(result.most, apart);
      result.compared++;
    }
  }
  return result;
}

function foldersWithBoth(top: string): string[] {
  return readdirSync(top, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('perf_script.txt.gz'))
    .map((path) => join(top, dirname(path)))
    .filter((folder) => existsSync(join(folder, 'trace.txt.gz')))
    .sort();
}

for (const folder of foldersWithBoth(tracePath())) {
  const name = folder.slice(tracePath().length + 1);
  test(`${name}: both texts tell the same events`, async (t) => {
    const agreement = await compareTexts(folder);
    assert.ok(agreement.compared > 3000, `${agreement.compared} events compared`);
    assert.ok(
      agreement.rereads <= agreement.compared / 1000,
      `${agreement.rereads} differ in what was read through a pointer`,
    );
    assert.ok(agreement.most - agreement.least < 50e6, `clocks: ${agreement.least} to ${agreement.most} ns apart`);
    t.diagnostic(JSON.stringify(agreement));
  });
}

test('there are bundled captures with both texts', () => {
  assert.ok(foldersWithBoth(tracePath()).length >= 5);
});

test('captures outside the repository: both texts tell the same events', {
  skip: outsideCaptures === undefined && 'FOLIOSCOPE_CAPTURES is not set',
}, async (t) => {
  const folders = foldersWithBoth(outsideCaptures ?? '');
  assert.ok(folders.length > 0);
  let compared = 0;
  let rereads = 0;
  for (const folder of folders) {
    const agreement = await compareTexts(folder);
    compared += agreement.compared;
    rereads += agreement.rereads;
    t.diagnostic(`${folder}: ${JSON.stringify(agreement)}`);
  }
  t.diagnostic(
    `${folders.length} captures, ${compared} events agree, ${rereads} differ in what a probe read through a pointer`,
  );
});
