/**
 * The events for which Perfetto has messages of their own (protos/perfetto/trace/ftrace/ftrace_event.proto and the file of
 * each system beside it): the number of the field in FtraceEvent, the event's system and name in the kernel, and the fields
 * of its message in the order of their numbers, from 1.
 *
 * What a field is: `d` a number, `x` a number shown in hex, `p` a pointer, `s` a text; and those whose number has to be
 * turned into what the kernel prints: `f` a function (the number of an interned symbol, or its address), `state` the bits of
 * prev_state, `dev` a device, `offset` an index of pages, `limit` a shift. `-` stands for a number without a field, or one
 * that no kernel's text has (`cold` is always 0).
 *
 * Events that are not here are kept with their fields by number.
 */

export interface TypedEvent {
  /** Field of FtraceEvent. */
  readonly number: number;
  readonly system: string;
  readonly name: string;
  /** `name:what` of field 1, 2, ...; undefined where there is none. */
  readonly fields: readonly ({ readonly name: string; readonly what: What } | undefined)[];
}

export type What = 'd' | 'x' | 'p' | 's' | 'f' | 'state' | 'dev' | 'offset' | 'limit';

const wakeup = 'comm:s pid:d prio:d success:d target_cpu:d';
const filemap = 'pfn:x i_ino:x ofs:offset dev:dev page:p';
const deferred = 'nid:d idx:d order:d considered:d limit:limit order_failed:d';
const range = 'start_pfn:x end_pfn:x nr_scanned:d nr_taken:d';
const kcompactd = 'nid:d order:d classzone_idx:d highest_zoneidx:d';
const slabAlloc = 'bytes_alloc:d bytes_req:d call_site:p gfp_flags:x';
const shrinkEnd = 'new_scan:d retval:d shr:p shrink:f total_scan:d unused_scan:d nid:d';
const shrinkStart =
  'cache_items:d delta:d gfp_flags:x lru_pgs:d nr_objects_to_shrink:d pgs_scanned:d shr:p shrink:f total_scan:d nid:d priority:d';
const cmaInfo = 'align:d count:d err_iso:d err_mig:d err_test:d name:s nr_mapped:d nr_migrated:d nr_reclaimed:d pfn:x';

/** PrintFtraceEvent: what was written to trace_marker. Its text is the event's, so it has no columns. */
export const printField = 3;
/** GenericFtraceEvent: name and named values. */
export const genericField = 327;
/** KprobeEvent: the name of a probe that Perfetto set itself, and whether this is its entry or its return. */
export const kprobeField = 542;

