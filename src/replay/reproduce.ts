/** Reproduction: the recorded policy conditioned on everything seen must give the recording back. */
import { conditionsOf } from './abduction.ts';
import { finallyOf, type Unit } from './demand.ts';
import { runUnit } from './job.ts';
import { drawParameters } from './parameters.ts';
import { isScored, type Stage } from './stage.ts';
import { createWorld } from './world.ts';

/** One folio for which the replay of the recorded policy, conditioned on everything seen, says something else. */
export interface Miss {
  readonly unit: Unit;
  readonly member: number;
  readonly recorded: string;
  readonly replayed: string;
  /** It does not end as recorded; else only its episodes are of another number. */
  readonly otherOutcome: boolean;
}

/**
 * Replays the recorded policy conditioned on everything seen: outcome and number of episodes of every folio must come
 * out as recorded. Anything less is a bug of the model, of the history, or of their meeting.
 */
export function reproduce(stage: Stage, seed: number): { folios: number; reproduced: number; misses: Miss[] } {
  const { recorded, scenes, abduction, evidenceAt, assumed } = stage;
  const evidence = evidenceAt[abduction.untold.levelOf(seed, 0)]!;
  const parameters = drawParameters(evidence, assumed, seed, 0);
  let folios = 0;
  const misses: Miss[] = [];
  for (const scene of scenes) {
    const { unit } = scene;
    const conditions = conditionsOf(abduction, scene, recorded, assumed, seed, 0);
    const input = {
      unit,
      recorded,
      abduction,
      conditions,
      parameters,
      evidence,
      seed,
      draw: 0,
      pace: 0,
      withheld: false,
      own: true,
      sameBatches: true,
    };
    const outcome = runUnit(scene, recorded, createWorld(input), conditions, true);
    unit.members.forEach((member, m) => {
      if (!isScored(member)) return;
      const last = finallyOf(unit, member);
      folios++;
      const moved = outcome.left[m] === 0;
      const open = member.episodes.some(({ outcome }) => outcome === 'open');
      const sameEpisodes = member.episodes.length === 0 || open || outcome.episodes[m] === member.episodes.length;
      const otherOutcome = moved !== (last === 'moved');
      if (!otherOutcome && sameEpisodes) return;
      misses.push({
        unit,
        member: m,
        recorded: `${last} after ${episodes(member.episodes.length)}`,
        otherOutcome,
        replayed: `${moved ? 'moved' : 'failed'} after ${episodes(outcome.episodes[m]!)}`,
      });
    });
  }
  return { folios, reproduced: folios - misses.length, misses };
}

function episodes(n: number): string {
  return n === 1 ? '1 episode' : `${n} episodes`;
}
