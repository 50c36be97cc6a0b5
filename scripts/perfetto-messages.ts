/**
 * How a line of tracefs text is written into a Perfetto trace: as a message of its own where Perfetto has one for the event,
 * else as a generic event with the fields of the kernel's record, as its `format` file names them.
 */
import { ProtoWriter } from './proto-writer.ts';

export interface TextEvent {
  readonly comm: string;
  readonly pid: number;
  readonly tgid: number;
  readonly cpu: number;
  /** ns */
  readonly time: bigint;
  readonly name: string;
  readonly text: string;
}

/** One line of the default layout; undefined for others. */
export function parseLine(line: string): TextEvent | undefined {
  const match = /^(.{16})-(\d+) +(?:\( *([\d-]+)\) )?\[(\d+)\] (?:\S{4,8} )? *(\d+)\.(\d{6}): (\w+): (.*)$/.exec(line);
  if (match === null) return undefined;
  const [, comm = '', pid, tgid, cpu, seconds, micros, name = '', text = ''] = match;
  const process = tgid === undefined || tgid.startsWith('-') ? -1 : Number(tgid);
  return {
    comm: comm.trim(),
    pid: Number(pid),
    tgid: process,
    cpu: Number(cpu),
    time: BigInt(seconds ?? 0) * 1_000_000_000n + BigInt(micros ?? 0) * 1000n,
    name,
    text,
  };
}

type Value = { readonly sign: boolean; readonly value: bigint } | string;

const modes = ['MIGRATE_ASYNC', 'MIGRATE_SYNC_LIGHT', 'MIGRATE_SYNC'];
const reasons =
  'compaction memory_failure memory_hotplug syscall_or_cpuset mempolicy_mbind numa_misplaced contig_range longterm_pin demotion damon'.split(
    ' ',
  );
const results =
  'not_suitable_zone skipped deferred no_suitable_page continue complete partial_skipped contended success'.split(' ');
const zones = ['DMA', 'DMA32', 'Normal', 'Movable'];

const lists: Readonly<Record<string, readonly string[]>> = {
  mode: modes,
  reason: reasons,
  result: results,
  zone: zones,
  sync: ['async', 'sync'],
};

/**
 * A value of the text as the record has it. How: `p` hex without 0x, `x` hex with 0x, `d` signed, `u` unsigned, `s` text, `lru`
 * the flags of LRU events, `gfp` flags that the text has as names (here any number), `page index` and `device` those of
 * filemap events, or a name out of `lists`.
 */
function asRecorded(how: string, shown: string): Value {
  if (how === 's') return shown;
  if (how === 'gfp') return { sign: false, value: 0x140ccan };
  if (how === 'p') return { sign: false, value: BigInt(shown.startsWith('0x') ? shown : `0x${shown}`) };
  if (how === 'x' || how === 'u') return { sign: false, value: BigInt(shown) };
  if (how === 'd') return { sign: true, value: BigInt(shown) };
  if (how === 'page index') return { sign: false, value: BigInt(shown) / 4096n };
  if (how === 'device') {
    const [major = '', minor = ''] = shown.split(':');
    return { sign: false, value: (BigInt(major) << 8n) | BigInt(minor) };
  }
  if (how === 'lru') {
    const letters = ['M', 'a', 'f', 's', 'b', 'd', 'B'];
    const bits = letters.reduce((sum, letter, bit) => sum + (shown.includes(letter) ? 1 << bit : 0), 0);
    return { sign: false, value: BigInt(bits) };
  }
  const index = lists[how]?.indexOf(shown) ?? -1;
  if (index < 0) throw new Error(`${shown} is no ${how}`);
  return { sign: true, value: BigInt(index) };
}

/** Texts of events, and for each value in it the name in the record and how it is written. */
interface Form {
  readonly text: RegExp;
  /** `record name:how`, in the order of the groups of `text`. */
  readonly fields: string;
}

