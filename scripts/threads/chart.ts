/** What each alternative of a thread costs, as small panels side by side: a mark for the mean, a line for what one run gives. */
import type { ScenarioComparison } from '../../src/compare/scenario.ts';
import { type ScenarioMetric, scenarioMetrics } from '../../src/replay/scenario/outcome.ts';
import { colours } from '../../src/report/charts/colours.ts';
import { characterWidth, spec, timeScale } from '../../src/report/charts/figure.ts';
import { renderSvg } from '../../src/report/svg.ts';

const panelWidth = 150;
const rowHeight = 22;

/** SVG text on white: a page of Markdown does not say which colour it is shown on. */
export function chartOf({ rows, base }: ScenarioComparison, metrics: readonly ScenarioMetric[], name: string) {
  const names = rows.map(({ policy }) => policy);
  const labels = Math.ceil(Math.max(...names.map((one) => one.length)) * characterWidth) + 14;
  const panels = metrics.map((metric, i) => {
    const { title, unit } = scenarioMetrics[metric];
    const largest = Math.max(...rows.map(({ value }) => value[metric].high));
    // One alternative that costs far more would press all others against the axis: linear to their middle, then logarithmic.
    const sizes = rows
      .map(({ value }) => value[metric].estimate)
      .filter((size) => size > 0)
      .sort((a, b) => a - b);
    const middle = sizes[Math.floor(sizes.length / 2)] ?? 0;
    const isBent = sizes.length > 2 && largest / middle > 20;
    const { unit: shown, scale } = unit === 'ns' ? timeScale(isBent ? middle : largest) : { unit, scale: 1 };
    const values = rows.map(({ policy, value }, place) => {
      const { estimate, low, high } = value[metric];
      return {
        place,
        estimate: estimate / scale,
        low: low / scale,
        high: high / scale,
        who: policy === base ? 'kernel' : 'other',
      };
    });
    const y = {
      field: 'place',
      type: 'quantitative',
      scale: { domain: [-0.7, rows.length - 0.3], reverse: true, nice: false },
      axis: {
        values: rows.map((_, place) => place),
        title: null,
        grid: true,
        domain: false,
        ticks: false,
        ...(i > 0
          ? { labels: false }
          : {
              labelExpr: `${JSON.stringify(names)}[datum.value]`,
              labelPadding: 10,
              minExtent: labels + 10,
              maxExtent: labels + 10,
            }),
      },
    };
    const x = (field: string) => ({
      field,
      type: 'quantitative',
      scale: {
        zero: true,
        nice: true,
        ...(largest > 0 ? {} : { domain: [0, 1] }),
        ...(isBent ? { type: 'symlog', constant: middle / scale } : {}),
      },
      axis: isBent
        ? {
            title: `${shown} (logarithmic to the right)`,
            values: [0, ...powersOfTen(largest / scale)],
            // A bent scale would write its ticks with an exponent, whatever the format.
            labelExpr: "format(datum.value, ',~r')",
            grid: false,
          }
        : { title: shown, tickCount: 3, format: '~s', grid: false },
    });
    const color = {
      field: 'who',
      type: 'nominal',
      scale: { domain: ['kernel', 'other'], range: [colours.vermilion, colours.blue] },
      legend: null,
    };
    return {
      title,
      width: panelWidth,
      height: rows.length * rowHeight,
      data: { values },
      layer: [
        { mark: { type: 'rule', strokeWidth: 2 }, encoding: { x: x('low'), x2: { field: 'high' }, y, color } },
        { mark: { type: 'point', filled: true, size: 60, opacity: 1 }, encoding: { x: x('estimate'), y, color } },
      ],
    };
  });
  return renderSvg(spec({ background: 'white', hconcat: panels, spacing: 24 }), name);
}

/** The largest few powers of ten up to a number. */
function powersOfTen(largest: number): number[] {
  const top = Math.floor(Math.log10(largest));
  return [top - 2, top - 1, top].map((power) => 10 ** power);
}
