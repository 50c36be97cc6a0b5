/** The shape of a policy file: as zod reads it, and as JSON schema for editors. */
import { z } from 'zod';
import { axes } from './axes/axes.ts';
import type { AxisOfChoice } from './axis.ts';

/** What a policy file says beside its choices. */
export const headOfPolicy = {
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/, 'lower-case letters, digits and dashes')
    .describe('name of the policy in tables'),
  title: z.string().describe('one line about it').optional(),
  /** A policy by name; without it, what the policy is laid over by the caller. */
  extends: z
    .string()
    .describe(
      'policy that it is laid over: linux-6.12.117, drain-once, linux-6.12+drain-once; default: the recorded one',
    )
    .optional(),
};

function choiceSchema({ question, choices, numbered }: AxisOfChoice): z.ZodType {
  const named = choices
    .filter((choice) => choice.refused === undefined)
    .map((choice) => z.literal(choice.name).describe(choice.does));
  const numbers =
    numbered === undefined
      ? []
      : [
          z.string().regex(numbered.pattern).describe(numbered.form),
          // YAML reads `L: 20` as a number.
          ...(numbered.samples.some((sample) => /^\d+$/.test(sample)) ? [z.number().int().min(0).max(999)] : []),
        ];
  return z.union([...named, ...numbers]).describe(question);
}

/** JSON schema (draft 2020-12) of a policy file in YAML or JSON. `parseUserPolicy` reads no less and no more. */
export function policySchema(): object {
  const choices: Record<string, z.ZodType> = {};
  for (const axis of axes) choices[axis.axis] = choiceSchema(axis).optional();
  const schema = z.strictObject({
    ...headOfPolicy,
    choices: z.strictObject(choices).describe('axes on which it chooses otherwise'),
  });
  return z.toJSONSchema(schema, { target: 'draft-2020-12' });
}
