/**
 * When a capture was blind, and on which CPUs: stretches whose events the kernel says it lost, and beginnings of buffers
 * that were overwritten. What did not show in such a stretch may have happened.
 */
import type { History } from '../../history/facts.ts';
import { many } from '../numbers.ts';
import { colours } from './colours.ts';

/** Bins `from` up to (not including) `to`. */
export interface Run {
  readonly from: number;
  readonly to: number;
}

export interface Blindness {
  /** Losses that touch the span. */
  readonly losses: number;
  /** CPUs with such a loss, in order. */
  readonly rows: readonly { readonly cpu: number; readonly runs: readonly Run[] }[];
  /** Stretches with the share of CPUs that are blind in them. */
  readonly shades: readonly (Run & { readonly share: number })[];
}

/** Cuts `[begin, end)` into `bins`; a bin is blind on a CPU of which some event in it may be missing. */
export function blindness({ capture, eventsByCpu }: History, begin: number, end: number, bins: number): Blindness {
  const cpus = new Set([...eventsByCpu.map(({ cpu }) => cpu), ...capture.losses.map(({ cpu }) => cpu)]);
  cpus.delete(-1);
  const blind = new Map<number, Uint8Array>();
  const binOf = (time: number): number =>
    Math.min(bins - 1, Math.max(0, Math.floor(((time - begin) / (end - begin)) * bins)));
  let losses = 0;
  for (const { cpu, start, end: until } of capture.losses) {
    // Without a beginning, whatever the buffer held before is gone; without an end, nothing came after.
    const from = Number.isNaN(start) ? Number.NEGATIVE_INFINITY : start;
    const to = Number.isNaN(until) ? Number.POSITIVE_INFINITY : until;
    if ((from === Number.NEGATIVE_INFINITY && to === Number.POSITIVE_INFINITY) || to <= begin || from >= end) continue;
    losses++;
    for (const one of cpu < 0 ? cpus : [cpu]) {
      const row = blind.get(one) ?? new Uint8Array(bins);
      blind.set(one, row);
      row.fill(1, binOf(from), binOf(to) + 1);
    }
  }
  const share = new Float64Array(bins);
  for (const row of blind.values()) for (let i = 0; i < bins; i++) share[i]! += row[i]! / cpus.size;
  return {
    losses,
    rows: [...blind].sort(([a], [b]) => a - b).map(([cpu, row]) => ({ cpu, runs: runsOf(row) })),
    shades: runsOf(share).map((run) => ({ ...run, share: share[run.from]! })),
  };
}

/** Stretches of equal numbers that are not 0. */
export function runsOf(values: ArrayLike<number>): Run[] {
  const runs: Run[] = [];
  let from = 0;
  for (let i = 1; i <= values.length; i++) {
    if (i < values.length && values[i] === values[from]) continue;
    if (values[from]! > 0) runs.push({ from, to: i });
    from = i;
  }
  return runs;
}

/** A layer that shades blind stretches behind a panel's marks, the darker the more CPUs; `place` puts a bin on the axis. */
export function shadeLayer({ shades }: Blindness, place: (bin: number) => number): object {
  return {
    data: {
      values: shades.map(({ from, to, share }) => ({ start: place(from), end: place(to), opacity: 0.1 + 0.3 * share })),
    },
    mark: { type: 'rect', color: colours.grey },
    encoding: {
      x: { field: 'start', type: 'quantitative' },
      x2: { field: 'end' },
      opacity: { field: 'opacity', type: 'quantitative', scale: null, legend: null },
    },
  };
}

/** What the shading means, where there is any; begins with a space. */
export function shadeSentence(losses: number): string {
  return losses === 0
    ? ''
    : ` Shaded: ${many(losses, 'stretch', 'stretches')} in which events of a CPU are missing; what does not show there may have happened.`;
}
