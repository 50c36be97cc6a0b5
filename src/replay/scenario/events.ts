/**
 * A recording as kernel events: what tracepoints, and probes on the draining functions, would have said of it. Which of them
 * a release has, and how it prints them, is for the writer of the text (`write/emit/`), by the catalogue's eras.
 */
import type { RequestModel } from '../../model/demand.ts';
import { logKind, logReasons } from '../../model/log.ts';
import { entriesOf } from './entries.ts';
import { Frames, type Told, tell } from './frames.ts';
import { RangeEvents } from './range-events.ts';
import type { Recording } from './record.ts';

export type EventValue = number | bigint | string;

export interface KernelEvent {
  /** ns since the scenario began, whole microseconds. */
  readonly time: number;
  readonly cpu: number;
  readonly pid: number;
  readonly comm: string;
  /** System of the catalogue; `kprobes` of a probe. */
  readonly system: string;
  readonly name: string;
  /** By the names of the catalogue's fields. */
  readonly values: Readonly<Record<string, EventValue>>;
  /** Of a probe: the function, and where its return went to. */
  readonly probe?: { readonly function: string; readonly caller?: string };
}

/** Who an event is of. */
export interface Who {
  readonly time: number;
  readonly cpu: number;
  readonly pid: number;
  readonly comm: string;
}

const modes = ['MIGRATE_ASYNC', 'MIGRATE_SYNC_LIGHT', 'MIGRATE_SYNC'];

/** VMEMMAP_START of a kernel with 48-bit addresses, and sizeof(struct page). */
const vmemmap = 0xfffffc0000000000n;
const structPage = 64n;

/** The functions that drain or disable caches for each requester (mm/, 6.12). */
const callers: Readonly<Record<RequestModel, string>> = {
  move_pages: 'do_pages_move',
  'contiguous allocation': '__alloc_contig_migrate_range',
  cma: '__alloc_contig_migrate_range',
  compaction: 'compact_nodes',
  'longterm pin': 'collect_longterm_unpinnable_folios',
  'memory offline': 'offline_pages',
  'numa balancing': 'migrate_misplaced_folio',
  'soft offline': 'shake_folio',
  migrate_vma: 'migrate_device_unmap',
  'thp split': 'split_huge_page_to_list_to_order',
  migrate_pages: 'do_migrate_pages',
  call: 'do_mbind',
};

/** First user address that is given out, and how far apart folios' addresses are (2 MiB, more than a huge page's entry apart). */
const firstAddress = 0xffff_0000_0000;
/** First pid of the workers that run drain works. */
const firstWorker = 200_000;

/** All events of a recording in order of time; those of one time in the order of the log. */
export function* eventsOf(recording: Recording): Generator<KernelEvent> {
  const told = tell(recording);
  const teller = new Teller(recording, told);
  for (const place of told.order) yield* teller.row(place);
}

/** `struct page *` of a frame. */
export function pointerOf(pfn: number): bigint {
  return vmemmap + BigInt(pfn) * structPage;
}

class Teller {
  readonly #recording: Recording;
  readonly #told: Told;
  readonly #frames: Frames;
  readonly #ranges: RangeEvents;
  readonly #hugeOrder: number;
  readonly #entries: ReturnType<typeof entriesOf>;
  readonly #modes = new Map<number, number>();
  readonly #huge = new Map<number, readonly [number, number]>();
  /** Place of the first row of the drain work under way on each CPU. */
  readonly #working = new Set<number>();

  constructor(recording: Recording, told: Told) {
    this.#recording = recording;
    this.#told = told;
    this.#frames = new Frames(recording);
    this.#ranges = new RangeEvents(recording, told, this.#frames);
    this.#hugeOrder = Math.log2(recording.cast.pageSize / 8);
    this.#entries = entriesOf(recording.kernel, recording.cast.pageSize);
  }

