/** What reference counts say: as they were compared (probes on the move, freezes that failed), and who changed them (page_ref events). */
import type { Evidence, Holder } from './facts.ts';
import { certainMark } from './likelihoods.ts';
import type { Facts, Index, Seen } from './marks.ts';
import type { Rates } from './rates.ts';
import { type ReferenceTable, referenceOperations } from './references.ts';

/** GUP_PIN_COUNTING_BIAS (include/linux/mm.h): what FOLL_PIN adds to the references of a small folio. */
export const PIN_BIAS = 1024;
const FREEZE = referenceOperations.indexOf('freeze');
const EAGAIN = -11;

/** One comparison of a count with what was expected. */
interface Check {
  readonly references: number;
  readonly expected: number;
  readonly time: number;
  readonly ordinal: number;
}

/** Comparisons that failed: as the move functions were entered, or else the freezes that met another count. */
export function failedChecks(facts: Facts, index: Index, seen: Seen): Check[] {
  const checks: Check[] = [];
  for (const { returned, references, expected, start, ordinal } of seen.attempts) {
    if (returned === 0 || Number.isNaN(references) || Number.isNaN(expected)) continue;
    checks.push({ references, expected, time: start, ordinal });
  }
  const { references: table } = facts;
  if (checks.length > 0 || table === undefined) return checks;
  for (const row of index.references.get(seen.folio.pfn) ?? []) {
    if (table.operation[row] !== FREEZE || table.returned[row] !== 0) continue;
    const time = table.time[row]!;
    if (time < seen.start || time > seen.end) continue;
    checks.push({ references: table.count[row]!, expected: table.value[row]!, time, ordinal: table.ordinal[row]! });
  }
  return checks;
}

/** Whether a row of page_ref events added references: a lookup's try adds none when it fails. */
export function adds(table: ReferenceTable, row: number): boolean {
  return table.value[row]! > 0 && !(table.returned[row] === 0) && table.operation[row] !== FREEZE;
}

/**
 * Tasks that took a reference while the folio was under migration and had not dropped it at its last check. The migrating
 * task is none of them. Where drops are not recorded (`page_ref_mod_and_test`), whoever took one counts.
 */
export function takers(facts: Facts, index: Index, seen: Seen, until: number): { row: number; who: Holder }[] {
  const { references: table, capture } = facts;
  const found: { row: number; who: Holder }[] = [];
  if (table === undefined) return found;
  const rows = index.references.get(seen.folio.pfn) ?? [];
  const owed = new Map<number, number[]>();
  for (const row of rows) {
    const time = table.time[row]!;
    const pid = table.pid[row]!;
    if (time < seen.start || time > until || pid === seen.pid) continue;
    const open = owed.get(pid) ?? [];
    if (adds(table, row) && table.value[row]! < PIN_BIAS) open.push(row);
    else if (table.value[row]! < 0) open.pop();
    owed.set(pid, open);
  }
  for (const [pid, open] of owed) {
    const row = open.at(-1);
    if (row === undefined) continue;
    const comm = capture.strings.text(table.comm[row]!);
    found.push({ row, who: { cpu: table.cpu[row]!, pid, comm, since: table.time[row]! } });
  }
  return found;
}

/** The task whose pin was the last that nobody has dropped by a time; undefined where none is recorded. */
function pinner({ references: table, capture }: Facts, index: Index, pfn: number, until: number): Holder | undefined {
  if (table === undefined) return undefined;
  const open: number[] = [];
  for (const row of index.references.get(pfn) ?? []) {
    if (table.time[row]! > until) break;
    if (adds(table, row) && table.value[row]! >= PIN_BIAS) open.push(row);
    else if (table.value[row]! <= -PIN_BIAS) open.pop();
  }
  const row = open.at(-1);
  if (row === undefined) return undefined;
  return {
    cpu: table.cpu[row]!,
    pid: table.pid[row]!,
    comm: capture.strings.text(table.comm[row]!),
    since: table.time[row]!,
  };
}

export function referenceEvidence(facts: Facts, index: Index, rates: Rates, seen: Seen): Evidence[] {
  const checked = failedChecks(facts, index, seen);
  const last = checked.at(-1);
  const pinned = pinner(facts, index, seen.folio.pfn, last?.time ?? seen.end);
  if (last === undefined) {
    if (pinned === undefined) return [];
    // The pin itself was recorded, and no folio moves with one.
    const says = `${pinned.comm}-${pinned.pid} pinned it and did not let go before`;
    return [{ says, cause: 'pin', weight: certainMark(0, rates.moved), ordinal: seen.ordinal, who: pinned }];
  }
  const excess = checked.map((check) => check.references - check.expected);
  const least = Math.min(...excess);
  const says = `${last.references} references where ${last.expected} were expected`;
  const { ordinal } = last;
  const transient = (why: string, weight: number): Evidence => ({
    says: `${says}${why}`,
    cause: 'transient reference',
    weight,
    ordinal,
  });
  if (least >= PIN_BIAS) {
    // No folio moves with a pin, so a folio that moved never shows this.
    const by = pinned === undefined ? '' : `, by ${pinned.comm}-${pinned.pid}`;
    return [
      {
        says: `${says}: at least one pin of ${PIN_BIAS}${by}`,
        cause: 'pin',
        weight: certainMark(0, rates.moved),
        ordinal,
        ...(pinned === undefined ? {} : { who: pinned }),
      },
    ];
  }
  if (Math.max(...excess) <= 0) {
    // The count was right when the attempt began: whatever raised it came and went within the attempt, or buffer heads of
    // its private data were locked or in use (mm/migrate.c __buffer_migrate_folio), which counts as one expected reference.
    const mark = certainMark(rates.recovered, rates.moved);
    const busy = last.expected === 3 && seen.attempts.every(({ returned }) => returned === EAGAIN);
    return [
      transient(': the mismatch came after the entry', mark),
      ...(busy
        ? [{ says: `${says}, and it has private data`, cause: 'buffer heads', weight: mark, ordinal } as const]
        : []),
    ];
  }
  if (least <= 0) {
    return [transient(', and right at another check', certainMark(rates.recovered, rates.moved))];
  }
  // Something held it at every check. References that come and go do so seldom, as the folios show that moved in the end.
  return [transient(`, and too many at each of ${checked.length} checks`, rates.survival ** (checked.length - 1))];
}
