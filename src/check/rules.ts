/** A file of rules: YAML or JSON, with every mistake in it told by line and column. */
import { z } from 'zod';
import { ScenarioError } from '../base/errors.ts';
import { mistakesOf, readUserText } from '../policies/yaml-text.ts';
import { type Assertion, parseAssertion } from './expression.ts';

export interface Rule {
  readonly name: string;
  /** As written. */
  readonly assert: string;
  /** Why the team wants it; empty where nothing is said. */
  readonly because: string;
  readonly assertion: Assertion;
  /** `file:line:column`. */
  readonly place: string;
}

export interface Rules {
  readonly file: string;
  /** Probability from which a failure counts as blamed on a cause. */
  readonly threshold: number;
  readonly rules: readonly Rule[];
}

/** What is likelier than not. */
export const usualThreshold = 0.5;

const share = z.union([
  z.number().gt(0).max(1),
  z
    .string()
    .regex(/^\s*\d+(\.\d+)?\s*%\s*$/, 'write a share from 0 to 1, or with %')
    .transform((text) => Number.parseFloat(text) / 100)
    .refine((value) => value > 0 && value <= 1, 'more than 0 %, at most 100 %'),
]);

const shape = z.strictObject({
  blame: share.optional(),
  rules: z
    .array(
      z.strictObject({
        name: z.string().trim().min(1),
        assert: z.string().trim().min(1),
        because: z.string().trim().optional(),
      }),
    )
    .min(1),
});

/**
 * Reads a file of rules.
 *
 * @throws ScenarioError whose message has a line `file:line:column: what is wrong` for each mistake, and whose hint has the ways out
 */
export function parseRules(text: string, file: string): Rules {
  const written = readUserText(text, file, 'check/rules');
  const parsed = shape.safeParse(written.value);
  if (!parsed.success) {
    throw new ScenarioError(
      'check/rules',
      mistakesOf(parsed.error, written).join('\n'),
      'rules: a list of {name, assert, because}; docs/check.md says what may be asserted',
    );
  }
  const mistakes: string[] = [];
  const hints = new Set<string>();
  const names = new Set<string>();
  const rules = parsed.data.rules.flatMap(({ name, assert, because = '' }, i): Rule[] => {
    if (names.has(name)) mistakes.push(`${written.at(['rules', i, 'name'])}: two rules are called "${name}"`);
    names.add(name);
    const place = written.at(['rules', i, 'assert']);
    try {
      return [{ name, assert, because, assertion: parseAssertion(assert), place }];
    } catch (error) {
      if (!(error instanceof ScenarioError)) throw error;
      mistakes.push(`${place}: ${error.message}`);
      if (error.hint !== '') hints.add(error.hint);
      return [];
    }
  });
  if (mistakes.length > 0) throw new ScenarioError('check/rules', mistakes.join('\n'), [...hints].join('\n'));
  return { file, threshold: parsed.data.blame ?? usualThreshold, rules };
}
