/**
 * Evidence for what kept each failed folio from moving. Only evidence: how probable each cause then is, replay works out
 * once for everybody. A piece is added only where the capture could have shown it; nothing is read into what was not recorded.
 */
import { type BatchKind, batchKinds, type Call, type Cause, type Evidence, type Failure, type Hold } from './facts.ts';
import { certainMark, missingMark, share } from './likelihoods.ts';
import {
  covering,
  type Facts,
  type Index,
  indexOf,
  laterActivation,
  look,
  type Rates,
  ratesOf,
  type Seen,
  sleepers,
} from './marks.ts';
import { windowAt } from './windows.ts';

/** GUP_PIN_COUNTING_BIAS (include/linux/mm.h): what FOLL_PIN adds to the references of a small folio. */
const PIN_BIAS = 1024;
const EBUSY = -16;
const ENOMEM = -12;

/** What batch a stay is evidence for. */
const causeOfBatch: Readonly<Record<BatchKind, Cause>> = {
  add: 'add batch',
  activate: 'activate batch',
  deactivate: 'activate batch',
  'deactivate-file': 'activate batch',
  lazyfree: 'activate batch',
  rotate: 'activate batch',
  mlock: 'mlock batch',
};

export function blame(facts: Facts): { failures: Failure[]; holds: Hold[] } {
  const index = indexOf(facts);
  const rates = ratesOf(facts, index);
  const failures: Failure[] = [];
  const holds: Hold[] = [];
  const held = new Set<string>();
  const before = new Map<number, number>(); // frame -> failed calls in a row
  for (const call of facts.calls) {
    for (const [at, folio] of call.folios.entries()) {
      if (folio.outcome === 'moved') before.delete(folio.pfn);
      if (folio.outcome !== 'failed') continue;
      const seen = look(facts, call, folio);
      const runs = before.get(folio.pfn) ?? 0;
      if (!Number.isNaN(folio.pfn)) before.set(folio.pfn, runs + 1);
      failures.push({
        id: failures.length,
        call: call.id,
        folio: at,
        pfn: folio.pfn,
        pages: 2 ** folio.order,
        time: seen.end,
        evidence: [
          ...lockEvidence(facts, index, rates, seen),
          ...referenceEvidence(rates, seen),
          ...batchEvidence(facts, index, rates, seen),
          ...errorEvidence(call, seen),
          ...repeatEvidence(rates, runs, seen),
        ],
      });
      for (const hold of holdsOf(index, seen)) {
        // One sleep may outlast several calls that fail on it.
        const key = `${hold.pfn} ${hold.holder} ${hold.start}`;
        if (held.has(key)) continue;
        held.add(key);
        holds.push(hold);
      }
    }
  }
  return { failures, holds };
}

function lockEvidence(facts: Facts, index: Index, rates: Rates, seen: Seen): Evidence[] {
  const cause = 'lock-blocked fault';
  if (Number.isNaN(seen.folio.pfn)) return [];
  const evidence: Evidence[] = [];
  if (facts.observed.lockWaits === 'seen') {
    const asleep = sleepers(index, seen);
    const first = asleep[0];
    if (first !== undefined) {
      const tasks = [...new Set(asleep.map((wait) => `${wait.comm}-${wait.pid}`))].join(', ');
      evidence.push({
        says: `${tasks} slept on the folio's lock with a reference while it was being migrated`,
        cause,
        weight: certainMark(rates.sleepers, rates.moved),
        ordinal: first.ordinal,
      });
    } else {
      evidence.push({
        says: 'nobody was seen asleep on its lock, though such sleeps were recorded',
        cause,
        weight: missingMark(rates.lockWaits),
        ordinal: seen.ordinal,
      });
    }
  }
  // The sleepers themselves say more than the flag that they set; both together would count one thing twice.
  if (evidence.length > 0) return evidence;
  // PG_waiters is set before a sleep and cleared by the unlock, so a blocked fault shows it at the check; entry waiters
  // set it as well, which the folios that moved account for.
  const last = seen.attempts.findLast((attempt) => attempt.returned !== 0 && attempt.waiters !== 'unknown');
  if (last !== undefined) {
    const waiting = last.waiters === 'yes';
    evidence.push({
      says: waiting ? 'PG_waiters was set when its references were checked' : 'PG_waiters was clear at its last check',
      cause,
      weight: waiting ? certainMark(rates.waiters, rates.attempts) : missingMark(rates.attempts),
      ordinal: last.ordinal,
    });
  }
  return evidence;
}

