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
import { mistakesOf, readUserText, type UserText } from './yaml-text.ts';

const shape = z.strictObject({
  ...headOfPolicy,
  choices: z.record(z.string(), z.union([z.string(), z.number().int()])),
});

/** The same with no more asked of it than that something can be looked up. */
const loose = z.object({
  extends: z.string().optional().catch(undefined),
  choices: z.record(z.string(), z.unknown()).catch({}),
});

/**
 * Reads a policy. `over` is what it is laid over when it extends nothing. Throws a ScenarioError whose message has a
 * line `file:line:column: what is wrong` for each mistake, and whose hint has a line for each way out.
 */
export function parseUserPolicy(text: string, file: string, over?: Policy, options: LayOptions = {}): Policy {
  const written = readUserText(text, file, 'policy-text');
  const mistakes = new Mistakes(written);
  const parsed = shape.safeParse(written.value);
  if (!parsed.success) {
    for (const mistake of mistakesOf(parsed.error, written)) mistakes.add(mistake);
    // Whatever has its right shape is looked up all the same.
    const rest = loose.safeParse(written.value).data;
    if (rest?.extends !== undefined) mistakes.at(['extends'], () => resolvePolicy(rest.extends!, over, options));
    mistakes.choices(rest?.choices ?? {});
    throw mistakes.error();
  }
  const { name, title, extends: ground, choices } = parsed.data;
  const chosen = mistakes.choices(choices);
  const base =
    ground === undefined && over !== undefined
      ? over
      : mistakes.at(['extends'], () => resolvePolicy(ground ?? 'linux-7.2', over, options));
  if (base === undefined || mistakes.any) throw mistakes.error();
  return layAlternative({ name, title: title ?? name, source: file, choices: chosen }, 'user', base, options);
}

/** What is wrong with a policy file, as far as it has been looked at. */
class Mistakes {
  readonly #written: UserText;
  readonly #messages: string[] = [];
  readonly #hints = new Set<string>();

  constructor(written: UserText) {
    this.#written = written;
  }

  get any(): boolean {
    return this.#messages.length > 0;
  }

  add(message: string): void {
    this.#messages.push(message);
  }

  /** Takes a ScenarioError for a mistake at a path of the file. */
  at<T>(path: readonly string[], make: () => T): T | undefined {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof ScenarioError)) throw error;
      this.add(`${this.#written.at(path)}: ${error.message}`);
      for (const hint of error.hint.split('\n')) if (hint !== '') this.#hints.add(hint);
      return undefined;
    }
  }

  /** The choices by their axes and whole names. */
  choices(given: Readonly<Record<string, unknown>>): Record<string, string> {
    const chosen: Record<string, string> = {};
    for (const [letter, choice] of Object.entries(given)) {
      if (typeof choice !== 'string' && typeof choice !== 'number') continue;
      const found = this.at(['choices', letter], () => choiceNamed(axisOf(letter), String(choice)));
      if (found !== undefined) chosen[letter] = found.name;
    }
    return chosen;
  }

  error(): ScenarioError {
    return new ScenarioError('policy-text', this.#messages.join('\n'), [...this.#hints].join('\n'));
  }
}
