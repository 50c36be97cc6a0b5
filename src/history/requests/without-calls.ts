/**
 * What migrate_vma and split_huge_page() did, which no migrate_pages call tells: their folios, how each ended, and the
 * episodes whose entries were set without an event (kernel-model 4.1, 6.2). Collection by migrate_vma and the splitting of
 * a huge page's one entry set migration entries silently; remove_migration_pte shows them go.
 *
 * Not told: what migrate_vma left out at collection (its lock was not to be had, or nothing was there).
 */
import type { Capture } from '../../events/capture.ts';
import type { BareAttempt } from '../attempts.ts';
import type { CallFinder } from '../calls.ts';
import type { EpisodeFold, Open, Orphan } from '../episodes.ts';
import type { CallFolio, RequestPart } from '../facts.ts';
import type { Isolation } from '../isolations.ts';
import type { Log } from '../log.ts';
import { nameOfPointer, type PointerLine } from '../pointers.ts';
import { type Draft, newDraft } from './draft.ts';
import { marks } from './log.ts';
import { type Stretch, StretchFinder, stretchesOf } from './stretches.ts';

interface SilentWork {
  readonly capture: Capture;
  readonly log: Log;
  readonly finder: CallFinder;
  readonly entries: EpisodeFold;
  readonly attempts: readonly BareAttempt[];
  readonly isolations: readonly Isolation[];
  readonly line: PointerLine;
  /** Order of a huge page. */
  readonly hugeOrder: number;
}

/** A folio being put together. */
interface Found {
  pfn: number;
  pointer: number;
  order: number;
  destination: number;
  outcome: CallFolio['outcome'];
  isolated: boolean;
  episodes: Open[];
  attempts: number[];
}

/**
 * Requests without calls, and all episodes of the capture with theirs among them, in the order of their first events. Ids
 * of episodes are given anew. `left` = removed entries that nothing explains.
 */
export function withoutCalls(work: SilentWork): { drafts: Draft[]; episodes: Open[]; left: readonly Orphan[] } {
  const { entries, capture, finder } = work;
  const stretches = stretchesOf(work.log, finder);
  const find = new StretchFinder(stretches);
  const items = new Map<Stretch, Items>(stretches.map((stretch) => [stretch, newItems()]));
  // A call's own entries, attempts and isolations are the call's, whatever stretch is open behind it.
  const at = (pid: number, ordinal: number): Items | undefined => {
    const stretch = find.at(pid, ordinal);
    return stretch === undefined || finder.at(pid, ordinal) >= 0 ? undefined : items.get(stretch);
  };
  for (const isolation of work.isolations) at(isolation.pid, isolation.ordinal)?.isolations.push(isolation);
  for (const attempt of work.attempts) at(attempt.pid, attempt.ordinal)?.attempts.push(attempt);
  const alone: Open[] = [];
  for (const episode of entries.episodes) {
    if (episode.call >= 0) continue;
    const own = at(episode.pid, episode.firstOrdinal);
    if (own !== undefined) own.episodes.push(episode);
    else if (entries.split.has(episode) && finder.at(episode.pid, episode.firstOrdinal) < 0) alone.push(episode);
  }
  const loose: Orphan[] = [];
  for (const orphan of entries.orphans) (at(orphan.pid, orphan.ordinal)?.orphans ?? loose).push(orphan);

  const made: Open[] = [];
  const left: Orphan[] = [];
  const built: { draft: Draft; folios: Found[] }[] = [];
  for (const [stretch, own] of items) {
    const folios =
      stretch.kind === 'migrate_vma' ? vmaFolios(stretch, own, made, left) : splitFolio(work, stretch, own, made, left);
    built.push({ draft: draftOf(capture, stretch, own), folios });
  }
  for (const episode of alone) built.push(splitByEntries(episode, 'moved'));
  const { huge, rest } = hugePages(work, loose);
  for (const orphans of huge) {
    const episode = silentEpisode(orphans, orphans[0]!.pfn, work.hugeOrder, orphans[0]!);
    made.push(episode);
    built.push(splitByEntries(episode, restoredAs(orphans[0]!, work.hugeOrder)));
  }
  left.push(...rest);

  const episodes = [...entries.episodes, ...made];
  episodes.sort((a, b) => a.firstOrdinal - b.firstOrdinal || a.lastOrdinal - b.lastOrdinal);
  for (const [id, episode] of episodes.entries()) episode.id = id;
  const isolates = work.isolations.length > 0;
  const drafts = built.map(({ draft, folios }) => {
    const finished = folios.map(({ episodes: own, isolated, pointer, ...folio }) => ({
      ...folio,
      pointer: Number.isNaN(pointer) ? -1 : capture.strings.intern(nameOfPointer(pointer)),
      episodes: own.map(({ id }) => id),
      // Zone device pages are not isolated; where isolations were not recorded, nothing tells.
      ...(draft.kind === 'migrate_vma' && isolates && !isolated ? { onDevice: true } : {}),
    }));
    draft.withoutCalls = { ...draft.withoutCalls!, folios: finished };
    return draft;
  });
  return { drafts, episodes, left };
}

