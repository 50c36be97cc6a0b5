/** System `pagemap` (include/trace/events/pagemap.h). Both events fire when a batch is flushed, not when it is added to. */
import type { EventRow } from '../catalog.ts';
import { decimal, hex, u64 } from '../fields.ts';

export const pagemap: readonly EventRow[] = [
  {
    system: 'pagemap',
    name: 'mm_lru_insertion',
    fields: [u64('folio'), hex('pfn'), decimal('lru'), hex('flags')],
    aliases: { page: 'folio' },
    eras: [
      {
        text: 'folio={folio:p} pfn={pfn:0x} lru={lru:d} flags={flags:f6}',
        since: '5.18',
        until: '',
        source: 'event format of 6.1 to 7.2; the release it began with is not confirmed',
      },
      {
        // The page frame is decimal here, and nothing but the event's form says so.
        text: 'page={folio:p} pfn={pfn:d} lru={lru:d} flags={flags:f6}',
        since: '',
        until: '5.15',
        source: 'event format of 5.10; the last release is not confirmed',
      },
      {
        text: 'page={folio:p} pfn={pfn:0x} lru={lru:d} flags={flags:f6}',
        since: '5.14',
        until: '5.17',
        source: 'between the two forms seen (5.10 and 6.1); not confirmed on a kernel',
      },
    ],
  },
  {
    system: 'pagemap',
    name: 'mm_lru_activate',
    fields: [u64('folio'), hex('pfn')],
    aliases: { page: 'folio' },
    eras: [
      { text: 'folio={folio:p} pfn={pfn:0x}', since: '5.18', until: '', source: 'event format of 6.1 to 7.2' },
      {
        text: 'page={folio:p} pfn={pfn:d}',
        since: '',
        until: '5.15',
        source: 'event format of 5.10: a decimal page frame',
      },
      {
        text: 'page={folio:p} pfn={pfn:0x}',
        since: '5.14',
        until: '5.17',
        source: 'between the two forms seen (5.10 and 6.1); not confirmed on a kernel',
      },
    ],
  },
];
