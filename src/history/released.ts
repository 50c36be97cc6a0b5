/**
 * What stock events say of a holder: whether putting the entries back let go of folios of the same requests, and what came of
 * the folio the next time somebody wanted it.
 */
import type { Call, Episode, Evidence, Failure } from './facts.ts';
import { share } from './likelihoods.ts';
import type { Facts, Seen } from './marks.ts';
import type { Rates } from './rates.ts';

/** Folios whose entries were put back at least once: how many moved in a later episode of that call, and how many did not. */
export interface Afflicted {
  readonly released: number;
  readonly kept: number;
}

/** By reason of the call. */
export function afflictedByReason(calls: readonly Call[], episodes: readonly Episode[]): Map<string, Afflicted> {
  const by = new Map<string, Afflicted>();
  for (const { reason, folios } of calls) {
    for (const folio of folios) {
      if (!folio.episodes.some((id) => episodes[id]!.outcome === 'undone')) continue;
      const { released, kept } = by.get(reason) ?? { released: 0, kept: 0 };
      if (folio.outcome === 'moved') by.set(reason, { released: released + 1, kept });
      else if (folio.outcome === 'failed') by.set(reason, { released, kept: kept + 1 });
    }
  }
  return by;
}

/**
 * Of what can hold a folio only a fault asleep on its lock is let go by the undoing itself; folios that moved once their entries
 * were back show that there were such faults. Whether those that did not move met one as well: with any chance of meeting
 * the next fault equally likely beforehand, r released and k kept folios have probability 1/(r+k+1) if all were faults, and
 * 1/(r+1) if only the released ones were. Says nothing of other failures, since they are counted in it already.
 */
export function releasedEvidence(by: ReadonlyMap<string, Afflicted>, call: Call, seen: Seen): Evidence[] {
  const { released, kept } = by.get(call.reason) ?? { released: 0, kept: 0 };
  if (released === 0 || !seen.episodes.some(({ outcome }) => outcome === 'undone')) return [];
  return [
    {
      says: `putting the entries back let go of ${released} folios of such calls, and of ${kept} not`,
      cause: 'lock-blocked fault',
      weight: (released + 1) / (released + kept + 1),
      ordinal: seen.ordinal,
      assumed: true,
      together: true,
    },
  ];
}

/**
 * A fault is over when the next request comes for the folio, which then fails as often as any; whoever cannot be told lasts
 * or does not at even odds, as replay assumes (`untold reference lasts`). Adds to the failures what came of their folios in
 * the next request that wanted them.
 */
export function addAftermath(facts: Facts, rates: Rates, failures: readonly Failure[]): Failure[] {
  const rate = share(rates.failed, rates.moved + rates.failed);
  const open = new Map<number, Failure>();
  const added = new Map<number, Evidence>();
  let next = 0;
  for (const call of facts.calls) {
    for (const { pfn, outcome } of call.folios) {
      const failure = open.get(pfn);
      if (failure === undefined || outcome === 'unknown' || sameRequest(facts, failure.call, call)) continue;
      open.delete(pfn);
      added.set(failure.id, {
        says: outcome === 'moved' ? 'the next request moved it' : 'the next request could not move it either',
        cause: 'lock-blocked fault',
        weight: (outcome === 'moved' ? 1 - rate : rate) / 0.5,
        ordinal: call.startOrdinal,
        assumed: true,
      });
    }
    for (; next < failures.length && failures[next]!.call === call.id; next++) {
      const failure = failures[next]!;
      if (failure.evidence.some(({ cause, assumed }) => cause === 'lock-blocked fault' && assumed)) {
        open.set(failure.pfn, failure);
      }
    }
  }
  return failures.map((failure) => {
    const evidence = added.get(failure.id);
    return evidence === undefined ? failure : { ...failure, evidence: [...failure.evidence, evidence] };
  });
}

function sameRequest({ calls }: Facts, id: number, call: Call): boolean {
  return call.request >= 0 ? calls[id]!.request === call.request : id === call.id;
}
