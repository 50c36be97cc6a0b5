/** System `huge_memory` (include/trace/events/huge_memory.h). Numbers of `status` moved between releases, names did not. */
import type { EventRow } from '../catalog.ts';
import { decimal, hex, text, u64 } from '../fields.ts';

const newest = 'event format of 7.2';
const middle = 'event format of 5.10 to 6.17';

export const hugeMemory: readonly EventRow[] = [
  {
    system: 'huge_memory',
    name: 'mm_khugepaged_scan_pmd',
    fields: [
      u64('mm'),
      hex('scan_pfn'),
      decimal('referenced'),
      decimal('none_or_zero'),
      text('status'),
      decimal('unmapped'),
      decimal('writable'),
    ],
    aliases: { pfn: 'scan_pfn' },
    eras: [
      {
        text: 'mm={mm:p}, scan_pfn={scan_pfn:0x}, referenced={referenced:d}, none_or_zero={none_or_zero:d}, status={status:w}, unmapped={unmapped:d}',
        since: '7.0',
        until: '',
        source: newest,
      },
      {
        text: 'mm={mm:p}, scan_pfn={scan_pfn:0x}, writable={writable:d}, referenced={referenced:d}, none_or_zero={none_or_zero:d}, status={status:w}, unmapped={unmapped:d}',
        since: '4.5',
        until: '6.17',
        source: middle,
      },
    ],
  },
  {
    system: 'huge_memory',
    name: 'mm_collapse_huge_page',
    fields: [u64('mm'), decimal('isolated'), text('status'), decimal('order')],
    eras: [
      {
        text: 'mm={mm:p}, isolated={isolated:d}, status={status:w}, order={order:d}',
        since: '7.2',
        until: '',
        source: newest,
      },
      { text: 'mm={mm:p}, isolated={isolated:d}, status={status:w}', since: '4.5', until: '', source: middle },
    ],
  },
  {
    system: 'huge_memory',
    name: 'mm_collapse_huge_page_isolate',
    fields: [
      hex('scan_pfn'),
      decimal('none_or_zero'),
      decimal('referenced'),
      text('status'),
      decimal('order'),
      decimal('writable'),
    ],
    aliases: { pfn: 'scan_pfn' },
    eras: [
      {
        text: 'scan_pfn={scan_pfn:0x}, none_or_zero={none_or_zero:d}, referenced={referenced:d}, status={status:w}, order={order:d}',
        since: '7.2',
        until: '',
        source: newest,
      },
      {
        text: 'scan_pfn={scan_pfn:0x}, none_or_zero={none_or_zero:d}, referenced={referenced:d}, writable={writable:d}, status={status:w}',
        since: '4.5',
        until: '6.17',
        source: middle,
      },
    ],
  },
  {
    system: 'huge_memory',
    name: 'mm_collapse_huge_page_swapin',
    fields: [u64('mm'), decimal('swapped_in'), decimal('referenced'), decimal('ret'), decimal('order')],
    eras: [
      {
        text: 'mm={mm:p}, swapped_in={swapped_in:d}, referenced={referenced:d}, ret={ret:d}, order={order:d}',
        since: '7.2',
        until: '',
        source: newest,
      },
      {
        text: 'mm={mm:p}, swapped_in={swapped_in:d}, referenced={referenced:d}, ret={ret:d}',
        since: '4.8',
        until: '',
        source: middle,
      },
    ],
  },
  {
    system: 'huge_memory',
    name: 'mm_khugepaged_scan',
    fields: [u64('mm'), decimal('progress'), decimal('full_scan_finished')],
    eras: [
      {
        text: 'mm={mm:p}, progress={progress:d}, full_scan_finished={full_scan_finished:d}',
        since: '7.0',
        until: '',
        source: newest,
      },
    ],
  },
  {
    system: 'huge_memory',
    name: 'mm_khugepaged_scan_file',
    fields: [u64('mm'), hex('scan_pfn'), text('filename'), decimal('present'), decimal('swap'), text('result')],
    aliases: { pfn: 'scan_pfn' },
    eras: [
      {
        text: 'mm={mm:p}, scan_pfn={scan_pfn:0x}, filename={filename:w}, present={present:d}, swap={swap:d}, result={result:w}',
        since: '6.1',
        until: '',
        source: 'event format of 6.1 to 7.2; absent in 5.10',
      },
    ],
  },
  {
    system: 'huge_memory',
    name: 'mm_khugepaged_collapse_file',
    fields: [
      u64('mm'),
      hex('hpage_pfn'),
      decimal('index'),
      hex('addr'),
      decimal('is_shmem'),
      text('filename'),
      decimal('nr'),
      text('result'),
    ],
    aliases: { hpfn: 'hpage_pfn' },
    eras: [
      {
        text: 'mm={mm:p}, hpage_pfn={hpage_pfn:0x}, index={index:d}, addr={addr:x}, is_shmem={is_shmem:d}, filename={filename:w}, nr={nr:d}, result={result:w}',
        since: '6.2',
        until: '',
        source: 'event format of 6.12 to 7.2; the first release is not confirmed',
      },
    ],
  },
];
