/** A history in numbers, for `analyze`: each fact counted by what a reader would ask for. The keys are documented. */
import { batchKinds, type Cause, causes, type History } from '../history/facts.ts';
import { blameOf, likeliest } from '../replay/blame.ts';
import { quantile } from '../report/numbers.ts';

/** Groups in the order in which they were first met. */
function groupBy<T, G>(
  items: Iterable<T>,
  keyOf: (item: T) => string,
  make: (item: T) => G,
  add: (to: G, item: T) => void,
): G[] {
  const groups = new Map<string, G>();
  for (const item of items) {
    const key = keyOf(item);
    let group = groups.get(key);
    if (group === undefined) {
      group = make(item);
      groups.set(key, group);
    }
    add(group, item);
  }
  return [...groups.values()];
}

const known = (value: number): number => (Number.isNaN(value) ? 0 : value);

/** migrate_pages() calls by reason and mode; pages are base pages as the kernel counted them. */
export function outcomesOf({ calls }: History) {
  return groupBy(
    calls,
    ({ reason, mode }) => `${reason}\0${mode}`,
    ({ reason, mode }) => ({
      reason,
      mode,
      calls: 0,
      incomplete: 0,
      withFailures: 0,
      foliosMoved: 0,
      foliosFailed: 0,
      foliosUnknown: 0,
      pagesSucceeded: 0,
      pagesFailed: 0,
    }),
    (group, call) => {
      group.calls++;
      if (call.complete !== 'whole') group.incomplete++;
      if (call.folios.some(({ outcome }) => outcome === 'failed')) group.withFailures++;
      for (const { outcome } of call.folios) {
        if (outcome === 'moved') group.foliosMoved++;
        else if (outcome === 'failed') group.foliosFailed++;
        else group.foliosUnknown++;
      }
      group.pagesSucceeded += known(call.succeeded);
      group.pagesFailed += known(call.failed);
    },
  );
}

/** Durations in order, as quantiles in nanoseconds; null where the clock gives none or nothing was timed. */
function spread(history: History, lasted: number[]) {
  const sorted = history.capture.clock.unit === 'ns' ? lasted.filter((ns) => ns >= 0).sort((a, b) => a - b) : [];
  const at = (share: number): number | null => (sorted.length > 0 ? quantile(sorted, share) : null);
  return { timed: sorted.length, medianNs: at(0.5), p90Ns: at(0.9), p99Ns: at(0.99), longestNs: at(1) };
}

/** Episodes by outcome. */
export function episodesOf(history: History) {
  return (['moved', 'undone', 'open'] as const).map((outcome) => {
    const all = history.episodes.filter((episode) => episode.outcome === outcome);
    return {
      outcome,
      episodes: all.length,
      ...spread(
        history,
        all.map(({ start, end }) => end - start),
      ),
    };
  });
}

/** Requests by kind and by how sure it is that each was made. */
export function requestsOf({ requests }: History) {
  return groupBy(
    requests,
    ({ kind, certainty }) => `${kind}\0${certainty}`,
    ({ kind, certainty, basis }) => ({
      kind,
      certainty,
      basis,
      requests: 0,
      calls: 0,
      done: 0,
      failed: 0,
      outcomeUnknown: 0,
    }),
    (group, request) => {
      group.requests++;
      group.calls += request.calls.length;
      if (Number.isNaN(request.returned)) group.outcomeUnknown++;
      else if (request.returned < 0) group.failed++;
      else group.done++;
    },
  );
}

/** Requests that make no calls, by kind, and their folios; of a split `moved` stands for split. */
export function withoutCallsOf({ requests }: History) {
  const silent = requests.filter(({ withoutCalls }) => withoutCalls !== undefined);
  return groupBy(
    silent,
    ({ kind }) => kind,
    ({ kind }) => ({ kind, requests: 0, withoutFolios: 0, foliosMoved: 0, foliosFailed: 0, foliosUnknown: 0 }),
    (group, { withoutCalls }) => {
      group.requests++;
      if (withoutCalls!.folios.length === 0) group.withoutFolios++;
      for (const { outcome } of withoutCalls!.folios) {
        if (outcome === 'moved') group.foliosMoved++;
        else if (outcome === 'failed') group.foliosFailed++;
        else group.foliosUnknown++;
      }
    },
  );
}

