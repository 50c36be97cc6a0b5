/**
 * What a capture can answer before anything is simulated: which policies it cannot feed and what to record for them,
 * and for the others whether the answer is observed, bounded or assumed.
 */
import type { History } from '../history/facts.ts';
import { type Axis, batchAxes, type Need, type Policy, retryAxes } from '../policies/policy.ts';
import { parseVersion } from '../policies/versions.ts';
import type { Stage } from '../replay/stage.ts';
import type { Refusal } from './comparison.ts';

/** The fact behind each need, and the events that show it. */
const needs: Readonly<
  Record<Need, { has: (history: History) => boolean; missing: string; events: readonly string[] }>
> = {
  calls: {
    has: ({ calls, observed }) => calls.length > 0 && observed.calls !== 'unknown',
    missing: 'migrate_pages calls (migrate:mm_migrate_pages_start, migrate:mm_migrate_pages)',
    events: ['migrate:mm_migrate_pages_start', 'migrate:mm_migrate_pages'],
  },
  episodes: {
    has: ({ observed }) => observed.episodes !== 'unknown',
    missing:
      'episodes under migration entries (migrate:set_migration_pte, migrate:remove_migration_pte; 5.18 and later)',
    events: ['migrate:set_migration_pte', 'migrate:remove_migration_pte'],
  },
  'batch flushes': {
    has: ({ observed }) => observed.batchFlushes !== 'unknown',
    missing: 'flushes of LRU batches (pagemap:mm_lru_insertion, pagemap:mm_lru_activate)',
    events: ['pagemap:mm_lru_insertion', 'pagemap:mm_lru_activate'],
  },
  requests: {
    has: ({ observed }) => observed.requests !== 'unknown',
    missing:
      'what asked for the calls (syscalls of move_pages, cma events, or a probe on alloc_contig_range and lru_cache_disable)',
    events: ['cma', 'compaction', 'page_isolation', 'syscalls:sys_enter_move_pages', 'syscalls:sys_exit_move_pages'],
  },
};

/** The command that records these events next time. */
export function recordCommand(events: readonly string[]): string {
  const wanted = [...new Set(events)].map((event) => `-e ${event}`).join(' ');
  return `trace-cmd record -C mono ${wanted} sleep 30`;
}

/** What to record when a capture holds no migration at all. */
export const recordEverything: string = recordCommand([
  ...needs.calls.events,
  ...needs.episodes.events,
  ...needs['batch flushes'].events,
  ...needs.requests.events,
]);

/** Why this capture cannot feed a policy; undefined when it can. */
export function refuse(history: History, policy: Policy): Refusal | undefined {
  const missing = policy.needs.filter((need) => !needs[need].has(history));
  if (missing.length === 0) return undefined;
  return {
    policy: policy.name,
    missing: missing.map((need) => needs[need].missing),
    record:
      missing.includes('episodes') && isBefore518(history)
        ? 'no event of this kernel shows them (they came with about 5.18): record on a later one'
        : recordCommand([...needs.calls.events, ...missing.flatMap((need) => needs[need].events)]),
  };
}

/** The kernel is known, and too old for the events of migration entries (absent in 5.10, there in 6.1). */
function isBefore518({ capture }: History): boolean {
  const version = parseVersion(capture.kernelVersion?.value ?? '');
  return version !== undefined && version.major * 1000 + version.minor < 5018;
}

/** Axes on which two policies choose differently. */
export function differs(policy: Policy, recorded: Policy): Axis[] {
  const axes = Object.keys({ ...policy.choices, ...recorded.choices }) as Axis[];
  return axes.filter((axis) => policy.choices[axis] !== recorded.choices[axis]).sort();
}

/** How far this capture can answer for a policy it can feed, and why. */
export function answerFor(
  stage: Stage,
  policy: Policy,
  untold: number,
): { answer: 'observed' | 'bounded' | 'assumed'; why: string } {
  const { evidence, adds, history, recorded } = stage;
  if (policy.kind === 'bound') return { answer: 'bounded', why: 'a bound: no kernel does better (or worse) than this' };
  const axes = differs(policy, recorded);
  if (axes.length === 0) return { answer: 'observed', why: 'it decides as the recorded policy does' };
  const parts: { answer: 'observed' | 'bounded' | 'assumed'; why: string }[] = [];
  const letters = (among: readonly Axis[]) => axes.filter((axis) => among.includes(axis)).join(', ');
  const retry = letters(retryAxes);
  if (retry !== '') {
    if (history.observed.episodes === 'unknown') {
      parts.push({
        answer: 'assumed',
        why: `axis ${retry}: the capture shows no episodes, so nothing says how often a retry helps`,
      });
    } else if (evidence.repeat.trials === 0) {
      const blocked = evidence.deferred.hits + evidence.eager.hits;
      parts.push(
        blocked < 0.5
          ? { answer: 'observed', why: `axis ${retry}: no recorded episode was blocked by a fault` }
          : { answer: 'assumed', why: `axis ${retry}: no folio was tried again after a fault had blocked it` },
      );
    } else {
      const trials = Math.round(evidence.repeat.trials);
      parts.push({
        answer: 'observed',
        why: `axis ${retry}: how often a retry helps is estimated from ${trials} second and later episodes of this capture`,
      });
    }
  }
  const batch = letters(batchAxes);
  // A request that meets what it did not meet takes longer, and what would have been queued in that time is not recorded.
  const hasLatent = stage.scenes.some(({ unit }) => unit.members.some(({ latent }) => latent));
  const lasting = hasLatent ? '; what a longer request meets beyond the recorded one is not counted' : '';
  if (batch !== '') {
    if (adds.spread < 0.005 * (adds.seen + adds.exact + adds.spread)) {
      parts.push({ answer: 'observed', why: `axis ${batch}: every add to a batch has its time` });
    } else {
      const share = Math.round((100 * adds.spread) / (adds.seen + adds.exact + adds.spread));
      parts.push({
        answer: 'bounded',
        why: `axis ${batch}: ${share} % of the adds to batches are only bounded, by the flushes around them${lasting}`,
      });
    }
  }
  if (history.failures.length > 0 && untold / history.failures.length > 0.2) {
    const share = Math.round((100 * untold) / history.failures.length);
    parts.push({ answer: 'assumed', why: `nobody can tell who held ${share} % of the folios that failed` });
  }
  if (parts.length === 0)
    return { answer: 'observed', why: `it differs on axis ${axes.join(', ')} only, which this demand shows` };
  const rank = { observed: 0, bounded: 1, assumed: 2 } as const;
  const worst = parts.reduce((a, b) => (rank[b.answer] > rank[a.answer] ? b : a));
  return { answer: worst.answer, why: parts.map(({ why }) => why).join('; ') };
}
