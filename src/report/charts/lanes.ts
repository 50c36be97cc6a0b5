/** Lanes that share an axis: the name of each above its bars, so that no name is cut at any width. */
import type { TopLevelSpec } from 'vega-lite';
import { spec } from './figure.ts';

export interface LaneMark {
  /** On the axis. */
  readonly from: number;
  readonly to: number;
  /** Share of the lane's height. Without one it is a tick in the strip above the lane's bars. */
  readonly height?: number;
  readonly series: string;
  /** Drawn pale, behind the others. */
  readonly pale?: true;
}

export interface Lane {
  readonly label: string;
  readonly marks: readonly LaneMark[];
}

export interface LaneLook {
  /** Colour of each series. */
  readonly series: Readonly<Record<string, string>>;
  /** Series that the names of lanes do not tell, in a legend. */
  readonly legend?: readonly string[];
  readonly domain: readonly [number, number];
  /** Of the horizontal axis, as Vega-Lite has it. */
  readonly axis: object;
  /** Places on the axis where something is left out. */
  readonly breaks?: readonly number[];
}

// In pixels from a lane's top: its name is written down to the strip of ticks, and bars stand on its foot.
const strip = { top: 17, bottom: 22 };
const foot = { top: 25, bottom: 55 };
const laneHeight = 62;

/** Draws lanes one under the other. */
export function lanes(rows: readonly Lane[], look: LaneLook, width: number): TopLevelSpec {
  const values = rows.flatMap(({ marks }, i) =>
    marks.map(({ from, to, height, series, pale }) => ({
      from,
      to,
      series,
      opacity: pale ? 0.4 : 1,
      top: i * laneHeight + (height === undefined ? strip.top : foot.bottom - height * (foot.bottom - foot.top)),
      bottom: i * laneHeight + (height === undefined ? strip.bottom : foot.bottom),
    })),
  );
  const shown = Object.keys(look.series).filter((name) => values.some(({ series }) => series === name));
  const legend = (look.legend ?? []).filter((name) => shown.includes(name));
  const y = (field: string): object => ({
    field,
    type: 'quantitative',
    axis: null,
    scale: { domain: [0, rows.length * laneHeight], reverse: true, nice: false },
  });
  const x = { type: 'quantitative', scale: { domain: look.domain, nice: false, zero: false }, axis: look.axis };
  return spec({
    width: width - 24,
    height: rows.length * laneHeight,
    layer: [
      {
        data: { values },
        mark: { type: 'rect' },
        encoding: {
          x: { field: 'from', ...x },
          x2: { field: 'to' },
          y: y('top'),
          y2: { field: 'bottom' },
          opacity: { field: 'opacity', type: 'quantitative', scale: null, legend: null },
          color: {
            field: 'series',
            type: 'nominal',
            scale: { domain: shown, range: shown.map((name) => look.series[name]) },
            legend:
              legend.length > 0
                ? { orient: 'top', title: null, values: legend, columns: Math.max(1, Math.floor(width / 170)) }
                : null,
          },
        },
      },
      ...(look.breaks === undefined || look.breaks.length === 0
        ? []
        : [
            {
              data: {
                values: look.breaks.flatMap((at) =>
                  rows.map((_, i) => ({ at, top: i * laneHeight + strip.top, bottom: i * laneHeight + foot.bottom })),
                ),
              },
              mark: { type: 'rule', strokeDash: [3, 3], opacity: 0.6 },
              encoding: { x: { field: 'at', type: 'quantitative' }, y: y('top'), y2: { field: 'bottom' } },
            },
          ]),
      {
        data: { values: rows.map((_, i) => ({ at: i * laneHeight + foot.bottom })) },
        mark: { type: 'rule', opacity: 0.3 },
        encoding: { y: y('at') },
      },
      {
        data: { values: rows.map(({ label }, i) => ({ at: i * laneHeight + strip.top / 2, label })) },
        mark: { type: 'text', align: 'left', baseline: 'middle', x: 0 },
        encoding: { y: y('at'), text: { field: 'label', type: 'nominal' } },
      },
    ],
  });
}
