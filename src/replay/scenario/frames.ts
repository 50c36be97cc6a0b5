/**
 * Which frame each folio is in while a recording is told. The model keeps a folio's identity when it moves; a capture shows
 * frames, so that a move is told by another one.
 */
import { logKind } from '../../model/log.ts';
import type { Recording } from './record.ts';

/** Frames of folios that nobody migrates, as they fill batches: apart from all others (512 GiB of 4 KiB pages on). */
const othersFrom = 2 ** 27;
const othersCount = 2 ** 20;

/** Rows of the log, in their order of time, and what has to be known of rows that are still to come. */
export interface Told {
  /** Places in the log. Rows of one time keep their order. */
  readonly order: Uint32Array;
  /** By place: 1 = an insertion or activation that a drain work made. */
  readonly byWorker: Uint8Array;
  /** By place: of a `set entry`, 1 = the folio leaves its frame in this episode. */
  readonly leaves: Uint8Array;
  /** By place: of an `isolate`, 1 = the last one that its scanner made in a row. */
  readonly lastOfScan: Uint8Array;
}

/** Looks over a log once. */
export function tell({ log }: Recording): Told {
  const { length, kind, time, cpu, run, folio, a, c } = log;
  const order = new Uint32Array(length).map((_, i) => i);
  // Rows are pushed when their process runs, so few are out of place; a sort that keeps equal times in order mends them.
  order.sort((x, y) => time[x]! - time[y]! || x - y);
  const byWorker = new Uint8Array(length);
  const leaves = new Uint8Array(length);
  const lastOfScan = new Uint8Array(length);
  const open = new Map<number, number>();
  const scan = new Map<number, number>();
  for (let i = 0; i < length; i++) {
    const what = kind[i]!;
    if (what === logKind['drain work']) {
      // lru_add_drain_per_cpu() is one moment of the model: what it flushed stands just before it.
      for (let j = i - 1; j >= 0; j--) {
        const isFlush = kind[j] === logKind.insertion || kind[j] === logKind.activation;
        if (!isFlush || cpu[j] !== cpu[i] || time[j] !== time[i] || run[j] !== run[i] || c[j] !== -1) break;
        byWorker[j] = 1;
      }
    } else if (what === logKind['set entry']) {
      if (!open.has(folio[i]!)) open.set(folio[i]!, i);
    } else if (what === logKind['remove entry']) {
      const set = open.get(folio[i]!);
      if (set !== undefined) leaves[set] = a[i] === 1 ? 1 : 0;
      open.delete(folio[i]!);
    }
    if (what === logKind.isolate) scan.set(run[i]!, i);
    else if (run[i]! >= 0 && scan.has(run[i]!) && what !== logKind.insertion && what !== logKind.activation) {
      lastOfScan[scan.get(run[i]!)!] = 1;
      scan.delete(run[i]!);
    }
  }
  for (const i of scan.values()) lastOfScan[i] = 1;
  return { order, byWorker, leaves, lastOfScan };
}

/** Requests that want a stretch of frames, and find their folios there whatever was moved out of it before. */
const ofRange: ReadonlySet<string> = new Set(['contiguous allocation', 'cma', 'memory offline', 'compaction']);

/** Follows frames through a log that is walked in the order of `Told.order`. */
export class Frames {
  readonly #recording: Recording;
  readonly #moved = new Map<number, number>();
  /** Folios under migration entries that will leave: their destination is not yet spoken of. */
  readonly #leaving = new Set<number>();
  /** Unmapped folios that were isolated by a request which moved them. */
  readonly #unmapped = new Map<number, number>();
  readonly #movedBy = new Map<number, ReadonlySet<number>>();
  #next: number;
  #others = 0;

  constructor(recording: Recording) {
    this.#recording = recording;
    this.#next = recording.freePfn;
  }

  at(folio: number): number {
    return this.#moved.get(folio) ?? this.#recording.cast.pfn(folio);
  }

  /** A frame for a folio that nobody migrates. */
  another(): number {
    return othersFrom + (this.#others++ % othersCount);
  }

  /** Before the events of a row are made. */
  before(place: number, { leaves }: Told): void {
    const { log, demand } = this.#recording;
    const folio = log.folio[place]!;
    switch (log.kind[place]) {
      case logKind['request start']:
        if (ofRange.has(demand(log.run[place]!).model)) this.#goHome(log.run[place]!);
        return;
      case logKind['set entry']:
        if (leaves[place] === 1) this.#leaving.add(folio);
        return;
      case logKind.isolate:
        if (log.a[place] === 1 && this.#movesUnmapped(log.run[place]!, folio)) {
          this.#unmapped.set(folio, log.run[place]!);
        }
        return;
      // The destination is put on the LRU before the entries are (migrate_folio_move()).
      case logKind.insertion:
      case logKind.activation:
      case logKind['remove entry']:
        if (this.#leaving.delete(folio) || this.#unmapped.delete(folio)) this.#leave(folio);
        return;
      case logKind['request end']:
        for (const [one, run] of this.#unmapped) {
          if (run !== log.run[place]) continue;
          this.#unmapped.delete(one);
          this.#leave(one);
        }
    }
  }

  #leave(folio: number): void {
    const pages = 2 ** this.#recording.spec(folio).order;
    this.#next = Math.ceil(this.#next / pages) * pages;
    this.#moved.set(folio, this.#next);
    this.#next += pages;
  }

  #goHome(run: number): void {
    if (this.#moved.size === 0) return;
    for (const { folios } of this.#recording.demand(run).chunks) {
      for (const folio of folios) this.#moved.delete(folio);
    }
  }

  #movesUnmapped(run: number, folio: number): boolean {
    if (run < 0 || this.#recording.spec(folio).mapped > 0) return false;
    let moved = this.#movedBy.get(run);
    if (moved === undefined) {
      const members = this.#recording.result(run)?.chunks.flat() ?? [];
      moved = new Set(members.filter(({ ending }) => ending === 'moved').map((member) => member.folio));
      this.#movedBy.set(run, moved);
    }
    return moved.has(folio);
  }
}