const generic: Readonly<Record<string, readonly Form[]>> = {
  mm_lru_insertion: [
    { text: /^folio=(\S+) pfn=(0x\S+) lru=(\d+) flags=(.*)$/, fields: 'folio:p pfn:x lru:u flags:lru' },
    { text: /^page=(\S+) pfn=(\d+) lru=(\d+) flags=(.*)$/, fields: 'page:p pfn:u lru:u flags:lru' },
  ],
  mm_lru_activate: [
    { text: /^folio=(\S+) pfn=(0x\S+)$/, fields: 'folio:p pfn:x' },
    { text: /^page=(\S+) pfn=(\d+)$/, fields: 'page:p pfn:u' },
  ],
  mm_migrate_pages: [
    {
      text: /^nr_succeeded=(\d+) nr_failed=(\d+) nr_thp_succeeded=(\d+) nr_thp_failed=(\d+) nr_thp_split=(\d+) nr_split=(\d+) mode=(\S+) reason=(\S+)$/,
      fields:
        'succeeded:u failed:u thp_succeeded:u thp_failed:u thp_split:u large_folio_split:u mode:mode reason:reason',
    },
    {
      text: /^nr_succeeded=(\d+) nr_failed=(\d+) nr_thp_succeeded=(\d+) nr_thp_failed=(\d+) nr_thp_split=(\d+) mode=(\S+) reason=(\S+)$/,
      fields: 'succeeded:u failed:u thp_succeeded:u thp_failed:u thp_split:u mode:mode reason:reason',
    },
  ],
  mm_migrate_pages_start: [{ text: /^mode=(\S+) reason=(\S+)$/, fields: 'mode:mode reason:reason' }],
  set_migration_pte: [{ text: /^addr=(\S+), pte=(\S+) order=(\d+)$/, fields: 'addr:p pte:p order:d' }],
  remove_migration_pte: [{ text: /^addr=(\S+), pte=(\S+) order=(\d+)$/, fields: 'addr:p pte:p order:d' }],
  set_migration_pmd: [{ text: /^addr=(\S+), pmd=(\S+)$/, fields: 'addr:p pmd:p' }],
  remove_migration_pmd: [{ text: /^addr=(\S+), pmd=(\S+)$/, fields: 'addr:p pmd:p' }],
  test_pages_isolated: [
    { text: /^start_pfn=(\S+) end_pfn=(\S+) fin_pfn=(\S+) ret=\S+$/, fields: 'start_pfn:x end_pfn:x fin_pfn:x' },
  ],
  cma_alloc: [{ text: /^pfn=(\S+) page=(\S+) count=(\d+) align=(\d+)$/, fields: 'pfn:p page:p count:u align:u' }],
  cma_release: [{ text: /^name=(.*) pfn=(\S+) page=(\S+) count=(\d+)$/, fields: 'name:s pfn:x page:p count:u' }],
};

/** The seven events of page_ref, with the value that some return. */
const pageRef: readonly Form[] = ['', ' ret=(\\S+)'].map((ret) => ({
  text: new RegExp(`^pfn=(\\S+) flags=(.*) count=(\\S+) mapcount=(\\S+) mapping=(\\S+) mt=(\\S+) val=(\\S+)${ret}$`),
  fields: `pfn:x flags:gfp count:d mapcount:d mapping:p mt:d val:d${ret === '' ? '' : ' ret:d'}`,
}));

/** Perfetto's own messages: the number of the event's field, and of each value's. */
const filemap = {
  text: /^dev (\S+) ino (\S+) pfn=(\S+) ofs=(\d+)(?: order=\d+)?$/,
  fields: '4:device 2:p 1:x 3:page index',
};

const typed: Readonly<Record<string, { readonly number: number; readonly text: RegExp; readonly fields: string }>> = {
  mm_page_alloc: {
    number: 307,
    text: /^page=(\S+) pfn=(\S+) order=(\d+) migratetype=(\d+) gfp_flags=(.*)$/,
    fields: '4:p 5:x 3:u 2:d 1:gfp',
  },
  mm_filemap_add_to_page_cache: { number: 97, ...filemap },
  mm_filemap_delete_from_page_cache: { number: 98, ...filemap },
  mm_page_free: { number: 310, text: /^page=(\S+) pfn=(\S+) order=(\d+)$/, fields: '2:p 3:x 1:u' },
  mm_page_free_batched: { number: 311, text: /^page=(\S+) pfn=(\S+) order=\d+$/, fields: '2:p 3:x' },
  mm_page_pcpu_drain: {
    number: 312,
    text: /^page=(\S+) pfn=(\S+) order=(\d+) migratetype=(\d+)$/,
    fields: '3:p 4:x 2:u 1:d',
  },
  mm_compaction_kcompactd_sleep: { number: 107, text: /^nid=(\d+)$/, fields: '1:d' },
  mm_compaction_begin: {
    number: 99,
    text: /^zone_start=(\S+) migrate_pfn=(\S+) free_pfn=(\S+) zone_end=(\S+), mode=(\S+)$/,
    fields: '1:x 2:x 3:x 4:x 5:sync',
  },
  mm_compaction_end: {
    number: 103,
    text: /^zone_start=(\S+) migrate_pfn=(\S+) free_pfn=(\S+) zone_end=(\S+), mode=(\S+) status=(\S+)$/,
    fields: '1:x 2:x 3:x 4:x 5:sync 6:result',
  },
  mm_compaction_finished: {
    number: 104,
    text: /^node=(\d+) zone=(\S+) order=(-?\d+) ret=(\S+)$/,
    fields: '1:d 2:zone 3:d 4:result',
  },
  mm_compaction_isolate_freepages: {
    number: 105,
    text: /^range=\((\S+) ~ (\S+)\) nr_scanned=(\d+) nr_taken=(\d+)$/,
    fields: '1:x 2:x 3:u 4:u',
  },
  mm_compaction_isolate_migratepages: {
    number: 106,
    text: /^range=\((\S+) ~ (\S+)\) nr_scanned=(\d+) nr_taken=(\d+)$/,
    fields: '1:x 2:x 3:u 4:u',
  },
  mm_compaction_migratepages: { number: 109, text: /^nr_migrated=(\d+) nr_failed=(\d+)$/, fields: '1:u 2:u' },
  cma_alloc_start: { number: 465, text: /^name=(.*) count=(\d+) align=(\d+)$/, fields: '3:s 2:u 1:u' },
  cma_alloc_finish: {
    number: 576,
    text: /^name=(.*) pfn=(\S+) page=(\S+) count=(\d+) align=(\d+)(?: errorno=(-?\d+))?$/,
    fields: '1:s 2:x 3:p 4:u 5:u 6:d',
  },
  workqueue_queue_work: {
    number: 59,
    text: /^work struct=(\S+) function=(\S+) workqueue=(\S+) req_cpu=(\d+) cpu=(-?\d+)$/,
    fields: '1:p 2:function 6:s 4:d 5:d',
  },
  workqueue_execute_start: { number: 58, text: /^work struct (\S+): function (\S+)$/, fields: '1:p 2:function' },
  workqueue_execute_end: { number: 57, text: /^work struct (\S+): function (\S+)$/, fields: '1:p 2:function' },
};

