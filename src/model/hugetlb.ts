/** Hugetlb folios in the batched loops (mm/migrate.c migrate_hugetlbs(), 6.3 and later; kernel-model 3.5). */
import type { Member } from './kernel.ts';

/**
 * NR_MAX_MIGRATE_PAGES_RETRY: passes over the hugetlb folios of a list, before anything else is tried. Each pass is an
 * episode of its own, as in the loop up to 6.2, where they take their turn among the others.
 */
export const hugetlbPasses = 10;

/** The hugetlb folios of a list, and the rest. */
export function partHugetlb(members: readonly Member[]): { huge: readonly Member[]; others: readonly Member[] } {
  if (!members.some(({ folio }) => folio.spec.kind === 'hugetlb')) return { huge: [], others: members };
  return {
    huge: members.filter(({ folio }) => folio.spec.kind === 'hugetlb'),
    others: members.filter(({ folio }) => folio.spec.kind !== 'hugetlb'),
  };
}
