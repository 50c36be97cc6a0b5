/** What a request of each model is when a file does not say more. */
import type { Mode } from '../../model/decisions.ts';
import type { RequestModel } from '../../model/demand.ts';

/** Mode of migrate_pages that each requester uses (mm/: the call in each of them), where a file names none. */
export const defaultModes: Readonly<Record<RequestModel, Mode>> = {
  move_pages: 'sync',
  'contiguous allocation': 'sync',
  cma: 'sync',
  // Direct compaction begins asynchronously (compact_zone_order() at COMPACT_PRIO_ASYNC).
  compaction: 'async',
  'longterm pin': 'sync',
  'memory offline': 'sync',
  'numa balancing': 'async',
  'soft offline': 'sync',
  migrate_vma: 'sync-light',
  'thp split': 'sync',
  migrate_pages: 'sync',
  call: 'sync',
};

/** Reason as mm_migrate_pages prints it (include/trace/events/migrate.h MIGRATE_REASON); '' of what makes no such call. */
export const reasons: Readonly<Record<RequestModel, string>> = {
  move_pages: 'syscall_or_cpuset',
  'contiguous allocation': 'contig_range',
  cma: 'contig_range',
  compaction: 'compaction',
  'longterm pin': 'longterm_pin',
  'memory offline': 'memory_hotplug',
  'numa balancing': 'numa_misplaced',
  'soft offline': 'memory_failure',
  migrate_vma: '',
  'thp split': '',
  migrate_pages: 'syscall_or_cpuset',
  call: 'mempolicy_mbind',
};
