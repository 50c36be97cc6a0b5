/** Counts over small whole numbers, logarithmic with a place for nothing: log(1 + n). Few beside many can be seen. */

export interface Counts {
  readonly title: string;
  readonly colour: string;
  /** How many there are at 0, 1, 2, ... */
  readonly at: ArrayLike<number>;
}

export interface CountsAxis {
  /** Of the whole numbers, and of what is counted. */
  readonly title: string;
  readonly counted: string;
  /** First and last number of the axis. */
  readonly from: number;
  readonly to: number;
  /** The last one stands for all that are larger. */
  readonly more?: boolean;
  /** Top of the counts, so that panels side by side can be compared. */
  readonly largest: number;
}

/** One panel of a figure, `width` pixels wide with its axis. */
export function countsPanel({ title, colour, at }: Counts, axis: CountsAxis, width: number): object {
  const { from, to, largest } = axis;
  return {
    title,
    width: width - 80,
    height: 90,
    data: {
      values: Array.from(at).flatMap((n, i) => (n === 0 ? [] : [{ left: i - 0.4, right: i + 0.4, n }])),
    },
    mark: { type: 'rect', color: colour },
    encoding: {
      x: {
        field: 'left',
        type: 'quantitative',
        scale: { domain: [from - 0.6, to + 0.6], nice: false },
        axis: {
          title: axis.title,
          values: Array.from({ length: to - from + 1 }, (_, i) => from + i),
          ...(axis.more === true ? { labelExpr: `datum.value == ${to} ? '${to}+' : datum.value` } : {}),
          grid: false,
        },
      },
      x2: { field: 'right' },
      y: {
        field: 'n',
        type: 'quantitative',
        title: `${axis.counted} (log)`,
        scale: { type: 'symlog', constant: 1, domain: [0, largest], nice: false },
        axis: { values: powers(largest), labelExpr: "format(datum.value, '~s')", minExtent: 34, maxExtent: 34 },
      },
      y2: { datum: 0 },
    },
  };
}

/** 1, 10, 100, ... up to a number. */
function powers(largest: number): number[] {
  const values = [];
  for (let power = 1; power <= largest; power *= 10) values.push(power);
  return values;
}
