/** All policies: those of kernels, those of mailing-list threads, and the bounds that no kernel can pass. */
import { ScenarioError } from '../base/errors.ts';
import type { Decisions } from '../model/decisions.ts';
import type { RequestModel } from '../model/demand.ts';
import { type Choice, findChoice } from './axis.ts';
import { bounds } from './bounds.ts';
import { kernelName, kernelPolicy } from './kernels.ts';
import { axisOf, changesAgainst, choiceNamed, differingAxes, type LayOptions, layChoices, needsOf } from './lay.ts';
import { nearest } from './nearest.ts';
import type { Axis, Need, Policy } from './policy.ts';
import { type Alternative, type Occasion, threads } from './threads.ts';

/** What an alternative is laid over when nothing else is said: the newest kernel that is known. */
const usualGround = 'linux-7.2';

/** A choice that is written in this room: refused or not, it is there. */
function knownChoice(letter: string, name: string): Choice {
  const choice = findChoice(axisOf(letter), name);
  if (choice === undefined) throw new Error(`axis ${letter} has no choice "${name}"`);
  return choice;
}

/** Every policy that has a name, kernels as a pattern; in the order in which they are listed. */
export const namedPolicies: readonly {
  readonly name: string;
  readonly title: string;
  readonly kind: Policy['kind'];
  readonly source: string;
  readonly needs: readonly Need[];
  readonly changes: readonly string[];
  /** Why it cannot be built. */
  readonly refused?: string;
}[] = [
  {
    name: 'linux-X.Y[.Z]',
    title: 'a kernel version, from 5.0 to 7.2',
    kind: 'kernel',
    source: 'resolved from the version ranges of each axis',
    needs: ['calls'],
    changes: ['every axis, as that version has it'],
  },
  ...threads.map(({ name, title, source, choices, kind = 'thread' as const }) => {
    const chosen = Object.entries(choices).map(([axis, choice]) => ({ axis, choice: knownChoice(axis, choice) }));
    const refused = chosen.find(({ choice }) => choice.refused !== undefined)?.choice.refused;
    return {
      name,
      title,
      kind,
      source,
      needs: needsOf(Object.keys(choices) as Axis[]),
      changes: chosen.map(({ axis, choice }) => `${axis}: ${choice.does}`),
      ...(refused === undefined ? {} : { refused }),
    };
  }),
  ...bounds.map(({ name, title, source, needs, changes }) => ({
    name,
    title,
    kind: 'bound' as const,
    source,
    needs,
    changes,
  })),
];

/**
 * A policy by name: `linux-X.Y[.Z]`, an alternative or a bound laid over `over` (by default the newest known kernel), or
 * several of them joined by `+`, each laid over the one before (`linux-6.12+refcheck-unmap+drain-once`).
 *
 * Throws a ScenarioError for an unknown name, with the nearest ones.
 */
export function resolvePolicy(name: string, over?: Policy, options: LayOptions = {}): Policy {
  const parts = name.split('+').map((part) => part.trim());
  if (parts.length > 1) {
    let ground = over;
    for (const part of parts) ground = resolvePolicy(part, ground, options);
    if (ground === undefined) throw new Error('no part of the name was resolved');
    return ground;
  }
  const kernel = kernelName.exec(name)?.[1];
  if (kernel !== undefined) {
    const policy = kernelPolicy(kernel, options);
    if (over === undefined) return policy;
    return { ...policy, changes: changesAgainst(policy.choices, over), needs: needsOf(differingAxes(policy, over)) };
  }
  const thread = threads.find((one) => one.name === name);
  const bound = bounds.find((one) => one.name === name);
  if (thread === undefined && bound === undefined) throw unknownPolicy(name);
  const ground = over ?? resolvePolicy(usualGround, undefined, options);
  if (thread !== undefined) return layAlternative(thread, thread.kind ?? 'thread', ground, options);
  const { name: bare, title, source, changes, needs, settles } = bound!;
  return {
    name: bare,
    title,
    source,
    changes,
    needs,
    kind: 'bound',
    over: ground.name,
    choices: ground.choices,
    decisions: { ...ground.decisions, ...settles },
  };
}

