/** How far the replay can be believed: the recorded policy with its outcomes withheld, scored against the recording. */
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
  const rows = [
    { what: 'folios given up', recorded: score.recordedFailures, predicted: score.predictedFailures },
    { what: 'episodes', recorded: score.recordedEpisodes, predicted: score.predictedEpisodes },
  ].filter(
    (row) =>
      !Number.isNaN(row.recorded) &&
      !Number.isNaN(row.predicted.estimate) &&
      (row.recorded > 0 || row.predicted.high > 0),
  );
  const panel = ({ what, recorded, predicted }: (typeof rows)[number]): object => ({
    width: panelWidth,
    height: 46,
    title: [`${what}: recorded ${count(recorded)},`, `predicted ${interval(predicted)}`],
    data: { values: [{ recorded, low: predicted.low, high: predicted.high, estimate: predicted.estimate }] },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 3, color: colours.blue },
        encoding: {
          x: {
            field: 'low',
            type: 'quantitative',
            title: 'upright: recorded; dot and line: predicted',
            scale: { zero: true },
            axis: { tickCount: 4 },
          },
          x2: { field: 'high' },
        },
      },
      {
        mark: { type: 'point', filled: true, size: 80, opacity: 1, color: colours.blue },
        encoding: { x: { field: 'estimate', type: 'quantitative' } },
      },
      {
        mark: { type: 'tick', orient: 'vertical', thickness: 3, size: 30, color: colours.vermilion },
        encoding: { x: { field: 'recorded', type: 'quantitative' } },
      },
    ],
  });
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
  const scores = rows.map(panel);
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
            [undefined, undefined, policyId(facts.comparison.recorded)],
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
  const numbers = [...predicted, ...scores].join('; ');
  return numbers === '' ? score.verdict : `${score.verdict} In numbers: ${numbers}.`;
}
