/**
 * Episodes: from the first set_migration_pte of a folio to its last remove_migration_pte, by migrating task
 * (mm/rmap.c try_to_migrate_one, mm/migrate.c remove_migration_pte; set_migration_pmd and remove_migration_pmd for a
 * huge page mapped as one). Each event is one mapping: the same address may come several times, once for each process.
 */

import { NumberColumn } from '../base/columns.ts';
import { addTo } from '../base/groups.ts';
import type { Capture } from '../events/capture.ts';
import type { BareCall, CallFinder } from './calls.ts';
import { chooseDecoder, type Decoder, kernelOf } from './entries.ts';
import type { Episode } from './facts.ts';
import { argument, field, fieldHigh, fieldLow } from './fields.ts';
import type { Listener } from './gather.ts';
import { Log, type Now } from './log.ts';

const SET = 0;
const REMOVE = 1;
const SET_HUGE = 2;
const REMOVE_HUGE = 3;
const UNMAP = 4;
const tags: Readonly<Record<string, number>> = {
  set_migration_pte: SET,
  remove_migration_pte: REMOVE,
  set_migration_pmd: SET_HUGE,
  remove_migration_pmd: REMOVE_HUGE,
};

/** TTU_BATCH_FLUSH (include/linux/rmap.h): flushes of TLBs are put off to the end of the unmap phase. */
const TTU_BATCH_FLUSH = 0x40;

/** Columns: address, high and low half of the entry, order; of an unmap probe: folio pointer, flags. */
export const newEntryLog = (): Log => new Log(4);

