/** System `thp` (include/trace/events/thp.h). */
import type { EventRow } from '../catalog.ts';
import { hex, u64 } from '../fields.ts';

export const thp: readonly EventRow[] = ['set_migration_pmd', 'remove_migration_pmd'].map((name) => ({
  system: 'thp',
  name,
  fields: [hex('addr'), u64('pmd')],
  eras: [
    {
      text: 'addr={addr:x}, pmd={pmd:x}',
      since: '5.18',
      until: '',
      source: 'event format of 6.1 to 7.2; absent in 5.10; the release it began with is not confirmed',
    },
  ],
}));
