/** The catalogue: every kernel event that is known, one file a system. */
import type { EventRow } from './catalog.ts';
import { cma } from './rows/cma.ts';
import { compaction } from './rows/compaction.ts';
import { filemap } from './rows/filemap.ts';
import { ftrace } from './rows/ftrace.ts';
import { hugeMemory } from './rows/huge-memory.ts';
import { ipi } from './rows/ipi.ts';
import { kmem } from './rows/kmem.ts';
import { locks } from './rows/locks.ts';
import { migrate } from './rows/migrate.ts';
import { pageIsolation } from './rows/page-isolation.ts';
import { pageRef } from './rows/page-ref.ts';
import { pagemap } from './rows/pagemap.ts';
import { sched } from './rows/sched.ts';
import { syscalls } from './rows/syscalls.ts';
import { thp } from './rows/thp.ts';
import { vmscan } from './rows/vmscan.ts';
import { workqueue } from './rows/workqueue.ts';

export const rows: readonly EventRow[] = [
  ...migrate,
  ...pagemap,
  ...compaction,
  ...cma,
  ...pageIsolation,
  ...pageRef,
  ...kmem,
  ...thp,
  ...hugeMemory,
  ...workqueue,
  ...sched,
  ...vmscan,
  ...filemap,
  ...locks,
  ...ipi,
  ...syscalls,
  ...ftrace,
];

const byName = new Map(rows.map((row) => [row.name, row]));

/** The row of an event, or undefined. `system` may be empty (text traces do not say it): names are unique in the catalogue. */
export function findRow(system: string, name: string): EventRow | undefined {
  const row = byName.get(name);
  return row && (system === '' || system === row.system) ? row : undefined;
}