/** An event as a message, and the field of FtraceEvent it goes into. */
export interface Encoded {
  readonly number: number;
  readonly message: Uint8Array;
}

export interface Naming {
  /** The number of a kernel symbol. */
  symbol(name: string): number;
  /** The number of FtraceEvent's field for an event that the trace describes itself; undefined for the older way. */
  describe?: (event: string, fields: readonly (readonly [name: string, type: number])[]) => number;
}

export function encodeEvent(event: TextEvent, naming: Naming): Encoded {
  if (event.name === 'tracing_mark_write') {
    const message = new ProtoWriter().varint(1, naming.symbol('tracing_mark_write')).text(2, `${event.text}\n`);
    return { number: 3, message: message.bytes };
  }
  const own = typed[event.name];
  const match = own?.text.exec(event.text);
  if (own !== undefined && match) {
    const message = new ProtoWriter();
    own.fields.split(/ (?=\d)/).forEach((field, i) => {
      const [number = '', how = ''] = field.split(':');
      const shown = match[i + 1];
      if (shown === undefined) return;
      if (how === 'function') message.varint(Number(number), naming.symbol(shown));
      else write(message, Number(number), asRecorded(how, shown));
    });
    return { number: own.number, message: message.bytes };
  }
  const fields = recordOf(event);
  const typeOf = (value: Value): number => (typeof value === 'string' ? 9 : value.sign ? 3 : 4);
  if (naming.describe) {
    const message = new ProtoWriter();
    const number = naming.describe(
      event.name,
      fields.map(([name, value]) => [name, typeOf(value)]),
    );
    for (const [i, [, value]] of fields.entries()) write(message, i + 1, value);
    return { number, message: message.bytes };
  }
  const message = new ProtoWriter().text(1, event.name);
  for (const [name, value] of fields) {
    message.message(2, (field) => {
      field.text(1, name);
      write(field, typeof value === 'string' ? 3 : value.sign ? 4 : 5, value);
    });
  }
  return { number: 327, message: message.bytes };
}

function write(message: ProtoWriter, field: number, value: Value): void {
  if (typeof value === 'string') message.text(field, value);
  else message.varint(field, value.value);
}

/** The fields of the record that a text was printed from. */
function recordOf(event: TextEvent): [string, Value][] {
  const forms = event.name.startsWith('page_ref_') ? pageRef : (generic[event.name] ?? []);
  for (const form of forms) {
    const match = form.text.exec(event.text);
    if (match === null) continue;
    return form.fields.split(' ').map((field, i) => {
      const [name = '', how = ''] = field.split(':');
      return [name, asRecorded(how, match[i + 1] ?? '')];
    });
  }
  // A probe: `(function+0x0/0x110) a=1`, `(caller+0xfc/0x82c <- function) ret=0`. Where it sits is an address in the record.
  const fields: [string, Value][] = [];
  const probe = /^\((\S+)(?: <- (\S+))?\)/.exec(event.text);
  if (probe !== null) {
    const address: Value = { sign: false, value: 0xffff800008000000n + BigInt(event.text.length) };
    if (probe[2] === undefined) fields.push(['__probe_ip', address]);
    else fields.push(['__probe_func', address], ['__probe_ret_ip', address]);
  }
  for (const [, name = '', shown = ''] of event.text.matchAll(/(?:^|[ ,])([A-Za-z_]\w*)=([^\s,]+)/g)) {
    fields.push([name, guess(name, shown)]);
  }
  if (fields.length === 0 && event.text !== '') fields.push(['text', event.text]);
  return fields;
}

function guess(name: string, shown: string): Value {
  if (/^0x[0-9a-f]+$/.test(shown)) return asRecorded('x', shown);
  if (name === 'mm' && /^[0-9a-f]{8,16}$/.test(shown)) return asRecorded('p', shown);
  return /^-?\d+$/.test(shown) ? asRecorded('d', shown) : shown;
}
