/** Durations as rows on a logarithmic axis: a line for the middle eight in ten, an upright for the median, and the text above. */
import type { TopLevelSpec } from 'vega-lite';
import { quantile } from '../numbers.ts';
import { colours } from './colours.ts';
import { spec, timeScale } from './figure.ts';

export interface QuantileRow {
  readonly label: string;
  /** ns, in order; at least one. */
  readonly lasted: ArrayLike<number>;
}

/** A time that rows are to be held against, drawn through all of them. */
export interface Mark {
  readonly at: number;
  readonly label: string;
}

/**
 * @param what that lasted: the axis says `time in batch, ms (logarithmic)`
 * @param floor the clock's resolution in ns: what is shorter is drawn there
 */
export function quantileRows(
  rows: readonly QuantileRow[],
  what: string,
  floor: number,
  width: number,
  mark?: Mark,
): TopLevelSpec {
  const { unit, scale } = timeScale(Math.max(floor, ...rows.map(({ lasted }) => quantile(lasted, 0.5))));
  const at = ({ lasted }: QuantileRow, share: number): number => Math.max(floor, quantile(lasted, share)) / scale;
  const values = rows.map((row, place) => ({
    label: row.label,
    text: place + 0.28,
    at: place + 0.68,
    low: at(row, 0.1),
    median: at(row, 0.5),
    high: at(row, 0.9),
  }));
  const marked = mark === undefined ? [] : [Math.max(floor, mark.at) / scale];
  const first = Math.min(...marked, ...values.map((value) => value.low));
  const last = Math.max(...marked, ...values.map((value) => value.high));
  const y = (field: string): object => ({
    field,
    type: 'quantitative',
    axis: null,
    scale: { domain: [0, rows.length], reverse: true, nice: false },
  });
  return spec({
    width: width - 20,
    height: rows.length * 30,
    data: { values },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 5, color: colours.sky, opacity: 0.8 },
        encoding: {
          x: {
            field: 'low',
            type: 'quantitative',
            scale: { type: 'log', nice: false, ...(mark === undefined ? {} : { domain: [first, last] }) },
            axis: {
              title: [
                `${what}, ${unit} (logarithmic)`,
                'upright: median; line: the middle eight in ten',
                ...(mark === undefined ? [] : [`broken line: ${mark.label}`]),
              ],
              format: '~g',
              values: decades(first, last),
              gridOpacity: 0.2,
            },
          },
          x2: { field: 'high' },
          y: y('at'),
        },
      },
      {
        mark: { type: 'tick', orient: 'vertical', thickness: 3, size: 15, color: 'currentColor', opacity: 1 },
        encoding: { x: { field: 'median', type: 'quantitative' }, y: y('at') },
      },
      ...(marked.length === 0
        ? []
        : [
            {
              data: { values: rows.map((_, place) => ({ at: marked[0], top: place + 0.45, bottom: place + 0.95 })) },
              mark: { type: 'rule', strokeDash: [4, 3], strokeWidth: 2, color: colours.vermilion },
              encoding: { x: { field: 'at', type: 'quantitative' }, y: y('top'), y2: { field: 'bottom' } },
            },
          ]),
      {
        mark: { type: 'text', align: 'left', baseline: 'middle' },
        encoding: { x: { datum: first }, y: y('text'), text: { field: 'label' } },
      },
    ],
  });
}

/** Powers of ten between two numbers; where those are few, twice and five times them as well; else the two numbers. */
function decades(low: number, high: number): number[] {
  const powers: number[] = [];
  const steps: number[] = [];
  for (let n = Math.floor(Math.log10(low)); n <= Math.floor(Math.log10(high)); n++) {
    // Not 10 ** n times 5: that is 0.005000000000000001 for some n.
    const among = [1, 2, 5].map((digit) => Number(`${digit}e${n}`)).filter((value) => value >= low && value <= high);
    if (among[0] === Number(`1e${n}`)) powers.push(among[0]);
    steps.push(...among);
  }
  if (powers.length > 2) return powers;
  return steps.length > 1 ? steps : [Number(low.toPrecision(2)), Number(high.toPrecision(2))];
}
