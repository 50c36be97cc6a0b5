import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { Flush, History, StayTable } from '../history/facts.ts';
import { addsOf, drainsOf } from './adds.ts';
import { demandOf } from './demand.ts';
import { madeUpHistory } from './made-up.ts';
import { sceneOf } from './slice.ts';

function stays(
  rows: readonly { pfn: number; batch: number; cpu: number; flushed: number; flush: number; added?: number }[],
): StayTable {
  return {
    length: rows.length,
    pfn: Float64Array.from(rows, ({ pfn }) => pfn),
    batch: Uint8Array.from(rows, ({ batch }) => batch),
    cpu: Int32Array.from(rows, ({ cpu }) => cpu),
    added: Float64Array.from(rows, ({ added }) => added ?? Number.NaN),
    flushed: Float64Array.from(rows, ({ flushed }) => flushed),
    flush: Int32Array.from(rows, ({ flush }) => flush),
    ordinal: Float64Array.from(rows, (_, i) => i),
  };
}

function flush(start: number, count: number, cause: Flush['cause']): Flush {
  return { cpu: 1, batch: 'add', pid: 1, start, end: start, count, cause, drain: -1, ordinal: 0 };
}

/** Two batches of CPU 1 one after the other, then an add with caches disabled, and one seen by a probe. */
function history(): History {
  const made = madeUpHistory([['m', 'm']]);
  return {
    ...made,
    stays: stays([
      { pfn: 1, batch: 0, cpu: 1, flushed: 1000, flush: 0 },
      { pfn: 2, batch: 0, cpu: 1, flushed: 1000, flush: 0 },
      { pfn: 3, batch: 0, cpu: 1, flushed: 2000, flush: 1 },
      { pfn: 4, batch: 0, cpu: 1, flushed: 2000, flush: 1 },
      { pfn: 5, batch: 0, cpu: 1, flushed: 3000, flush: 2 },
      { pfn: 6, batch: 0, cpu: 1, flushed: 4000, flush: 3, added: 3500 },
    ]),
    flushes: [
      flush(1000, 2, 'full'),
      flush(2000, 2, 'local drain'),
      flush(3000, 1, 'cache disabled'),
      flush(4000, 1, 'unknown'),
    ],
  };
}

test('an add lies between the flush before and its own; the last of a full batch, and one with caches off, are exact', () => {
  const made = history();
  const adds = addsOf(made);
  // The first batch may have been filled before the capture began, at the rate of six adds in the whole of it.
  assert.deepEqual([...adds.low], [1000 - (2 / 6) * made.capture.end, 1000, 1000, 1000, 3000, 3500]);
  assert.deepEqual([...adds.high], [1000, 1000, 2000, 2000, 3000, 3500]);
  assert.deepEqual([adds.seen, adds.exact, adds.spread], [1, 2, 3]);
});

test('thrown times stay in their bounds and in order, and another throw is another', () => {
  const made = history();
  const requests = made.requests.map((request) => ({ ...request, start: 0, end: 5000 }));
  const calls = made.calls.map((call) => ({ ...call, start: 0, end: 5000 }));
  const demand = demandOf({ ...made, calls, requests });
  const times = (variant: number) => {
    const adds = addsOf(made);
    const { background } = sceneOf(demand.units[0]!, adds, drainsOf(made), 4, { seed: 1, variant }, false);
    return [...background.time].filter((_, i) => background.action[i] === 0);
  };
  for (const variant of [0, 1, 2]) {
    const own = times(variant);
    assert.equal(own.length, 6);
    assert.ok(own.every((time, i) => i === 0 || own[i - 1]! <= time));
    assert.ok(own[0]! <= 1000 && own[2]! >= 1000 && own[3]! <= 2000, `${own}`);
  }
  assert.deepEqual(times(1), times(1));
  assert.notDeepEqual(times(1), times(2));
});

test('without drain events, a batch flushed before it was full was drained by somebody', () => {
  assert.deepEqual(
    drainsOf(history()).map(({ time, cpu, all }) => [time, cpu, all]),
    [[2000, 1, false]],
  );
});

test('around a window with caches off: what it flushed was there before it, what is flushed after it came after it', () => {
  const made = madeUpHistory([['m']]);
  const row = { batch: 0, cpu: 1 };
  const adds = addsOf({
    ...made,
    windows: [{ pid: 9, start: 5000, drained: 6000, end: 9000, endCertainty: 'inferred', request: -1 }],
    stays: stays([
      { ...row, pfn: 1, flushed: 1000, flush: 0 },
      { ...row, pfn: 2, flushed: 5500, flush: 1 },
      { ...row, pfn: 3, flushed: 5500, flush: 1 },
      { ...row, pfn: 4, flushed: 7000, flush: 2 },
      { ...row, pfn: 5, flushed: 12_000, flush: 3 },
    ]),
    flushes: [
      flush(1000, 1, 'full'),
      flush(5500, 2, 'unknown'),
      flush(7000, 1, 'cache disabled'),
      flush(12_000, 1, 'unknown'),
    ],
  });
  assert.deepEqual([...adds.low].slice(1), [1000, 5500, 7000, 9000]);
  assert.deepEqual([...adds.high].slice(1), [5000, 5500, 7000, 12_000]);
});

test('a drain of all CPUs to its end found a CPU empty that it flushed nothing of', () => {
  const made = madeUpHistory([['m']]);
  const drain = { id: 0, scope: 'all', pid: 7, comm: 'a', cpu: 0, start: 3000, end: 4000 } as const;
  const bounds = (end: number) => {
    const adds = addsOf({
      ...made,
      drains: [{ ...drain, end, cpus: [], certainty: 'seen', ordinal: 0 }],
      stays: stays([
        { pfn: 1, batch: 0, cpu: 1, flushed: 1000, flush: 0 },
        { pfn: 2, batch: 0, cpu: 1, flushed: 5000, flush: 1 },
      ]),
      flushes: [flush(1000, 1, 'full'), flush(5000, 1, 'unknown')],
    });
    return adds.low[1];
  };
  assert.equal(bounds(4000), 3000);
  // One that is still under way may be what flushes it; of one whose end was not seen nothing is known.
  assert.equal(bounds(6000), 1000);
  assert.equal(bounds(Number.NaN), 1000);
});
