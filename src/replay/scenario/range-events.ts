/** Events that bound requests and say what ranges they want: syscalls, compaction, CMA, scanners, the last look. */
import { logKind } from '../../model/log.ts';
import { type KernelEvent, pointerOf, type Who } from './events.ts';
import type { Frames, Told } from './frames.ts';
import type { Recording } from './record.ts';

/** Registers of a syscall that point into the caller's memory: addresses that nobody reads again. */
const userMemory = 0xffff_8000_0000;
/** MPOL_MF_MOVE. */
const moves = 2;

/** A stretch of frames. */
interface Range {
  readonly start: number;
  readonly end: number;
}

export class RangeEvents {
  readonly #recording: Recording;
  readonly #told: Told;
  readonly #frames: Frames;
  /** By request: frames that its scanner took since the last event, and how many areas it has looked at. */
  readonly #scans = new Map<number, { start: number; end: number; scanned: number; taken: number }>();
  readonly #areas = new Map<number, number>();

  constructor(recording: Recording, told: Told, frames: Frames) {
    this.#recording = recording;
    this.#told = told;
    this.#frames = frames;
  }

  *row(place: number, who: Who): Generator<KernelEvent> {
    const { log, demand } = this.#recording;
    const kind = log.kind[place]!;
    const run = log.run[place]!;
    if (run < 0) return;
    const { model } = demand(run);
    if (kind === logKind.isolate) yield* this.#isolated(place, who);
    else if (kind === logKind['test isolated']) yield this.#tested(place, who);
    else if (kind === logKind['cma start'] || kind === logKind['cma busy'] || kind === logKind['cma finish'])
      yield this.#cma(place, who);
    else if (kind === logKind['request start']) {
      if (model === 'move_pages' || model === 'migrate_pages') yield this.#enters(run, who);
      else if (model === 'compaction') yield this.#compacts(run, who, false);
    } else if (kind === logKind['request end']) {
      if (model === 'move_pages' || model === 'migrate_pages') {
        const name = `sys_exit_${model}`;
        yield { ...who, system: 'syscalls', name, values: { ret: log.a[place]! } };
      } else if (model === 'compaction') yield this.#compacts(run, who, true);
    }
  }

  /** do_pages_move(), do_migrate_pages(): their arguments. */
  #enters(run: number, who: Who): KernelEvent {
    const { demand } = this.#recording;
    const { model, chunks } = demand(run);
    const pages = chunks.reduce((sum, { folios }) => sum + folios.length, 0);
    const at = (n: number) => userMemory + n * 0x10_0000;
    const values: KernelEvent['values'] =
      model === 'move_pages'
        ? { pid: 0, nr_pages: pages, pages: at(0), nodes: at(1), status: at(2), flags: moves }
        : { pid: 0, maxnode: 64, old_nodes: at(0), new_nodes: at(1) };
    return { ...who, system: 'syscalls', name: `sys_enter_${model}`, values };
  }

  #compacts(run: number, who: Who, ends: boolean): KernelEvent {
    const { demand, freePfn, result } = this.#recording;
    const { start, end } = this.#rangeOf(run);
    const values = {
      zone_start: start,
      migrate_pfn: ends ? end : start,
      free_pfn: freePfn,
      zone_end: freePfn,
      mode: demand(run).mode === 'async' ? 'async' : 'sync',
    };
    const name = ends ? 'mm_compaction_end' : 'mm_compaction_begin';
    const status = result(run)?.returned === 0 ? 'complete' : 'partial_skipped';
    return { ...who, system: 'compaction', name, values: ends ? { ...values, status } : values };
  }

  /** isolate_migratepages_block() of compaction and of contiguous allocations, once a stretch. */
  *#isolated(place: number, who: Who): Generator<KernelEvent> {
    const { log, demand, spec } = this.#recording;
    const run = log.run[place]!;
    const { model } = demand(run);
    if (model !== 'compaction' && model !== 'cma' && model !== 'contiguous allocation') return;
    const folio = log.folio[place]!;
    const pfn = this.#frames.at(folio);
    const pages = 2 ** spec(folio).order;
    let scan = this.#scans.get(run);
    if (scan === undefined) {
      scan = { start: pfn, end: pfn, scanned: 0, taken: 0 };
      this.#scans.set(run, scan);
    }
    scan.start = Math.min(scan.start, pfn);
    scan.end = Math.max(scan.end, pfn + pages);
    scan.scanned += pages;
    if (log.a[place] === 1) scan.taken += pages;
    if (this.#told.lastOfScan[place] !== 1) return;
    this.#scans.delete(run);
    yield {
      ...who,
      system: 'compaction',
      name: 'mm_compaction_isolate_migratepages',
      values: { start_pfn: scan.start, end_pfn: scan.end, nr_scanned: scan.scanned, nr_taken: scan.taken },
    };
  }

  /** test_pages_isolated(), the last step of alloc_contig_range(): which frame stopped it. */
  #tested(place: number, who: Who): KernelEvent {
    const { log } = this.#recording;
    const run = log.run[place]!;
    const { start, end } = this.#areaOf(run, this.#areas.get(run) ?? 0);
    const busy = log.folio[place]!;
    return {
      ...who,
      system: 'page_isolation',
      name: 'test_pages_isolated',
      values: {
        start_pfn: start,
        end_pfn: end,
        fin_pfn: busy < 0 ? end : this.#frames.at(busy),
        ret: log.a[place] === 1 ? 'success' : 'fail',
      },
    };
  }

  #cma(place: number, who: Who): KernelEvent {
    const { log, groupOf } = this.#recording;
    const run = log.run[place]!;
    const name = groupOf(run);
    if (log.kind[place] === logKind['cma start']) {
      const count = log.a[place]!;
      const all = this.#rangeOf(run);
      const total = all.end - all.start;
      const values = { name, request_count: count, available_count: total, total_count: total, align: 0 };
      return { ...who, system: 'cma', name: 'cma_alloc_start', values };
    }
    const area = log.a[place]!;
    const { start, end } = this.#areaOf(run, area);
    const isBusy = log.kind[place] === logKind['cma busy'];
    if (isBusy) this.#areas.set(run, area + 1);
    const errorno = log.b[place]!;
    const hasPage = isBusy || errorno === 0;
    const values = {
      name,
      pfn: hasPage ? start : 0,
      page: hasPage ? pointerOf(start) : 0n,
      count: end - start,
      align: 0,
    };
    return {
      ...who,
      system: 'cma',
      name: isBusy ? 'cma_alloc_busy_retry' : 'cma_alloc_finish',
      values: isBusy ? values : { ...values, errorno },
    };
  }

  #areaOf(run: number, area: number): Range {
    const { demand } = this.#recording;
    const { chunks, areas } = demand(run);
    const places = areas?.[area] ?? chunks.map((_, i) => i);
    return this.#stretch(places.flatMap((place) => chunks[place]?.folios ?? []));
  }

  #rangeOf(run: number): Range {
    return this.#stretch(this.#recording.demand(run).chunks.flatMap(({ folios }) => folios));
  }

  /** Where folios are at home. */
  #stretch(folios: readonly number[]): Range {
    const { cast, spec } = this.#recording;
    let start = Number.POSITIVE_INFINITY;
    let end = 0;
    for (const folio of folios) {
      const pfn = cast.pfn(folio);
      start = Math.min(start, pfn);
      end = Math.max(end, pfn + 2 ** spec(folio).order);
    }
    return { start, end };
  }
}
