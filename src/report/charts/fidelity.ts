/** How far the replay can be believed: the recorded policy with its outcomes withheld, scored against the recording. */

import type { Fidelity, Interval, LevelScore } from '../../compare/comparison.ts';
import { poorWhen } from '../../compare/fidelity.ts';
import type { TotalName } from '../../replay/withheld.ts';
import { factsId, policyId } from '../evidence-id.ts';
import { cannotTell, count, interval, many, percent } from '../numbers.ts';
import { type Table, table } from '../tables.ts';
import { colours } from './colours.ts';
import { type Chart, type Facts, spec, widths } from './figure.ts';

/** What the kernel prints of requests as a whole. */
export const totalTitles: Readonly<Record<TotalName, string>> = {
  pagesSucceeded: 'pages moved',
  pagesFailed: 'pages that calls failed',
  calls: 'migrate_pages calls',
  busyRetries: 'busy areas of CMA',
};

export const fidelity: Chart = (facts, width = widths.wide) => {
  const { fidelity: score, reproduction } = facts.comparison;
  const narrow = width < 500;
  const panelWidth = narrow ? width - 70 : Math.floor((width - 90) / 2);
  const checks = score.folios === 0 ? [] : checksOf(score);
  const calibration = score.calibration.filter((bin) => bin.folios > 0);
  // Where nothing failed and nothing was expected to, every dot lies in one corner and says nothing.
  const calibrated = calibration.some((bin) => bin.predicted > 0 || bin.observed > 0);
  const most = Math.max(0.05, ...calibration.flatMap((bin) => [bin.predicted, bin.observed]));
  const shares = { domain: [0, Math.min(1, most * 1.15)], nice: false };
  const diagonal = {
    width: Math.min(panelWidth, 260),
    height: Math.min(panelWidth, 180),
    title: ['predicted and observed share given up,', 'larger dots for more folios; on the line is right'],
    layer: [
      {
        data: {
          values: [
            { p: 0, o: 0 },
            { p: shares.domain[1], o: shares.domain[1] },
          ],
        },
        mark: { type: 'line', strokeDash: [4, 4], color: 'currentColor', opacity: 0.6, strokeWidth: 1 },
        encoding: { x: { field: 'p', type: 'quantitative' }, y: { field: 'o', type: 'quantitative' } },
      },
      {
        data: { values: calibration },
        mark: { type: 'point', filled: true, opacity: 0.9, color: colours.blue },
        encoding: {
          x: {
            field: 'predicted',
            type: 'quantitative',
            title: 'predicted share',
            scale: shares,
            axis: { format: '%', tickCount: 4 },
          },
          y: {
            field: 'observed',
            type: 'quantitative',
            title: 'observed share',
            scale: shares,
            axis: { format: '%', tickCount: 4 },
          },
          size: { field: 'folios', type: 'quantitative', scale: { type: 'sqrt', range: [20, 400] }, legend: null },
        },
      },
    ],
  };
  const scores = checks.length === 0 ? [] : [checksPanel(checks, panelWidth)];
  return {
    id: 'fidelity',
    title: 'How far to believe this',
    finding: finding(facts),
    tables: [
      table(
        ['', 'recorded>', 'predicted>'],
        [
          ['folios given up', count(score.recordedFailures), interval(score.predictedFailures)],
          ['episodes', count(score.recordedEpisodes), interval(score.predictedEpisodes)],
          ...score.totals.map(({ name, recorded, predicted }) => [
            totalTitles[name],
            count(recorded),
            interval(predicted),
          ]),
          ['folios asked to move', count(score.folios), ''],
          ['error of each folio (Brier score)', '', brier(score.brier)],
          ['… of always saying the overall rate', '', brier(score.brierOfRate)],
        ],
        {
          title: `Recorded policy, outcomes withheld, ${many(score.folds, 'fold')}`,
          evidence: [
            [undefined, factsId('failures', { givenUp: 'yes' }), policyId(facts.comparison.recorded)],
            [undefined, factsId('episodes'), policyId(facts.comparison.recorded)],
          ],
        },
      ),
      levelTable(score),
      table(
        ['of', 'predicted share>', 'observed share>', 'how many>'],
        score.levels.flatMap(({ level, calibration: bins }) =>
          bins.map((bin) => [`${level}s`, percent(bin.predicted), percent(bin.observed), count(bin.things)]),
        ),
        { title: 'Calibration: chance predicted, share observed' },
      ),
      ...(reproduction.misses.length > 0
        ? [
            table(
              ['not reproduced'],
              reproduction.misses.map((miss) => [miss]),
              { title: 'Where the conditioned replay misses the recording' },
            ),
          ]
        : []),
    ],
    spec:
      scores.length === 0
        ? undefined
        : spec(
            narrow
              ? { spacing: 16, vconcat: [...scores, ...(calibrated ? [diagonal] : [])] }
              : {
                  spacing: 50,
                  hconcat: [{ spacing: 30, vconcat: scores }, ...(calibrated ? [diagonal] : [])],
                },
          ),
  };
};

