/** How long tasks kept references that page_ref events show them take: each take with the same task's next drop that fits it. */
import { addTo } from '../base/groups.ts';
import type { History } from './facts.ts';
import { adds, PIN_BIAS } from './reference-evidence.ts';

/** A reference from its taking to its dropping. */
export interface ReferenceSpan {
  readonly pfn: number;
  readonly pid: number;
  /** Taken with FOLL_PIN, which counts as many (GUP_PIN_COUNTING_BIAS). */
  readonly isPin: boolean;
  readonly start: number;
  /** NaN where its task was not seen to drop one. */
  readonly end: number;
}

/**
 * Spans of all frames whose changes are kept, in order of their ends. Which of a task's references it drops no event tells:
 * the last taken counts as the first dropped, as of nested sections. Tasks that migrate are left out, for their references
 * are those that the check expects.
 */
export function referenceSpans({ references: table, calls }: Pick<History, 'references' | 'calls'>): ReferenceSpan[] {
  if (table === undefined) return [];
  const migrating = new Set(calls.map(({ pid }) => pid));
  const open = new Map<string, number[]>();
  const spans: ReferenceSpan[] = [];
  const spanOf = (row: number, end: number): ReferenceSpan => ({
    pfn: table.pfn[row]!,
    pid: table.pid[row]!,
    isPin: table.value[row]! >= PIN_BIAS,
    start: table.time[row]!,
    end,
  });
  for (let row = 0; row < table.length; row++) {
    if (migrating.has(table.pid[row]!)) continue;
    const value = table.value[row]!;
    const key = `${table.pfn[row]} ${table.pid[row]} ${Math.abs(value) >= PIN_BIAS}`;
    if (adds(table, row)) {
      addTo(open, key, row);
    } else if (value < 0) {
      const taken = open.get(key)?.pop();
      if (taken !== undefined) spans.push(spanOf(taken, table.time[row]!));
    }
  }
  for (const rows of open.values()) for (const row of rows) spans.push(spanOf(row, Number.NaN));
  return spans;
}