function referenceEvidence(rates: Rates, seen: Seen): Evidence[] {
  const checked = seen.attempts.filter(
    (attempt) => attempt.returned !== 0 && !Number.isNaN(attempt.references) && !Number.isNaN(attempt.expected),
  );
  const last = checked.at(-1);
  if (last === undefined) return [];
  const excess = checked.map((attempt) => attempt.references - attempt.expected);
  const least = Math.min(...excess);
  const says = `${last.references} references where ${last.expected} were expected`;
  if (least >= PIN_BIAS) {
    // No folio moves with a pin, so a folio that moved never shows this.
    return [
      {
        says: `${says}: at least one pin of ${PIN_BIAS}`,
        cause: 'pin',
        weight: certainMark(0, rates.moved),
        ordinal: last.ordinal,
      },
    ];
  }
  if (Math.max(...excess) <= 0) {
    // The count was right when the attempt began: whatever raised it came and went within the attempt.
    return [
      {
        says: `${says}: the mismatch came after the entry`,
        cause: 'transient reference',
        weight: certainMark(rates.recovered, rates.moved),
        ordinal: last.ordinal,
      },
    ];
  }
  if (least <= 0) {
    return [
      {
        says: `references were right at some of ${checked.length} checks and too many at others`,
        cause: 'transient reference',
        weight: certainMark(rates.recovered, rates.moved),
        ordinal: last.ordinal,
      },
    ];
  }
  // Something held it at every check. References that come and go do so seldom, as the folios show that moved in the end.
  return [
    {
      says: `${says}, and too many at each of ${checked.length} checks`,
      cause: 'transient reference',
      weight: rates.survival ** (checked.length - 1),
      ordinal: last.ordinal,
    },
  ];
}

function batchEvidence(facts: Facts, index: Index, rates: Rates, seen: Seen): Evidence[] {
  const evidence: Evidence[] = [];
  if (Number.isNaN(seen.folio.pfn)) return evidence;
  const { stays } = facts;
  for (const row of covering(facts, index, seen)) {
    const batch = batchKinds[stays.batch[row]!]!;
    evidence.push({
      says: `it was in the ${batch} batch of CPU ${stays.cpu[row]} meanwhile`,
      cause: causeOfBatch[batch],
      weight: certainMark(rates.covered[stays.batch[row]!]!, rates.moved),
      ordinal: stays.ordinal[row]!,
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
    });
  } else if (!isSeen && facts.observed.activations === 'seen') {
    // The flush of an activate batch may also find the folio isolated, and then leaves no event: half is all that can be said.
    evidence.push({
      says: 'no activation of it followed',
      cause: 'activate batch',
      weight: 0.5,
      ordinal: seen.ordinal,
    });
  }
  const window = windowAt(facts.windows, seen.start);
  if (window !== undefined && rates.batchesOff) {
    for (const cause of ['add batch', 'activate batch'] as const) {
      // lru_cache_disable: batches were emptied before and nothing stays in one until it is enabled again. What is left is an
      // add that raced with the disabling; the folios that moved in windows speak for how rare that is.
      evidence.push({ says: 'LRU batches were off', cause, weight: missingMark(rates.moved), ordinal: seen.ordinal });
    }
  }
  return evidence;
}

function errorEvidence(call: Call, seen: Seen): Evidence[] {
  const last = seen.attempts.at(-1);
  if (last?.returned === EBUSY) {
    // Moving gives -EBUSY for dirty or private data that may not be written or released now (mm/migrate.c).
    return [{ says: 'the move returned -EBUSY', cause: 'writeback', weight: certainMark(0, 1), ordinal: last.ordinal }];
  }
  if (call.returned === ENOMEM && seen.episodes.length === 0) {
    return [
      { says: 'the call returned -ENOMEM', cause: 'no memory', weight: certainMark(0, 1), ordinal: call.endOrdinal },
    ];
  }
  return [];
}

/** A transient reference is another one each time: to meet one in each of several calls in a row is a matter of the failure rate. */
function repeatEvidence(rates: Rates, runs: number, seen: Seen): Evidence[] {
  if (runs === 0) return [];
  const rate = share(rates.failed, rates.moved + rates.failed);
  return [
    {
      says: `it failed in ${runs + 1} calls in a row`,
      cause: 'transient reference',
      weight: rate ** runs,
      ordinal: seen.ordinal,
    },
  ];
}

function holdsOf(index: Index, seen: Seen): Hold[] {
  const holds = sleepers(index, seen).map(
    (wait): Hold => ({
      pfn: wait.pfn,
      holder: 'lock-blocked fault',
      start: wait.start,
      end: wait.end,
      evidence: `${wait.comm}-${wait.pid} asleep on the folio lock`,
      certainty: 'seen',
    }),
  );
  const pinned = seen.attempts.find((attempt) => attempt.references - attempt.expected >= PIN_BIAS);
  if (pinned !== undefined) {
    holds.push({
      pfn: pinned.pfn,
      holder: 'pin',
      start: pinned.start,
      end: NaN,
      evidence: `${pinned.references} references at the check`,
      certainty: 'inferred',
    });
  }
  return holds;
}
