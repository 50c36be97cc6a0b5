/** System `filemap` (include/trace/events/filemap.h): pages entering and leaving the page cache, and faults on it. */
import type { EventRow } from '../catalog.ts';
import { decimal, hex, text, u64 } from '../fields.ts';

const ranges = 'include/trace/events/filemap.h as merged (6.12); the first release is not confirmed';

export const filemap: readonly EventRow[] = [
  ...['mm_filemap_add_to_page_cache', 'mm_filemap_delete_from_page_cache'].map(
    (name): EventRow => ({
      system: 'filemap',
      name,
      // The record holds a device number and a page index; `dev` and `ofs` are what the text makes of them.
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
          text: 'dev {dev:w} ino {ino:x} page={page:p} pfn={pfn:0x} ofs={ofs:d}',
          since: '5.14',
          until: '5.17',
          source: 'between the two others; not confirmed on a kernel',
        },
        {
          text: 'dev {dev:w} ino {ino:x} page={page:p} pfn={pfn:d} ofs={ofs:d}',
          since: '',
          until: '5.13',
          source: 'include/trace/events/filemap.h before folios; the last release is not confirmed',
        },
      ],
    }),
  ),
  ...['mm_filemap_get_pages', 'mm_filemap_map_pages'].map(
    (name): EventRow => ({
      system: 'filemap',
      name,
      fields: [text('dev'), hex('ino'), decimal('ofs'), decimal('end')],
      aliases: { i_ino: 'ino' },
      eras: [{ text: 'dev={dev:w} ino={ino:x} ofs={ofs:d}-{end:d}', since: '6.12', until: '', source: ranges }],
    }),
  ),
  {
    system: 'filemap',
    name: 'mm_filemap_fault',
    fields: [text('dev'), hex('ino'), decimal('ofs')],
    aliases: { i_ino: 'ino' },
    eras: [{ text: 'dev={dev:w} ino={ino:x} ofs={ofs:d}', since: '6.12', until: '', source: ranges }],
  },
];
