/** What a term comes to: a number, or bounds where the capture does not tell the value of every item. */
import { type Cause, causes, type History, type Observability } from '../history/facts.ts';
import { quantile } from '../report/numbers.ts';
import type { Grouping, Statistic, Term } from './expression.ts';
import type { Facts, Items } from './measure.ts';
import type { Owner } from './owners.ts';

/** NaN in both: nothing that could be measured. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

export interface Amount extends Bounds {
  /** The items that were looked at, and the value of each as it counts here. */
  readonly items: Items;
  readonly rows: readonly number[];
  readonly counted: (row: number) => number;
  /** Items of which the capture does not tell the value. */
  readonly untold: number;
}

/** The facts that would show a cause; of those without any, nothing has to be recorded. */
const shownBy: Readonly<Partial<Record<Cause, readonly (keyof Observability)[]>>> = {
  'add batch': ['batchFlushes'],
  'activate batch': ['activations'],
  'deactivate batch': ['batchFlushes'],
  'mlock batch': ['mlockBatches'],
  'lock-blocked fault': ['lockWaits'],
  'entry waiter': ['entryWaits'],
};

/** Of some causes those that this capture cannot show: a failure of theirs is one of which nobody can tell. */
export function unseenCauses(wanted: readonly Cause[], { observed }: History): Cause[] {
  return wanted.filter((cause) => shownBy[cause]?.some((fact) => observed[fact] === 'unknown') === true);
}

const untoldCause = causes.indexOf('cannot tell');

/** How probable it is that a failure has one of these causes, and what might be theirs besides. */
function blameOf(row: number, wanted: readonly Cause[], { posteriors, history }: Facts): Bounds {
  const posterior = posteriors[row]!;
  const low = wanted.reduce((sum, cause) => sum + posterior[causes.indexOf(cause)]!, 0);
  const hidden =
    wanted.includes('cannot tell') || unseenCauses(wanted, history).length === 0 ? 0 : posterior[untoldCause]!;
  return { low, high: Math.min(1, low + hidden) };
}

/** Whether a task is one of those named, by a glob on its name or by its number. */
function isTask({ comm, pid }: Owner, names: readonly string[]): boolean {
  return names.some((name) => {
    if (/^\d+$/.test(name)) return pid === Number(name);
    const pattern = name
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    return new RegExp(`^${pattern}$`, 'su').test(comm);
  });
}

/** The items that a term speaks of, in their order. */
export function select({ selection: { of, by, cpu }, measure }: Term, facts: Facts): { items: Items; rows: number[] } {
  const items = measure.items(facts);
  const rows: number[] = [];
  const isAll = of === undefined && by === undefined && cpu === undefined;
  for (let i = 0; i < items.length; i++) {
    if (!isAll) {
      const owner = items.owner(i);
      if (cpu !== undefined && owner.cpu !== cpu) continue;
      if (by !== undefined && !isTask(owner, by)) continue;
      if (of !== undefined && !(['reason', 'kind'] as const).some((key) => of.includes(groupOf(owner, key, facts))))
        continue;
    }
    rows.push(i);
  }
  return { items, rows };
}

/** The name of an item's group; empty where it is in none that is known. */
export function groupOf({ call, request, pid, comm, cpu }: Owner, per: Grouping, { history }: Facts): string {
  switch (per) {
    case 'task':
      return pid < 0 ? '' : `${comm}-${pid}`;
    case 'cpu':
      return cpu < 0 ? '' : `CPU ${cpu}`;
    case 'reason':
      return history.calls[call]?.reason ?? '';
    case 'kind':
      return history.requests[request]?.kind ?? '';
  }
}

/** What some items of a term come to. `threshold`: the probability from which a failure counts as blamed. */
export function amountOf(
  { statistic, measure, blamed }: Term,
  { items, rows }: { items: Items; rows: readonly number[] },
  facts: Facts,
  threshold: number,
): Amount {
  const counted = (row: number): number => {
    if (blamed === undefined) return items.value(row);
    const { low, high } = blameOf(row, blamed, facts);
    if (low >= threshold) return 1;
    return high >= threshold ? Number.NaN : 0;
  };
  if (statistic.kind === 'expected') {
    const all = rows.map((row) => blameOf(row, blamed ?? [], facts));
    const sum = (key: 'low' | 'high'): number => all.reduce((total, one) => total + one[key], 0);
    return {
      items,
      rows,
      counted: (row) => blameOf(row, blamed ?? [], facts).low,
      untold: 0,
      low: sum('low'),
      high: sum('high'),
    };
  }
  const told = Float64Array.from(rows, counted)
    .filter((value) => !Number.isNaN(value))
    .sort();
  const untold = rows.length - told.length;
  // A thing that is counted is there or not; of a number nobody knows how large it is.
  const most = blamed !== undefined || measure.isPart === true ? 1 : Number.POSITIVE_INFINITY;
  return { items, rows, counted, untold, ...boundsOf(statistic, told, untold, most) };
}

/** The statistic with every value that is not told as low as can be, and as high as can be. */
function boundsOf(statistic: Statistic, told: Float64Array, untold: number, most: number): Bounds {
  const all = told.length + untold;
  const sum = told.reduce((total, value) => total + value, 0);
  const highSum = untold === 0 ? sum : sum + untold * most;
  if (statistic.kind === 'sum') return { low: sum, high: highSum };
  if (all === 0) return { low: Number.NaN, high: Number.NaN };
  if (statistic.kind === 'share' || statistic.kind === 'mean') return { low: sum / all, high: highSum / all };
  const share = { min: 0, max: 1 }[statistic.kind as string] ?? (statistic as { readonly share: number }).share;
  const least = new Float64Array(all);
  least.set(told, untold);
  const highest = new Float64Array(all).fill(most);
  highest.set(told);
  return { low: at(least, share), high: at(highest, share) };
}

/** As `quantile`, also among infinite values. */
function at(sorted: Float64Array, share: number): number {
  const value = quantile(sorted, share);
  return Number.isNaN(value) ? sorted[Math.floor((sorted.length - 1) * share)]! : value;
}
