/** System `page_isolation` (include/trace/events/page_isolation.h). */
import type { EventRow } from '../catalog.ts';
import { hex, text } from '../fields.ts';

export const pageIsolation: readonly EventRow[] = [
  {
    system: 'page_isolation',
    name: 'test_pages_isolated',
    fields: [hex('start_pfn'), hex('end_pfn'), hex('fin_pfn'), text('ret')],
    eras: [
      {
        text: 'start_pfn={start_pfn:0x} end_pfn={end_pfn:0x} fin_pfn={fin_pfn:0x} ret={ret:w}',
        since: '4.4',
        until: '',
        source: 'event format of 5.10 to 7.2',
      },
    ],
  },
];
