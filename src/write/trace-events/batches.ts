/** Tracks of per-CPU batches: how full each is, its flushes, and who is in which place. */
import { batchKinds, type StayTable } from '../../history/facts.ts';
import type { Facts } from '../facts/table.ts';
import { FreeLanes, NestedLanes } from './lanes.ts';
import type { Pen, Place } from './pen.ts';
import type { LeftOut } from './trace-events.ts';

/** One batch of one CPU: rows of stays and of flushes. */
interface Batch {
  readonly cpu: number;
  readonly kind: number;
  readonly stays: number[];
  readonly flushes: number[];
}

/**
 * A process for each batch. A stay whose add was not probed is in its flush only, and one that was not seen to leave is a
 * moment on a track of its own.
 */
export function* batchTracks({ history }: Facts, pen: Pen, left: LeftOut): Generator<void> {
  const { stays, flushes, capture } = history;
  const batches = new Map<number, Batch>();
  const batchOf = (cpu: number, kind: number): Batch => {
    const key = cpu * batchKinds.length + kind;
    let batch = batches.get(key);
    if (batch === undefined) {
      batch = { cpu, kind, stays: [], flushes: [] };
      batches.set(key, batch);
    }
    return batch;
  };
  for (let row = 0; row < stays.length; row++) {
    if (Number.isNaN(stays.added[row]!)) left.undated++;
    else batchOf(stays.cpu[row]!, stays.batch[row]!).stays.push(row);
  }
  flushes.forEach(({ cpu, batch, start }, row) => {
    if (Number.isNaN(start)) left.undated++;
    else batchOf(cpu, batchKinds.indexOf(batch)).flushes.push(row);
  });
  const sorted = [...batches.values()].sort((a, b) => a.cpu - b.cpu || a.kind - b.kind);
  for (const batch of sorted) {
    const { cpu, kind } = batch;
    const process = pen.process(`${cpu < 0 ? 'CPU not known' : `CPU ${cpu}`}: ${batchKinds[kind]} batch`);
    yield* fillTrack(pen, process, stays, batch.stays);
    const lanes = new NestedLanes();
    const tracks: Place[] = [];
    for (const row of batch.flushes.sort(
      (a, b) => flushes[a]!.start - flushes[b]!.start || flushes[b]!.end - flushes[a]!.end,
    )) {
      const { start, end, count, cause, drain, pid, ordinal } = flushes[row]!;
      const lane = lanes.place({ start, end });
      tracks[lane] ??= pen.thread(process, lane === 0 ? 'flushes' : `flushes (${lane + 1})`);
      pen.span(tracks[lane], 'flush', `flush: ${cause}`, start, end, {
        folios: count,
        drain: drain < 0 ? undefined : drain,
        pid: pid < 0 ? undefined : pid,
        flush: row,
        'first event': ordinal,
      });
      yield;
    }
    const free = new FreeLanes();
    const places: Place[] = [];
    let staying: Place | undefined;
    for (const row of batch.stays.sort((a, b) => stays.added[a]! - stays.added[b]!)) {
      const start = stays.added[row]!;
      const end = stays.flushed[row]!;
      const pfn = stays.pfn[row]!;
      const name = Number.isNaN(pfn) ? 'folio not known' : `0x${pfn.toString(16)}`;
      const adder = stays.adderPid?.[row] ?? -1;
      const comm = stays.adderComm?.[row] ?? -1;
      const details = {
        pfn: name,
        'added by': adder < 0 ? undefined : `${comm < 0 ? '' : capture.strings.text(comm)}-${adder}`,
        flush: stays.flush[row]! < 0 ? undefined : stays.flush[row]!,
        event: stays.ordinal[row]!,
      };
      if (Number.isNaN(end)) {
        staying ??= pen.thread(process, 'not seen to leave');
        pen.instant(staying, 'stay', name, start, details);
      } else {
        const lane = free.place({ start, end });
        places[lane] ??= pen.thread(process, `place ${lane}`);
        pen.span(places[lane], 'stay', name, start, end, details);
      }
      yield;
    }
  }
}

/** How many folios are in a batch, of those seen to come and go. */
function* fillTrack(
  pen: Pen,
  process: number,
  { added, flushed }: StayTable,
  rows: readonly number[],
): Generator<void> {
  const timed = rows.filter((row) => !Number.isNaN(flushed[row]!));
  const comes = Float64Array.from(timed, (row) => added[row]!).sort();
  const goes = Float64Array.from(timed, (row) => flushed[row]!).sort();
  let within = 0;
  for (let come = 0, go = 0; go < goes.length; ) {
    const time = Math.min(comes[come] ?? Number.POSITIVE_INFINITY, goes[go]!);
    while (comes[come] === time) {
      within++;
      come++;
    }
    while (goes[go] === time) {
      within--;
      go++;
    }
    pen.counter(process, 'folios in it', time, within);
    yield;
  }
}
