/** The policy of a kernel version: resolved from the ranges of the axes, never written by hand. */
import { axes } from './axes/axes.ts';
import { type Choice, choiceOf } from './axis.ts';
import { type LayOptions, layChoices } from './lay.ts';
import type { Axis, Policy } from './policy.ts';
import { knownVersion } from './versions.ts';

/** `linux-6.12.117` and the like. Anything may follow the numbers, as in `linux-6.1.0-56-arm64`. */
export const kernelName = /^linux-(.*)$/;

/**
 * The policy of a kernel: `6.1.192`, or `6.1` for 6.1.0. Throws a ScenarioError for what is no version, too old or too
 * new, with the range that is known.
 */
export function kernelPolicy(version: string, options: LayOptions = {}): Policy {
  const known = knownVersion(version);
  const chosen = new Map<Axis, Choice>(axes.map((axis) => [axis.axis, choiceOf(axis, known)]));
  const choices: Partial<Record<Axis, string>> = {};
  for (const [axis, choice] of chosen) choices[axis] = choice.name;
  return {
    name: `linux-${version}`,
    title: `Linux ${version}`,
    kind: 'kernel',
    source: [...new Set([...chosen.values()].map((choice) => choice.source))].join('; '),
    over: '',
    choices,
    changes: [],
    needs: ['calls'],
    decisions: layChoices(chosen, undefined, options),
  };
}