/** What lies in one stretch. */
interface Items {
  readonly isolations: Isolation[];
  readonly attempts: BareAttempt[];
  readonly episodes: Open[];
  readonly orphans: Orphan[];
}

function newItems(): Items {
  return { isolations: [], attempts: [], episodes: [], orphans: [] };
}

function newFound(pfn: number, pointer: number): Found {
  const named = !Number.isNaN(pfn);
  return {
    pfn,
    pointer: named ? NaN : pointer,
    order: 0,
    destination: NaN,
    outcome: 'unknown',
    isolated: false,
    episodes: [],
    attempts: [],
  };
}

/**
 * The folios that isolations, attempts and entries name. An entry goes back to where it pointed (restored) or to the
 * destination of an attempt; one that does neither has a source that nothing tells.
 */
function vmaFolios(stretch: Stretch, own: Items, made: Open[], left: Orphan[]): Found[] {
  const byKey = new Map<number, Found>();
  const bySource = new Map<number, Found>();
  const byDestination = new Map<number, Found>();
  const folioOf = (pfn: number, pointer: number): Found => {
    const key = Number.isNaN(pfn) ? -pointer : pfn;
    let folio = byKey.get(key);
    if (folio === undefined) {
      folio = newFound(pfn, pointer);
      byKey.set(key, folio);
      if (!Number.isNaN(pfn)) bySource.set(pfn, folio);
    }
    return folio;
  };
  for (const { pfn, pointer, isolated } of own.isolations) {
    const folio = folioOf(pfn, pointer);
    folio.isolated = true;
    if (!isolated) folio.outcome = 'failed';
  }
  for (const { id, pfn, pointer, destination, returned } of own.attempts) {
    const folio = folioOf(pfn, pointer);
    folio.attempts.push(id);
    // migrate_vma_pages() tries once, and what it moved is moved.
    if (returned === 0) {
      folio.outcome = 'moved';
      folio.destination = destination;
      byDestination.set(destination, folio);
    } else if (!Number.isNaN(returned)) folio.outcome = 'failed';
  }
  for (const episode of own.episodes) {
    const folio = folioOf(episode.sourcePfn, NaN);
    folio.order = Math.max(folio.order, episode.order);
    folio.episodes.push(episode);
    settle(folio, episode);
  }
  const unknown: Orphan[] = [];
  for (const orphan of own.orphans) {
    const folio = byDestination.get(orphan.pfn) ?? bySource.get(orphan.pfn);
    if (folio === undefined) {
      left.push(orphan);
      unknown.push(orphan);
      continue;
    }
    const before = folio.episodes[0];
    if (before !== undefined) {
      // Its entry in the range was there before those of the walk.
      before.removed++;
      before.start = stretch.start;
      before.end = Math.max(before.end || 0, orphan.time);
      before.lastOrdinal = Math.max(before.lastOrdinal, orphan.ordinal);
      continue;
    }
    const episode = silentEpisode([orphan], Number.isNaN(folio.pfn) ? orphan.pfn : folio.pfn, 0, {
      time: stretch.start,
      ordinal: stretch.startOrdinal,
    });
    if (Number.isNaN(folio.pfn)) continue;
    folio.episodes.push(episode);
    made.push(episode);
    settle(folio, episode);
  }
  const nameless = unknown.map(({ pfn }) => ({ ...newFound(NaN, NaN), destination: pfn }));
  return [...byKey.values(), ...nameless];
}

