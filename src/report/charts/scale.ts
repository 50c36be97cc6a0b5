/** How the numbers of one metric are laid along an axis when one policy may dwarf all others. */
import { type Metric, metrics } from '../../replay/outcome.ts';
import { axisNumbers, timeScale } from './figure.ts';

/** A median is dwarfed when the largest is this many times as large: all others would be pressed against the axis. */
const dwarfing = 50;

export interface NumberScale {
  /** Of the numbers as drawn; a duration's fits its size. */
  readonly unit: string;
  /** Numbers are drawn divided by this. */
  readonly divisor: number;
  /** Linear about nought, then logarithmic: the axis says so. */
  readonly isBent: boolean;
  /** For the `scale` and the `axis` of a Vega-Lite channel. */
  readonly scale: object;
  readonly axis: object;
}

/** For numbers between `from` and `to` of which `middles` are drawn as points; `ticks` is how many there is room for. */
export function numberScale(
  metric: Metric,
  middles: readonly number[],
  { from, to }: { readonly from: number; readonly to: number },
  ticks: number,
): NumberScale {
  const sizes = middles.map(Math.abs).filter((size) => size > 0);
  const middle = [...sizes].sort((a, b) => a - b)[Math.floor(sizes.length / 2)] ?? 0;
  const largest = Math.max(...[from, to].filter(Number.isFinite).map(Math.abs), 0);
  const isBent = sizes.length > 2 && largest / middle > dwarfing;
  const { unit, scale: divisor } =
    metrics[metric].unit === 'ns' ? timeScale(isBent ? middle : largest) : { unit: metrics[metric].unit, scale: 1 };
  const powers = (end: number) => powersOfTen(middle / divisor, Math.min(Math.abs(end), largest) / divisor);
  // Where the middle is nought there is no power to begin with, and nothing is bent.
  const values = (): number[] => [
    ...(from < 0
      ? powers(from)
          .map((n) => -n)
          .reverse()
      : []),
    0,
    ...(to > 0 ? powers(to) : []),
  ];
  return {
    unit,
    divisor,
    isBent,
    // All zero is an answer too, and needs an axis that is not of no length.
    scale: {
      zero: true,
      nice: true,
      ...(largest > 0 ? {} : { domain: [from < 0 ? -1 : 0, 1] }),
      ...(isBent ? { type: 'symlog', constant: middle / divisor } : {}),
    },
    axis: {
      title: isBent ? `${unit} (linear, then logarithmic)` : unit,
      tickCount: ticks,
      // A bent scale would write its ticks with an exponent, whatever the format.
      ...(isBent ? { values: values(), labelExpr: "format(datum.value, ',~r')" } : { labelExpr: axisNumbers }),
      grid: false,
    },
  };
}

/** From the power of ten at or below one number to that at or below another. */
function powersOfTen(from: number, to: number): number[] {
  const powers: number[] = [];
  for (let n = Math.floor(Math.log10(from)); n <= Math.log10(to); n++) powers.push(10 ** n);
  return powers;
}
