/** How long folios stood behind migration entries, where any task that touches them has to wait. */
import { factsId } from '../evidence-id.ts';
import { count, duration, many, percent, quantile } from '../numbers.ts';
import { table } from '../tables.ts';
import { colours } from './colours.ts';
import { type Chart, spec, timeScale, widths } from './figure.ts';

const outcomesShown = ['moved', 'undone'] as const;
const colourOf = { moved: colours.sky, undone: colours.vermilion };

/** Bins of a logarithmic axis: this many for a factor of ten. */
const perDecade = 6;

export const episodes: Chart = ({ history }, width = widths.wide) => {
  const { episodes: all, capture } = history;
  const durations = capture.clock.unit === 'ns';
  const groups = outcomesShown.map((outcome) => ({
    outcome,
    lasted: Float64Array.from(
      all.filter((e) => e.outcome === outcome && e.end >= e.start).map((e) => e.end - e.start),
    ).sort(),
  }));
  const timed = groups.reduce((sum, group) => sum + group.lasted.length, 0);
  // The text shows times in steps of the clock's resolution; what lasted less than a step goes into the first bin.
  const floor = Math.max(capture.clock.resolution, 1);
  const values = groups.flatMap(({ outcome, lasted }) => {
    const bins = new Map<number, number>();
    for (const ns of lasted) {
      const bin = Math.floor(Math.log10(Math.max(ns, floor)) * perDecade + 1e-9);
      bins.set(bin, (bins.get(bin) ?? 0) + 1);
    }
    return [...bins].map(([bin, episodes]) => ({ outcome, bin, episodes }));
  });
  const bins = values.map((value) => value.bin);
  const low = 10 ** Math.floor(Math.min(...bins) / perDecade);
  const high = 10 ** Math.ceil((Math.max(...bins) + 1) / perDecade);
  const { unit, scale } = timeScale(
    groups.length > 0 ? quantile(groups.find((g) => g.lasted.length > 0)?.lasted ?? [0], 0.5) : 0,
  );
  const present = groups.filter((group) => group.lasted.length > 0);
  const panels = present.map(({ outcome, lasted }, i) => ({
    title: `${outcome === 'moved' ? 'moved to the new folio' : 'undone, entries restored'}: ${count(lasted.length)}, median ${duration(quantile(lasted, 0.5))}`,
    width: width - 60,
    height: 80,
    layer: [
      {
        data: {
          values: values
            .filter((value) => value.outcome === outcome)
            .map(({ bin, episodes }) => ({
              from: 10 ** (bin / perDecade) / scale,
              to: 10 ** ((bin + 1) / perDecade) / scale,
              episodes,
            })),
        },
        mark: { type: 'rect', color: colourOf[outcome] },
        encoding: {
          x: {
            field: 'from',
            type: 'quantitative',
            scale: { type: 'log', domain: [low / scale, high / scale], nice: false },
            axis:
              i === present.length - 1
                ? {
                    title: [`time behind entries, ${unit} (logarithmic)`, 'upright: median; height: episodes'],
                    format: '~g',
                    tickCount: 5,
                    grid: false,
                  }
                : { labels: false, title: null, ticks: false, grid: false },
          },
          x2: { field: 'to' },
          y: {
            field: 'episodes',
            type: 'quantitative',
            title: null,
            axis: { tickCount: 3, tickMinStep: 1, minExtent: 34, maxExtent: 34, format: '~s' },
          },
          y2: { datum: 0 },
        },
      },
      {
        data: { values: [{ at: Math.max(quantile(lasted, 0.5), floor) / scale }] },
        mark: { type: 'rule', strokeWidth: 2 },
        encoding: { x: { field: 'at', type: 'quantitative' } },
      },
    ],
  }));
  return {
    id: 'episodes',
    title: 'Time folios spent behind migration entries',
    finding: finding(history),
    links: [
      { text: many(all.length, 'episode'), to: factsId('episodes') },
      {
        text: `${count(all.filter((e) => e.outcome === 'undone').length)} undone`,
        to: factsId('episodes', { outcome: 'undone' }),
      },
    ],
    tables: [
      table(
        ['outcome', 'episodes>', 'timed>', 'median>', '90 %>', '99 %>', 'longest>', 'in all>'],
        all.length === 0
          ? []
          : [
              ...groups.map(({ outcome, lasted }) => [
                outcome,
                count(all.filter((e) => e.outcome === outcome).length),
                count(durations ? lasted.length : 0),
                ...[0.5, 0.9, 0.99, 1].map((share) => duration(durations ? quantile(lasted, share) : Number.NaN)),
                duration(durations ? lasted.reduce((sum, ns) => sum + ns, 0) : Number.NaN),
              ]),
              ['open', count(all.filter((e) => e.outcome === 'open').length), '0', ...Array<string>(5).fill('–')],
            ],
        {
          evidence: (all.length === 0 ? [] : [...outcomesShown, 'open']).map((outcome) => [
            undefined,
            factsId('episodes', { outcome }),
          ]),
        },
      ),
    ],
    spec: durations && timed > 0 ? spec({ spacing: 8, vconcat: panels }) : undefined,
  };
};

function finding({ episodes: all, capture, observed }: Parameters<Chart>[0]['history']): string {
  if (all.length === 0) {
    return observed.episodes === 'unknown'
      ? 'This capture does not show migration entries being set and removed (kernels before about 5.18 have no such events), so episodes are not known.'
      : 'No mapped folio was put behind migration entries while this capture was taken.';
  }
  const undone = all.filter((e) => e.outcome === 'undone').length;
  const open = all.filter((e) => e.outcome === 'open').length;
  const how = `${many(all.length, 'episode')}: ${undone === 0 ? 'none undone' : `${count(undone)} undone (${percent(undone / all.length)})`}${open > 0 ? `, ${count(open)} without a seen end` : ''}`;
  if (capture.clock.unit !== 'ns')
    return `${how}; the clock of this capture gives an order and no durations, so how long they lasted is not known.`;
  const lasted = Float64Array.from(all.filter((e) => e.end >= e.start).map((e) => e.end - e.start)).sort();
  if (lasted.length === 0) return `${how}; none has both ends seen, so how long they lasted is not known.`;
  const coarse =
    quantile(lasted, 0.5) < 10 * capture.clock.resolution && capture.clock.resolution > 1
      ? ` The clock shows steps of ${duration(capture.clock.resolution)}.`
      : '';
  return `${how}. Half of those with both ends lasted ${duration(quantile(lasted, 0.5))} or less, one in ten ${duration(quantile(lasted, 0.9))} or more, the longest ${duration(lasted.at(-1)!)}.${coarse}`;
}
