/** Fidelity: the recorded policy replayed with its outcomes withheld, scored against them. */
import type { Stage } from '../replay/stage.ts';
import type { Withheld } from '../replay/withheld.ts';
import type { Fidelity } from './comparison.ts';
import { brierScore, percentileInterval } from './statistics.ts';

/** Edges of the bins of predicted shares; most folios move, so the low end is cut finer. */
const edges = [0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1];

export function fidelityOf(stage: Stage, withheld: Withheld, level: number): Fidelity {
  const { predicted, failed, folds } = withheld;
  const folios = failed.length;
  const recordedFailures = failed.reduce((sum, one) => sum + one, 0);
  const rate = folios === 0 ? Number.NaN : recordedFailures / folios;
  const predictedFailures = percentileInterval(withheld.failures, level);
  const hasEpisodes = stage.history.observed.episodes !== 'unknown';
  const recordedEpisodes = hasEpisodes ? recordedEpisodesOf(stage) : Number.NaN;
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
    verdict: verdict({
      within,
      folios,
      recordedFailures,
      brier,
      brierOfRate,
      low: predictedFailures.low,
      high: predictedFailures.high,
    }),
  };
}

function recordedEpisodesOf({ scenes }: Stage): number {
  let episodes = 0;
  for (const { unit } of scenes) {
    for (const member of unit.members) {
      const last = member.outcomes.at(-1);
      if (!member.latent && last !== undefined && last !== 'unknown') episodes += member.episodes.length;
    }
  }
  return episodes;
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

function verdict(facts: {
  within: boolean;
  folios: number;
  recordedFailures: number;
  brier: number;
  brierOfRate: number;
  low: number;
  high: number;
}): string {
  const { within, folios, recordedFailures, brier, brierOfRate } = facts;
  if (folios === 0) return 'No folio with a known outcome: the model cannot be checked against this capture.';
  const range = `${Math.floor(facts.low)} to ${Math.ceil(facts.high)}`;
  const total = within
    ? `With its outcomes withheld the model predicts ${range} failed folios; ${recordedFailures} were recorded, which is within.`
    : `With its outcomes withheld the model predicts ${range} failed folios, but ${recordedFailures} were recorded: read the rows below as a direction, not as numbers.`;
  if (recordedFailures === 0) return `${total} Nothing failed, so which folios would fail cannot be scored.`;
  const single =
    brier < 0.95 * brierOfRate
      ? 'It also tells which folios fail better than their overall rate does.'
      : 'Which of the folios fail it tells no better than their overall rate: trust its totals, not its names.';
  return `${total} ${single}`;
}
