/** System `filemap` (include/trace/events/filemap.h): pages entering and leaving the page cache. */
import type { EventRow } from '../catalog.ts';
import { decimal, hex, text, u64 } from '../fields.ts';

export const filemap: readonly EventRow[] = ['mm_filemap_add_to_page_cache', 'mm_filemap_delete_from_page_cache'].map(
  (name) => ({
    system: 'filemap',
    name,
    fields: [text('dev'), hex('ino'), hex('pfn'), decimal('ofs'), decimal('order'), u64('page')],
    aliases: { i_ino: 'ino' },
    eras: [
      {
        text: 'dev {dev:w} ino {ino:x} pfn={pfn:0x} ofs={ofs:d} order={order:d}',
        since: '5.18',
        until: '',
        source: 'text of 6.1; the release it began with is not confirmed',
      },
      {
        text: 'dev {dev:w} ino {ino:x} page={page:p} pfn={pfn:d} ofs={ofs:d}',
        since: '',
        until: '5.15',
        source: 'include/trace/events/filemap.h before folios; the last release is not confirmed',
      },
    ],
  }),
);
