/** Whether a capture can answer for a policy: refused, or how far its answer is from what was observed. */
import type { History } from '../history/facts.ts';
import type { Axis, Policy } from '../policies/policy.ts';
import type { Answer, AxisAnswer, Refusal } from './comparison.ts';
import { rankOf } from './identify.ts';
import { needs } from './needs.ts';
import { isBefore518, recordCommand } from './record.ts';

/** Axes on which two policies choose differently. */
export function differs(policy: Policy, recorded: Policy): Axis[] {
  const axes = Object.keys({ ...policy.choices, ...recorded.choices }) as Axis[];
  return axes.filter((axis) => policy.choices[axis] !== recorded.choices[axis]).sort();
}

/**
 * Why this capture cannot feed a policy; undefined when it can. A policy that differs only where the capture cannot answer
 * is refused: its replay would be the recorded policy's, and say "no difference" of what was never seen.
 */
export function refuse(
  history: History,
  policy: Policy,
  recorded: Policy,
  axes: readonly AxisAnswer[],
): Refusal | undefined {
  const missing = policy.needs.filter((need) => !needs[need].has(history));
  if (missing.length > 0) {
    return {
      policy: policy.name,
      missing: missing.map((need) => needs[need].missing),
      record:
        missing.includes('episodes') && isBefore518(history)
          ? 'no event of this kernel shows them (they came with about 5.18): record on a later one'
          : recordCommand([...needs.calls.events, ...missing.flatMap((need) => needs[need].events)]),
    };
  }
  const differing = answersOf(policy, recorded, axes);
  if (differing.length === 0 || differing.some(({ answer }) => answer !== 'cannot answer')) return undefined;
  return {
    policy: policy.name,
    missing: differing.map(({ axis, why }) => `what axis ${axis} depends on: ${why}`),
    record: differing.find(({ record }) => record !== '')?.record ?? 'no event or probe that is read here shows it',
  };
}

function answersOf(policy: Policy, recorded: Policy, axes: readonly AxisAnswer[]): AxisAnswer[] {
  const differing = differs(policy, recorded);
  return axes.filter(({ axis }) => differing.includes(axis));
}

/** How far this capture can answer for a policy it can feed, and why: as far as the worst of the axes it differs on. */
export function answerFor(
  policy: Policy,
  recorded: Policy,
  axes: readonly AxisAnswer[],
): { answer: Exclude<Answer, 'cannot answer'>; why: string } {
  const differing = answersOf(policy, recorded, axes);
  // A bound of one axis makes a choice there, which is answered for like any other.
  if (policy.kind === 'bound' && differing.length === 0) {
    return { answer: 'bounded', why: 'a bound: no kernel does better (or worse) than this' };
  }
  if (differing.length === 0) return { answer: 'observed', why: 'it decides as the recorded policy does' };
  const { answer } = differing.reduce((a, b) => (rankOf[b.answer] > rankOf[a.answer] ? b : a));
  // Axes with the same words share them.
  const byWhy = new Map<string, Axis[]>();
  for (const { axis, why, answer } of differing) {
    const text = answer === 'cannot answer' ? `not answered, taken to make no difference: ${why}` : why;
    byWhy.set(text, [...(byWhy.get(text) ?? []), axis]);
  }
  return {
    answer: answer === 'cannot answer' ? 'assumed' : answer,
    why: [...byWhy].map(([why, letters]) => `axis ${letters.join(', ')}: ${why}`).join('; '),
  };
}
