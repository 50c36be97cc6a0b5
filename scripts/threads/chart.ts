/** What each alternative of a thread costs, as small panels side by side: a mark for the mean, a line for what one run gives. */
import type { ScenarioComparison } from '../../src/compare/scenario.ts';
import { type ScenarioMetric, scenarioMetrics } from '../../src/replay/scenario/outcome.ts';
import { characterWidth, colours, spec, timeScale } from '../../src/report/charts/figure.ts';
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
    const { unit: shown, scale } = unit === 'ns' ? timeScale(largest) : { unit, scale: 1 };
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
      axis:
        i > 0
          ? null
          : {
              values: rows.map((_, place) => place),
              labelExpr: `${JSON.stringify(names)}[datum.value]`,
              title: null,
              domain: false,
              ticks: false,
              minExtent: labels,
              maxExtent: labels,
            },
    };
    const x = (field: string) => ({
      field,
      type: 'quantitative',
      scale: { zero: true, nice: true, ...(largest > 0 ? {} : { domain: [0, 1] }) },
      axis: { title: shown, tickCount: 3, format: '~s', grid: false },
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
