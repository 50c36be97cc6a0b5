/**
 * What speaks for a per-CPU batch: stays that cover the migration, activations that follow it, windows in which batches are
 * off, and for folios that only a call's totals count, the frames that were scanned for their list.
 */
import { type BatchKind, batchKinds, type Call, type Cause, type Evidence, type Holder } from './facts.ts';
import { certainMark, missingMark } from './likelihoods.ts';
import { covering, type Facts, type Index, laterActivation, type Seen } from './marks.ts';
import type { Rates } from './rates.ts';
import { heldInScan } from './scanned.ts';
import { windowAt } from './windows.ts';

/** What batch a stay is evidence for. Those of mm/swap.c that hide a folio from nobody but move it down are one cause. */
const causeOfBatch: Readonly<Record<BatchKind, Cause>> = {
  add: 'add batch',
  activate: 'activate batch',
  deactivate: 'deactivate batch',
  'deactivate-file': 'deactivate batch',
  lazyfree: 'deactivate batch',
  rotate: 'deactivate batch',
  mlock: 'mlock batch',
};

/** Which CPU's batch a stay is in, since when, and who queued it, as far as its add was seen. */
function holderOf({ capture, stays }: Facts, row: number): Holder {
  const comm = stays.adderComm?.[row] ?? -1;
  return {
    cpu: stays.cpu[row]!,
    pid: stays.adderPid?.[row] ?? -1,
    comm: comm < 0 ? '' : capture.strings.text(comm),
    since: stays.added[row]!,
  };
}

function queuedBy({ pid, comm }: Holder): string {
  return pid < 0 ? '' : `, queued by ${comm}-${pid}`;
}

export function batchEvidence(facts: Facts, index: Index, rates: Rates, seen: Seen, call?: Call): Evidence[] {
  const evidence: Evidence[] = [];
  if (Number.isNaN(seen.folio.pfn)) {
    return call === undefined
      ? []
      : [...scanEvidence(facts, index, rates, seen, call), ...offEvidence(facts, rates, seen)];
  }
  const { stays } = facts;
  for (const row of covering(facts, index, seen)) {
    const batch = batchKinds[stays.batch[row]!]!;
    const who = holderOf(facts, row);
    evidence.push({
      says: `it was in the ${batch} batch of CPU ${who.cpu} meanwhile${queuedBy(who)}`,
      cause: causeOfBatch[batch],
      weight: certainMark(rates.covered[stays.batch[row]!]!, rates.moved),
      ordinal: stays.ordinal[row]!,
      who,
    });
  }
  // The flush that ends a stay seen is no second piece of evidence.
  const isSeen = evidence.some(({ cause }) => cause === 'activate batch');
  const later = isSeen ? -1 : laterActivation(facts, index, seen.folio.pfn, seen.start);
  if (later >= 0) {
    evidence.push({
      says: `CPU ${stays.cpu[later]} flushed it from its activate batch afterwards`,
      cause: 'activate batch',
      weight: certainMark(rates.activated, rates.moved),
      ordinal: stays.ordinal[later]!,
      who: holderOf(facts, later),
    });
  } else if (!isSeen && facts.observed.activations === 'seen') {
    evidence.push(noActivation(seen, 'no activation of it followed'));
  }
  return [...evidence, ...offEvidence(facts, rates, seen)];
}

/** The flush of an activate batch may also find the folio isolated, and then leaves no event: half is all that can be said. */
function noActivation(seen: Seen, says: string): Evidence {
  return { says, cause: 'activate batch', weight: 0.5, ordinal: seen.ordinal, missing: true };
}

/**
 * lru_cache_disable: batches were emptied before and nothing stays in one until it is enabled again. What is left is an
 * add that raced with the disabling; the folios that moved in windows speak for how rare that is.
 */
function offEvidence(facts: Facts, rates: Rates, seen: Seen): Evidence[] {
  if (windowAt(facts.windows, seen.start) === undefined || !rates.batchesOff) return [];
  return (['add batch', 'activate batch'] as const).map((cause) => ({
    says: 'LRU batches were off',
    cause,
    weight: missingMark(rates.moved),
    ordinal: seen.ordinal,
    missing: true,
  }));
}

/**
 * An unmapped folio leaves no entries, so that without probes nobody says which one failed. What was scanned for its list is
 * known, and a frame there that is activated before anything else happens to it was in a batch all the while.
 */
function scanEvidence(facts: Facts, index: Index, rates: Rates, seen: Seen, call: Call): Evidence[] {
  if (rates.lists === 0 || facts.observed.activations !== 'seen') return [];
  const found = heldInScan(facts, index, call);
  if (found === undefined) return [];
  const row = found[0];
  if (row === undefined) return [noActivation(seen, 'no activation followed in the range scanned for its list')];
  const failed = call.folios.filter(({ outcome, pfn }) => outcome === 'failed' && Number.isNaN(pfn)).length;
  const who = holderOf(facts, row);
  return [
    {
      says: `of the range scanned for its list, ${found.length} frames (0x${facts.stays.pfn[row]!.toString(16)} first) were flushed from an activate batch afterwards`,
      cause: 'activate batch',
      // As many of the nameless as there are such frames.
      weight: certainMark(rates.listsHeld, rates.lists) * Math.min(1, found.length / failed),
      ordinal: facts.stays.ordinal[row]!,
      ...(found.length === 1 ? { who } : {}),
    },
  ];
}
