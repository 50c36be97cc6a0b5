/** System `cma` (include/trace/events/cma.h). A name may hold spaces: it ends where the next field begins. */
import type { EventRow } from '../catalog.ts';
import { decimal, hex, text, u64 } from '../fields.ts';

export const cma: readonly EventRow[] = [
  {
    system: 'cma',
    name: 'cma_alloc_start',
    fields: [
      text('name'),
      decimal('request_count'),
      decimal('available_count'),
      decimal('total_count'),
      decimal('align'),
    ],
    aliases: { count: 'request_count' },
    eras: [
      {
        text: 'name={name:w} request_count={request_count:d} available_count={available_count:d} total_count={total_count:d} align={align:d}',
        since: '7.0',
        until: '',
        source: 'event format of 7.2; 6.17 has the older form, the first release is not confirmed',
      },
      {
        text: 'name={name:w} count={request_count:d} align={align:d}',
        since: '5.10',
        until: '6.17',
        source: 'event format of 6.1 to 6.17, and of 5.10 kernels of vendors',
      },
      { text: 'count={request_count:d} align={align:d}', since: '4.4', until: '', source: 'event format of 4.4' },
    ],
  },
  {
    system: 'cma',
    name: 'cma_alloc_finish',
    // After a failure pfn is the last one tried (6.1), all ones (stored as -1) or 0 (7.2).
    fields: [text('name'), hex('pfn'), u64('page'), decimal('count'), decimal('align'), decimal('errorno')],
    eras: [
      {
        text: 'name={name:w} pfn={pfn:0x} page={page:p} count={count:d} align={align:d} errorno={errorno:d}',
        since: '6.3',
        until: '',
        source: 'event format of 6.12 to 7.2; the first release is not confirmed',
      },
      {
        text: 'name={name:w} pfn={pfn:0x} page={page:p} count={count:d} align={align:d}',
        since: '5.18',
        until: '6.2',
        source: 'event format of 6.1',
      },
      {
        text: 'name={name:w} pfn={pfn:x} page={page:p} count={count:d} align={align:d}',
        since: '5.10',
        until: '5.17',
        source: 'event format of 5.10 kernels of vendors: hex without prefix',
      },
    ],
  },
  {
    system: 'cma',
    name: 'cma_alloc_busy_retry',
    fields: [text('name'), hex('pfn'), u64('page'), decimal('count'), decimal('align')],
    eras: [
      {
        text: 'name={name:w} pfn={pfn:0x} page={page:p} count={count:d} align={align:d}',
        since: '5.18',
        until: '',
        source: 'event format of 6.1 to 7.2',
      },
      {
        text: 'name={name:w} pfn={pfn:x} page={page:p} count={count:d} align={align:d}',
        since: '5.10',
        until: '5.17',
        source: 'event format of 5.10 kernels of vendors: hex without prefix',
      },
      {
        text: 'pfn={pfn:x} page={page:p} count={count:d} align={align:d}',
        since: '4.4',
        until: '5.10',
        source: 'event format of 4.4 kernels of vendors: hex without prefix',
      },
    ],
  },
  {
    system: 'cma',
    name: 'cma_alloc',
    fields: [hex('pfn'), u64('page'), decimal('count'), decimal('align')],
    eras: [
      {
        text: 'pfn={pfn:x} page={page:p} count={count:d} align={align:d}',
        since: '4.1',
        until: '5.12',
        source: 'event format of 5.10: hex without prefix; cma_alloc_start and _finish came after it',
      },
    ],
  },
  {
    system: 'cma',
    name: 'cma_release',
    fields: [text('name'), hex('pfn'), u64('page'), decimal('count')],
    eras: [
      {
        text: 'name={name:w} pfn={pfn:0x} page={page:p} count={count:d}',
        since: '5.18',
        until: '',
        source: 'event format of 6.1 to 7.2',
      },
      {
        text: 'name={name:w} pfn={pfn:x} page={page:p} count={count:d}',
        since: '5.10',
        until: '5.17',
        source: 'event format of 5.10 kernels of vendors: hex without prefix',
      },
      {
        text: 'pfn={pfn:x} page={page:p} count={count:d}',
        since: '4.1',
        until: '5.12',
        source: 'event format of 5.10: hex without prefix',
      },
    ],
  },
];