/** A recorded number, and what is predicted where it is withheld. */
interface Check {
  readonly what: string;
  readonly recorded: number;
  readonly predicted: Interval;
}

const levelTitles: Readonly<Record<LevelScore['level'], string>> = {
  folio: 'folios given up',
  call: 'calls with one',
  request: 'requests with one',
};

/** What is checked, without what the capture does not have and what is nought on both sides. */
function checksOf({ levels, totals, recordedEpisodes, predictedEpisodes }: Fidelity): Check[] {
  return [
    ...levels.map(({ level, recorded, predicted }) => ({ what: levelTitles[level], recorded, predicted })),
    { what: 'episodes', recorded: recordedEpisodes, predicted: predictedEpisodes },
    ...totals.map(({ name, recorded, predicted }) => ({ what: totalTitles[name], recorded, predicted })),
  ].filter(
    ({ recorded, predicted }) =>
      !Number.isNaN(recorded) && !Number.isNaN(predicted.estimate) && (recorded > 0 || predicted.high > 0),
  );
}

const places = { within: 'recorded lies within', outside: 'recorded lies outside' } as const;

/** Each prediction as a multiple of what was recorded, so that numbers of any size stand on one axis. */
function checksPanel(checks: readonly Check[], width: number): object {
  const step = 36;
  const share = (value: number, { recorded }: Check): number => (recorded > 0 ? value / recorded : Number.NaN);
  const ends = checks.flatMap((one) => [share(one.predicted.low, one), share(one.predicted.high, one)]);
  const furthest = Math.max(2, ...ends.filter((end) => end > 0).map((end) => Math.max(end, 1 / end)));
  // Beyond ten times as many, and from nothing, a mark stands at the edge: the text above it has the numbers.
  const edge = Math.min(10, furthest * 1.1);
  const inside = (value: number): number => Math.min(edge, Math.max(1 / edge, value));
  const drawn = checks.flatMap((one, place) => {
    const { low, high, estimate } = one.predicted;
    if (!(one.recorded > 0)) return [];
    return [
      {
        place: place + 0.66,
        low: inside(share(low, one)),
        high: inside(share(high, one)),
        estimate: inside(share(estimate, one)),
        verdict: low <= one.recorded && one.recorded <= high ? places.within : places.outside,
      },
    ];
  });
  const x = (field: string): object => ({
    field,
    type: 'quantitative',
    scale: { type: 'log', domain: [1 / edge, edge], nice: false },
    axis: {
      title: 'predicted, as a multiple of what was recorded',
      values: [0.1, 0.2, 0.5, 0.8, 1, 1.25, 2, 5, 10].filter((tick) => tick >= 1 / edge && tick <= edge),
      labelExpr: "datum.value === 1 ? 'as recorded' : format(datum.value, '~r') + '×'",
      grid: false,
    },
  });
  const y = (field: string): object => ({
    field,
    type: 'quantitative',
    scale: { domain: [0, checks.length], reverse: true, nice: false },
    axis: null,
  });
  const verdict = (range: readonly string[]): object => ({
    field: 'verdict',
    type: 'nominal',
    scale: { domain: Object.values(places), range },
    legend: { orient: 'top', title: null, columns: width < 400 ? 1 : 2, symbolOpacity: 1 },
  });
  const color = verdict([colours.blue, colours.vermilion]);
  return {
    width,
    height: checks.length * step,
    layer: [
      {
        data: { values: checks.map((_, place) => ({ at: 1, top: place + 0.45, bottom: place + 0.88 })) },
        mark: { type: 'rule', strokeWidth: 2 },
        encoding: { x: x('at'), y: y('top'), y2: { field: 'bottom' } },
      },
      {
        data: { values: drawn },
        mark: { type: 'rule', strokeWidth: 3 },
        encoding: { x: x('low'), x2: { field: 'high' }, y: y('place'), color },
      },
      {
        data: { values: drawn },
        mark: { type: 'point', filled: true, size: 80, opacity: 1 },
        encoding: { x: x('estimate'), y: y('place'), color, shape: verdict(['circle', 'triangle-up']) },
      },
      {
        data: {
          values: checks.map(({ what, recorded, predicted }, place) => ({
            at: place + 0.25,
            text: `${what}: ${count(recorded)}, predicted ${interval(predicted)}`,
          })),
        },
        // On a phone it begins above the names of the calibration's axis.
        mark: { type: 'text', align: 'left', baseline: 'middle', x: width < 300 ? -44 : 0 },
        encoding: { y: y('at'), text: { field: 'text', type: 'nominal' } },
      },
    ],
  };
}

