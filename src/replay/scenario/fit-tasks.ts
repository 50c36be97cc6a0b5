/** What others did to batches, as tasks of a scenario: rates a CPU, with intervals. */
import { batchKinds, type History } from '../../history/facts.ts';
import type { Line } from './fit-requests.ts';
import { type Estimate, rateOf } from './rates.ts';
import { type Deed, type DeedLine, others, type TaskGroup } from './scenario.ts';

export interface Tasks {
  readonly tasks: TaskGroup[];
  /** Mean gaps, by path in the scenario. */
  readonly estimated: Record<string, { low: number; high: number }>;
  readonly remarks: string[];
}

const ADD = batchKinds.indexOf('add');
const ACTIVATE = batchKinds.indexOf('activate');

/**
 * One task a CPU: what it added to its batches, at the rate at which that reached the LRU there. Destinations and what was
 * put back are left out, for a scenario's requests make them again. Activations of folios that are wanted are theirs.
 */
export function tasksOf(history: History, lines: readonly Line[], duration: number): Tasks {
  const { stays, drains, flushes } = history;
  const lineOf = new Map<number, number>();
  lines.forEach(({ pfns }, place) => {
    for (const pfn of pfns) lineOf.set(pfn, place);
  });
  // By CPU: adds and activations of others, then activations of each line's folios, local drains, drains of all CPUs.
  const perCpu = new Map<number, Float64Array>();
  const [local, all] = [2 + lines.length, 3 + lines.length];
  const tally = (cpu: number, what: number) => {
    let counts = perCpu.get(cpu);
    if (counts === undefined) {
      counts = new Float64Array(4 + lines.length);
      perCpu.set(cpu, counts);
    }
    counts[what]!++;
  };
  let unlike = 0;
  for (let i = 0; i < stays.length; i++) {
    const batch = stays.batch[i]!;
    const line = lineOf.get(stays.pfn[i]!);
    if (batch === ADD) {
      if (line === undefined) tally(stays.cpu[i]!, 0);
    } else if (batch === ACTIVATE) tally(stays.cpu[i]!, line === undefined ? 1 : 2 + line);
    else unlike++;
  }
  const requesters = new Set(history.calls.map(({ pid }) => pid));
  for (const { scope, cpu, pid } of drains) {
    if (scope === 'disable' || requesters.has(pid)) continue;
    tally(cpu, scope === 'local' ? local : all);
  }
  const remarks: string[] = [];
  if (unlike > 0) remarks.push(`${unlike} entries of batches other than add and activate are left out`);
  if (history.observed.drains === 'unknown') {
    const short = flushes.filter(({ cause }) => cause === 'unknown').length;
    remarks.push(
      short === 0
        ? 'drains by others were not recorded, and the scenario has none'
        : `drains by others were not recorded: ${short} of ${flushes.length} flushes are of unknown cause and may be theirs, and the scenario has none`,
    );
  }
  if ([...perCpu.values()].some((counts) => counts.subarray(1, local).some((times) => times > 0))) {
    remarks.push(
      'reads are two for each activation: those of folios that were active already queue nothing and are not told',
    );
  }
  const tasks: TaskGroup[] = [];
  const estimated: Tasks['estimated'] = {};
  for (const cpu of [...perCpu.keys()].sort((a, b) => a - b)) {
    const counts = perCpu.get(cpu)!;
    const does: DeedLine[] = [];
    const add = (deed: Deed, times: number) => {
      if (times === 0) return;
      const rate = rateOf(times, duration);
      estimated[`tasks.${tasks.length}.does.${does.length}.every`] = gapOf(rate);
      does.push({ deed, every: { kind: 'exponential', mean: Math.round(1 / rate.value) } });
    };
    add({ fault: others }, counts[0]!);
    // folio_mark_accessed() activates with the second access.
    add({ read: others }, 2 * counts[1]!);
    lines.forEach(({ group }, place) => {
      add({ read: group.name }, 2 * counts[2 + place]!);
    });
    add({ drain: 'local' }, counts[local]!);
    add({ drain: 'all' }, counts[all]!);
    if (does.length > 0) tasks.push({ name: `cpu ${cpu}`, count: 1, cpus: [Math.max(0, cpu)], does });
  }
  return { tasks, estimated, remarks };
}

/** The mean gap of a rate. */
export function gapOf({ low, high }: Estimate): { low: number; high: number } {
  return { low: 1 / high, high: low > 0 ? 1 / low : Number.MAX_VALUE };
}
