/** System `vmscan` (include/trace/events/vmscan.h): reclaim, which drains batches, isolates folios and wakes kswapd. */
import type { EventRow } from '../catalog.ts';
import { decimal, hex, text, u64 } from '../fields.ts';

const eras44 = 'include/trace/events/vmscan.h of 4.4';
const eras414 = 'include/trace/events/vmscan.h of 4.14';
const eras518 = 'include/trace/events/vmscan.h of 5.18';
const later = 'include/trace/events/vmscan.h of 5.18 and of 7.x';

/** LRU_NAMES of include/trace/events/mmflags.h, by enum lru_list. */
const lru = ['inactive_anon', 'active_anon', 'inactive_file', 'active_file', 'unevictable'];

const counts =
  'nr_scanned={nr_scanned:d} nr_reclaimed={nr_reclaimed:d} nr_dirty={nr_dirty:d} nr_writeback={nr_writeback:d} nr_congested={nr_congested:d} nr_immediate={nr_immediate:d}';
const activated = 'nr_activate_anon={nr_activate_anon:d} nr_activate_file={nr_activate_file:d}';
const kept = 'nr_ref_keep={nr_ref_keep:d} nr_unmap_fail={nr_unmap_fail:d}';
const countFields = [
  decimal('nr_scanned'),
  decimal('nr_reclaimed'),
  decimal('nr_dirty'),
  decimal('nr_writeback'),
  decimal('nr_congested'),
  decimal('nr_immediate'),
  decimal('nr_activate_anon'),
  decimal('nr_activate_file'),
  decimal('nr_ref_keep'),
  decimal('nr_unmap_fail'),
];
const countAliases = { nr_activate0: 'nr_activate_anon', nr_activate1: 'nr_activate_file' };

const kswapd: readonly EventRow[] = [
  {
    system: 'vmscan',
    name: 'mm_vmscan_kswapd_sleep',
    fields: [decimal('nid')],
    eras: [{ text: 'nid={nid:d}', since: '', until: '', source: later }],
  },
  {
    system: 'vmscan',
    name: 'mm_vmscan_kswapd_wake',
    fields: [decimal('nid'), decimal('zid'), decimal('order')],
    eras: [
      { text: 'nid={nid:d} order={order:d}', since: '4.16', until: '', source: `${later}; the first is not confirmed` },
      { text: 'nid={nid:d} zid={zid:d} order={order:d}', since: '', until: '4.15', source: `${eras44} and 4.14` },
    ],
  },
  {
    system: 'vmscan',
    name: 'mm_vmscan_wakeup_kswapd',
    fields: [decimal('nid'), decimal('zid'), decimal('order'), text('gfp_flags')],
    eras: [
      {
        text: 'nid={nid:d} order={order:d} gfp_flags={gfp_flags:w}',
        since: '4.16',
        until: '',
        source: `${later}; the first is not confirmed`,
      },
      { text: 'nid={nid:d} zid={zid:d} order={order:d}', since: '', until: '4.15', source: `${eras44} and 4.14` },
    ],
  },
  {
    system: 'vmscan',
    name: 'mm_vmscan_kswapd_reclaim_fail',
    fields: [decimal('nid'), decimal('failures')],
    eras: [{ text: 'nid={nid:d} failures={failures:d}', since: '7.0', until: '', source: 'linux-next before 7.x' }],
  },
  {
    system: 'vmscan',
    name: 'mm_vmscan_reset_kswapd_failures',
    fields: [decimal('nid'), text('reason')],
    eras: [{ text: 'nid={nid:d} reason={reason:w}', since: '7.0', until: '', source: 'linux-next before 7.x' }],
  },
];

