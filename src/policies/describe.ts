/** One policy in full: what it is, who proposed it, what it changes, what that is expected to cost. */
import { axes } from './axes/axes.ts';
import { type Choice, type Cost, type Direction, findChoice, rangesOf } from './axis.ts';
import { bounds } from './bounds.ts';
import { decideAlike } from './policies.ts';
import type { Axis, Need, Policy } from './policy.ts';

/** The costs of kernel-model 8.1, in the order in which they are listed. */
export const costs: readonly { readonly cost: Cost; readonly what: string }[] = [
  { cost: 'S', what: 'success' },
  { cost: 'R', what: 'retries' },
  { cost: 'L', what: 'lock-hold time' },
  { cost: 'W', what: 'stall of waiters' },
  { cost: 'D', what: 'drains, interrupts, TLB flushes' },
  { cost: 'C', what: 'contention on the lruvec lock' },
];

export interface AxisChange {
  readonly axis: Axis;
  readonly question: string;
  readonly from: string;
  readonly to: string;
  readonly does: string;
  /** Commit or thread of the new choice. */
  readonly source: string;
  /** Kernels in which the new choice was real. */
  readonly real: string;
}

export interface ExpectedCost {
  readonly cost: Cost;
  readonly what: string;
  readonly direction: Direction;
  /** Axes that it comes from; none for a bound, whose direction is its own. */
  readonly axes: readonly Axis[];
}

export interface PolicyPage {
  readonly name: string;
  readonly title: string;
  readonly kind: Policy['kind'];
  readonly source: string;
  /** What it is described against; empty for a kernel by itself. */
  readonly over: string;
  readonly needs: readonly Need[];
  /** Axes on which it chooses otherwise; empty when it decides everything as what it is laid over. */
  readonly changes: readonly AxisChange[];
  /** What a bound or a module changes beside its choices, a sentence each. */
  readonly beside: readonly string[];
  readonly expected: readonly ExpectedCost[];
}

/**
 * Describes a policy against another one. Without `over` (a kernel by itself) there is nothing to change and nothing to
 * expect.
 */
export function describePolicy(policy: Policy, over?: Policy): PolicyPage {
  const { name, title, kind, source, needs } = policy;
  const bound = bounds.find((one) => one.name === name);
  const alike = over === undefined || decideAlike(policy.decisions, over.decisions);
  const changes = alike ? [] : changesBetween(policy, over);
  const own = changes.some(({ axis, to }) => choiceAt(axis, to) === undefined) || bound !== undefined;
  return {
    name,
    title,
    kind,
    source,
    over: over?.name ?? '',
    needs,
    changes,
    beside: own && !alike ? policy.changes : [],
    expected: alike ? [] : bound === undefined ? expectedOf(changes) : expectedOfBound(bound.directions),
  };
}

function choiceAt(axis: Axis, name: string): Choice | undefined {
  const found = axes.find((one) => one.axis === axis);
  return found === undefined ? undefined : findChoice(found, name);
}

function changesBetween(policy: Policy, over: Policy): AxisChange[] {
  return axes
    .filter(({ axis }) => policy.choices[axis] !== over.choices[axis])
    .map((axis) => {
      const to = policy.choices[axis.axis] ?? '';
      const choice = findChoice(axis, to);
      return {
        axis: axis.axis,
        question: axis.question,
        from: over.choices[axis.axis] ?? '',
        to,
        does: choice?.does ?? 'answers by itself',
        source: choice?.source ?? policy.source,
        real: choice === undefined ? 'never' : rangesOf(choice),
      };
    });
}

const sizes: Readonly<Record<Exclude<Direction, '?'>, number>> = { '--': -2, '-': -1, '=': 0, '+': 1, '++': 2 };
const signs = ['--', '-', '=', '+', '++'] as const;

/** From one choice to another: both are written against the same choice of their axis. */
function step(from: Direction | undefined, to: Direction | undefined): number | undefined {
  if (from === undefined || to === undefined || from === '?' || to === '?') return undefined;
  return sizes[to] - sizes[from];
}

/** The sum over the axes that differ; unknown when one of them is, or when they pull in opposite directions. */
function expectedOf(changes: readonly AxisChange[]): ExpectedCost[] {
  return costs.map(({ cost, what }) => {
    const steps = changes.map(({ axis, from, to }) => ({
      axis,
      size: step(choiceAt(axis, from)?.directions[cost], choiceAt(axis, to)?.directions[cost]),
    }));
    const moved = steps.filter(({ size }) => size !== 0).map(({ axis }) => axis);
    let up = 0;
    let down = 0;
    for (const { size = Number.NaN } of steps) {
      up += Math.max(0, size);
      down += Math.min(0, size);
    }
    const known = !Number.isNaN(up) && (up === 0 || down === 0);
    const direction = known ? signs[Math.max(-2, Math.min(2, up + down)) + 2]! : '?';
    return { cost, what, direction, axes: moved };
  });
}

function expectedOfBound(directions: Choice['directions']): ExpectedCost[] {
  return costs.map(({ cost, what }) => ({ cost, what, direction: directions[cost] ?? '?', axes: [] }));
}