export function listenToEntries(now: Now, log: Log): Listener {
  return (kind) => {
    if (kind.probe?.meaning === 'try_to_migrate' && !kind.probe.isReturn) {
      return (columns) => {
        const folio = argument(columns, 'folio');
        const flags = argument(columns, 'ttu');
        return (row) => log.add(now, UNMAP, folio(row), flags(row));
      };
    }
    const tag = kind.form === 'catalogued' ? tags[kind.name] : undefined;
    if (tag === undefined) return undefined;
    const entry = tag >= SET_HUGE ? 'pmd' : 'pte';
    return (columns) => {
      const address = field(columns, 'addr');
      const high = fieldHigh(columns, entry);
      const low = fieldLow(columns, entry);
      const order = field(columns, 'order');
      return (row) => log.add(now, tag, address(row), high(row), low(row), order(row));
    };
  };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
export type Open = Mutable<Episode>;

/** An entry that was removed outside of any episode: nothing shows that it was set. */
export interface Orphan {
  readonly pid: number;
  readonly cpu: number;
  readonly ordinal: number;
  readonly time: number;
  readonly address: number;
  /** Frame that is mapped now; of device-private memory when `onDevice`. */
  readonly pfn: number;
  readonly order: number;
  readonly onDevice: boolean;
}

export interface EpisodeFold {
  readonly episodes: Open[];
  /** Episodes after which the folio's pages were pages of their own. */
  readonly split: ReadonlySet<Open>;
  readonly orphans: readonly Orphan[];
  readonly decoder: Decoder | undefined;
  readonly refusals: readonly { readonly what: string; readonly reason: string; readonly count: number }[];
  /** Pairs of folio pointer and frame: unmapping a folio, then its first entry. */
  readonly pairs: { readonly keys: NumberColumn; readonly pfns: NumberColumn };
}

/** What one migrating task has under way. */
interface Migrator {
  call: number;
  /** Open episodes by folio frame, and by address in the order they were opened. */
  readonly byPfn: Map<number, Open>;
  readonly byAddress: Map<number, Open[]>;
  /** Row of the unmap probe that no entry has followed yet, or -1. */
  unmap: number;
}

export function foldEpisodes(capture: Capture, log: Log, calls: readonly BareCall[], finder: CallFinder): EpisodeFold {
  const pairs = { keys: new NumberColumn(), pfns: new NumberColumn() };
  const sample = { highs: new NumberColumn(), lows: new NumberColumn(), addresses: new NumberColumn() };
  let entries = 0;
  for (let row = 0; row < log.length; row++) {
    const tag = log.tag.data[row]!;
    if (tag !== UNMAP) entries++;
    if (tag === SET || tag === REMOVE) sample.addresses.push(log.value(0, row));
    if (tag !== SET && tag !== SET_HUGE) continue;
    sample.highs.push(log.value(1, row));
    sample.lows.push(log.value(2, row));
  }
  const split = new Set<Open>();
  const orphans: Orphan[] = [];
  if (entries === 0) return { episodes: [], split, orphans, decoder: undefined, refusals: [], pairs };
  const decoder = chooseDecoder(capture, {
    highs: sample.highs.toArray(),
    lows: sample.lows.toArray(),
    addresses: sample.addresses.toArray(),
  });
  if ('reason' in decoder) {
    const refusal = { what: 'migration entries', reason: decoder.reason, count: entries };
    return { episodes: [], split, orphans, decoder: undefined, refusals: [refusal], pairs };
  }

  // A huge page mapped as one entry: a PMD's worth of pages, 2 MiB of 4 KiB pages, 32 MiB of 16 KiB ones.
  const hugeOrder = Math.log2(decoder.pageSize / 8);
  const episodes: Open[] = [];
  const migrators = new Map<number, Migrator>();
  let undecoded = 0;

  const close = (migrator: Migrator, episode: Open): void => {
    migrator.byPfn.delete(episode.sourcePfn);
    if (episode.removed > 0) return;
    episode.end = NaN;
  };
  const closeAll = (migrator: Migrator): void => {
    for (const episode of [...migrator.byPfn.values()]) close(migrator, episode);
    migrator.byAddress.clear();
  };

  for (let row = 0; row < log.length; row++) {
    const pid = log.pid.data[row]!;
    const ordinal = log.ordinal.data[row]!;
    const tag = log.tag.data[row]!;
    let migrator = migrators.get(pid);
    if (migrator === undefined) {
      migrator = { call: -1, byPfn: new Map(), byAddress: new Map(), unmap: -1 };
      migrators.set(pid, migrator);
    }
    // Folios are unlocked when their call ends, whatever entries were seen to go.
    const call = finder.at(pid, ordinal);
    if (call !== migrator.call) {
      closeAll(migrator);
      migrator.call = call;
      migrator.unmap = -1;
    }
    if (tag === UNMAP) {
      migrator.unmap = row;
      continue;
    }
    const time = log.time.data[row]!;
    const address = log.value(0, row);
    const isSet = tag === SET || tag === SET_HUGE;
    const high = log.value(1, row);
    const low = log.value(2, row);
    const present = isSet ? NaN : decoder.present(high, low);
    // Device-private memory is mapped by an entry of a swap type next to the migration types, with the frame in its place.
    const pfn = Number.isNaN(present) ? decoder.source(high, low) : present;
    if (Number.isNaN(pfn)) {
      undecoded++;
      continue;
    }
    if (isSet) {
      const order = tag === SET_HUGE ? hugeOrder : log.value(3, row) || 0;
      // Entries of a large folio name its single pages; folios are naturally aligned.
      const source = pfn - (pfn % 2 ** order);
      let episode = migrator.byPfn.get(source);
      if (episode !== undefined && episode.removed > 0) {
        close(migrator, episode);
        episode = undefined;
      }
      if (episode === undefined) {
        episode = {
          id: episodes.length,
          call,
          pid,
          cpu: log.cpu.data[row]!,
          sourcePfn: source,
          destinationPfn: NaN,
          order,
          address,
          set: 0,
          removed: 0,
          start: time,
          lastSet: time,
          end: NaN,
          outcome: 'open',
          deferredFlush: 'unknown',
          index: 0,
          firstOrdinal: ordinal,
          lastOrdinal: ordinal,
        };
        episodes.push(episode);
        migrator.byPfn.set(source, episode);
        if (migrator.unmap >= 0) {
          pairs.keys.push(log.value(0, migrator.unmap));
          pairs.pfns.push(source);
          const flags = log.value(1, migrator.unmap);
          if (!Number.isNaN(flags)) episode.deferredFlush = (flags & TTU_BATCH_FLUSH) !== 0 ? 'yes' : 'no';
          episode.unmapStart = log.time.data[migrator.unmap]!;
        }
      }
      migrator.unmap = -1;
      episode.set++;
      episode.lastSet = time;
      episode.lastOrdinal = ordinal;
      const there = migrator.byAddress.get(address);
      if (there === undefined) migrator.byAddress.set(address, [episode]);
      else if (!there.includes(episode)) there.push(episode);
      continue;
    }
    const episode = belongsTo(migrator, address, pfn);
    if (episode === undefined) {
      const order = tag === REMOVE_HUGE ? hugeOrder : log.value(3, row) || 0;
      const onDevice = Number.isNaN(present);
      orphans.push({ pid, cpu: log.cpu.data[row]!, ordinal, time, address, pfn, order, onDevice });
      continue;
    }
    const destination = pfn - (pfn % 2 ** episode.order);
    episode.destinationPfn = destination;
    episode.removed++;
    episode.end = time;
    episode.lastOrdinal = ordinal;
    episode.outcome = destination === episode.sourcePfn ? 'undone' : 'moved';
    // The first page of a large folio comes back as the large folio that it is; as a smaller one, it was split in between
    // (unmap_folio and remap_page of mm/huge_memory.c use the same entries). That is no try to move it, so no call's.
    if (tag === REMOVE && pfn === episode.sourcePfn && log.value(3, row) < episode.order) {
      episode.call = -1;
      split.add(episode);
    }
    if (episode.removed === episode.set) {
      close(migrator, episode);
      const there = migrator.byAddress.get(address)!;
      if (there.length === 1) migrator.byAddress.delete(address);
      else there.splice(there.indexOf(episode), 1);
    }
  }

  setSplitsApart(episodes);
  number(episodes, calls, kernelOf(capture), capture.strings.find('MIGRATE_ASYNC'));
  const refusals = [];
  if (undecoded > 0) {
    const reason = `neither migration entries nor present ones in the layout of kernel ${decoder.layout.name}`;
    refusals.push({ what: 'migration entries', reason, count: undecoded });
  }
  return { episodes, split, orphans, decoder, refusals, pairs };
}

/**
 * A large folio whose entries were restored, and of which the same call then unmaps pages as smaller folios, was split
 * (mm/migrate.c try_split_folio; up front for partially mapped ones since 6.9): no try to move it either.
 */
function setSplitsApart(episodes: readonly Open[]): void {
  const undone = new Map<number, Open[]>(); // by call
  for (const episode of episodes) {
    if (episode.call < 0) continue;
    const large = undone.get(episode.call);
    for (const one of large ?? []) {
      const offset = episode.sourcePfn - one.sourcePfn;
      if (one.order > episode.order && offset >= 0 && offset < 2 ** one.order) one.call = -1;
    }
    if (episode.order === 0 || episode.outcome !== 'undone') continue;
    if (large === undefined) undone.set(episode.call, [episode]);
    else large.push(episode);
  }
}

/**
 * The open episode that a removed entry ends. Several folios may have had an entry at one address (private copies of
 * forked processes): the restored frame decides, else the one that was unmapped first (lists keep their order).
 */
function belongsTo(migrator: Migrator, address: number, pfn: number): Open | undefined {
  const there = migrator.byAddress.get(address);
  if (there === undefined) return undefined;
  let first: Open | undefined;
  for (const episode of there) {
    if (episode.removed >= episode.set || migrator.byPfn.get(episode.sourcePfn) !== episode) continue;
    const destination = pfn - (pfn % 2 ** episode.order);
    if (destination === episode.destinationPfn || destination === episode.sourcePfn) return episode;
    if (Number.isNaN(episode.destinationPfn)) first ??= episode;
  }
  return first;
}

/**
 * Numbers a folio's episodes within their call, and says whether their TLB flushes were put off where no probe showed
 * it: only asynchronous unmapping asks for it (mm/migrate.c migrate_folio_unmap, 6.3 and later), and arm64 can do it since
 * 6.6 (arch_tlbbatch_should_defer). A synchronous call unmaps asynchronously first, then one folio at a time.
 */
function number(episodes: readonly Open[], calls: readonly BareCall[], kernel: number, async: number): void {
  const counts = new Map<string, number>();
  const key = (episode: Open): string => `${episode.call} ${episode.sourcePfn}`;
  for (const episode of episodes) {
    if (episode.call < 0) continue;
    const before = counts.get(key(episode)) ?? 0;
    episode.index = before;
    counts.set(key(episode), before + 1);
  }
  for (const episode of episodes) {
    if (episode.deferredFlush !== 'unknown' || Number.isNaN(kernel)) continue;
    if (kernel < 6006) episode.deferredFlush = 'no';
    else if (episode.call >= 0 && calls[episode.call]!.complete !== 'no start') {
      const total = counts.get(key(episode))!;
      // Mainline makes one of each. More than two come from kernels that undo early: which part then is not told.
      if (episode.index === 0 || calls[episode.call]!.mode === async) episode.deferredFlush = 'yes';
      else if (episode.index === total - 1) episode.deferredFlush = 'no';
    }
  }
}

/** Finds a folio's episode by frame and place. */
export class EpisodeFinder {
  readonly #byPfn = new Map<number, number[]>();
  readonly #episodes: readonly Episode[];
  readonly #orders: readonly number[];

  constructor(episodes: readonly Episode[]) {
    this.#episodes = episodes;
    for (const episode of episodes) {
      addTo(this.#byPfn, episode.sourcePfn, episode.id);
    }
    this.#orders = [...new Set(episodes.map((episode) => episode.order))].sort((a, b) => a - b);
  }

  /** Ids of the episodes of the folio that holds this frame, in their order. */
  of(pfn: number): readonly number[] {
    for (const order of this.#orders) {
      const list = this.#byPfn.get(pfn - (pfn % 2 ** order));
      if (list !== undefined && this.#episodes[list[0]!]!.order >= order) return list;
    }
    return [];
  }

  /** Id of the folio's last episode that began at or before an ordinal and (unless open) ended at or after `since`; or -1. */
  at(pfn: number, ordinal: number, since = ordinal): number {
    let found = -1;
    for (const id of this.of(pfn)) {
      const episode = this.#episodes[id]!;
      if (episode.firstOrdinal > ordinal) break;
      if (episode.lastOrdinal >= since || (episode.outcome === 'open' && episode.call < 0)) found = id;
    }
    return found;
  }
}