const reclaim: readonly EventRow[] = [
  ...['mm_vmscan_direct_reclaim_begin', 'mm_vmscan_memcg_reclaim_begin', 'mm_vmscan_memcg_softlimit_reclaim_begin'].map(
    (name): EventRow => ({
      system: 'vmscan',
      name,
      fields: [decimal('order'), decimal('may_writepage'), text('gfp_flags'), decimal('classzone_idx')],
      eras: [
        { text: 'order={order:d} gfp_flags={gfp_flags:w}', since: '5.1', until: '', source: later },
        {
          text: 'order={order:d} may_writepage={may_writepage:d} gfp_flags={gfp_flags:w} classzone_idx={classzone_idx:d}',
          since: '4.8',
          until: '5.0',
          source: `${eras414}; the releases it began and ended with are not confirmed`,
        },
        {
          text: 'order={order:d} may_writepage={may_writepage:d} gfp_flags={gfp_flags:w}',
          since: '',
          until: '4.7',
          source: 'before the zone was printed; not confirmed on a kernel',
        },
      ],
    }),
  ),
  ...[
    'mm_vmscan_direct_reclaim_end',
    'mm_vmscan_memcg_reclaim_end',
    'mm_vmscan_memcg_softlimit_reclaim_end',
    'mm_vmscan_node_reclaim_end',
  ].map(
    (name): EventRow => ({
      system: 'vmscan',
      name,
      fields: [decimal('nr_reclaimed')],
      eras: [{ text: 'nr_reclaimed={nr_reclaimed:d}', since: '', until: '', source: later }],
    }),
  ),
  {
    system: 'vmscan',
    name: 'mm_vmscan_node_reclaim_begin',
    fields: [decimal('nid'), decimal('order'), text('gfp_flags')],
    eras: [{ text: 'nid={nid:d} order={order:d} gfp_flags={gfp_flags:w}', since: '5.1', until: '', source: later }],
  },
  {
    system: 'vmscan',
    name: 'mm_vmscan_throttled',
    fields: [decimal('nid'), decimal('usec_timeout'), decimal('usec_delayed'), text('reason')],
    eras: [
      {
        // `usect_delayed` is the kernel's own spelling.
        text: 'nid={nid:d} usec_timeout={usec_timeout:d} usect_delayed={usec_delayed:d} reason={reason:w}',
        since: '5.16',
        until: '',
        source: later,
      },
    ],
  },
  {
    system: 'vmscan',
    name: 'mm_vmscan_inactive_list_is_low',
    fields: [
      decimal('nid'),
      decimal('reclaim_idx'),
      decimal('total_inactive'),
      decimal('inactive'),
      decimal('total_active'),
      decimal('active'),
      decimal('ratio'),
      text('flags'),
    ],
    aliases: { reclaim_flags: 'flags' },
    eras: [
      {
        text: 'nid={nid:d} reclaim_idx={reclaim_idx:d} total_inactive={total_inactive:d} inactive={inactive:d} total_active={total_active:d} active={active:d} ratio={ratio:d} flags={flags:w}',
        since: '4.11',
        until: '5.7',
        source: `${eras414}; gone in 5.18`,
      },
    ],
  },
];

const slab: readonly EventRow[] = [
  {
    system: 'vmscan',
    name: 'mm_shrink_slab_start',
    fields: [
      text('shrink'),
      u64('shr'),
      decimal('nid'),
      decimal('nr_objects_to_shrink'),
      text('gfp_flags'),
      decimal('pgs_scanned'),
      decimal('lru_pgs'),
      decimal('cache_items'),
      decimal('delta'),
      decimal('total_scan'),
      decimal('priority'),
    ],
    eras: [
      {
        text: '{shrink:w} {shr:p}: nid: {nid:d} objects to shrink {nr_objects_to_shrink:d} gfp_flags {gfp_flags:w} cache items {cache_items:d} delta {delta:d} total_scan {total_scan:d} priority {priority:d}',
        since: '4.14',
        until: '',
        source: `${eras414}, 5.18 and 7.x`,
      },
      {
        text: '{shrink:w} {shr:p}: nid: {nid:d} objects to shrink {nr_objects_to_shrink:d} gfp_flags {gfp_flags:w} pgs_scanned {pgs_scanned:d} lru_pgs {lru_pgs:d} cache items {cache_items:d} delta {delta:d} total_scan {total_scan:d}',
        since: '',
        until: '4.13',
        source: `${eras44}; the last release is not confirmed`,
      },
    ],
  },
  {
    system: 'vmscan',
    name: 'mm_shrink_slab_end',
    fields: [
      text('shrink'),
      u64('shr'),
      decimal('nid'),
      decimal('unused_scan'),
      decimal('new_scan'),
      decimal('total_scan'),
      decimal('retval'),
    ],
    eras: [
      {
        text: '{shrink:w} {shr:p}: nid: {nid:d} unused scan count {unused_scan:d} new scan count {new_scan:d} total_scan {total_scan:d} last shrinker return val {retval:d}',
        since: '',
        until: '',
        source: `${eras44}, 4.14, 5.18 and 7.x`,
      },
    ],
  },
];

