/** How far the answer moves with each assumption that is not data. */
import type { Policy } from '../policies/policy.ts';
import { type Assumptions, defaultAssumptions } from '../replay/parameters.ts';
import { replayStage } from '../replay/replay.ts';
import { restaged, type Stage } from '../replay/stage.ts';
import type { Assumption, BlameRow } from './comparison.ts';
import { mean } from './statistics.ts';

interface Named {
  readonly key: keyof Assumptions;
  readonly name: string;
  readonly why: string;
  /** Whether anything in this capture hangs on it. */
  readonly matters: (stage: Stage, blame: readonly BlameRow[]) => boolean;
}

const blamed = (blame: readonly BlameRow[], cause: BlameRow['cause']) =>
  blame.some((row) => row.cause === cause && row.folios > 0.005);

const named: readonly Named[] = [
  {
    key: 'persistent',
    name: 'untold reference lasts',
    why: 'a folio of which nobody can tell who held it is held for as long as its request lasts, else it lets go after the recorded attempts; even odds, as nothing speaks for either',
    matters: (_, blame) => blamed(blame, 'cannot tell'),
  },
  {
    key: 'repeatHit',
    name: 'blocked again',
    why: 'after a fault blocked an episode, the next one of that folio is blocked as well; no such pair was recorded',
    matters: ({ evidence }) => evidence.repeat.trials === 0 && evidence.deferred.hits + evidence.eager.hits > 0.5,
  },
  {
    key: 'lateReference',
    name: 'late reference',
    why: "a fault that blocks an episode takes its reference after the end of unmapping, so that a comparison there misses it; no such fault's sleep was recorded",
    matters: ({ evidence }) => evidence.late.trials === 0 && evidence.deferred.hits + evidence.eager.hits > 0.5,
  },
  {
    key: 'pinPersists',
    name: 'pin outlives its request',
    why: 'a longterm pin is dropped by its owner, not by anything a migration policy does',
    matters: (_, blame) => blamed(blame, 'pin'),
  },
];

/**
 * A row for each assumption: failed folios under `policy` with it halved and doubled (no probability above 1), NaN where
 * the capture has nothing that hangs on it.
 */
export function assumptionRows(
  stage: Stage,
  policy: Policy,
  blame: readonly BlameRow[],
  options: { draws: number; seed: number },
): Assumption[] {
  return named.map(({ key, name, why, matters }) => {
    const value = defaultAssumptions[key];
    const failedWith = (changed: number) => {
      if (!matters(stage, blame)) return Number.NaN;
      const changedStage = restaged(stage, { [key]: Math.min(1, changed) }, options.seed, stage.variants.length);
      const [outcome] = replayStage(changedStage, [policy], options);
      return mean(outcome!.totals.failedFolios);
    };
    return {
      name,
      value,
      unit: 'probability',
      why,
      halved: failedWith(value / 2),
      doubled: failedWith(value * 2),
      policy: policy.name,
    };
  });
}
