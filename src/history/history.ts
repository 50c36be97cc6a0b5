/** Bytes became events; here events become what happened. One pass over the batches, then one fold for each topic. */
import type { OpenCapture } from '../events/capture.ts';
import { foldAttempts, listenToAttempts, newAttemptLog } from './attempts.ts';
import { foldBatches, listenToAdds, listenToInsertions, newAddLog, newInsertionLog } from './batches.ts';
import { nameBypasses } from './bypass.ts';
import { CallFinder, foldCalls, listenToCalls, newCallLog } from './calls.ts';
import { foldDrains, listenToDrains, newDrainLog } from './drains.ts';
import { EpisodeFinder, foldEpisodes, listenToEntries, newEntryLog } from './episodes.ts';
import type { Call, History } from './facts.ts';
import { blame } from './failures.ts';
import { joinFolios } from './folios.ts';
import { gather } from './gather.ts';
import { inferDrains } from './infer-drains.ts';
import { foldIsolations, listenToIsolations, newIsolationLog } from './isolations.ts';
import type { Now } from './log.ts';
import { observe } from './observability.ts';
import { PointerLine } from './pointers.ts';
import { foldReferences, listenToReferences, newReferenceLog } from './references.ts';
import { listenToRequests, newRequestLog } from './requests/log.ts';
import { foldRequests } from './requests/requests.ts';
import { withoutCalls } from './requests/without-calls.ts';
import { foldWaits, listenToWaits, newWaitLog } from './waits.ts';
import { closeWindows, stretchWindows } from './windows.ts';

/**
 * Works out what happened in a capture. Reads `open.batches` to the end, once. Never throws for what a capture lacks:
 * `observed` and `refusals` of the result say so. Errors of the reader pass through.
 */
export async function workOut(open: OpenCapture): Promise<History> {
  const { capture } = open;
  const now: Now = { ordinal: 0, time: 0, cpu: -1, pid: -1, comm: -1, epoch: 0, drain: -1 };
  const line = new PointerLine();
  const logs = {
    calls: newCallLog(),
    entries: newEntryLog(),
    attempts: newAttemptLog(),
    insertions: newInsertionLog(),
    adds: newAddLog(),
    drains: newDrainLog(),
    waits: newWaitLog(),
    isolations: newIsolationLog(),
    requests: newRequestLog(),
    references: newReferenceLog(),
  };
  const counts = await gather(open, now, [
    listenToCalls(capture, now, logs.calls),
    listenToEntries(now, logs.entries),
    listenToAttempts(now, logs.attempts),
    listenToInsertions(now, logs.insertions, line),
    listenToAdds(capture, now, logs.adds),
    listenToDrains(now, logs.drains),
    listenToWaits(now, logs.waits),
    listenToIsolations(now, logs.isolations),
    listenToRequests(now, logs.requests),
    listenToReferences(now, logs.references),
  ]);

  const bareCalls = foldCalls(capture, logs.calls);
  const finder = new CallFinder(bareCalls);
  const entries = foldEpisodes(capture, logs.entries, bareCalls, finder);
  const pointers = line.holds ? line : calibrate(entries.pairs.keys.toArray(), entries.pairs.pfns.toArray());

  const isolations = foldIsolations(capture, logs.isolations, pointers);
  const bareAttempts = foldAttempts(capture, logs.attempts, pointers);
  // Without a page size and without entries huge pages are those of 4 KiB pages.
  const hugeOrder = Math.log2((capture.pageSize?.value ?? entries.decoder?.pageSize ?? 4096) / 8);
  const silent = withoutCalls({
    capture,
    log: logs.requests,
    finder,
    entries,
    attempts: bareAttempts,
    isolations,
    line: pointers,
    hugeOrder,
  });
  const { episodes } = silent;
  const episodeFinder = new EpisodeFinder(episodes);
  const { folios, attempts } = joinFolios(
    capture,
    bareCalls,
    finder,
    episodes,
    episodeFinder,
    bareAttempts,
    isolations,
    hugeOrder,
  );
  const drained = foldDrains(capture, logs.drains);
  const { requests, requestOfCall } = foldRequests(
    {
      capture,
      log: logs.requests,
      calls: bareCalls,
      finder,
      windows: drained.windows,
      windowOrdinals: drained.windowOrdinals,
      claimed: new Uint8Array(bareCalls.length),
    },
    silent.drafts,
  );
  closeWindows(drained.windows, drained.windowOrdinals, requests, bareCalls);
  const batches = foldBatches(capture, {
    insertions: logs.insertions,
    adds: logs.adds,
    drainLog: logs.drains,
    drains: drained.drains,
    drainOfRow: drained.ofRow,
    windows: drained.windows,
    localDrainsSeen: drained.probed.local,
    line: pointers,
  });
  stretchWindows(drained.windows, requests, bareCalls, batches.flushes);
  const drains = inferDrains(capture, drained, batches.flushes);
  const waits = foldWaits(capture, logs.waits, entries.decoder, pointers, episodeFinder, finder);

  const calls = bareCalls.map(
    (call): Call => ({
      ...call,
      comm: capture.strings.text(call.comm),
      mode: capture.strings.text(call.mode),
      reason: capture.strings.text(call.reason),
      folios: folios[call.id]!,
      request: requestOfCall[call.id]!,
    }),
  );
  const observed = observe(capture, {
    calls: calls.length,
    episodes: episodes.length,
    attempts: attempts.length,
    references: attempts.some((attempt) => !Number.isNaN(attempt.references)),
    requests,
    drainsProbed: drained.probed.local || drained.probed.all || drained.probed.disable,
    windows: drained.windows.length,
  });
  const references = foldReferences(logs.references, calls);
  const facts = {
    capture,
    observed,
    ...(references === undefined ? {} : { references }),
    ...(isolations.length === 0 ? {} : { isolations }),
    calls,
    episodes,
    attempts,
    requests,
    windows: drained.windows,
    stays: batches.stays,
    flushes: nameBypasses(batches.flushes, batches.stays, entries.episodes, bareCalls),
    drains,
    waits,
    refusals: [...entries.refusals, ...unexplained(silent.left.length)],
    eventCounts: counts.byKind,
    eventsByCpu: counts.byCpu,
  };
  return { ...facts, ...blame(facts) };
}

function unexplained(count: number): History['refusals'] {
  if (count === 0) return [];
  const reason =
    'removed, but set without an event and outside of any request that was recorded: migrate_vma collected it (probes on migrate_vma_setup and migrate_vma_finalize show it), or the set was lost';
  return [{ what: 'removed migration entries', reason, count }];
}

/** The line through pairs that unmap probes and entries gave, for captures whose insertions print hashed pointers. */
function calibrate(keys: Float64Array, pfns: Float64Array): PointerLine {
  const line = new PointerLine();
  for (let i = 0; i < keys.length; i++) line.learn(keys[i]!, pfns[i]!);
  return line;
}
