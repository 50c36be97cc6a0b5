/**
 * What a replay that makes the passes of the recording keeps of them: whose lock was not to be had, whose reference came
 * late or was held by somebody awake, and in which episodes a reference was met at all.
 */
import type { Visit } from '../model/world.ts';
import type { Policy } from '../policies/policy.ts';
import type { Abduction } from './abduction.ts';
import type { Condition } from './condition.ts';
import type { Unit } from './demand.ts';

export interface AsRecorded {
  /** Who holds the reference that blocks this episode is awake: nobody is seen waiting, and the passes are used up. */
  isAwake(visit: Visit): boolean;
  /** Whether the reference that blocks this episode comes after its unmapping; undefined = not known. */
  comesLate(visit: Visit): boolean | undefined;
  /** Whether attempts of this episode meet a reference other than that of a fault; undefined = not known. */
  meetsReference(visit: Visit): boolean | undefined;
  /**
   * Whether somebody is seen to wait at attempts of this episode, where no fault blocks it: only who sleeps on its entries can
   * be, and an episode whose passes were used up had nobody; undefined = not known.
   */
  isWaitedFor(visit: Visit): boolean | undefined;
  isLockTaken(visit: Visit, nth: number): boolean;
}

export interface AsRecordedInput {
  readonly unit: Unit;
  readonly recorded: Policy;
  readonly conditions: readonly Condition[];
  readonly withheld: boolean;
  readonly own: boolean;
  readonly sameBatches: boolean;
  readonly abduction: Pick<Abduction, 'waitsOf'>;
}

/** The luck of recorded passes; of another policy's, only the time before the first episode is still the same. */
export function asRecorded(input: AsRecordedInput): AsRecorded {
  const { unit, conditions, withheld, own, sameBatches } = input;
  const { checkAtEndOfUnmap } = input.recorded.decisions;
  const keeps = own && !withheld;
  const isSpent = (visit: Visit) => conditions[visit.folio]?.passes.spent[visit.episode];
  const isAwake = (visit: Visit) =>
    keeps && !checkAtEndOfUnmap && isSpent(visit) === true && conditions[visit.folio]!.luck[visit.episode] === 1;
  return {
    isAwake,
    comesLate: (visit) => (keeps && checkAtEndOfUnmap ? isSpent(visit) : undefined),
    meetsReference(visit) {
      if (!keeps) return undefined;
      if (isAwake(visit)) return true;
      const { failingAttempts = 0, batchAttempts = 0, luck = [] } = conditions[visit.folio] ?? {};
      const outcome = unit.members[visit.folio]!.episodes[visit.episode]?.outcome ?? 'open';
      if (outcome === 'open' || failingAttempts + (sameBatches ? batchAttempts : 0) === 0) return undefined;
      return outcome === 'undone' && luck[visit.episode] !== 1;
    },
    isWaitedFor(visit) {
      const episode = unit.members[visit.folio]!.episodes[visit.episode];
      if (!keeps || episode === undefined || conditions[visit.folio]?.luck[visit.episode] === 1) return undefined;
      return episode.outcome === 'undone' && isSpent(visit) !== true && input.abduction.waitsOf.has(episode.id);
    },
    isLockTaken(visit, nth) {
      if (withheld || !(own || visit.episode === 0)) return false;
      return nth < (conditions[visit.folio]?.passes.lost[visit.episode] ?? 0);
    },
  };
}
