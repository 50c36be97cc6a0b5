/** Ranks against the diagonal: a small panel for each thing predicted and each metric, with the band of uniform ranks. */
import { colours } from '../../src/report/charts/colours.ts';
import { spec } from '../../src/report/charts/figure.ts';
import { renderSvg } from '../../src/report/svg.ts';
import { bandOf, differenceOf, fewest, type Tally } from './tally.ts';

const width = 108;
const height = 66;

/** SVG text on white: a page of Markdown does not say which colour it is shown on. */
export function chartOf(tallies: readonly Tally[], titles: Readonly<Record<string, string>>): Promise<string> {
  const whats = [...new Set(tallies.map(({ what }) => what))];
  const metrics = Object.keys(titles);
  const rows = whats.map((what) => ({
    title: what,
    spacing: 14,
    hconcat: metrics.map((metric) =>
      panelOf(
        tallies.find((one) => one.what === what && one.metric === metric),
        titles[metric]!,
      ),
    ),
  }));
  return renderSvg(spec({ background: 'white', spacing: 10, vconcat: rows }), 'ranks of truths among draws');
}

function panelOf(found: Tally | undefined, title: string) {
  const isEmpty = found === undefined || found.ranks.length < fewest;
  const count = isEmpty ? 0 : found.ranks.length;
  const band = isEmpty ? [] : bandOf(count);
  const line = isEmpty ? [] : differenceOf(found.ranks);
  const reach = Math.max(
    0.05,
    ...band.map(({ high }) => 1.5 * high),
    ...line.map(({ difference }) => Math.abs(difference)),
  );
  const isOut = line.some(({ difference }, i) => difference < band[i]!.low || difference > band[i]!.high);
  const x = {
    field: 'z',
    type: 'quantitative',
    scale: { domain: [0, 1] },
    axis: { title: null, values: [0, 0.5, 1], grid: false },
  };
  const y = (field: string) => ({
    field,
    type: 'quantitative',
    scale: { domain: [-reach, reach] },
    axis: { title: null, tickCount: 3, format: '~g', grid: false },
  });
  return {
    width,
    height,
    title: {
      text: title,
      subtitle: isEmpty ? 'left open in too few worlds' : `${count} worlds`,
      fontSize: 10,
      fontWeight: 'normal',
      subtitleFontSize: 9,
      subtitleColor: 'currentColor',
    },
    layer: [
      {
        data: { values: band },
        mark: { type: 'area', color: colours.grey, opacity: 0.35 },
        encoding: { x, y: y('low'), y2: { field: 'high' } },
      },
      {
        data: { values: [{ at: 0 }] },
        mark: { type: 'rule', opacity: 0.5 },
        encoding: { y: { field: 'at', type: 'quantitative' } },
      },
      {
        data: { values: line },
        mark: {
          type: 'line',
          interpolate: 'step-after',
          strokeWidth: 1.6,
          color: isOut ? colours.vermilion : colours.blue,
        },
        encoding: { x, y: y('difference') },
      },
    ],
  };
}
