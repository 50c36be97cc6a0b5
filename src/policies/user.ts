/**
 * A user's own policy, from YAML or JSON text: a named policy that it extends, and a choice for each axis that it
 * changes.
 *
 *     name: patient
 *     extends: linux-6.12.117
 *     choices:
 *       B: undo if waiters, resubmitted
 *       C: 3 + 20
 */
import { z } from 'zod';
import { ScenarioError } from '../base/errors.ts';
import { axisOf, choiceNamed, type LayOptions } from './lay.ts';
import { layAlternative, resolvePolicy } from './policies.ts';
import type { Policy } from './policy.ts';
import { headOfPolicy } from './schema.ts';
import { mistakesOf, readUserText } from './yaml-text.ts';

const shape = z.strictObject({
  ...headOfPolicy,
  choices: z.record(z.string(), z.union([z.string(), z.number().int()])),
});

/**
 * Reads a policy. `over` is what it is laid over when it extends nothing. Throws a ScenarioError whose message has a
 * line `file:line:column: what is wrong` for each mistake.
 */
export function parseUserPolicy(text: string, file: string, over?: Policy, options: LayOptions = {}): Policy {
  const written = readUserText(text, file, 'policy-text');
  const { at } = written;
  const parsed = shape.safeParse(written.value);
  if (!parsed.success) throw new ScenarioError('policy-text', mistakesOf(parsed.error, written).join('\n'));
  const { name, title, extends: ground, choices } = parsed.data;
  const inPlace = <T>(path: readonly string[], make: () => T): T => {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof ScenarioError)) throw error;
      throw new ScenarioError(error.code, `${at(path)}: ${error.message}`, error.hint);
    }
  };
  const chosen: Record<string, string> = {};
  for (const [letter, choice] of Object.entries(choices)) {
    const axis = inPlace(['choices', letter], () => axisOf(letter));
    chosen[letter] = inPlace(['choices', letter], () => choiceNamed(axis, String(choice))).name;
  }
  const base =
    ground === undefined && over !== undefined
      ? over
      : inPlace(['extends'], () => resolvePolicy(ground ?? 'linux-7.2', over, options));
  return layAlternative({ name, title: title ?? name, source: file, choices: chosen }, 'user', base, options);
}
