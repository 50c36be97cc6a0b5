/** What an axis of choice is: a question, the alternatives, and the kernels in which each was real. */
import type { Decisions, Plan } from '../model/decisions.ts';
import type { Axis, Need } from './policy.ts';
import { type BranchRange, inBranch, inRange, type Range, type Version } from './versions.ts';

/** The part of the decisions that a choice settles; the rest stays as it is in what it is laid over. */
export interface Settles extends Omit<Partial<Decisions>, 'plan' | 'drainAll'> {
  readonly plan?: Partial<Plan>;
  readonly drainAll?: Partial<Decisions['drainAll']>;
}

/** What a choice may depend on: the decisions that it is laid over, and the capture's page size. */
export interface Ground {
  readonly decisions: Decisions;
  readonly pageSize: number;
}

export interface Choice {
  readonly name: string;
  /** What a policy with this choice does, as a clause: `compares before copying`. */
  readonly does: string;
  /** Mainline releases in which it was real, and stable branches that went another way than mainline. */
  readonly mainline?: readonly Range[];
  readonly branches?: readonly BranchRange[];
  /** Commit or thread. */
  readonly source: string;
  readonly settles: Settles | ((ground: Ground) => Settles);
}

export interface AxisOfChoice {
  readonly axis: Axis;
  readonly question: string;
  /** What a trace must show for this axis to have an answer, beside the calls. */
  readonly needs: readonly Need[];
  readonly choices: readonly Choice[];
  /** Choices with a number in the name (`capacity 20`), where any number is a choice. */
  readonly parse?: (name: string) => Choice | undefined;
  /** How `parse` is written, for errors. */
  readonly parsed?: string;
}

/** The choice that was real in a kernel version. A branch that went its own way speaks before its mainline release. */
export function choiceOf(axis: AxisOfChoice, version: Version): Choice {
  const byBranch = axis.choices.filter((choice) => choice.branches?.some((range) => inBranch(version, range)));
  const found =
    byBranch.length > 0
      ? byBranch
      : axis.choices.filter((choice) => choice.mainline?.some((range) => inRange(version, range)));
  const [choice, second] = found;
  if (choice === undefined || second !== undefined) {
    throw new Error(
      `axis ${axis.axis}: ${found.length} choices for ${version.major}.${version.minor}.${version.patch}`,
    );
  }
  return choice;
}

/** A choice by its name, also one with a number in it; undefined when there is none. */
export function findChoice(axis: AxisOfChoice, name: string): Choice | undefined {
  return axis.choices.find((choice) => choice.name === name) ?? axis.parse?.(name);
}

/** Lays a choice over decisions. */
export function settle(choice: Choice, ground: Ground): Decisions {
  const { decisions } = ground;
  const { plan, drainAll, ...rest } = typeof choice.settles === 'function' ? choice.settles(ground) : choice.settles;
  return {
    ...decisions,
    ...rest,
    plan: { ...decisions.plan, ...plan },
    drainAll: { ...decisions.drainAll, ...drainAll },
  };
}