/** An alternative laid over a policy. Throws a ScenarioError for an axis or a choice that does not exist. */
export function layAlternative(
  alternative: Alternative,
  kind: 'thread' | 'bound' | 'user',
  over: Policy,
  options: LayOptions = {},
): Policy {
  const chosen = new Map<Axis, Choice>();
  for (const [letter, name] of Object.entries(alternative.choices)) {
    const axis = axisOf(letter);
    chosen.set(axis.axis, choiceNamed(axis, name));
  }
  const choices: Partial<Record<Axis, string>> = { ...over.choices };
  for (const [axis, choice] of chosen) choices[axis] = choice.name;
  const decisions = layChoices(chosen, over.decisions, options);
  return {
    name: alternative.name,
    title: alternative.title,
    kind,
    source: alternative.source,
    over: over.name,
    choices,
    changes: decideAlike(decisions, over.decisions)
      ? [`nothing: ${over.name} does so already`]
      : changesAgainst(choices, over),
    needs: needsOf(Object.keys(alternative.choices) as Axis[]),
    decisions,
  };
}

function unknownPolicy(name: string): ScenarioError {
  const names = [...namedPolicies.map((one) => one.name).filter((one) => !one.includes('[')), usualGround];
  const near = nearest(name, names);
  const hint =
    near.length > 0
      ? `did you mean ${near.join(' or ')}?`
      : '`folioscope policies` lists them; any linux-X.Y[.Z] is one, too';
  return new ScenarioError('unknown-policy', `no policy is called "${name}"`, hint);
}

/**
 * Kernels that a comparison shows beside the recorded one, at most two: after and before the batching of 6.3, and before
 * caches were disabled (5.13). Only those that answer a mismatch (B) or batches (G) differently are worth a row.
 */
const eras = ['linux-6.12', 'linux-6.1', 'linux-5.10'];
const mostKernels = 2;

/**
 * The policies that a comparison shows by default: those that choose differently from the recorded one on a modelled
 * axis. What the recorded policy was laid over comes first, then up to two kernels of other eras, then the alternatives
 * of the threads that have a place in every comparison or in one of a capture with `occasions`, then the bounds.
 */
export function defaultPolicyNames(
  recorded: Policy,
  occasions: ReadonlySet<Occasion | RequestModel> = new Set(),
): string[] {
  const names: string[] = [];
  const shown: Policy[] = [recorded];
  const offer = (policy: Policy): boolean => {
    if (shown.some((other) => isSame(policy, other))) return false;
    shown.push(policy);
    names.push(policy.name);
    return true;
  };
  if (recorded.over !== '' && kernelName.test(recorded.over)) offer(resolvePolicy(recorded.over));
  let kernels = names.length;
  for (const era of eras) {
    const policy = resolvePolicy(era);
    const telling = shown.every((other) => differingAxes(policy, other).some((axis) => axis === 'B' || axis === 'G'));
    if (telling && kernels < mostKernels && offer(policy)) kernels++;
  }
  for (const { name, shown: when } of threads) {
    if (when === 'always' || when?.some((occasion) => occasions.has(occasion))) offer(resolvePolicy(name, recorded));
  }
  // A bound makes the same choices as its ground, so it is not compared by them.
  for (const { name } of bounds) if (name !== recorded.name) names.push(name);
  return names;
}

function isSame(a: Policy, b: Policy): boolean {
  return differingAxes(a, b).length === 0 || decideAlike(a.decisions, b.decisions);
}

/** Whether two policies answer every question alike, whatever their choices are called. */
export function decideAlike(a: Decisions, b: Decisions): boolean {
  const sameFunctions = a.onMismatch === b.onMismatch && a.onUnpinnable === b.onUnpinnable;
  return sameFunctions && JSON.stringify(a) === JSON.stringify(b);
}