function settle(folio: Found, { outcome, destinationPfn }: Open): void {
  if (folio.outcome !== 'unknown') return;
  if (outcome === 'moved') {
    folio.outcome = 'moved';
    folio.destination = destinationPfn;
  } else if (outcome === 'undone') folio.outcome = 'failed';
}

/** The one folio of a split: what it returned decides, else how the entries went back. */
function splitFolio(work: SilentWork, stretch: Stretch, own: Items, made: Open[], left: Orphan[]): Found[] {
  const { entries, line, hugeOrder } = work;
  const known = own.episodes[0];
  const page = line.pfn(stretch.pointer);
  // What was set without an event is a huge page's; so is, as far as the capture tells, what had no entries at all.
  const order = known?.order ?? hugeOrder;
  const head = known?.sourcePfn ?? own.orphans[0]?.pfn ?? page;
  const pfn = head - (head % 2 ** order);
  const folio = newFound(pfn, stretch.pointer);
  folio.order = order;
  const mine = own.orphans.filter((orphan) => orphan.pfn - (orphan.pfn % 2 ** order) === pfn);
  for (const orphan of own.orphans) if (!mine.includes(orphan)) left.push(orphan);
  folio.episodes.push(...own.episodes.filter(({ sourcePfn }) => sourcePfn === pfn));
  if (mine.length > 0) {
    const episode = silentEpisode(mine, pfn, order, { time: stretch.start, ordinal: stretch.startOrdinal });
    folio.episodes.push(episode);
    made.push(episode);
  }
  const first = mine.find((orphan) => orphan.pfn === pfn);
  if (!Number.isNaN(stretch.returned)) folio.outcome = stretch.returned === 0 ? 'moved' : 'failed';
  else if (known !== undefined && entries.split.has(known)) folio.outcome = 'moved';
  else if (first !== undefined) folio.outcome = restoredAs(first, order);
  return [folio];
}

/** The entry of a huge page's first page tells, as it prints the order of the folio that the page is of now. */
function restoredAs({ order }: Orphan, before: number): CallFolio['outcome'] {
  return order < before ? 'moved' : 'failed';
}

/** An episode of entries that were set without an event at some time after `since`. */
function silentEpisode(
  removed: readonly Orphan[],
  source: number,
  order: number,
  since: { readonly time: number; readonly ordinal: number },
): Open {
  const first = removed[0]!;
  const last = removed.at(-1)!;
  const destination = first.pfn - (first.pfn % 2 ** order);
  return {
    id: -1,
    call: -1,
    pid: first.pid,
    cpu: first.cpu,
    sourcePfn: source,
    destinationPfn: destination,
    order,
    address: first.address,
    set: 0,
    removed: removed.length,
    start: since.time,
    lastSet: since.time,
    end: last.time,
    outcome: destination === source ? 'undone' : 'moved',
    deferredFlush: 'unknown',
    index: 0,
    firstOrdinal: since.ordinal,
    lastOrdinal: last.ordinal,
  };
}

/**
 * Entries set silently that go back to all pages of a huge page one after the other, outside of any call: its one entry
 * was split for split_huge_page(). Fewer than all may be what a lost stretch of the trace has left.
 */
