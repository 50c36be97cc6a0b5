/**
 * How many folios rested in each CPU's batches over time, and when drains came: what a migration meets that does not drain,
 * and what a drain empties.
 */
import type { Drain, History } from '../../history/facts.ts';
import { factsId } from '../evidence-id.ts';
import { count, duration, many } from '../numbers.ts';
import { table } from '../tables.ts';
import { type Blindness, blindness, runsOf, shadeSentence } from './blind.ts';
import { colours } from './colours.ts';
import { flushColours } from './drains.ts';
import { type Chart, widths } from './figure.ts';
import { type LaneMark, lanes } from './lanes.ts';

/** CPUs beyond these are in the table only: those with most folios are drawn. */
const drawn = 6;

const tick = {
  disable: 'drain: caches disabled',
  all: 'drain: all CPUs',
  local: 'drain: this CPU',
} as const;

const missing = 'events missing';

/** Where several came in one bin, the one that cost most is drawn. */
const strongest: readonly Drain['scope'][] = ['disable', 'all', 'local'];

interface CpuRow {
  readonly cpu: number;
  /** Most folios at once in each bin; of a CPU without timed stays, in the largest flush. */
  readonly level: Float64Array;
  /** Folios on average in each bin; 0 of a CPU without timed stays. */
  readonly average: Float64Array;
  most: number;
  mostAt: number;
  /** Over the time of the chart; NaN where adds were not seen. */
  mean: number;
  folios: number;
  /** By bin, index into `strongest`, or -1. */
  readonly drained: Int8Array;
  drains: number;
}

interface Shown {
  readonly begin: number;
  readonly end: number;
  /** Adds were seen, so levels are known between flushes. */
  readonly levels: boolean;
  readonly rows: readonly CpuRow[];
}

export const occupancy: Chart = ({ history }, width = widths.wide) => {
  const bins = width < 500 ? 60 : 88;
  const shown = occupied(history, bins);
  const { begin, end, rows } = shown;
  const timed = history.capture.clock.unit === 'ns';
  const scale = timed ? 1e9 : 1;
  const most = rows.reduce((sum, row) => Math.max(sum, row.most), 0);
  const place = (bin: number): number => (begin + (bin / bins) * (end - begin)) / scale;
  const blind = blindness(history, begin, end, bins);
  const largest = [...rows].sort((a, b) => b.folios - a.folios).slice(0, drawn);
  return {
    id: 'occupancy',
    title: 'Folios in the batches of each CPU, and when they were drained',
    finding: finding(history, shown, blind.losses),
    tables: [
      table(
        ['CPU>', shown.levels ? 'most at once>' : 'largest flush>', 'at', 'on average>', 'folios>', 'drains>'],
        rows.map((row) => [
          String(row.cpu),
          count(row.most),
          timed ? duration(row.mostAt) : count(row.mostAt),
          count(row.mean),
          count(row.folios),
          count(row.drains),
        ]),
        rows.length > 0
          ? {
              notes: ['Folios: that left a batch of this CPU. Drains: that reached it.'],
              evidence: rows.map(({ cpu }) => [
                ...Array<undefined>(4).fill(undefined),
                factsId('stays', { cpu, open: 'no' }),
              ]),
            }
          : {},
      ),
    ],
    spec:
      most === 0
        ? undefined
        : lanes(
            rows
              .filter((row) => largest.includes(row))
              .map((row) => ({
                label: `CPU ${row.cpu}: ${shown.levels ? `${count(row.mean)} on average, ${many(row.most, 'folio')} at most` : `largest flush ${many(row.most, 'folio')}`}`,
                marks: [...blindMarks(blind, row.cpu, place), ...marksOf(row, most, place)],
              })),
            {
              series: {
                level: colours.sky,
                [missing]: colours.grey,
                ...Object.fromEntries(strongest.map((scope) => [tick[scope], drainColours[scope]])),
              },
              legend: [...strongest.map((scope) => tick[scope]), missing],
              domain: [place(0), place(bins)],
              axis: {
                title: [
                  timed ? 'seconds since the first event' : 'clock units since the first event',
                  shown.levels
                    ? `dark: average, pale: most at once; full lane: ${count(most)}`
                    : `folios in the largest flush; full lane: ${count(most)}`,
                ],
                tickCount: width < 500 ? 5 : 10,
                grid: false,
              },
            },
            width,
          ),
  };
};

