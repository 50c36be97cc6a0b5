/** Fidelity: the recorded policy replayed with its outcomes withheld, scored against them. */
import type { Stage } from '../replay/stage.ts';
import { type Level, type TotalName, totalNames, type Withheld } from '../replay/withheld.ts';
import type { Fidelity, Interval, LevelScore, Reproduction, TotalCheck } from './comparison.ts';
import { plural } from './remarks.ts';
import { brierScore, mean, percentileInterval } from './statistics.ts';

/** Edges of the bins of predicted shares; most folios move, so the low end is cut finer. */
const edges = [0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1];

/** When a comparison is called poor; stated wherever it is. */
export const poorWhen =
  'poor when a recorded number (of folios, calls or requests with a folio given up, or of a total) lies outside its predicted 95 % interval, or when more than 1 % of folios do not end as recorded where everything seen is given';

/** Share of folios that may end otherwise in the conditioned replay. */
const otherEndings = 0.01;

export function fidelityOf(stage: Stage, withheld: Withheld, reproduction: Reproduction, level: number): Fidelity {
  const { predicted, failed, folds } = withheld;
  const folios = failed.length;
  const levels = [
    scoreOf('folio', { predicted, failed, drawn: withheld.failures }, level),
    scoreOf('call', withheld.levels.call, level),
    scoreOf('request', withheld.levels.request, level),
  ];
  const { recorded: recordedFailures, predicted: predictedFailures, within, brier, brierOfRate } = levels[0]!;
  const hasEpisodes = stage.history.observed.episodes !== 'unknown';
  const recordedEpisodes = hasEpisodes ? withheld.recordedEpisodes : Number.NaN;
  const nothing = { estimate: Number.NaN, low: Number.NaN, high: Number.NaN };
  const predictedEpisodes = hasEpisodes ? percentileInterval(withheld.episodes, level) : nothing;
  const totals = totalsOf(withheld, level);
  const misses = missesOf(levels, totals, reproduction);
  return {
    recordedFailures,
    predictedFailures,
    within,
    folios,
    folds,
    brier,
    brierOfRate,
    calibration: levels[0]!.calibration.map(({ things, ...bin }) => ({ ...bin, folios: things })),
    recordedEpisodes,
    predictedEpisodes,
    totals,
    levels,
    state: folios === 0 ? 'unchecked' : misses.length > 0 ? 'poor' : 'good',
    misses,
    verdict: verdict({
      within,
      folios,
      recordedFailures,
      recordedEpisodes,
      predictedEpisodes,
      brier,
      brierOfRate,
      low: predictedFailures.low,
      high: predictedFailures.high,
      spread: overdispersion(withheld.failures),
    }),
  };
}

/** One level's scores; the rate that it is held against is that of the recording itself, so a hard one to beat. */
function scoreOf(name: LevelScore['level'], { predicted, failed, drawn }: Level, level: number): LevelScore {
  const things = failed.length;
  const recorded = failed.reduce((sum, one) => sum + one, 0);
  const rate = things === 0 ? Number.NaN : recorded / things;
  const interval = percentileInterval(drawn, level);
  let agreed = 0;
  for (let i = 0; i < things; i++) if (predicted[i]! > 0.5 === (failed[i] === 1)) agreed++;
  return {
    level: name,
    things,
    recorded,
    predicted: interval,
    within: interval.low <= recorded && recorded <= interval.high,
    agreement: things === 0 ? Number.NaN : agreed / things,
    agreementOfRate: Math.max(rate, 1 - rate),
    brier: brierScore(predicted, failed),
    brierOfRate: brierScore(new Float64Array(things).fill(rate), failed),
    calibration: calibrate(predicted, failed),
  };
}

const totalWords: Readonly<Record<TotalName, string>> = {
  pagesSucceeded: 'pages moved',
  pagesFailed: 'pages failed',
  calls: 'migrate_pages calls',
  busyRetries: 'busy areas of CMA',
};

/** What the rule of `poorWhen` finds, a clause each. */
function missesOf(levels: readonly LevelScore[], totals: readonly TotalCheck[], reproduction: Reproduction): string[] {
  const said = ({ low, high }: Interval) => (low === high ? short(low) : `${short(low)} to ${short(high)}`);
  const { folios, otherOutcome } = reproduction;
  return [
    ...levels
      .filter(({ within, things }) => !within && things > 0)
      .map(({ level, recorded, predicted }) => {
        const what = level === 'folio' ? 'folios given up' : `${level}s with a folio given up`;
        return `${recorded} ${what} where ${said(predicted)} are predicted`;
      }),
    ...totals
      .filter(({ within }) => !within)
      .map(({ name, recorded, predicted }) => `${recorded} ${totalWords[name]} where ${said(predicted)} are predicted`),
    ...(otherOutcome > otherEndings * folios
      ? [`${otherOutcome} of ${folios} folios do not end as recorded where everything seen is given`]
      : []),
  ];
}

