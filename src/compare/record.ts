/** What to record next time, as a command for the device. */
import type { History } from '../history/facts.ts';
import { parseVersion } from '../policies/versions.ts';

/** Facts that only probes show, and the definitions that show them: lines of tracefs `kprobe_events`. */
const probes = {
  'lock waits': {
    folios: [
      'p:fs/folio_lock_slow __folio_lock folio=%x0:x64',
      'r10:fs/folio_lock_slow_ret __folio_lock',
      'p:fs/folio_lock_or_retry __folio_lock_or_retry folio=%x0:x64',
      'r10:fs/folio_lock_or_retry_ret __folio_lock_or_retry ret=$retval:x32',
    ],
    pages: [
      'p:fs/__lock_page __lock_page page=%x0:x64',
      'r4:fs/__lock_page_ret __lock_page',
      'p:fs/__lock_page_or_retry __lock_page_or_retry page=%x0:x64',
      'r4:fs/__lock_page_or_retry_ret __lock_page_or_retry ret=$retval:s32',
    ],
  },
  'entry waits': {
    folios: [
      'p:fs/migration_entry_wait_on_locked migration_entry_wait_on_locked entry=%x0:x64',
      'r10:fs/migration_entry_wait_on_locked_ret migration_entry_wait_on_locked',
    ],
    pages: [
      'p:fs/put_and_wait_on_page_locked put_and_wait_on_page_locked page=%x0:x64',
      'r4:fs/put_and_wait_on_page_locked_ret put_and_wait_on_page_locked',
    ],
  },
  adds: {
    folios: [
      'p:fs/folio_add_lru folio_add_lru folio=%x0:x64',
      'p:fs/folio_activate folio_activate folio=%x0:x64 flags=+0(%x0):x64',
    ],
    pages: ['p:fs/lru_cache_add lru_cache_add page=%x0:x64'],
  },
  'mlock batches': {
    folios: [
      'p:fs/mlock_folio mlock_folio folio=%x0:x64',
      'p:fs/mlock_new_folio mlock_new_folio folio=%x0:x64',
      'p:fs/munlock_folio munlock_folio folio=%x0:x64',
    ],
    pages: [],
  },
  references: {
    folios: [
      'p:fs/move_to_new_folio move_to_new_folio dst=%x0:x64 src=%x1:x64 mode=%x2:s32 ref=+0x34(%x1):s32 mapc=+0x30(%x1):s32 flags=+0(%x1):x64 mapping=+0x18(%x1):x64',
      'r10:fs/move_to_new_folio_ret move_to_new_folio ret=$retval:s32',
    ],
    pages: [
      'p:fs/move_to_new_page move_to_new_page newpage=%x0:x64 page=%x1:x64 mode=%x2:s32 ref=+0x34(%x1):s32 mapc=+0x30(%x1):s32 flags=+0(%x1):x64 mapping=+0x18(%x1):x64',
      'r4:fs/move_to_new_page_ret move_to_new_page ret=$retval:s32',
    ],
  },
  migrate_vma: {
    folios: [
      'p:fs/migrate_vma_setup migrate_vma_setup args=%x0:x64',
      'r10:fs/migrate_vma_setup_ret migrate_vma_setup ret=$retval:s32',
      'p:fs/migrate_vma_pages migrate_vma_pages args=%x0:x64',
      'r10:fs/migrate_vma_pages_ret migrate_vma_pages ret=$retval:s32',
      'p:fs/migrate_vma_finalize migrate_vma_finalize args=%x0:x64',
      'r10:fs/migrate_vma_finalize_ret migrate_vma_finalize ret=$retval:s32',
      'p:fs/folio_isolate_lru folio_isolate_lru folio=%x0:x64',
      'r10:fs/folio_isolate_lru_ret folio_isolate_lru ret=$retval:s32',
      'p:fs/folio_migrate_mapping folio_migrate_mapping dst=%x1:x64 src=%x2:x64 ref=+0x34(%x2):s32 mapc=+0x30(%x2):s32 flags=+0(%x2):x64 mapping=+0x18(%x2):x64',
      'r10:fs/folio_migrate_mapping_ret folio_migrate_mapping ret=$retval:s32',
    ],
    pages: [],
  },
} as const;
export type Probed = keyof typeof probes;

/** Functions that are called otherwise in some releases (1000 times the major, and the minor). */
const renamed: readonly { from: string; to: string; holds: (release: number) => boolean }[] = [
  { from: 'migration_entry_wait_on_locked', to: 'softleaf_entry_wait_on_locked', holds: (release) => release >= 7000 },
  { from: 'mlock_new_folio', to: 'mlock_new_page', holds: (release) => release < 6003 },
  { from: 'munlock_folio', to: 'munlock_page', holds: (release) => release < 6003 },
];

/** The command that records these events next time. */
export function recordCommand(events: readonly string[]): string {
  const wanted = [...new Set(events)].map((event) => `-e ${event}`).join(' ');
  return `trace-cmd record -C mono ${wanted} sleep 30`;
}

/**
 * The command that sets these probes and records them with the events given. Functions are named as the recorded kernel
 * names them (as the kernels of 5.10, 6.1, 6.12, 6.16 and 7.2 did whose captures had these probes).
 */
export function probeCommand({ capture }: History, wanted: readonly Probed[], events: readonly string[]): string {
  const version = parseVersion(capture.kernelVersion?.value ?? '');
  const release = version === undefined ? Number.POSITIVE_INFINITY : version.major * 1000 + version.minor;
  const lines = wanted.flatMap((one) => probes[one][release < 5016 ? 'pages' : 'folios']);
  const named = lines.map((line) =>
    renamed.reduce(
      (text, { from, to, holds }) => (version !== undefined && holds(release) ? text.replaceAll(from, to) : text),
      line as string,
    ),
  );
  const record = recordCommand([...events, ...(named.length > 0 ? ['fs'] : [])]);
  if (named.length === 0) return record;
  const quoted = named.map((line) => `'${line}'`).join(' ');
  return `printf '%s\\n' ${quoted} >> /sys/kernel/tracing/kprobe_events; ${record}`;
}

/** The kernel is known, and too old for the events of migration entries (absent in 5.10, there in 6.1). */
export function isBefore518({ capture }: History): boolean {
  const version = parseVersion(capture.kernelVersion?.value ?? '');
  return version !== undefined && version.major * 1000 + version.minor < 5018;
}
