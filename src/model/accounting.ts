/**
 * What mm_migrate_pages prints (mm/migrate.c migrate_pages(), `out`; kernel-model 3.8): base pages that moved and failed,
 * huge pages by count. Folios that a call did not get round to are in no number; what the first part of a synchronous
 * call leaves behind is tried again and not counted as failed; parts of a split folio are counted by themselves.
 */
import type { Folio } from './folio.ts';

/** Of one call, or summed over the calls of a request. */
export interface CallTotals {
  /** Base pages. */
  succeeded: number;
  failed: number;
  /** Huge pages (`isHuge`), as folios. */
  thpSucceeded: number;
  thpFailed: number;
  thpSplit: number;
}

export function emptyTotals(): CallTotals {
  return { succeeded: 0, failed: 0, thpSucceeded: 0, thpFailed: 0, thpSplit: 0 };
}

/**
 * folio_test_pmd_mappable(). The model does not know the page size: a folio of order 9 is taken to fill a PMD, as it does
 * with 4K pages (order 11 with 16K, 13 with 64K).
 */
export function isHuge(folio: Folio): boolean {
  return folio.spec.order >= 9 && folio.spec.kind !== 'hugetlb';
}

/** MIGRATEPAGE_SUCCESS, or freed under the caller's hands. */
export function countMoved(totals: CallTotals, folio: Folio): void {
  totals.succeeded += folio.pages;
  if (isHuge(folio)) totals.thpSucceeded++;
}

/** A permanent error, or -EAGAIN when the passes were used up. */
export function countFailed(totals: CallTotals, folio: Folio): void {
  totals.failed += folio.pages;
  if (isHuge(folio)) totals.thpFailed++;
}

/** A huge page that was split has failed as one, its pages have not yet. */
export function countSplit(totals: CallTotals, folio: Folio): void {
  if (!isHuge(folio)) return;
  totals.thpSplit++;
  totals.thpFailed++;
}

/** Of the first part of a synchronous call only what moved, and what was split, is the call's. */
export function addFirstPart(totals: CallTotals, part: CallTotals): void {
  totals.succeeded += part.succeeded;
  totals.thpSucceeded += part.thpSucceeded;
  totals.thpSplit += part.thpSplit;
  totals.thpFailed += part.thpSplit;
}

export function addTotals(totals: CallTotals, more: CallTotals): void {
  totals.succeeded += more.succeeded;
  totals.failed += more.failed;
  totals.thpSucceeded += more.thpSucceeded;
  totals.thpFailed += more.thpFailed;
  totals.thpSplit += more.thpSplit;
}