/** Stays in per-CPU batches by CPU and batch. */
export function staysOf(history: History) {
  const { stays } = history;
  const rows = Array.from({ length: stays.length }, (_, row) => row);
  return groupBy(
    rows,
    (row) => `${stays.cpu[row]} ${stays.batch[row]}`,
    (row) => ({
      cpu: stays.cpu[row]!,
      batch: batchKinds[stays.batch[row]!]!,
      stays: 0,
      open: 0,
      lasted: [] as number[],
    }),
    (group, row) => {
      group.stays++;
      if (stays.flush[row]! < 0) group.open++;
      else group.lasted.push(stays.flushed[row]! - stays.added[row]!);
    },
  )
    .sort((a, b) => a.cpu - b.cpu || batchKinds.indexOf(a.batch) - batchKinds.indexOf(b.batch))
    .map(({ lasted, ...group }) => ({ ...group, ...spread(history, lasted) }));
}

/** Flushes by batch and cause. */
export function flushesOf({ flushes }: History) {
  return groupBy(
    flushes,
    ({ batch, cause }) => `${batch}\0${cause}`,
    ({ batch, cause }) => ({ batch, cause, flushes: 0, folios: 0 }),
    (group, { count }) => {
      group.flushes++;
      group.folios += count;
    },
  );
}

/** Drains by scope and by how sure it is that each ran. */
export function drainsOf({ drains }: History) {
  return groupBy(
    drains,
    ({ scope, certainty }) => `${scope}\0${certainty}`,
    ({ scope, certainty }) => ({ scope, certainty, drains: 0 }),
    (group) => {
      group.drains++;
    },
  );
}

/** Waits by what the sleeper waits on. */
export function waitsOf(history: History) {
  return (['entry', 'lock'] as const).map((on) => {
    const all = history.waits.filter((wait) => wait.on === on);
    return {
      on,
      waits: all.length,
      ...spread(
        history,
        all.map(({ start, end }) => end - start),
      ),
    };
  });
}

/** Every failure with the posterior over its causes (made once, by the replay room) and the evidence behind it. */
export function failuresOf(history: History) {
  const posteriors = blameOf(history);
  return history.failures.map((failure, i) => {
    const posterior = posteriors[i]!;
    return {
      ...failure,
      likeliest: likeliest(posterior),
      posterior: Object.fromEntries(
        causes.map((cause, at) => [cause, posterior[at]!]).filter(([, p]) => p !== 0),
      ) as Partial<Record<Cause, number>>,
    };
  });
}
export type BlamedFailure = ReturnType<typeof failuresOf>[number];

/** Expected failures by cause (the sum of their probabilities), most first; causes without any are left out. */
export function blameRowsOf(failures: readonly BlamedFailure[]) {
  return causes
    .map((cause) => ({
      cause,
      folios: failures.reduce((sum, { posterior }) => sum + (posterior[cause] ?? 0), 0),
      likeliest: failures.filter((failure) => failure.likeliest === cause).length,
    }))
    .filter(({ folios }) => folios > 0)
    .sort((a, b) => b.folios - a.folios);
}

/** The folios that failed in most calls. Folios without a pfn cannot be told apart and are left out. */
export function topFoliosOf(failures: readonly BlamedFailure[], most: number) {
  return groupBy(
    failures.filter(({ pfn }) => !Number.isNaN(pfn)),
    ({ pfn }) => String(pfn),
    ({ pfn, pages }) => ({
      pfn,
      pages,
      failures: 0,
      firstTime: Number.POSITIVE_INFINITY,
      causes: new Map<Cause, { failed: number; probability: number }>(),
    }),
    (group, failure) => {
      group.failures++;
      group.firstTime = Math.min(group.firstTime, failure.time);
      const { failed, probability } = group.causes.get(failure.likeliest) ?? { failed: 0, probability: 0 };
      const p = failure.posterior[failure.likeliest] ?? 0;
      group.causes.set(failure.likeliest, { failed: failed + 1, probability: probability + p });
    },
  )
    .sort((a, b) => b.failures - a.failures || a.pfn - b.pfn)
    .slice(0, most)
    .map((group) => ({
      ...group,
      causes: [...group.causes]
        .sort(([, a], [, b]) => b.failed - a.failed)
        .map(([cause, { failed, probability }]) => ({ cause, failed, probability: probability / failed })),
    }));
}
