/** The fact behind each need of a policy: whether a history has it, and the events that show it. */
import type { History } from '../history/facts.ts';
import type { Need } from '../policies/policy.ts';
import { holdsDemand } from '../replay/without-calls.ts';
import { probeCommand } from './record.ts';

export const needs: Readonly<
  Record<
    Need,
    {
      readonly has: (history: History) => boolean;
      readonly missing: string;
      readonly events: readonly string[];
    }
  >
> = {
  calls: {
    has: holdsDemand,
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

/** Whether entries went that no call, no split and no request of migrate_vma explains: migrate_vma sets its own silently. */
export function hasUnexplained({ refusals }: History): boolean {
  return refusals.some(({ what }) => what === 'removed migration entries');
}

/** What to record when a capture holds nothing to replay. */
export function recordEverything(history: History): string {
  const { calls, episodes, requests } = needs;
  const events = [calls, episodes, needs['batch flushes'], requests].flatMap((need) => need.events);
  return probeCommand(history, hasUnexplained(history) ? ['migrate_vma'] : [], events);
}
