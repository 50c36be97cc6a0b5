/**
 * System `page_ref` (include/trace/events/page_ref.h), of kernels with CONFIG_DEBUG_PAGE_REF. `count` is the value after the
 * operation; `mapcount` is page_mapcount() in 6.1 and the raw _mapcount (-1 = not mapped) from 6.12 on.
 */
import type { EventRow } from '../catalog.ts';
import { decimal, hex, text, u64 } from '../fields.ts';

const common = [
  hex('pfn'),
  text('flags'),
  decimal('count'),
  decimal('mapcount'),
  u64('mapping'),
  decimal('mt'),
  decimal('val'),
];
const template =
  'pfn={pfn:0x} flags={flags:w} count={count:d} mapcount={mapcount:d} mapping={mapping:p} mt={mt:d} val={val:d}';
const source = 'text of a 6.12 kernel with CONFIG_DEBUG_PAGE_REF, include/trace/events/page_ref.h';

export const pageRef: readonly EventRow[] = [
  ...['page_ref_set', 'page_ref_mod', 'page_ref_unfreeze'].map(
    (name): EventRow => ({
      system: 'page_ref',
      name,
      fields: common,
      eras: [{ text: template, since: '4.6', until: '', source }],
    }),
  ),
  ...['page_ref_mod_and_test', 'page_ref_mod_and_return', 'page_ref_mod_unless', 'page_ref_freeze'].map(
    (name): EventRow => ({
      system: 'page_ref',
      name,
      fields: [...common, decimal('ret')],
      eras: [{ text: `${template} ret={ret:d}`, since: '4.6', until: '', source }],
    }),
  ),
];