const lists: readonly EventRow[] = [
  {
    system: 'vmscan',
    name: 'mm_vmscan_lru_isolate',
    fields: [
      decimal('isolate_mode'),
      decimal('classzone'),
      decimal('order'),
      decimal('nr_requested'),
      decimal('nr_scanned'),
      decimal('nr_skipped'),
      decimal('nr_taken'),
      text('lru'),
      decimal('file'),
    ],
    aliases: { highest_zoneidx: 'classzone', classzone_idx: 'classzone' },
    symbols: { lru },
    eras: [
      {
        text: 'classzone={classzone:d} order={order:d} nr_requested={nr_requested:d} nr_scanned={nr_scanned:d} nr_skipped={nr_skipped:d} nr_taken={nr_taken:d} lru={lru:w}',
        since: '6.8',
        until: '',
        source: 'include/trace/events/vmscan.h of 6.12 and 7.x; the first release is not confirmed',
      },
      {
        text: 'isolate_mode={isolate_mode:d} classzone={classzone:d} order={order:d} nr_requested={nr_requested:d} nr_scanned={nr_scanned:d} nr_skipped={nr_skipped:d} nr_taken={nr_taken:d} lru={lru:w}',
        since: '4.11',
        until: '6.7',
        source: `${eras414}, 5.10, ${eras518} and 6.1; the last release is not confirmed`,
      },
      {
        text: 'isolate_mode={isolate_mode:d} classzone={classzone:d} order={order:d} nr_requested={nr_requested:d} nr_scanned={nr_scanned:d} nr_taken={nr_taken:d} file={file:d}',
        since: '4.8',
        until: '4.10',
        source: `${eras44} of a vendor`,
      },
      {
        text: 'isolate_mode={isolate_mode:d} order={order:d} nr_requested={nr_requested:d} nr_scanned={nr_scanned:d} nr_taken={nr_taken:d} file={file:d}',
        since: '',
        until: '4.7',
        source: 'before the zone was printed; not confirmed on a kernel',
      },
    ],
  },
  ...['mm_vmscan_writepage', 'mm_vmscan_write_folio'].map(
    (name): EventRow => ({
      system: 'vmscan',
      name,
      fields: [u64('page'), hex('pfn'), text('flags')],
      aliases: { reclaim_flags: 'flags' },
      eras: [
        {
          text: 'page={page:p} pfn={pfn:0x} flags={flags:w}',
          since: '5.14',
          until: '',
          source: `${later}; mm_vmscan_write_folio since 5.18`,
        },
        ...(name === 'mm_vmscan_writepage'
          ? [
              {
                text: 'page={page:p} pfn={pfn:d} flags={flags:w}',
                since: '',
                until: '5.13',
                source: `${eras44} and 4.14: a decimal page frame`,
              },
            ]
          : []),
      ],
    }),
  ),
  {
    system: 'vmscan',
    name: 'mm_vmscan_reclaim_pages',
    fields: [decimal('nid'), ...countFields],
    aliases: countAliases,
    eras: [
      { text: `nid={nid:d} ${counts} ${activated} ${kept}`, since: '6.13', until: '', source: 'linux-next before 7.x' },
    ],
  },
  {
    system: 'vmscan',
    name: 'mm_vmscan_lru_shrink_inactive',
    fields: [
      decimal('nid'),
      decimal('zid'),
      ...countFields,
      decimal('nr_activate'),
      decimal('priority'),
      text('flags'),
    ],
    aliases: { ...countAliases, reclaim_flags: 'flags' },
    eras: [
      {
        text: `nid={nid:d} ${counts} ${activated} ${kept} priority={priority:d} flags={flags:w}`,
        since: '5.3',
        until: '',
        source: `${later}; the first is not confirmed`,
      },
      {
        text: `nid={nid:d} ${counts} nr_activate={nr_activate:d} ${kept} priority={priority:d} flags={flags:w}`,
        since: '4.11',
        until: '5.2',
        source: eras414,
      },
      {
        text: 'nid={nid:d} nr_scanned={nr_scanned:d} nr_reclaimed={nr_reclaimed:d} priority={priority:d} flags={flags:w}',
        since: '4.8',
        until: '4.10',
        source: `${eras44} of a vendor`,
      },
      {
        text: 'nid={nid:d} zid={zid:d} nr_scanned={nr_scanned:d} nr_reclaimed={nr_reclaimed:d} priority={priority:d} flags={flags:w}',
        since: '',
        until: '4.7',
        source: 'while reclaim went by zones; not confirmed on a kernel',
      },
    ],
  },
  {
    system: 'vmscan',
    name: 'mm_vmscan_lru_shrink_active',
    fields: [
      decimal('nid'),
      decimal('nr_taken'),
      decimal('nr_active'),
      decimal('nr_deactivated'),
      decimal('nr_referenced'),
      decimal('priority'),
      text('flags'),
    ],
    aliases: { reclaim_flags: 'flags' },
    eras: [
      {
        text: 'nid={nid:d} nr_taken={nr_taken:d} nr_active={nr_active:d} nr_deactivated={nr_deactivated:d} nr_referenced={nr_referenced:d} priority={priority:d} flags={flags:w}',
        since: '4.11',
        until: '',
        source: `${eras414}, 5.18 and 7.x`,
      },
    ],
  },
];

export const vmscan: readonly EventRow[] = [...kswapd, ...reclaim, ...slab, ...lists];
