/** Sleeps on folio locks that keep a folio from moving. */
import { addTo } from '../base/groups.ts';
import type { Wait } from '../history/facts.ts';

/** Those of tasks that hold (or may hold) a reference meanwhile, by frame. */
export function lockSleepsOf(waits: readonly Wait[]): Map<number, Wait[]> {
  const byPfn = new Map<number, Wait[]>();
  for (const wait of waits) {
    if (wait.on !== 'lock' || Number.isNaN(wait.pfn) || wait.holdsReference === 'no') continue;
    addTo(byPfn, wait.pfn, wait);
  }
  return byPfn;
}
