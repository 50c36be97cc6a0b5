/** System `migrate` (include/trace/events/migrate.h). */
import type { EventRow } from '../catalog.ts';
import { decimal, hex, text, u64 } from '../fields.ts';

/** enum migrate_mode (include/linux/migrate_mode.h); MIGRATE_SYNC_NO_COPY of 6.1 has no name in the text. */
const mode = ['MIGRATE_ASYNC', 'MIGRATE_SYNC_LIGHT', 'MIGRATE_SYNC'];

/** MIGRATE_REASON of include/trace/events/migrate.h; names were only ever appended (longterm_pin, demotion, damon). */
export const reason: readonly string[] = [
  'compaction',
  'memory_failure',
  'memory_hotplug',
  'syscall_or_cpuset',
  'mempolicy_mbind',
  'numa_misplaced',
  'contig_range',
  'longterm_pin',
  'demotion',
  'damon',
];

export const migrate: readonly EventRow[] = [
  {
    system: 'migrate',
    name: 'mm_migrate_pages',
    fields: [
      decimal('nr_succeeded'),
      decimal('nr_failed'),
      decimal('nr_thp_succeeded'),
      decimal('nr_thp_failed'),
      decimal('nr_thp_split'),
      decimal('nr_split'),
      text('mode'),
      text('reason'),
    ],
    aliases: {
      succeeded: 'nr_succeeded',
      failed: 'nr_failed',
      thp_succeeded: 'nr_thp_succeeded',
      thp_failed: 'nr_thp_failed',
      thp_split: 'nr_thp_split',
      large_folio_split: 'nr_split',
    },
    symbols: { mode, reason },
    eras: [
      {
        text: 'nr_succeeded={nr_succeeded:d} nr_failed={nr_failed:d} nr_thp_succeeded={nr_thp_succeeded:d} nr_thp_failed={nr_thp_failed:d} nr_thp_split={nr_thp_split:d} nr_split={nr_split:d} mode={mode:w} reason={reason:w}',
        since: '6.7',
        until: '',
        source: 'event format of 6.12, 6.16, 6.17, 7.2; the release it began with is not confirmed',
      },
      {
        text: 'nr_succeeded={nr_succeeded:d} nr_failed={nr_failed:d} nr_thp_succeeded={nr_thp_succeeded:d} nr_thp_failed={nr_thp_failed:d} nr_thp_split={nr_thp_split:d} mode={mode:w} reason={reason:w}',
        since: '5.9',
        until: '6.6',
        source: 'event format of 5.10 and 6.1; the releases it began and ended with are not confirmed',
      },
      {
        text: 'nr_succeeded={nr_succeeded:d} nr_failed={nr_failed:d} mode={mode:w} reason={reason:w}',
        since: '3.10',
        until: '5.8',
        source: 'event format of 3.10 and 4.4',
      },
    ],
  },
  {
    system: 'migrate',
    name: 'mm_migrate_pages_start',
    fields: [text('mode'), text('reason')],
    symbols: { mode, reason },
    eras: [
      {
        text: 'mode={mode:w} reason={reason:w}',
        since: '5.11',
        until: '',
        source: 'event format of 6.1 to 7.2; absent in 5.10, where vendors backported it',
      },
    ],
  },
  ...['set_migration_pte', 'remove_migration_pte'].map(
    (name): EventRow => ({
      system: 'migrate',
      name,
      fields: [hex('addr'), u64('pte'), decimal('order')],
      eras: [
        {
          text: 'addr={addr:x}, pte={pte:x} order={order:d}',
          since: '5.18',
          until: '',
          source: 'event format of 6.1 to 7.2; absent in 5.10; the release it began with is not confirmed',
        },
      ],
    }),
  ),
];
