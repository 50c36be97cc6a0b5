/** System `compaction` (include/trace/events/compaction.h). */
import type { EventRow } from '../catalog.ts';
import { decimal, hex, text } from '../fields.ts';

/** Zone names of a kernel with ZONE_DMA and ZONE_DMA32 and no high memory, as arm64 is built. */
const zones = ['DMA', 'DMA32', 'Normal', 'Movable'];

/** enum compact_result, by number (include/linux/compaction.h; event formats of 5.10 to 7.2). */
const results = [
  'not_suitable_zone',
  'skipped',
  'deferred',
  'no_suitable_page',
  'continue',
  'complete',
  'partial_skipped',
  'contended',
  'success',
];

const source = 'event format of 5.10 to 7.2';

export const compaction: readonly EventRow[] = [
  ...[
    'mm_compaction_isolate_migratepages',
    'mm_compaction_isolate_freepages',
    'mm_compaction_fast_isolate_freepages',
  ].map(
    (name): EventRow => ({
      system: 'compaction',
      name,
      fields: [hex('start_pfn'), hex('end_pfn'), decimal('nr_scanned'), decimal('nr_taken')],
      eras: [
        {
          text: 'range=({start_pfn:0x} ~ {end_pfn:0x}) nr_scanned={nr_scanned:d} nr_taken={nr_taken:d}',
          since: name.includes('fast') ? '6.7' : '4.0',
          until: '',
          source: name.includes('fast') ? 'event format of 6.12 to 7.2; the first release is not confirmed' : source,
        },
        ...(name.includes('fast')
          ? []
          : [
              {
                text: 'nr_scanned={nr_scanned:d} nr_taken={nr_taken:d}',
                since: '3.10',
                until: '3.19',
                source: 'event format of 3.10; the last release is not confirmed',
              },
            ]),
      ],
    }),
  ),
  {
    system: 'compaction',
    name: 'mm_compaction_migratepages',
    fields: [decimal('nr_migrated'), decimal('nr_failed')],
    eras: [{ text: 'nr_migrated={nr_migrated:d} nr_failed={nr_failed:d}', since: '', until: '', source }],
  },
  {
    system: 'compaction',
    name: 'mm_compaction_begin',
    fields: [hex('zone_start'), hex('migrate_pfn'), hex('free_pfn'), hex('zone_end'), text('mode')],
    aliases: { sync: 'mode' },
    symbols: { mode: ['async', 'sync'] },
    eras: [
      {
        text: 'zone_start={zone_start:0x} migrate_pfn={migrate_pfn:0x} free_pfn={free_pfn:0x} zone_end={zone_end:0x}, mode={mode:w}',
        since: '',
        until: '',
        source,
      },
    ],
  },
  {
    system: 'compaction',
    name: 'mm_compaction_end',
    fields: [hex('zone_start'), hex('migrate_pfn'), hex('free_pfn'), hex('zone_end'), text('mode'), text('status')],
    aliases: { sync: 'mode' },
    symbols: { mode: ['async', 'sync'], status: results },
    eras: [
      {
        text: 'zone_start={zone_start:0x} migrate_pfn={migrate_pfn:0x} free_pfn={free_pfn:0x} zone_end={zone_end:0x}, mode={mode:w} status={status:w}',
        since: '',
        until: '',
        source,
      },
    ],
  },
  {
    system: 'compaction',
    name: 'mm_compaction_try_to_compact_pages',
    fields: [decimal('order'), text('gfp_mask'), decimal('priority'), decimal('mode')],
    aliases: { prio: 'priority' },
    eras: [
      { text: 'order={order:d} gfp_mask={gfp_mask:w} priority={priority:d}', since: '4.8', until: '', source },
      {
        text: 'order={order:d} gfp_mask={gfp_mask:w} mode={mode:d}',
        since: '4.0',
        until: '4.7',
        source: 'include/trace/events/compaction.h of 4.4 (a hex mask); the last release is not confirmed',
      },
    ],
  },
  ...['mm_compaction_finished', 'mm_compaction_suitable'].map(
    (name): EventRow => ({
      system: 'compaction',
      name,
      fields: [decimal('node'), text('zone'), decimal('order'), text('ret')],
      aliases: { nid: 'node', idx: 'zone' },
      symbols: { zone: zones, ret: results },
      eras: [
        {
          text: 'node={node:d} zone={zone:w} order={order:d} ret={ret:w}',
          widths: { zone: 8 },
          since: '',
          until: '',
          source,
        },
      ],
    }),
  ),
  ...['mm_compaction_deferred', 'mm_compaction_defer_compaction', 'mm_compaction_defer_reset'].map(
    (name): EventRow => ({
      system: 'compaction',
      name,
      // The text's limit is 1 << defer_shift, so the record's defer_shift is no alias of it.
      fields: [
        decimal('node'),
        text('zone'),
        decimal('order'),
        decimal('order_failed'),
        decimal('consider'),
        decimal('limit'),
      ],
      aliases: { nid: 'node', idx: 'zone', considered: 'consider' },
      symbols: { zone: zones },
      eras: [
        {
          text: 'node={node:d} zone={zone:w} order={order:d} order_failed={order_failed:d} consider={consider:d} limit={limit:d}',
          widths: { zone: 8 },
          since: '',
          until: '',
          source,
        },
      ],
    }),
  ),
  {
    system: 'compaction',
    name: 'mm_compaction_kcompactd_sleep',
    fields: [decimal('nid')],
    eras: [{ text: 'nid={nid:d}', since: '', until: '', source }],
  },
  ...['mm_compaction_wakeup_kcompactd', 'mm_compaction_kcompactd_wake'].map(
    (name): EventRow => ({
      system: 'compaction',
      name,
      fields: [decimal('nid'), decimal('order'), text('classzone_idx')],
      aliases: { highest_zoneidx: 'classzone_idx' },
      symbols: { classzone_idx: zones },
      eras: [
        {
          text: 'nid={nid:d} order={order:d} classzone_idx={classzone_idx:w}',
          widths: { classzone_idx: 8 },
          since: '',
          until: '',
          source,
        },
      ],
    }),
  ),
];