const drainColours: Readonly<Record<Drain['scope'], string>> = {
  disable: flushColours['cache disabled'],
  all: flushColours['all-CPU drain'],
  local: flushColours['local drain'],
};

/** Where events of a CPU are missing, its whole lane. */
function blindMarks({ rows }: Blindness, cpu: number, place: (bin: number) => number): LaneMark[] {
  const runs = rows.find((row) => row.cpu === cpu)?.runs ?? [];
  return runs.map(({ from, to }) => ({ from: place(from), to: place(to), height: 1, series: missing, pale: true }));
}

/** Bars of a CPU's level, and a tick for each bin that had a drain; neighbours that are alike are one mark. */
function marksOf(row: CpuRow, most: number, place: (bin: number) => number): LaneMark[] {
  const { level, average, drained } = row;
  const known = !Number.isNaN(row.mean);
  const bars = (values: Float64Array, pale: boolean): LaneMark[] =>
    runsOf(values).map(({ from, to }) => ({
      from: place(from),
      to: place(to),
      height: values[from]! / most,
      series: 'level',
      ...(pale ? { pale } : {}),
    }));
  const marks = [...bars(level, known), ...bars(average, false)];
  for (let i = 0; i < drained.length; i++) {
    const scope = strongest[drained[i]!];
    if (scope === undefined) continue;
    // Told apart by width as well as by colour.
    const edge = { disable: 0.05, all: 0.2, local: 0.38 }[scope];
    marks.push({ from: place(i + edge), to: place(i + 1 - edge), series: tick[scope] });
  }
  return marks;
}

/** Works out levels by bin: of stays with both ends (or a beginning and no end) where adds were seen, else of flushes. */
function occupied({ stays, flushes, drains }: History, bins: number): Shown {
  let begin = Number.POSITIVE_INFINITY;
  let end = Number.NEGATIVE_INFINITY;
  const reach = (time: number): void => {
    if (time < begin) begin = time;
    if (time > end) end = time;
  };
  const timed = new Map<number, { added: number[]; left: number[] }>();
  for (let row = 0; row < stays.length; row++) {
    const added = stays.added[row]!;
    if (Number.isNaN(added)) continue;
    const cpu = stays.cpu[row]!;
    let own = timed.get(cpu);
    if (own === undefined) {
      own = { added: [], left: [] };
      timed.set(cpu, own);
    }
    own.added.push(added);
    const flushed = stays.flushed[row]!;
    if (!Number.isNaN(flushed)) own.left.push(flushed);
    reach(added);
    reach(Number.isNaN(flushed) ? added : flushed);
  }
  for (const { start } of flushes) reach(start);
  if (!(end >= begin)) return { begin: 0, end: 1, levels: false, rows: [] };
  end += Math.max(1, (end - begin) * 1e-9);
  const levels = timed.size > 0;
  const rows = new Map<number, CpuRow>();
  const rowOf = (cpu: number): CpuRow => {
    let row = rows.get(cpu);
    if (row === undefined) {
      const level = new Float64Array(bins);
      const average = new Float64Array(bins);
      const drained = new Int8Array(bins).fill(-1);
      row = { cpu, level, average, most: 0, mostAt: Number.NaN, mean: Number.NaN, folios: 0, drained, drains: 0 };
      rows.set(cpu, row);
    }
    return row;
  };
  const binOf = (time: number): number => Math.min(bins - 1, Math.floor(((time - begin) / (end - begin)) * bins));
  for (const { cpu, start, count: folios } of flushes) {
    const row = rowOf(cpu);
    row.folios += folios;
    if (!levels) raise(row, binOf(start), folios, start);
  }
  for (const [cpu, { added, left }] of timed) sweep(rowOf(cpu), added, left, binOf, begin, end);
  for (const { scope, cpu, cpus, start } of drains) {
    if (start < begin || start > end) continue;
    // Where no work was seen, a drain of all CPUs was meant for each.
    const reached = scope === 'local' ? [cpu] : cpus.length > 0 ? cpus : rows.keys();
    for (const one of reached) {
      const row = rows.get(one);
      if (row === undefined) continue;
      row.drains++;
      const bin = binOf(start);
      const rank = strongest.indexOf(scope);
      if (row.drained[bin]! < 0 || rank < row.drained[bin]!) row.drained[bin] = rank;
    }
  }
  return { begin, end, levels, rows: [...rows.values()].sort((a, b) => a.cpu - b.cpu) };
}

