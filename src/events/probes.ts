/**
 * Kernel functions that probes sit on: what a function means whatever release it is from, and the role of each parameter.
 *
 * A probe event is understood by the function probed and by what each argument was fetched from (register, offset), never
 * by names a user chose; the argument names of common scripts are only used where no definition tells more.
 *
 * Roles: a parameter's own (`folio`, `src`, `dst`, `mapping`, `mode`, `reason`, `ttu`, `cpu`, `start`, `end`, `count`,
 * `migratetype`, `gfp`, `entry`, `mm`, `pmd`, `address`, `list`, `pfn`, `flags`, `extra`, `expected`, `fbatch`, `move_fn`, `refs`,
 * `order`, ...), `return` and `caller` of a return probe, and what was read through a pointer: `folio.refcount`,
 * `src.mapcount`, `dst.flags`, `folio.mapping`, `folio.index`, `fbatch.nr`, `ptep.pte`.
 */
import { own } from '../base/own.ts';

/** One function: its parameters' roles in order (empty = of no interest). */
export interface ProbedFunction {
  readonly name: string;
  readonly meaning: string;
  readonly parameters: readonly string[];
}

/** `meaning`, its names across releases, roles of parameters. The roles hold for each of the names. */
const table: readonly (readonly [meaning: string, names: string, parameters: string])[] = [
  // mm/migrate.c. migrate_pages(from, get_new, put_new, private, mode, reason, ...): the same since 3.x.
  ['migrate_pages', 'migrate_pages', 'list - - - mode reason'],
  ['migrate_pages_batch', 'migrate_pages_batch', 'list - - - mode reason'],
  ['migrate_pages_sync', 'migrate_pages_sync', 'list - - - mode reason'],
  ['move_to_new_folio', 'move_to_new_folio move_to_new_page', 'dst src mode'],
  ['migrate_folio', 'migrate_folio migrate_page', 'mapping dst src mode'],
  ['filemap_migrate_folio', 'filemap_migrate_folio', 'mapping dst src mode'],
  [
    'buffer_migrate_folio',
    'buffer_migrate_folio __buffer_migrate_folio buffer_migrate_folio_norefs buffer_migrate_page __buffer_migrate_page buffer_migrate_page_norefs',
    'mapping dst src mode',
  ],
  ['folio_migrate_mapping', 'folio_migrate_mapping migrate_page_move_mapping', 'mapping dst src extra'],
  ['__folio_migrate_mapping', '__folio_migrate_mapping', 'mapping dst src expected'],
  ['folio_migrate_copy', 'folio_migrate_copy migrate_page_copy', 'dst src'],
  ['remove_migration_ptes', 'remove_migration_ptes', 'src dst flags'],
  ['migrate_folio_undo_src', 'migrate_folio_undo_src', 'src'],
  ['migrate_folio_done', 'migrate_folio_done', 'src reason'],
  ['migration_entry_wait', 'migration_entry_wait', 'mm pmd address'],
  ['__migration_entry_wait', '__migration_entry_wait', 'mm ptep'],
  ['pmd_migration_entry_wait', 'pmd_migration_entry_wait', 'mm pmd'],
  // mm/rmap.c. try_to_unmap(page, flags) installed migration entries until try_to_migrate() took that over (5.14).
  ['try_to_migrate', 'try_to_migrate', 'folio ttu'],
  ['try_to_unmap', 'try_to_unmap', 'folio ttu'],
  ['try_to_unmap_flush', 'try_to_unmap_flush', ''],
  // mm/filemap.c. The entry is passed by value.
  ['migration_entry_wait_on_locked', 'migration_entry_wait_on_locked softleaf_entry_wait_on_locked', 'entry'],
  ['folio_put_wait_locked', 'folio_put_wait_locked put_and_wait_on_page_locked', 'folio'],
  ['folio_lock', '__folio_lock __lock_page', 'folio'],
  ['folio_lock_killable', '__folio_lock_killable __lock_page_killable', 'folio'],
  ['folio_lock_or_retry', '__folio_lock_or_retry __lock_page_or_retry', 'folio'],
  ['folio_wait_bit_common', 'folio_wait_bit_common', 'folio'],
  ['folio_wake_bit', 'folio_wake_bit', 'folio'],
  ['folio_unlock', 'folio_unlock unlock_page', 'folio'],
  ['folio_wait_writeback', 'folio_wait_writeback wait_on_page_writeback', 'folio'],
  // mm/swap.c: batches and drains.
  ['lru_add_drain', 'lru_add_drain', ''],
  ['lru_add_drain_cpu', 'lru_add_drain_cpu', 'cpu'],
  ['lru_add_drain_cpu_zone', 'lru_add_drain_cpu_zone', ''],
  ['lru_add_drain_all', 'lru_add_drain_all', ''],
  ['__lru_add_drain_all', '__lru_add_drain_all', 'force'],
  ['lru_add_drain_per_cpu', 'lru_add_drain_per_cpu', ''],
  ['lru_cache_disable', 'lru_cache_disable', ''],
  ['folio_add_lru', 'folio_add_lru lru_cache_add', 'folio'],
  ['folio_mark_accessed', 'folio_mark_accessed mark_page_accessed', 'folio'],
  ['folio_activate', 'folio_activate activate_page', 'folio'],
  ['folio_deactivate', 'folio_deactivate deactivate_page', 'folio'],
  ['folio_mark_lazyfree', 'folio_mark_lazyfree mark_page_lazyfree', 'folio'],
  ['deactivate_file_folio', 'deactivate_file_folio deactivate_file_page', 'folio'],
  ['folio_rotate_reclaimable', 'folio_rotate_reclaimable rotate_reclaimable_page', 'folio'],
  ['folio_batch_add_and_move', '__folio_batch_add_and_move', '- folio move_fn'],
  ['folio_batch_move_lru', 'folio_batch_move_lru pagevec_lru_move_fn', 'fbatch move_fn'],
  ['pagevec_lru_add', '__pagevec_lru_add', 'fbatch'],
  // mm/mlock.c.
  ['mlock_folio', 'mlock_folio mlock_vma_page', 'folio'],
  ['mlock_new_folio', 'mlock_new_folio mlock_new_page', 'folio'],
  ['munlock_folio', 'munlock_folio munlock_page munlock_vma_page', 'folio'],
  ['mlock_drain_local', 'mlock_drain_local mlock_page_drain_local', ''],
  ['mlock_drain_remote', 'mlock_drain_remote mlock_page_drain_remote', 'cpu'],
  ['mlock_folio_batch', 'mlock_folio_batch mlock_pagevec', 'fbatch'],
  // mm/vmscan.c, mm/folio-compat.c. The int version returns 0 when it isolated, the bool version (6.3 and later) 1.
  ['folio_isolate_lru', 'folio_isolate_lru isolate_lru_page', 'folio'],
  ['folio_putback_lru', 'folio_putback_lru putback_lru_page', 'folio'],
  // mm/compaction.c, mm/page_alloc.c, mm/cma.c, mm/memory_hotplug.c, mm/memory-failure.c, mm/huge_memory.c.
  ['isolate_migratepages_range', 'isolate_migratepages_range', 'control start end'],
  // The third parameter is the migratetype up to 6.14, later allocation flags; the registers do not tell which.
  [
    'alloc_contig_range',
    'alloc_contig_range alloc_contig_range_noprof alloc_contig_frozen_range_noprof',
    'start end migratetype gfp',
  ],
  ['__alloc_contig_migrate_range', '__alloc_contig_migrate_range', 'control start end migratetype'],
  ['cma_alloc', 'cma_alloc __cma_alloc', '- count align'],
  ['offline_pages', 'offline_pages __ref_offline_pages', 'start count'],
  ['soft_offline_page', 'soft_offline_page', 'pfn flags'],
  ['split_huge_page', 'split_huge_page_to_list', 'folio list'],
  ['split_huge_page', 'split_huge_page_to_list_to_order __split_huge_page_to_list_to_order', 'folio list order'],
  ['split_huge_page', '__folio_split', 'folio order'],
  // mm/gup.c.
  ['gup_longterm_locked', '__gup_longterm_locked', 'mm start count'],
  ['collect_longterm_unpinnable', 'collect_longterm_unpinnable_folios collect_longterm_unpinnable_pages', 'list'],
  ['migrate_longterm_unpinnable', 'migrate_longterm_unpinnable_folios migrate_longterm_unpinnable_pages', 'list'],
  ['check_and_migrate_movable_pages', 'check_and_migrate_movable_pages', ''],
  ['try_grab_folio', 'try_grab_folio', 'folio refs flags'],
  // mm/migrate_device.c, mm/hmm.c.
  ['migrate_vma_setup', 'migrate_vma_setup', 'args'],
  ['migrate_vma_pages', 'migrate_vma_pages', 'args'],
  ['migrate_vma_finalize', 'migrate_vma_finalize', 'args'],
  ['migrate_device_range', 'migrate_device_range', 'list start count'],
  ['migrate_device_pages', 'migrate_device_pages', 'src dst count'],
  ['migrate_device_finalize', 'migrate_device_finalize', 'src dst count'],
  ['hmm_range_fault', 'hmm_range_fault', 'range'],
];