  *row(place: number): Generator<KernelEvent> {
    const { log } = this.#recording;
    this.#frames.before(place, this.#told);
    const who = this.#whoOf(place);
    const run = log.run[place]!;
    const [a, b, c] = [log.a[place]!, log.b[place]!, log.c[place]!];
    const event = (system: string, name: string, values: KernelEvent['values'] = {}): KernelEvent => ({
      ...who,
      system,
      name,
      values,
    });
    switch (log.kind[place]) {
      case logKind['call start']:
        this.#modes.set(run, a);
        yield event('migrate', 'mm_migrate_pages_start', { mode: modes[a] ?? '', reason: reasonText(b) });
        break;
      case logKind['call huge']:
        this.#huge.set(run, [a, b]);
        break;
      case logKind['call end']: {
        const [thpSucceeded, thpFailed] = this.#huge.get(run) ?? [0, 0];
        this.#huge.delete(run);
        yield event('migrate', 'mm_migrate_pages', {
          nr_succeeded: a,
          nr_failed: b,
          nr_thp_succeeded: thpSucceeded,
          nr_thp_failed: thpFailed,
          nr_thp_split: c,
          // The model counts splits of huge pages only.
          nr_split: c,
          mode: modes[this.#modes.get(run) ?? 0] ?? '',
          reason: reasonText(log.folio[place]!),
        });
        break;
      }
      case logKind['set entry']:
        yield* this.#entriesOf(place, who, a, true);
        break;
      case logKind['remove entry']:
        yield* this.#entriesOf(place, who, b, false);
        break;
      case logKind.insertion:
      case logKind.activation:
        yield* this.#flushed(place, who);
        break;
      case logKind['drain work']:
        yield* this.#workBegins(who);
        this.#working.delete(who.cpu);
        yield event('workqueue', 'workqueue_execute_end', work(who.cpu));
        break;
      // lru_cache_disable() calls the inner function, which is not probed.
      case logKind['drain all start']:
        if (a === 0) yield probe(who, 'lru_add_drain_all');
        break;
      case logKind['drain all end']:
        if (a === 0) yield probe(who, 'lru_add_drain_all', this.#callerIn(run));
        break;
      case logKind['disable start']:
        yield probe(who, 'lru_cache_disable');
        break;
      case logKind['disable end']:
        yield probe(who, 'lru_cache_disable', this.#callerIn(run));
        break;
      default:
        yield* this.#ranges.row(place, who);
    }
  }

  #whoOf(place: number): Who {
    const { log, cast, thread } = this.#recording;
    const run = log.run[place]!;
    const cpu = log.cpu[place]!;
    const time = log.time[place]!;
    if (this.#told.byWorker[place] === 1 || log.kind[place] === logKind['drain work']) {
      return { time, cpu, pid: firstWorker + cpu, comm: `kworker/${cpu}:1` };
    }
    if (run < 0) return { time, cpu, pid: cast.taskOf(cpu), comm: cast.commOf(cpu) };
    return { time, cpu, pid: thread(run), comm: cast.comm(run) };
  }

  /** Function of the requester that drains; of another task, the syscall by which anybody can (mm/compaction.c). */
  #callerIn(run: number): string {
    return run < 0 ? 'sysctl_compaction_handler' : callers[this.#recording.demand(run).model];
  }

  /** One event an entry. Pages of a large folio have an entry each, in as many processes as there are entries. */
  *#entriesOf(place: number, who: Who, entries: number, isSet: boolean): Generator<KernelEvent> {
    const { log, spec, cast } = this.#recording;
    const folio = log.folio[place]!;
    const { order } = spec(folio);
    const pfn = this.#frames.at(folio);
    const verb = isSet ? 'set' : 'remove';
    const value = isSet ? this.#entries.migration : this.#entries.present;
    const address = firstAddress - (folio + 1) * cast.pageSize * Math.max(2 ** order, 1);
    if (order === this.#hugeOrder && entries < 2 ** order) {
      for (let i = 0; i < entries; i++) {
        yield { ...who, system: 'thp', name: `${verb}_migration_pmd`, values: { addr: address, pmd: value(pfn) } };
      }
      return;
    }
    for (let i = 0; i < entries; i++) {
      const page = i % 2 ** order;
      yield {
        ...who,
        system: 'migrate',
        name: `${verb}_migration_pte`,
        values: { addr: address + page * cast.pageSize, pte: value(pfn + page), order },
      };
    }
  }

  /** mm_lru_insertion and mm_lru_activate fire when a batch is flushed. */
  *#flushed(place: number, who: Who): Generator<KernelEvent> {
    const { log } = this.#recording;
    if (this.#told.byWorker[place] === 1) yield* this.#workBegins(who);
    const folio = log.folio[place]!;
    const isOther = folio < 0;
    const pfn = isOther ? this.#frames.another() : this.#frames.at(folio);
    const frame = { folio: pointerOf(pfn), pfn };
    if (log.kind[place] === logKind.activation) {
      yield { ...who, system: 'pagemap', name: 'mm_lru_activate', values: frame };
      return;
    }
    // Of a folio that nobody migrates nothing is known: a page that was faulted in, mapped and anonymous.
    const flags = isOther ? 0x13 : log.b[place]!;
    yield { ...who, system: 'pagemap', name: 'mm_lru_insertion', values: { ...frame, lru: log.a[place]!, flags } };
  }

  *#workBegins(who: Who): Generator<KernelEvent> {
    if (this.#working.has(who.cpu)) return;
    this.#working.add(who.cpu);
    yield { ...who, system: 'workqueue', name: 'workqueue_execute_start', values: work(who.cpu) };
  }
}

function work(cpu: number): KernelEvent['values'] {
  return { work: 0xffff_0000_3f00_0000n + BigInt(cpu) * 0x1_0000n, function: 'lru_add_drain_per_cpu' };
}

function probe(who: Who, of: string, caller?: string): KernelEvent {
  const name = `${of}_${caller === undefined ? 'entry' : 'return'}`;
  const site = caller === undefined ? { function: of } : { function: of, caller };
  return { ...who, system: 'kprobes', name, values: {}, probe: site };
}

/** MIGRATE_REASON; a number that it has no name for is printed as hex. */
function reasonText(place: number): string {
  return logReasons[place] ?? '0xffffffff';
}