function short(value: number): string {
  return String(Number(value.toFixed(1)));
}

/** The first line of a comparison: whether to believe what follows. */
export function headlineOf({ state, misses, levels, totals }: Fidelity): string {
  if (state === 'unchecked')
    return 'Unchecked: no folio of this capture has a known outcome that the model could be held against.';
  if (state === 'poor') {
    return `Poor fidelity: recorded were ${misses.join('; ')}. Take everything below as a direction, not as numbers.`;
  }
  const [folio] = levels;
  const checks = levels.length + totals.length;
  return `With outcomes withheld all ${checks} recorded numbers lie within what the model predicts (${plural(folio!.recorded, 'folio')} given up, ${short(folio!.predicted.low)} to ${short(folio!.predicted.high)} predicted).`;
}

/** Totals that this capture prints, those that nothing in it counts left out. */
function totalsOf({ totals }: Withheld, level: number): TotalCheck[] {
  return totalNames
    .filter((name) => !Number.isNaN(totals[name].recorded))
    .map((name) => {
      const { recorded, drawn } = totals[name];
      const predicted = percentileInterval(drawn, level);
      return { name, recorded, predicted, within: predicted.low <= recorded && recorded <= predicted.high };
    });
}

function calibrate(predicted: Float64Array, failed: Uint8Array): LevelScore['calibration'] {
  const bins = edges.slice(1).map(() => ({ predicted: 0, observed: 0, things: 0 }));
  predicted.forEach((share, i) => {
    let bin = 0;
    while (bin < bins.length - 1 && share >= edges[bin + 1]!) bin++;
    const one = bins[bin]!;
    one.predicted += share;
    one.observed += failed[i]!;
    one.things++;
  });
  return bins
    .filter(({ things }) => things > 0)
    .map(({ predicted, observed, things }) => ({ predicted: predicted / things, observed: observed / things, things }));
}

/**
 * How many times as far the draws lie apart as if every folio failed on its own: the root of variance over mean, 1 for
 * Poisson (Cox and Lewis, The Statistical Analysis of Series of Events, 1966, index of dispersion). NaN where none failed.
 */
function overdispersion(draws: Float64Array): number {
  const middle = mean(draws);
  return Math.sqrt(mean(draws.map((value) => (value - middle) ** 2)) / middle);
}

/** From here on an interval is so wide for its number that lying in it is said to be worth little. */
const clustered = 2;

function verdict(facts: {
  within: boolean;
  folios: number;
  recordedFailures: number;
  recordedEpisodes: number;
  predictedEpisodes: Interval;
  brier: number;
  brierOfRate: number;
  low: number;
  high: number;
  spread: number;
}): string {
  const { within, folios, recordedFailures, recordedEpisodes, predictedEpisodes, brier, brierOfRate, spread } = facts;
  if (folios === 0) return 'No folio with a known outcome: the model cannot be checked against this capture.';
  const recorded = `${recordedFailures} ${recordedFailures === 1 ? 'was' : 'were'} recorded`;
  const sentences = [
    within
      ? `With its outcomes withheld the model predicts ${wholeNumbers(facts)} given up; ${recorded}, which is within.`
      : `With its outcomes withheld the model predicts ${wholeNumbers(facts)} given up, but ${recorded}: read everything below as a direction, not as numbers.`,
  ];
  if (within && spread > clustered) {
    sentences.push(
      `The draws lie ${spread.toFixed(1)} times as far apart as if each folio failed on its own, because failures come many at a time: lying within says little here.`,
    );
  }
  if (recordedEpisodes < predictedEpisodes.low || recordedEpisodes > predictedEpisodes.high) {
    sentences.push(
      `Of episodes it predicts ${wholeNumbers(predictedEpisodes, 'episode')}, but ${recordedEpisodes} were recorded: take times under entries and stalls below as a direction only.`,
    );
  }
  sentences.push(
    recordedFailures === 0
      ? 'Nothing failed, so which folios would fail cannot be scored.'
      : brier < 0.95 * brierOfRate
        ? 'It also tells which folios fail better than their overall rate does.'
        : 'Which of the folios fail it tells no better than their overall rate: trust its totals, not its names.',
  );
  return sentences.join(' ');
}

/** The whole numbers in an interval, in words; what is recorded is whole, so it lies in the interval if it is one of them. */
function wholeNumbers({ low, high }: { low: number; high: number }, one = 'folio'): string {
  const first = Math.ceil(low);
  const last = Math.floor(high);
  if (first > last) return `${low.toFixed(1)} to ${high.toFixed(1)} ${one}s`;
  return first === last ? `${first} ${one}${first === 1 ? '' : 's'}` : `${first} to ${last} ${one}s`;
}