/** Every function known, with its meaning; for the documents and for tests. */
export const probedFunctions: readonly ProbedFunction[] = table.flatMap(([meaning, names, parameters]) =>
  names.split(' ').map((name) => ({
    name,
    meaning,
    parameters: parameters === '' ? [] : parameters.split(' ').map((role) => (role === '-' ? '' : role)),
  })),
);

const byName = new Map(probedFunctions.map((known) => [known.name, known]));

/** The function by the name that the kernel gives it; compiler suffixes (`.isra.0`, `.constprop.0`) are ignored. */
export function findFunction(name: string): ProbedFunction | undefined {
  return byName.get(name) ?? byName.get(name.replace(/\.(?:isra|constprop|part|cold|llvm)\.?[\w.]*$/, ''));
}

/**
 * struct folio of arm64, the same in 5.10 (struct page) to 7.2: flags 0, mapping 24, index 32, _mapcount 48, _refcount 52.
 * A struct folio_batch (pagevec) begins with its count.
 */
const folioOffsets: Readonly<Record<number, string>> = {
  0: 'flags',
  24: 'mapping',
  32: 'index',
  48: 'mapcount',
  52: 'refcount',
};

/** Parameters that point to a folio. */
const folioRoles = new Set(['folio', 'src', 'dst']);