function hugePages(work: SilentWork, loose: readonly Orphan[]): { huge: Orphan[][]; rest: Orphan[] } {
  const pages = 2 ** work.hugeOrder;
  const open = new Map<number, Orphan[]>();
  const huge: Orphan[][] = [];
  const rest: Orphan[] = [];
  for (const orphan of loose) {
    let run = open.get(orphan.pid) ?? [];
    const follows = run.length > 0 && orphan.pfn === run.at(-1)!.pfn + 1 && !orphan.onDevice;
    if (!follows) {
      rest.push(...run);
      run = [];
      open.set(orphan.pid, run);
      if (orphan.pfn % pages !== 0 || work.finder.at(orphan.pid, orphan.ordinal) >= 0) {
        rest.push(orphan);
        continue;
      }
    }
    run.push(orphan);
    if (run.length < pages) continue;
    huge.push(run);
    open.delete(orphan.pid);
  }
  for (const run of open.values()) rest.push(...run);
  return { huge, rest };
}

function splitByEntries(episode: Open, outcome: CallFolio['outcome']): { draft: Draft; folios: Found[] } {
  const basis = 'entries of a huge page go back to its single pages, outside of any call';
  const draft = newDraft('thp split', 'inferred', basis, episode.pid, '');
  draft.start = episode.start;
  draft.end = episode.end;
  draft.startOrdinal = episode.firstOrdinal;
  draft.endOrdinal = episode.lastOrdinal;
  draft.returned = outcome === 'moved' ? 0 : NaN;
  draft.startPfn = episode.sourcePfn;
  draft.endPfn = episode.sourcePfn + 2 ** episode.order;
  const { cpu, start, lastSet, end } = episode;
  // Of entries set silently the first to go is all that shows a beginning.
  draft.withoutCalls = { cpu, folios: [], parts: told({ unmap: lastSet - start, restore: end - lastSet }) };
  return {
    draft,
    folios: [{ ...newFound(episode.sourcePfn, NaN), order: episode.order, outcome, episodes: [episode] }],
  };
}

function draftOf(capture: Capture, stretch: Stretch, own: Items): Draft {
  const isSplit = stretch.kind === 'thp split';
  const basis = isSplit ? 'split_huge_page probe' : 'migrate_vma_setup and migrate_vma_finalize probes';
  const draft = newDraft(stretch.kind, 'seen', basis, stretch.pid, capture.strings.text(stretch.comm));
  draft.start = stretch.start;
  draft.startOrdinal = stretch.startOrdinal;
  draft.returned = stretch.returned;
  draft.end = Number.isNaN(stretch.end) ? lastSeen(stretch, own) : stretch.end;
  draft.endOrdinal = stretch.endOrdinal;
  const parts = isSplit ? splitParts(stretch, own) : vmaParts(stretch);
  draft.withoutCalls = { cpu: stretch.cpu, folios: [], parts };
  return draft;
}

function lastSeen({ start, steps }: Stretch, { orphans, attempts, episodes }: Items): number {
  let last = start;
  for (const time of steps.values()) last = Math.max(last, time);
  for (const { time } of orphans) last = Math.max(last, time);
  for (const { start: from, end } of [...attempts, ...episodes]) last = Math.max(last, end >= from ? end : from);
  return last;
}

function vmaParts({ steps }: Stretch): Partial<Record<RequestPart, number>> {
  const between = (from: number, to: number) => (steps.get(to) ?? NaN) - (steps.get(from) ?? NaN);
  return told({
    setup: between(marks.vmaSetup, marks.vmaSetup + 1),
    copy: between(marks.vmaSetup + 1, marks.vmaPages),
    pages: between(marks.vmaPages, marks.vmaPages + 1),
    finalize: between(marks.vmaFinalize, marks.vmaFinalize + 1),
  });
}

/** unmap_folio() lasts until the first entry goes back, with the freeze and the split itself in it. */
function splitParts(stretch: Stretch, own: Items): Partial<Record<RequestPart, number>> {
  const ends = [...own.orphans.map(({ time }) => time), ...own.episodes.map(({ end }) => end)];
  const last = Math.max(...ends);
  const first = own.orphans[0]?.time ?? own.episodes[0]?.lastSet ?? NaN;
  return told({ unmap: first - stretch.start, restore: last - first });
}

function told(parts: Readonly<Record<string, number>>): Partial<Record<RequestPart, number>> {
  return Object.fromEntries(Object.entries(parts).filter(([, time]) => time >= 0));
}
