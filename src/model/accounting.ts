/** What mm_migrate_pages would print, summed over the calls of a request (mm/migrate.c migrate_pages(), `out`). */

/** Base pages of what moved and failed, huge pages by count, as the event's fields. */
export interface CallTotals {
  succeeded: number;
  failed: number;
  thpSucceeded: number;
  thpFailed: number;
  thpSplit: number;
}

export function emptyTotals(): CallTotals {
  return { succeeded: 0, failed: 0, thpSucceeded: 0, thpFailed: 0, thpSplit: 0 };
}
