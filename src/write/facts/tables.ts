/** Every table of facts, in the order of the documentation. */
import { batchTables } from './batches.ts';
import { callTables } from './calls.ts';
import { failureTables } from './failures.ts';
import type { FactTable } from './table.ts';

export const factTables: readonly FactTable[] = [...callTables, ...failureTables, ...batchTables];