const table: readonly (readonly [number: number, event: string, fields: string])[] = [
  [4, 'sched/sched_switch', 'prev_comm:s prev_pid:d prev_prio:d prev_state:state next_comm:s next_pid:d next_prio:d'],
  [17, 'sched/sched_wakeup', wakeup],
  [18, 'sched/sched_blocked_reason', 'pid:d caller:f io_wait:d'],
  [20, 'sched/sched_waking', wakeup],
  [114, 'sched/sched_wakeup_new', wakeup],
  [237, 'sched/sched_process_exec', 'filename:s pid:d old_pid:d'],
  [238, 'sched/sched_process_exit', 'comm:s pid:d tgid:d prio:d'],
  [239, 'sched/sched_process_fork', 'parent_comm:s parent_pid:d child_comm:s child_pid:d'],
  [240, 'sched/sched_process_free', 'comm:s pid:d prio:d'],
  [241, 'sched/sched_process_hang', 'comm:s pid:d'],
  [242, 'sched/sched_process_wait', 'comm:s pid:d prio:d'],
  [353, 'sched/sched_pi_setprio', 'comm:s newprio:d oldprio:d pid:d'],
  [491, 'sched/sched_migrate_task', 'comm:s pid:d prio:d orig_cpu:d dest_cpu:d running:d load:d'],
  [235, 'task/task_newtask', 'pid:d comm:s clone_flags:x oom_score_adj:d'],
  [236, 'task/task_rename', 'pid:d oldcomm:s newcomm:s oom_score_adj:d'],

  [11, 'power/cpu_frequency', 'state:d cpu_id:d'],
  [13, 'power/cpu_idle', 'state:d cpu_id:d'],
  [113, 'power/suspend_resume', 'action:s val:d start:d'],
  [21, 'ipi/ipi_entry', 'reason:s'],
  [22, 'ipi/ipi_exit', 'reason:s'],
  [23, 'ipi/ipi_raise', 'target_cpus:x reason:s'],
  [24, 'irq/softirq_entry', 'vec:d'],
  [25, 'irq/softirq_exit', 'vec:d'],
  [26, 'irq/softirq_raise', 'vec:d'],
  [36, 'irq/irq_handler_entry', 'irq:d name:s handler:x'],
  [37, 'irq/irq_handler_exit', 'irq:d ret:d'],

  [56, 'workqueue/workqueue_activate_work', 'work:p function:f'],
  [57, 'workqueue/workqueue_execute_end', 'work:p function:f'],
  [58, 'workqueue/workqueue_execute_start', 'work:p function:f'],
  [59, 'workqueue/workqueue_queue_work', 'work:p function:f - req_cpu:d cpu:d workqueue:s'],

  [46, 'vmscan/mm_vmscan_direct_reclaim_begin', 'order:d may_writepage:d gfp_flags:x'],
  [47, 'vmscan/mm_vmscan_direct_reclaim_end', 'nr_reclaimed:d'],
  [48, 'vmscan/mm_vmscan_kswapd_wake', 'nid:d order:d zid:d'],
  [49, 'vmscan/mm_vmscan_kswapd_sleep', 'nid:d'],
  [443, 'vmscan/mm_shrink_slab_start', shrinkStart],
  [444, 'vmscan/mm_shrink_slab_end', shrinkEnd],
  [607, 'vmscan/mm_vmscan_memcg_reclaim_begin', 'order:d may_writepage:d gfp_flags:x'],
  [608, 'vmscan/mm_vmscan_memcg_reclaim_end', 'nr_reclaimed:d'],

  [97, 'filemap/mm_filemap_add_to_page_cache', filemap],
  [98, 'filemap/mm_filemap_delete_from_page_cache', filemap],

  [99, 'compaction/mm_compaction_begin', 'zone_start:x migrate_pfn:x free_pfn:x zone_end:x sync:d'],
  [100, 'compaction/mm_compaction_defer_compaction', deferred],
  [101, 'compaction/mm_compaction_deferred', deferred],
  [102, 'compaction/mm_compaction_defer_reset', deferred],
  [103, 'compaction/mm_compaction_end', 'zone_start:x migrate_pfn:x free_pfn:x zone_end:x sync:d status:d'],
  [104, 'compaction/mm_compaction_finished', 'nid:d idx:d order:d ret:d'],
  [105, 'compaction/mm_compaction_isolate_freepages', range],
  [106, 'compaction/mm_compaction_isolate_migratepages', range],
  [107, 'compaction/mm_compaction_kcompactd_sleep', 'nid:d'],
  [108, 'compaction/mm_compaction_kcompactd_wake', kcompactd],
  [109, 'compaction/mm_compaction_migratepages', 'nr_migrated:d nr_failed:d'],
  [110, 'compaction/mm_compaction_suitable', 'nid:d idx:d order:d ret:d'],
  [111, 'compaction/mm_compaction_try_to_compact_pages', 'order:d gfp_mask:x - prio:d'],
  [112, 'compaction/mm_compaction_wakeup_kcompactd', kcompactd],

  [280, 'kmem/dma_alloc_contiguous_retry', 'tries:d'],
  [298, 'kmem/kfree', 'call_site:p ptr:p'],
  [299, 'kmem/kmalloc', `${slabAlloc} ptr:p`],
  [300, 'kmem/kmalloc_node', `${slabAlloc} node:d ptr:p`],
  [301, 'kmem/kmem_cache_alloc', `${slabAlloc} ptr:p`],
  [302, 'kmem/kmem_cache_alloc_node', `${slabAlloc} node:d ptr:p`],
  [303, 'kmem/kmem_cache_free', 'call_site:p ptr:p'],
  [304, 'kmem/migrate_pages_end', 'mode:d'],
  [305, 'kmem/migrate_pages_start', 'mode:d'],
  [306, 'kmem/migrate_retry', 'tries:d'],
  [307, 'kmem/mm_page_alloc', 'gfp_flags:x migratetype:d order:d page:p pfn:x'],
  [
    308,
    'kmem/mm_page_alloc_extfrag',
    'alloc_migratetype:d alloc_order:d fallback_migratetype:d fallback_order:d page:p change_ownership:d pfn:x',
  ],
  [309, 'kmem/mm_page_alloc_zone_locked', 'migratetype:d order:d page:p pfn:x'],
  [310, 'kmem/mm_page_free', 'order:d page:p pfn:x'],
  [311, 'kmem/mm_page_free_batched', '- page:p pfn:x'],
  [312, 'kmem/mm_page_pcpu_drain', 'migratetype:d order:d page:p pfn:x'],
  [313, 'kmem/rss_stat', 'member:d size:d curr:d mm_id:x'],
  [359, 'synthetic/rss_stat_throttled', 'curr:d member:d mm_id:x size:d'],
  [
    577,
    'kmem/mm_alloc_contig_migrate_range_info',
    'start:x end:x nr_migrated:d nr_reclaimed:d nr_mapped:d migratetype:d',
  ],
  [579, 'kmem/dmabuf_rss_stat', 'rss:d rss_delta:d i_ino:x'],

  [465, 'cma/cma_alloc_start', 'align:d count:d name:s'],
  [466, 'cma/cma_alloc_info', cmaInfo],
  [576, 'cma/cma_alloc_finish', 'name:s pfn:x page:p count:d align:d errorno:d'],

  [35, 'lowmemorykiller/lowmemory_kill', 'comm:s pid:d pagecache_size:d pagecache_limit:d free:d'],
  [326, 'oom/oom_score_adj_update', 'comm:s oom_score_adj:d pid:d'],
  [328, 'mm_event/mm_event_record', 'avg_lat:d count:d max_lat:d type:d'],
  [334, 'oom/mark_victim', 'pid:d'],
  [335, 'ion/ion_stat', 'buffer_id:d len:d total_allocated:d'],
  [351, 'dmabuf_heap/dma_heap_stat', 'inode:x len:d total_allocated:d'],
  [538, 'pixel_mm/pixel_mm_kswapd_wake', 'whatever:d'],
  [539, 'pixel_mm/pixel_mm_kswapd_done', 'delta_nr_scanned:d delta_nr_reclaimed:d delta_nr_allocated:d duration_ns:d'],
];

/** All of them, by the number of their field in FtraceEvent. */
export const typedEvents: ReadonlyMap<number, TypedEvent> = new Map(
  table.map(([number, event, fields]) => {
    const [system = '', name = ''] = event.split('/');
    const list = fields.split(' ').map((field) => {
      const [fieldName, what] = field.split(':');
      return what === undefined ? undefined : { name: fieldName ?? '', what: what as What };
    });
    return [number, { number, system, name, fields: list }];
  }),
);
