/** System `thp` (include/trace/events/thp.h). */
import type { EventRow } from '../catalog.ts';
import { hex, u64 } from '../fields.ts';

const powerpc = 'event format of 6.1; gone in 6.12, and never written on arm64';

const migration = ['set_migration_pmd', 'remove_migration_pmd'].map(
  (name): EventRow => ({
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
  }),
);

export const thp: readonly EventRow[] = [
  ...migration,
  {
    system: 'thp',
    name: 'hugepage_set_pmd',
    fields: [hex('addr'), u64('pmd')],
    eras: [{ text: 'Set pmd with {addr:0x} with {pmd:0x}', since: '3.19', until: '6.11', source: powerpc }],
  },
  {
    system: 'thp',
    name: 'hugepage_update',
    fields: [hex('addr'), u64('pte'), u64('clr'), u64('set')],
    eras: [
      {
        text: 'hugepage update at addr {addr:0x} and pte = {pte:0x} clr = {clr:0x}, set = {set:0x}',
        since: '3.19',
        until: '6.11',
        source: powerpc,
      },
    ],
  },
];