/** The role of a value read through a parameter's pointer; empty when it is none that we know. */
export function roleOfDereference(role: string, offset: number): string {
  if (folioRoles.has(role)) {
    const part = folioOffsets[offset];
    return part === undefined ? '' : `${role}.${part}`;
  }
  if (role === 'fbatch' && offset === 0) return 'fbatch.nr';
  if (role === 'ptep' && offset === 0) return 'ptep.pte';
  return '';
}

/** Argument names of common scripts, for captures without definitions. `*` stands for the folio the function works on. */
const defaultNames: Readonly<Record<string, string>> = {
  folio: 'folio',
  page: '*',
  src: 'src',
  old: 'src',
  dst: 'dst',
  new: 'dst',
  newpage: 'dst',
  mapping_arg: 'mapping',
  mapping: '*.mapping',
  index: '*.index',
  ref: '*.refcount',
  refs: '*.refcount',
  mapc: '*.mapcount',
  map: '*.mapcount',
  srcref: 'src.refcount',
  oldref: 'src.refcount',
  dstref: 'dst.refcount',
  newref: 'dst.refcount',
  from: 'list',
  list: 'list',
  mode: 'mode',
  reason: 'reason',
  ttu: 'ttu',
  cpu: 'cpu',
  start: 'start',
  end: 'end',
  n: 'count',
  nr: 'count',
  count: 'count',
  mt: 'migratetype',
  migratetype: 'migratetype',
  aflags: 'alloc_flags',
  gfp: 'gfp',
  entry: 'entry',
  mm: 'mm',
  pmd: 'pmd',
  ptep: 'ptep',
  pte: 'ptep.pte',
  addr: 'address',
  address: 'address',
  pfn: 'pfn',
  extra: 'extra',
  expected: 'expected',
  order: 'order',
  cc: 'control',
  fbatch: 'fbatch',
  pvec: 'fbatch',
  fn: 'move_fn',
  move_fn: 'move_fn',
  args: 'args',
  force: 'force',
};

/** The role that an argument's name suggests in a function; empty when it suggests none. */
export function roleOfName(known: ProbedFunction | undefined, name: string): string {
  const parameters = known?.parameters ?? [];
  const main = parameters.includes('src') ? 'src' : 'folio';
  if (name === 'flags')
    return parameters.includes('flags') ? 'flags' : parameters.some((p) => folioRoles.has(p)) ? `${main}.flags` : '';
  if (name === 'mapping' && !parameters.some((p) => folioRoles.has(p))) return 'mapping';
  if (name === 'nr' && parameters.includes('fbatch')) return 'fbatch.nr';
  const role = own(defaultNames, name) ?? '';
  return role.startsWith('*') ? main + role.slice(1) : role;
}
