/** How rows become events: one plan for each event of a table. */
import type { Field } from '../../events/kinds.ts';
import type { KindState } from '../kind-table.ts';

/** How the rows of one kind are read. */
export interface Plan {
  readonly fields: readonly Field[];
  /** Which cell a field is read from. */
  readonly cells: readonly { readonly column: number; readonly field: number; readonly radix: 10 | 16 }[];
  /** Makes the kind with the first row that could be read, so that no kind is without events. */
  state(): KindState;
}
