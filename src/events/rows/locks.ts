/**
 * Systems `lock` (include/trace/events/lock.h: contention of kernel locks; PG_locked is none of them) and `mmap_lock`
 * (include/trace/events/mmap_lock.h).
 */
import type { EventRow } from '../catalog.ts';
import { decimal, text, u64 } from '../fields.ts';

const lockSource = 'include/trace/events/lock.h of 5.19 and later';

/** `mm=... memcg_...=... write=true`, and more behind it. */
function mmapLock(name: string, tail: string): EventRow {
  return {
    system: 'mmap_lock',
    name,
    fields: [
      u64('mm'),
      text('memcg_path'),
      decimal('memcg_id'),
      text('write'),
      ...(tail === '' ? [] : [text('success')]),
    ],
    symbols: { write: ['false', 'true'], ...(tail === '' ? {} : { success: ['false', 'true'] }) },
    eras: [
      {
        text: `mm={mm:p} memcg_id={memcg_id:d} write={write:w}${tail}`,
        since: '6.14',
        until: '',
        source: 'include/trace/events/mmap_lock.h of 7.x; the first release is not confirmed',
      },
      {
        text: `mm={mm:p} memcg_path={memcg_path:w} write={write:w}${tail}`,
        since: '5.11',
        until: '6.13',
        source: 'include/trace/events/mmap_lock.h of 5.18 and 6.12',
      },
    ],
  };
}

export const locks: readonly EventRow[] = [
  {
    system: 'lock',
    name: 'contention_begin',
    fields: [u64('lock_addr'), text('flags')],
    eras: [{ text: '{lock_addr:p} (flags={flags:w})', since: '5.19', until: '', source: lockSource }],
  },
  {
    system: 'lock',
    name: 'contention_end',
    fields: [u64('lock_addr'), decimal('ret')],
    eras: [{ text: '{lock_addr:p} (ret={ret:d})', since: '5.19', until: '', source: lockSource }],
  },
  mmapLock('mmap_lock_start_locking', ''),
  mmapLock('mmap_lock_released', ''),
  mmapLock('mmap_lock_acquire_returned', ' success={success:w}'),
];
