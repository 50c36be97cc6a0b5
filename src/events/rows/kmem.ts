/** System `kmem` (include/trace/events/kmem.h): the page allocator, and what one contiguous allocation migrated. */
import type { EventRow } from '../catalog.ts';
import { decimal, hex, text, u64 } from '../fields.ts';

const prefixed = 'text of 6.1 and 6.12';
const bare = 'include/trace/events/kmem.h before page frames were printed in hex; the last release is not confirmed';

export const kmem: readonly EventRow[] = [
  {
    system: 'kmem',
    name: 'mm_page_alloc',
    fields: [u64('page'), hex('pfn'), decimal('order'), decimal('migratetype'), text('gfp_flags')],
    eras: [
      {
        text: 'page={page:p} pfn={pfn:0x} order={order:d} migratetype={migratetype:d} gfp_flags={gfp_flags:w}',
        since: '5.14',
        until: '',
        source: prefixed,
      },
      {
        text: 'page={page:p} pfn={pfn:d} order={order:d} migratetype={migratetype:d} gfp_flags={gfp_flags:w}',
        since: '',
        until: '5.13',
        source: bare,
      },
    ],
  },
  {
    system: 'kmem',
    name: 'mm_page_free',
    fields: [u64('page'), hex('pfn'), decimal('order')],
    eras: [
      { text: 'page={page:p} pfn={pfn:0x} order={order:d}', since: '5.14', until: '', source: prefixed },
      { text: 'page={page:p} pfn={pfn:d} order={order:d}', since: '', until: '5.13', source: bare },
    ],
  },
  {
    system: 'kmem',
    name: 'mm_page_free_batched',
    fields: [u64('page'), hex('pfn'), decimal('order'), decimal('cold')],
    eras: [
      { text: 'page={page:p} pfn={pfn:0x} order={order:d}', since: '5.14', until: '', source: prefixed },
      { text: 'page={page:p} pfn={pfn:d} order={order:d}', since: '4.15', until: '5.13', source: bare },
      {
        text: 'page={page:p} pfn={pfn:d} order={order:d} cold={cold:d}',
        since: '',
        until: '4.14',
        source: 'include/trace/events/kmem.h of 4.4; the last release is not confirmed',
      },
    ],
  },
  {
    system: 'kmem',
    name: 'mm_page_pcpu_drain',
    fields: [u64('page'), hex('pfn'), decimal('order'), decimal('migratetype')],
    eras: [
      {
        text: 'page={page:p} pfn={pfn:0x} order={order:d} migratetype={migratetype:d}',
        since: '5.14',
        until: '',
        source: prefixed,
      },
      {
        text: 'page={page:p} pfn={pfn:d} order={order:d} migratetype={migratetype:d}',
        since: '',
        until: '5.13',
        source: bare,
      },
    ],
  },
  {
    system: 'kmem',
    name: 'mm_page_alloc_zone_locked',
    fields: [u64('page'), hex('pfn'), decimal('order'), decimal('migratetype'), decimal('percpu_refill')],
    eras: [
      {
        text: 'page={page:p} pfn={pfn:0x} order={order:d} migratetype={migratetype:d} percpu_refill={percpu_refill:d}',
        since: '5.14',
        until: '',
        source: 'include/trace/events/kmem.h of 6.x',
      },
      {
        text: 'page={page:p} pfn={pfn:d} order={order:d} migratetype={migratetype:d} percpu_refill={percpu_refill:d}',
        since: '',
        until: '5.13',
        source: bare,
      },
    ],
  },
  {
    system: 'kmem',
    name: 'mm_page_alloc_extfrag',
    fields: [
      u64('page'),
      hex('pfn'),
      decimal('alloc_order'),
      decimal('fallback_order'),
      decimal('pageblock_order'),
      decimal('alloc_migratetype'),
      decimal('fallback_migratetype'),
      decimal('fragmenting'),
      decimal('change_ownership'),
    ],
    eras: ['0x', 'd'].map((how) => ({
      text: `page={page:p} pfn={pfn:${how}} alloc_order={alloc_order:d} fallback_order={fallback_order:d} pageblock_order={pageblock_order:d} alloc_migratetype={alloc_migratetype:d} fallback_migratetype={fallback_migratetype:d} fragmenting={fragmenting:d} change_ownership={change_ownership:d}`,
      since: how === 'd' ? '' : '5.14',
      until: how === 'd' ? '5.13' : '',
      source: how === 'd' ? bare : 'include/trace/events/kmem.h of 6.x',
    })),
  },
  {
    system: 'kmem',
    name: 'mm_alloc_contig_migrate_range_info',
    fields: [
      hex('start'),
      hex('end'),
      decimal('migratetype'),
      decimal('nr_migrated'),
      decimal('nr_reclaimed'),
      decimal('nr_mapped'),
    ],
    eras: [
      {
        text: 'start={start:0x} end={end:0x} migratetype={migratetype:d} nr_migrated={nr_migrated:d} nr_reclaimed={nr_reclaimed:d} nr_mapped={nr_mapped:d}',
        since: '6.10',
        until: '7.1',
        source: 'include/trace/events/kmem.h of 6.12; gone in 7.2; first and last release not confirmed',
      },
    ],
  },
];