/** Agreement and error by folio, by call and by request, each beside what the overall rate alone would do. */
function levelTable({ levels, state }: Facts['comparison']['fidelity']): Table {
  return table(
    ['of', 'how many>', 'recorded>', 'predicted>', 'likelier is right>', 'Brier score>', 'by rate>'],
    levels.map((one) => [
      `${one.level}s`,
      count(one.things),
      count(one.recorded),
      interval(one.predicted),
      `${percent(one.agreement)} (by rate ${percent(one.agreementOfRate)})`,
      brier(one.brier),
      brier(one.brierOfRate),
    ]),
    {
      title: `Given up, by folio, call and request: ${state}`,
      notes: [
        `Calls with those for the same list; a call or request counts when one of its folios was given up. By rate: always saying what is more frequent, or the overall rate. Fidelity is ${poorWhen}.`,
      ],
    },
  );
}

/** Three digits wherever they stand: where few folios fail, both scores are small and differ only there. */
function brier(score: number): string {
  if (Number.isNaN(score)) return cannotTell;
  return score === 0 ? '0' : score.toFixed(Math.max(3, 2 - Math.floor(Math.log10(score))));
}

function finding({ comparison }: Facts): string {
  const { fidelity: score } = comparison;
  if (score.folios === 0) return score.verdict;
  const predicted = Number.isNaN(score.predictedFailures.estimate)
    ? []
    : [`${interval(score.predictedFailures)} of ${many(score.folios, 'folio')} predicted to be given up`];
  const scores =
    score.recordedFailures === 0 || Number.isNaN(score.brier) || Number.isNaN(score.brierOfRate)
      ? []
      : [`Brier score ${brier(score.brier)} against ${brier(score.brierOfRate)} for always saying the overall rate`];
  // Folios may be right in all where calls, requests or a total are not.
  const missed =
    score.state === 'poor' && score.misses.length > 0 ? ` Poor all the same: ${score.misses.join('; ')}.` : '';
  const numbers = [...predicted, ...scores].join('; ');
  return numbers === '' ? `${score.verdict}${missed}` : `${score.verdict}${missed} In numbers: ${numbers}.`;
}
