/**
 * Splitting a large folio for which there is no destination, and its parts afterwards (mm/migrate.c try_split_folio();
 * kernel-model 3.4, 3.5). The model keeps the folio under its one id, by which the world answers: its parts are folios of
 * order 0 under that id, counted one by one, and it has moved when all of them have.
 */
import { dropLock, matches } from './entries.ts';
import { partOf } from './folio.ts';
import { hasLeft } from './isolate-block.ts';
import { type Kernel, type Member, type Run, type Step, visitOf } from './kernel.ts';
import { toLru } from './migrate.ts';
import { sleepOnLock, tryLock } from './waits.ts';

/**
 * split_folio() under the folio lock, which an asynchronous call only tries. -EAGAIN when the lock or the references
 * stand against it; 'no' where nobody splits: small folios, hugetlb, and never for NUMA balancing.
 */
export function* splitFolio(kernel: Kernel, run: Run, member: Member): Generator<Step, 'split' | 'again' | 'no', void> {
  const { folio } = member;
  const { order, kind, splittable } = folio.spec;
  if (order === 0 || kind === 'hugetlb' || splittable === false || run.demand?.reason === 'numa_misplaced') return 'no';
  if (!tryLock(kernel, run, member)) {
    if (run.mode === 'async') return 'again';
    yield* sleepOnLock(kernel, run, member);
  }
  const splitting = kernel.world.serviceTime('split', visitOf(kernel, run, member));
  if (!kernel.pass(splitting)) yield splitting;
  const can = matches(kernel, run, member);
  dropLock(kernel, run, member);
  if (!can) return 'again';
  run.counters.splits++;
  member.parts = partsOf(member);
  return 'split';
}

/**
 * The parts, isolated like the whole. Each has the entries of one page: one a mapping of a huge page, or its share of a
 * folio mapped by page-table entries. Obstacles yet to come stand before the first part, as a reference is to one page.
 * Episodes and attempts are counted by the whole, so that no two questions about them are the same.
 */
function partsOf(whole: Member): Member[] {
  const { folio } = whole;
  const mapped = folio.mapped >= folio.pages ? Math.round(folio.mapped / folio.pages) : folio.mapped;
  return Array.from({ length: folio.pages }, (_, n) => {
    const part = partOf(folio, mapped, n === 0 ? folio.obstacles : []);
    return {
      folio: part,
      ending: 'unfinished' as const,
      holder: undefined,
      get episodes() {
        return whole.episodes;
      },
      set episodes(count) {
        whole.episodes = count;
      },
      get attempts() {
        return whole.attempts;
      },
      set attempts(count) {
        whole.attempts = count;
      },
      lockTries: 0,
      entriesSince: Number.NaN,
      undoneAt: Number.NaN,
      episode: 0,
      caught: [],
      waited: 0,
      parts: undefined,
      whole,
    };
  });
}

function isSplit({ parts }: Member): boolean {
  return parts !== undefined;
}

/** What a call has to do with members of which some were split by an earlier one: the parts that are left. */
export function unfold(members: readonly Member[]): readonly Member[] {
  if (!members.some(isSplit)) return members;
  return members.flatMap((member) => member.parts?.filter((part) => !hasLeft(part)) ?? [member]);
}

/** Parts back into their wholes, each once; a whole of which nothing is left has moved. */
export function fold(kernel: Kernel, run: Run, members: readonly Member[], left: readonly Member[]): readonly Member[] {
  if (!members.some(isSplit)) return left;
  for (const member of members) {
    if (member.parts === undefined) continue;
    const stuck = member.parts.find((part) => !hasLeft(part));
    member.ending = stuck === undefined ? 'moved' : 'failed';
    member.holder = stuck?.holder;
    if (stuck === undefined) toLru(kernel, run, member);
  }
  return [...new Set(left.map((member) => member.whole ?? member))];
}
