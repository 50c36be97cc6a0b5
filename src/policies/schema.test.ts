import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { axes } from './axes/axes.ts';
import { findChoice } from './axis.ts';
import { policySchema } from './schema.ts';

interface Alternative {
  readonly type: string;
  readonly const?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

const schema = policySchema() as {
  readonly $schema: string;
  readonly required: readonly string[];
  readonly additionalProperties: boolean;
  readonly properties: {
    readonly choices: {
      readonly additionalProperties: boolean;
      readonly properties: Readonly<
        Record<string, { readonly anyOf: readonly Alternative[]; readonly description: string }>
      >;
    };
  };
};
const { properties } = schema.properties.choices;

/** What an editor would say of a choice: just the three forms that the schema uses. */
function allows(axis: string, value: string | number): boolean {
  return (properties[axis]?.anyOf ?? []).some(({ type, const: only, pattern, minimum, maximum }) => {
    if (type === 'integer') return typeof value === 'number' && value >= minimum! && value <= maximum!;
    if (typeof value !== 'string') return false;
    return only === undefined ? new RegExp(pattern!).test(value) : only === value;
  });
}

test('the schema is one of draft 2020-12, and nothing unknown passes', () => {
  assert.equal(schema.$schema, 'https://json-schema.org/draft/2020-12/schema');
  assert.deepEqual(schema.required, ['name', 'choices']);
  assert.equal(schema.additionalProperties, false);
  assert.equal(schema.properties.choices.additionalProperties, false);
  assert.deepEqual(
    Object.keys(properties),
    axes.map(({ axis }) => axis),
  );
});

test('it offers every choice but those that cannot be built', () => {
  for (const axis of axes) {
    for (const { name, refused } of axis.choices) assert.equal(allows(axis.axis, name), refused === undefined, name);
    for (const sample of axis.numbered?.samples ?? []) assert.ok(allows(axis.axis, sample), sample);
  }
  assert.ok(allows('L', 20));
  assert.ok(!allows('A', 20));
});

test('it takes exactly the names that a policy file may use', () => {
  const near = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.nat(2000).map(String),
    fc.tuple(fc.nat(1100), fc.nat(1100)).map(([n, m]) => `${n} + ${m}`),
    fc.nat(20).map((n) => `up to order ${n}`),
    fc.nat(120_000).map((n) => `${n} pages`),
    fc.nat(2000).map((n) => `${n}, no reclaim`),
  );
  fc.assert(
    fc.property(fc.constantFrom(...axes), near, (axis, name) => {
      const choice = findChoice(axis, name);
      assert.equal(
        allows(axis.axis, name),
        choice !== undefined && choice.refused === undefined,
        `${axis.axis}: ${name}`,
      );
    }),
    { numRuns: 2000 },
  );
});
