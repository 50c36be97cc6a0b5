/** Policies that nobody proposed: any choice on each axis. For tests that must hold under every policy. */
import { axes } from './axes/axes.ts';
import type { Axis } from './policy.ts';

/**
 * A choice on every axis, drawn by `u` (0 up to, not including, 1). Numbers are drawn from the samples of an axis; what
 * cannot be built is left out. Lay it with `layAlternative`: over a kernel it may ask for what that loop does not ask.
 */
export function randomChoices(u: (axis: Axis) => number): Partial<Record<Axis, string>> {
  const choices: Partial<Record<Axis, string>> = {};
  for (const { axis, choices: named, numbered } of axes) {
    const names = [
      ...named.filter((choice) => choice.refused === undefined).map((choice) => choice.name),
      ...(numbered?.samples ?? []),
    ];
    choices[axis] = names[Math.floor(u(axis) * names.length)]!;
  }
  return choices;
}
