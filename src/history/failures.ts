/**
 * Evidence for what kept each failed folio from moving. Only evidence: how probable each cause then is, replay works out
 * once for everybody. A piece is added only where the capture could have shown it; nothing is read into what was not recorded.
 */
import { batchEvidence } from './batch-evidence.ts';
import type { Call, Evidence, Failure, Hold } from './facts.ts';
import { certainMark, missingMark, share } from './likelihoods.ts';
import { entryWaiters, type Facts, type Index, indexOf, look, type Seen, sleepers } from './marks.ts';
import { type Rates, ratesOf } from './rates.ts';
import { failedChecks, PIN_BIAS, referenceEvidence, takers } from './reference-evidence.ts';
import { addAftermath, afflictedByReason, releasedEvidence } from './released.ts';

const EBUSY = -16;
const ENOMEM = -12;

export function blame(facts: Facts): { failures: Failure[]; holds: Hold[] } {
  const index = indexOf(facts);
  const rates = ratesOf(facts, index);
  const afflicted = afflictedByReason(facts.calls, facts.episodes);
  const ofCalls: Failure[] = [];
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
      const locked = lockEvidence(facts, index, rates, seen);
      ofCalls.push({
        id: ofCalls.length,
        call: call.id,
        folio: at,
        pfn: folio.pfn,
        pages: 2 ** folio.order,
        time: seen.end,
        evidence: [
          ...(locked.length > 0 ? locked : releasedEvidence(afflicted, call, seen)),
          ...waiterEvidence(index, rates, seen),
          ...referenceEvidence(facts, index, rates, seen),
          ...batchEvidence(facts, index, rates, seen, call),
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
  const failures = addAftermath(facts, rates, ofCalls);
  for (const request of facts.requests) {
    for (const [at, folio] of request.withoutCalls?.folios.entries() ?? []) {
      if (folio.outcome !== 'failed') continue;
      const { start, end, ordinal } = request;
      const seen = look(facts, { start, end, endOrdinal: ordinal }, folio);
      failures.push({
        id: failures.length,
        call: -1,
        request: request.id,
        folio: at,
        pfn: folio.pfn,
        pages: 2 ** folio.order,
        time: seen.end,
        evidence: [...referenceEvidence(facts, index, rates, seen), ...batchEvidence(facts, index, rates, seen)],
      });
    }
  }
  return { failures, holds };
}

function lockEvidence(facts: Facts, index: Index, rates: Rates, seen: Seen): Evidence[] {
  const cause = 'lock-blocked fault';
  if (Number.isNaN(seen.folio.pfn)) return [];
  const asleep = facts.observed.lockWaits === 'seen' ? sleepers(index, seen) : [];
  const first = asleep[0];
  if (first !== undefined) {
    const tasks = [...new Set(asleep.map((wait) => `${wait.comm}-${wait.pid}`))].join(', ');
    return [
      {
        says: `${tasks} slept on the folio's lock with a reference while it was being migrated`,
        cause,
        weight: certainMark(rates.sleepers, rates.moved),
        ordinal: first.ordinal,
        who: { cpu: first.cpu, pid: first.pid, comm: first.comm, since: first.start },
      },
    ];
  }
  const took = takers(facts, index, seen, failedChecks(facts, index, seen).at(-1)?.time ?? seen.end)[0];
  if (took !== undefined) {
    return [
      {
        says: `${took.who.comm}-${took.who.pid} took a reference while it was being migrated and kept it`,
        cause,
        weight: certainMark(rates.takers, rates.moved),
        ordinal: facts.references!.ordinal[took.row]!,
        who: took.who,
      },
    ];
  }
  if (facts.observed.lockWaits === 'seen') {
    return [
      {
        says: 'nobody was seen asleep on its lock, though such sleeps were recorded',
        cause,
        weight: missingMark(rates.lockWaits),
        ordinal: seen.ordinal,
        missing: true,
      },
    ];
  }
  // PG_waiters is set before a sleep and cleared by the unlock. A fault that was woken between two episodes and has not run
  // yet holds its reference without the flag, so any of the call's checks will do; entry waiters set the flag as well,
  // which the folios that moved account for. (The sleepers themselves say more: both would count one thing twice.)
  const checks = seen.attempts.filter((attempt) => attempt.returned !== 0 && attempt.waiters !== 'unknown');
  const last = checks.findLast(({ waiters }) => waiters === 'yes') ?? checks.at(-1);
  if (last === undefined) return [];
  const waiting = last.waiters === 'yes';
  return [
    {
      says: waiting ? 'PG_waiters was set when its references were checked' : 'PG_waiters was clear at its checks',
      cause,
      weight: waiting ? certainMark(rates.waiters, rates.attempts) : missingMark(rates.waitersOfFailed),
      ordinal: last.ordinal,
      ...(waiting ? {} : { missing: true }),
    },
  ];
}

/** Up to 5.16 a fault that meets a migration entry takes a reference before it is queued, and drops it before it sleeps. */
function waiterEvidence(index: Index, rates: Rates, seen: Seen): Evidence[] {
  const first = entryWaiters(index, seen)[0];
  if (first === undefined) return [];
  return [
    {
      says: `${first.comm}-${first.pid} came to wait on its entry, for which it takes a reference`,
      cause: 'entry waiter',
      weight: certainMark(rates.entryWaiters, rates.moved),
      ordinal: first.ordinal,
      who: { cpu: first.cpu, pid: first.pid, comm: first.comm, since: first.start },
    },
  ];
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
      missing: true,
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
