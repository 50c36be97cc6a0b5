/** Fidelity: the recorded policy replayed with its outcomes withheld, scored against them. */
import type { Stage } from '../replay/stage.ts';
import { totalNames, type Withheld } from '../replay/withheld.ts';
import type { Fidelity, Interval, TotalCheck } from './comparison.ts';
import { brierScore, mean, percentileInterval } from './statistics.ts';

/** Edges of the bins of predicted shares; most folios move, so the low end is cut finer. */
const edges = [0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1];

export function fidelityOf(stage: Stage, withheld: Withheld, level: number): Fidelity {
  const { predicted, failed, folds } = withheld;
  const folios = failed.length;
  const recordedFailures = failed.reduce((sum, one) => sum + one, 0);
  const rate = folios === 0 ? Number.NaN : recordedFailures / folios;
  const predictedFailures = percentileInterval(withheld.failures, level);
  const hasEpisodes = stage.history.observed.episodes !== 'unknown';
  const recordedEpisodes = hasEpisodes ? withheld.recordedEpisodes : Number.NaN;
  const nothing = { estimate: Number.NaN, low: Number.NaN, high: Number.NaN };
  const predictedEpisodes = hasEpisodes ? percentileInterval(withheld.episodes, level) : nothing;
  const within = predictedFailures.low <= recordedFailures && recordedFailures <= predictedFailures.high;
  const brier = brierScore(predicted, failed);
  const brierOfRate = brierScore(new Float64Array(folios).fill(rate), failed);
  return {
    recordedFailures,
    predictedFailures,
    within,
    folios,
    folds,
    brier,
    brierOfRate,
    calibration: calibrate(predicted, failed),
    recordedEpisodes,
    predictedEpisodes,
    totals: totalsOf(withheld, level),
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

function calibrate(predicted: Float64Array, failed: Uint8Array): Fidelity['calibration'] {
  const bins = edges.slice(1).map(() => ({ predicted: 0, observed: 0, folios: 0 }));
  predicted.forEach((share, i) => {
    let bin = 0;
    while (bin < bins.length - 1 && share >= edges[bin + 1]!) bin++;
    const one = bins[bin]!;
    one.predicted += share;
    one.observed += failed[i]!;
    one.folios++;
  });
  return bins
    .filter(({ folios }) => folios > 0)
    .map(({ predicted, observed, folios }) => ({ predicted: predicted / folios, observed: observed / folios, folios }));
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
