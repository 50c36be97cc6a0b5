/** For tests only: a history as a busy machine of 64 CPUs would give it, so that no chart draws a mark for each fact. */
import { newCapture } from '../events/capture.ts';
import type { Attempt, Call, Drain, Episode, Failure, Flush, Request, Wait } from '../history/facts.ts';
import type { Facts } from './charts/figure.ts';

const ms = 1e6;
const cpus = 64;
const calls = 2000;
const foliosOfCall = 15;
const span = 60_000 * ms;

/** Spread evenly in [0, 1) and the same every time: multiples of the golden ratio (Weyl). */
const spread = (i: number): number => (i * 0.618033988749895) % 1;

/** A busy machine's facts, of the kinds that a few made-up ones are. */
export function largeFacts({ history, comparison }: Facts): Facts {
  const capture = newCapture('large.txt', 'tracefs', 'lines');
  Object.assign(capture, { ...history.capture, end: span, losses: [] });
  for (let i = 0; i < 3000; i++) {
    const start = spread(i) * span;
    capture.losses.push({ cpu: i % cpus, count: 9, start, end: start + 20 * ms, how: 'lost', place: `line ${i}` });
  }
  const episodes: Episode[] = [];
  const attempts: Attempt[] = [];
  const failures: Failure[] = [];
  const [call] = history.calls;
  const [request] = history.requests;
  const [flush] = history.flushes;
  const [drain] = history.drains;
  const [wait] = history.waits;
  const many = Array.from({ length: calls }, (_, id): Call => {
    const start = (id / calls) * span;
    const folios = Array.from({ length: foliosOfCall }, (_, i): Call['folios'][number] => {
      const n = id * foliosOfCall + i;
      const pfn = Math.floor(spread(n) * 2 ** 26);
      const fails = n % 7 === 0;
      const ids: number[] = [];
      const tries = n % 50 === 0 ? 25 : 1 + (n % 6);
      for (let index = 0; index < tries; index++) {
        ids.push(episodes.length);
        const end = start + 10 ** (3 + 6 * spread(n + index));
        const outcome = fails || index < tries - 1 ? 'undone' : 'moved';
        const made: Episode = { ...history.episodes[0]!, id: episodes.length, call: id, start, end, outcome, index };
        episodes.push({ ...made, sourcePfn: pfn });
        const references = outcome === 'undone' ? 3 : 2;
        attempts.push({ ...history.attempts[0]!, id: attempts.length, call: id, start, end, references });
      }
      const outcome = fails ? 'failed' : 'moved';
      if (fails) {
        const evidence = history.failures[i % history.failures.length]!.evidence;
        failures.push({ id: failures.length, call: id, folio: i, pfn, pages: 1, time: start, evidence });
      }
      const destination = fails ? Number.NaN : Math.floor(spread(n + 0.5) * 2 ** 26);
      return { pfn, pointer: -1, order: 0, destination, outcome, episodes: ids, attempts: ids };
    });
    const reason = `reason_${id % 9}`;
    const mode = ['MIGRATE_ASYNC', 'MIGRATE_SYNC_LIGHT', 'MIGRATE_SYNC'][id % 3]!;
    return { ...call!, id, start, end: start + 30 * ms, cpu: id % cpus, reason, mode, folios, request: id };
  });
  const length = 100_000;
  const added = Float64Array.from({ length }, (_, i) => (i / length) * span);
  return {
    comparison,
    history: {
      ...history,
      capture,
      calls: many,
      episodes,
      attempts,
      failures,
      requests: many.map(({ id, start, end }): Request => {
        const startPfn = Math.floor(spread(id) * 2 ** 26);
        const own = { calls: [id], lists: [[id]], startPfn, endPfn: startPfn + 2 ** (id % 16), start, end };
        return { ...request!, id, kind: 'contiguous allocation', returned: id % 3 === 0 ? -16 : 0, ...own };
      }),
      waits: Array.from({ length: 20_000 }, (_, i): Wait => {
        const start = spread(i) * span;
        return { ...wait!, pid: i % 700, start, end: start + 10 ** (3 + 6 * spread(i)), on: i % 2 ? 'lock' : 'entry' };
      }),
      flushes: Array.from({ length: 50_000 }, (_, i): Flush => {
        const start = spread(i) * span;
        return {
          ...flush!,
          cpu: i % cpus,
          start,
          end: start,
          count: 1 + (i % 31),
          cause: history.flushes[i % 5]!.cause,
        };
      }),
      drains: Array.from({ length: 9000 }, (_, id): Drain => {
        const scope = (['local', 'all', 'disable'] as const)[id % 3]!;
        return { ...drain!, id, scope, cpu: id % cpus, start: spread(id) * span, comm: `task-${id % 50}` };
      }),
      stays: {
        length,
        pfn: Float64Array.from(added, (_, i) => i),
        batch: Uint8Array.from(added, (_, i) => i % 3),
        cpu: Int32Array.from(added, (_, i) => i % cpus),
        added,
        flushed: added.map((time, i) => time + 10 ** (4 + 5 * spread(i))),
        flush: new Int32Array(length),
        ordinal: added,
      },
      eventsByCpu: Array.from({ length: cpus }, (_, cpu) => ({ cpu, events: 1e6 })),
    },
  };
}
