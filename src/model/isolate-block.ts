/**
 * isolate_migratepages_block() (mm/compaction.c): how compaction and contiguous allocation fill a list. The others
 * (move_pages, GUP, offline, NUMA balancing) isolate what they were told to, without a look at references.
 */
import { activeObstacle, holderInTheWay, settle } from './folio.ts';
import { type Kernel, type Member, type Run, type Step, visitOf } from './kernel.ts';
import { serviceTime, takeOffLru } from './migrate.ts';

/** COMPACT_CLUSTER_MAX: base pages after which a list is full; a large folio may take it beyond. */
const clusterPages = 32;

/**
 * Whether nobody has to move the folio any more: it has moved in this request, or was reclaimed. A folio whose last user
 * let go meanwhile is a free page by now, and noted as reclaimed.
 */
export function hasLeft(member: Member): boolean {
  if (member.ending === 'moved' || member.ending === 'reclaimed') return true;
  if (!member.folio.gone || member.folio.references > 0) return false;
  member.ending = 'reclaimed';
  return true;
}

/**
 * Isolates from `from` on until the list is full, and returns the first place that was not looked at. What cannot be
 * isolated, or is not worth it, is remembered as not isolated (kernel-model 7.3, 7.5).
 */
export function* isolateBlock(
  kernel: Kernel,
  run: Run,
  members: readonly Member[],
  from: number,
  list: Member[],
): Generator<Step, number, void> {
  const most = run.demand?.wholeLists === true ? Number.POSITIVE_INFINITY : clusterPages;
  let pages = 0;
  let place = from;
  for (; place < members.length && pages < most; place++) {
    const member = members[place]!;
    if (hasLeft(member)) continue;
    if (isHopeless(kernel, run, member)) {
      member.ending = 'not isolated';
      continue;
    }
    const isolating = serviceTime(kernel, run, member, 'isolate');
    if (!kernel.pass(isolating)) yield isolating;
    if (takeOffLru(kernel, run, member)) {
      list.push(member);
      pages += member.folio.pages;
    } else member.ending = 'not isolated';
  }
  return place;
}

/**
 * What the scanner leaves alone. A folio that a capture shows on a list (`unknown`) was worth it: it got past this.
 *
 * An anonymous folio with more references than entries that map it is taken to be pinned (the scanner's own reference
 * is not counted). Scanners that may not block (ISOLATE_ASYNC_MIGRATE: asynchronous and sync-light compaction) also skip
 * writeback, and dirty folios that only writing out could move.
 */
function isHopeless(kernel: Kernel, run: Run, member: Member): boolean {
  const { folio } = member;
  if (folio.spec.kind === 'unknown' || kernel.decisions.oracle) return false;
  settle(folio, kernel.now);
  if (folio.spec.kind === 'anon' && folio.references > folio.mapped && folio.onLru) {
    member.holder = holderInTheWay(folio);
    return true;
  }
  if (run.demand?.model !== 'compaction' || run.mode === 'sync') return false;
  if (activeObstacle(folio, 'writeback') !== undefined) {
    member.holder = 'writeback';
    return true;
  }
  return kernel.world.refuses?.(visitOf(kernel, run, member), 'dirty') === true;
}