function raise(row: CpuRow, bin: number, level: number, time: number): void {
  if (level > row.level[bin]!) row.level[bin] = level;
  if (level > row.most) {
    row.most = level;
    row.mostAt = time;
  }
}

/** Goes through one CPU's adds and flushes in order of time. */
function sweep(
  row: CpuRow,
  added: readonly number[],
  left: readonly number[],
  binOf: (time: number) => number,
  begin: number,
  end: number,
): void {
  const ups = Float64Array.from(added).sort();
  const downs = Float64Array.from(left).sort();
  let level = 0;
  let bin = 0;
  let last = begin;
  let area = 0;
  const bins = row.level.length;
  const reach = (time: number): void => {
    area += level * (time - last);
    // The level stood through all bins in between.
    for (const now = binOf(time); ; bin++) {
      const until = bin === now ? time : begin + ((bin + 1) / bins) * (end - begin);
      if (level > row.level[bin]!) row.level[bin] = level;
      row.average[bin]! += (level * Math.max(0, until - last) * bins) / (end - begin);
      last = Math.max(last, until);
      if (bin === now) break;
    }
    last = time;
  };
  let down = 0;
  for (const up of ups) {
    // Of equal times the add comes first: no folio leaves a batch before it is in one.
    while (down < downs.length && downs[down]! < up) {
      reach(downs[down]!);
      level--;
      down++;
    }
    reach(up);
    level++;
    raise(row, bin, level, up);
  }
  for (; down < downs.length; down++) {
    reach(downs[down]!);
    level--;
  }
  reach(end);
  row.mean = area / (end - begin);
}

function finding({ observed, capture }: History, { rows, levels }: Shown, losses: number): string {
  if (rows.length === 0)
    return observed.batchFlushes === 'unknown' && observed.batchAdds === 'unknown'
      ? 'This capture shows neither adds to batches nor flushes, so what was in them is not known.'
      : 'No folio was seen in a batch while this capture was taken.';
  const fullest = rows.reduce((best, row) => (row.most > best.most ? row : best));
  const when = capture.clock.unit === 'ns' ? ` at ${duration(fullest.mostAt)}` : '';
  const drains = rows.reduce((sum, row) => sum + row.drains, 0);
  const drained =
    drains > 0
      ? ` Ticks: drains that reached the CPU (${count(drains)} in all).`
      : observed.drains === 'unknown'
        ? ' Drains are not recorded.'
        : ' No drain was seen.';
  const several = `${rows.length > drawn ? ` Drawn: the ${drawn} CPUs with most folios.` : ''}${shadeSentence(losses)}`;
  if (!levels)
    return `When folios were put into batches is not recorded, so batches show only when they were emptied: the largest flush took ${many(fullest.most, 'folio')} from CPU ${fullest.cpu}${when}.${drained}${several}`;
  const mean = rows.reduce((sum, row) => sum + (Number.isNaN(row.mean) ? 0 : row.mean), 0);
  return `The batches of CPU ${fullest.cpu} held most, ${many(fullest.most, 'folio')} at once${when}; all CPUs together held ${count(mean)} on average.${drained}${several}`;
}
