/**
 * What a chart is here: a question answered in one sentence, the numbers behind it as tables, and a Vega-Lite spec when
 * there is something to draw. A figure with nothing to draw says why in its finding.
 */
import type { TopLevelSpec } from 'vega-lite';
import type { Comparison } from '../../compare/comparison.ts';
import type { History } from '../../history/facts.ts';
import { namedPolicies } from '../../policies/policies.ts';
import type { Table } from '../tables.ts';

/** One capture's facts, as every chart gets them. */
export interface Facts {
  readonly history: History;
  readonly comparison: Comparison;
}

/** A piece of a sentence, and the id of the facts that it counts (`evidence-id.ts`). */
export interface NumberLink {
  readonly text: string;
  readonly to: string;
}

export interface Figure {
  /** Short and stable: file names, anchors, keys. */
  readonly id: string;
  readonly title: string;
  /** One sentence (or two) computed from the numbers; says why when there is nothing to draw. */
  readonly finding: string;
  /** Numbers of the finding and the facts that they count, in the order in which they stand in it. */
  readonly links?: readonly NumberLink[];
  readonly tables: readonly Table[];
  /** Undefined when nothing was observed, or nothing happened. */
  readonly spec: TopLevelSpec | undefined;
}

/** Builds a figure for a drawing of about `width` CSS pixels. Pure. */
export type Chart = (facts: Facts, width?: number) => Figure;

/** Policies that are bounds and no kernel's: the best and the worst that could be, never called the best choice. */
export const bounds: ReadonlySet<string> = new Set(
  namedPolicies.filter(({ kind }) => kind === 'bound').map(({ name }) => name),
);

/** Widths at which figures are drawn: for a desk, and for a phone. Text is 11 px in both. */
export const widths = { wide: 880, narrow: 340 } as const;

/** Text of 11 px DejaVu Sans takes about this much per character. */
export const characterWidth = 6.7;

/** `head: part, part`, with as many of the parts, the most telling first, as one line of the width holds. */
export function fitting(head: string, parts: readonly string[], width: number): string {
  let line = head;
  let mark = ':';
  for (const part of parts) {
    const longer = `${line}${mark} ${part}`;
    if (longer.length * characterWidth > width) continue;
    line = longer;
    mark = ',';
  }
  return line;
}

/** A spec without its data's types: charts build plain objects and this is where they become specs. */
export function spec(body: object): TopLevelSpec {
  return { $schema: 'https://vega.github.io/schema/vega-lite/v6.json', ...body } as unknown as TopLevelSpec;
}

/** One row of a list of bars: its own line of text, and under it the bar, in segments. */
export interface BarRow {
  readonly label: string;
  readonly segments: readonly { readonly series: string; readonly value: number }[];
}

/**
 * Horizontal bars with the text above each bar, so that no name is cut at any width. `series` gives the order and the
 * colour of segments; a legend is drawn when there are several.
 */
export function bars(
  rows: readonly BarRow[],
  series: Readonly<Record<string, string>>,
  axisTitle: string,
  width: number,
): TopLevelSpec {
  return spec(barsView(rows, series, axisTitle, width));
}

/** The same as a part of a figure that has several. */
export function barsView(
  rows: readonly BarRow[],
  series: Readonly<Record<string, string>>,
  axisTitle: string,
  width: number,
): object {
  const whole = rows.every((row) => row.segments.every((segment) => Number.isInteger(segment.value)));
  // A row that is all of one series says so in its text; a legend would repeat it.
  const mixed = rows.some((row) => row.segments.filter((segment) => segment.value > 0).length > 1);
  const shown = Object.keys(series).filter((name) =>
    rows.some((row) => row.segments.some((s) => s.series === name && s.value > 0)),
  );
  // Few of many are what a reader looks for: what is there at all is drawn wide enough to be seen.
  const longest = Math.max(...rows.map((row) => row.segments.reduce((sum, { value }) => sum + value, 0)));
  const least = (longest * 2.5) / width;
  const values = rows.flatMap((row, place) => {
    let start = 0;
    return row.segments.map((segment) => {
      const from = start;
      start += segment.value > 0 ? Math.max(segment.value, least) : 0;
      return { place, series: segment.series, from, to: start };
    });
  });
  // Row i has its text at i and its bar below it: one linear scale, so that the text is tied to no band.
  return {
    width: width - 20,
    height: rows.length * 36,
    layer: [
      {
        data: { values },
        mark: { type: 'rect' },
        transform: [
          { calculate: 'datum.place + 0.45', as: 'top' },
          { calculate: 'datum.place + 0.85', as: 'bottom' },
        ],
        encoding: {
          x: {
            field: 'from',
            type: 'quantitative',
            title: axisTitle,
            axis: { tickCount: width < 500 ? 4 : 8, grid: false, ...(whole ? { tickMinStep: 1 } : {}) },
          },
          x2: { field: 'to' },
          y: {
            field: 'top',
            type: 'quantitative',
            scale: { domain: [0, rows.length], reverse: true, nice: false },
            axis: null,
          },
          y2: { field: 'bottom' },
          color: {
            field: 'series',
            type: 'nominal',
            scale: { domain: shown, range: shown.map((name) => series[name]) },
            legend: mixed ? { orient: 'top', title: null, columns: Math.max(1, Math.floor(width / 150)) } : null,
          },
        },
      },
      {
        data: { values: rows.map((row, place) => ({ at: place + 0.25, label: row.label })) },
        mark: { type: 'text', align: 'left', baseline: 'middle', x: 0 },
        encoding: {
          y: { field: 'at', type: 'quantitative' },
          text: { field: 'label', type: 'nominal' },
        },
      },
    ],
  };
}

/** Numbers of an axis that has a unit as they are, and thousands as `k` where they would not fit: `0.2k ms` is nobody's writing. */
export const axisNumbers = "abs(datum.value) < 10000 ? format(datum.value, ',~g') : format(datum.value, '~s')";

/** A unit in which numbers up to `largest` nanoseconds are written with few digits. */
export function timeScale(largest: number): { readonly unit: string; readonly scale: number } {
  if (largest >= 1e9) return { unit: 's', scale: 1e9 };
  if (largest >= 1e6) return { unit: 'ms', scale: 1e6 };
  if (largest >= 1e3) return { unit: 'µs', scale: 1e3 };
  return { unit: 'ns', scale: 1 };
}
