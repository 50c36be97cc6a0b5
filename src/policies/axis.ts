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

/**
 * What a choice costs or gains: success, retries, lock-hold time, stall of waiters, drains (with interrupts and TLB
 * flushes), contention on the lruvec lock (kernel-model 8.1).
 */
export type Cost = 'S' | 'R' | 'L' | 'W' | 'D' | 'C';

/** More, much more, less, much less, no difference; `?` depends on the workload. */
export type Direction = '++' | '+' | '-' | '--' | '=' | '?';

export interface Choice {
  readonly name: string;
  /** What a policy with this choice does, as a clause: `compares before copying`. */
  readonly does: string;
  /** Mainline releases in which it was real, and stable branches that went another way than mainline. */
  readonly mainline?: readonly Range[];
  readonly branches?: readonly BranchRange[];
  /** Commit or thread. */
  readonly source: string;
  /**
   * Where each cost is expected to go, against the choice of this axis that has `=` everywhere: an expectation from the
   * table of kernel-model 8.1 and the kernel's text, no result of the model. A cost that is not named: nothing is expected.
   */
  readonly directions: Readonly<Partial<Record<Cost, Direction>>>;
  /** Why nobody can build it, where a thread judged so: it is listed, and asking for it is an error. */
  readonly refused?: string;
  /** Names that it had before. */
  readonly aliases?: readonly string[];
  readonly settles: Settles | ((ground: Ground) => Settles);
}

export interface AxisOfChoice {
  readonly axis: Axis;
  readonly question: string;
  /** What a trace must show for this axis to have an answer, beside the calls. */
  readonly needs: readonly Need[];
  readonly choices: readonly Choice[];
  /** Choices with a number in the name (`up to order 4`), where any number is a choice. */
  readonly numbered?: Numbered;
}

export interface Numbered {
  /** How such a name is written, for errors. */
  readonly form: string;
  /** Exactly the names that `parse` takes. */
  readonly pattern: RegExp;
  parse(name: string): Choice | undefined;
  /** Some, of those that were tried or proposed: for tests over all policies, and for editors. */
  readonly samples: readonly string[];
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

/** A choice by its name, also by an older one or one with a number in it; undefined when there is none. */
export function findChoice(axis: AxisOfChoice, name: string): Choice | undefined {
  return (
    axis.choices.find((choice) => choice.name === name || choice.aliases?.includes(name)) ?? axis.numbered?.parse(name)
  );
}

/** Where a choice was real, in words: `before 6.3; 6.1.116 and later`, `all`, `never`. */
export function rangesOf(choice: Choice): string {
  const mainline = (choice.mainline ?? []).map(({ since, before }) =>
    since === undefined
      ? before === undefined
        ? 'all'
        : `before ${before}`
      : before === undefined
        ? `from ${since}`
        : `${since} until ${before}`,
  );
  const branches = (choice.branches ?? []).map(({ branch, from = 0, to }) =>
    to === undefined ? `${branch}.${from} and later` : `${branch}.${from} to ${branch}.${to}`,
  );
  const words = [...mainline, ...branches].join('; ');
  return words === '' ? 'never' : words;
}

/** Lays a choice over decisions. */
export function settle(choice: Choice, ground: Ground): Decisions {
  return layOver(ground.decisions, typeof choice.settles === 'function' ? choice.settles(ground) : choice.settles);
}

/** Decisions with some of them settled otherwise. */
export function layOver(decisions: Decisions, { plan, drainAll, ...rest }: Settles): Decisions {
  return {
    ...decisions,
    ...rest,
    plan: { ...decisions.plan, ...plan },
    drainAll: { ...decisions.drainAll, ...drainAll },
  };
}
