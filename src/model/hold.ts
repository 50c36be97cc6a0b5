/** References that a request takes on a folio without isolating it: of migrate_vma's collect, of who splits a huge page. */
import { type Folio, get, holderInTheWay, put } from './folio.ts';
import type { Run } from './kernel.ts';
import type { Holder, Obstacle } from './world.ts';

/** folio_get(): until `release`, other requests meet a reference that they do not expect. */
export function hold(folio: Folio, now: number): Obstacle {
  const held: Obstacle = { holder: 'transient reference', from: now, until: Number.POSITIVE_INFINITY, references: 1 };
  get(folio);
  folio.active = [...folio.active, held];
  return held;
}

/** folio_put() of what `hold` gave. */
export function release(folio: Folio, held: Obstacle): void {
  put(folio);
  folio.active = folio.active.filter((one) => one !== held);
}

/** Who else is in the way of a request that holds the folio itself. */
export function holderBeside(folio: Folio, held: Obstacle): Holder | undefined {
  const { active } = folio;
  folio.active = active.filter((one) => one !== held);
  const holder = holderInTheWay(folio);
  folio.active = active;
  return holder;
}

/** Whether anything else stands in the way from now to the request's recorded end: what alone stops the oracle. */
export function isBlockedForGood(folio: Folio, held: Obstacle, run: Run, now: number): boolean {
  const end = run.demand?.end ?? now;
  return folio.active.some((one) => one !== held && one.from <= now && one.until >= end);
}
