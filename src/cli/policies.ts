/** `folioscope policies`: what exists; with a name, one policy in full. */
import { Command } from 'commander';
import { axes } from '../policies/axes/axes.ts';
import { findChoice } from '../policies/axis.ts';
import { describePolicy } from '../policies/describe.ts';
import { kernelName } from '../policies/kernels.ts';
import { namedPolicies, resolvePolicy } from '../policies/policies.ts';
import type { Policy } from '../policies/policy.ts';
import { table } from '../report/tables.ts';
import { addJson, policyOf } from './options.ts';
import { printFacts, printJson, printLines, printTable } from './output.ts';

interface PoliciesOptions {
  readonly json?: boolean;
  readonly recorded?: string;
  readonly schema?: boolean;
}

/** Kernel that an alternative is described against when nothing else is said. */
const usualGround = 'linux-7.2';

/** The choice of each modelled axis, with what it does and where that is written. */
function choicesOf(policy: Policy) {
  return axes.map((axis) => {
    const name = policy.choices[axis.axis] ?? '';
    const choice = findChoice(axis, name);
    return {
      axis: axis.axis,
      question: axis.question,
      choice: name,
      does: choice?.does ?? '',
      source: choice?.source ?? '',
    };
  });
}

/** A policy without its functions: the documented keys. */
function asData(policy: Policy, over: Policy | undefined) {
  const { name, title, kind, source, choices, changes, needs } = policy;
  const { expected, changes: differing, over: against } = describePolicy(policy, over);
  return {
    name,
    title,
    kind,
    source,
    over: policy.over,
    choices,
    changes,
    needs,
    axes: choicesOf(policy),
    against,
    differing,
    expected,
  };
}

function needsAndChanges({ needs, changes }: Pick<Policy, 'needs' | 'changes'>): [string, string][] {
  return [
    ['needs', needs.length === 0 ? 'nothing in particular' : needs.join(', ')],
    ...changes.map((change, i): [string, string] => [i === 0 ? 'changes' : '', change]),
  ];
}

/** Directions in words. */
const directionWords = {
  '++': 'much more',
  '+': 'more',
  '=': 'the same',
  '-': 'less',
  '--': 'much less',
  '?': 'depends',
};

async function showOne(policy: Policy, over: Policy | undefined): Promise<void> {
  const { changes, expected } = describePolicy(policy, over);
  await printFacts(`${policy.name}: ${policy.title}`, [
    ['kind', policy.kind],
    ['source', policy.source],
    ['laid over', policy.over === '' ? 'nothing: a whole kernel' : policy.over],
    ...needsAndChanges(policy),
  ]);
  if (over !== undefined && changes.length > 0) {
    await printTable(
      table(
        ['axis', `with ${over.name}`, `with ${policy.name}`, 'was real in', 'where that is written'],
        changes.map(({ axis, from, to, real, source }) => [axis, from, to, real, source]),
      ),
    );
  }
  if (over !== undefined && expected.length > 0) {
    await printTable(
      table(
        ['cost', `expected against ${over.name}`, 'because of axis'],
        expected.map(({ what, direction, axes: because }) => [what, directionWords[direction], because.join(', ')]),
      ),
    );
    await printLines(['Expected from the text of the kernel and the threads; a replay says what came of it.', '']);
  }
  await printTable(
    table(
      ['axis', 'question', 'choice', 'where that is written'],
      choicesOf(policy).map(({ axis, question, choice, source }) => [axis, question, choice, source]),
    ),
  );
}

/** Every axis with its choices. */
function allAxes() {
  return axes.map(({ axis, question, needs, choices }) => ({
    axis,
    question,
    needs,
    choices: choices.map(({ name, does, source }) => ({ name, does, source })),
  }));
}

/** A line a policy: forty sources and sentences would be six screens, and each stands where the policy is shown in full. */
async function showAll(): Promise<void> {
  await printTable(
    table(
      ['policy', 'axes', 'what it is'],
      namedPolicies.map(({ name, title, changes, refused }) => [
        name,
        changes.flatMap((change) => /^([A-Q]): /.exec(change)?.[1] ?? []).join(' '),
        refused === undefined ? title : `${title}. Cannot be built: ${refused}`,
      ]),
    ),
  );
  await printTable(
    table(
      ['axis', 'question', 'choices'],
      allAxes().map(({ axis, question, choices }) => [axis, question, choices.map(({ name }) => name).join('; ')]),
    ),
  );
  await printLines([
    'Any kernel version has a policy, for example linux-6.1.192. `folioscope policies NAME` shows one in full: its source, what it needs of a capture, what it changes, and what is expected of that.',
  ]);
}

/** What `a+b` and a bare alternative are described against: the kernel that the name begins with, or the newest. */
function groundOf(name: string): Policy | undefined {
  const [first = '', ...rest] = name.split('+').map((part) => part.trim());
  if (kernelName.test(first)) return rest.length === 0 ? undefined : resolvePolicy(first);
  return resolvePolicy(usualGround);
}

export function policiesCommand(): Command {
  const command = new Command('policies')
    .description('list the policies and the axes, or show one policy: its choices, source, needs and changes')
    .argument('[name]', "a policy, or the file of one's own")
    .option('--recorded <policy>', 'what an alternative is laid over (default: the newest kernel that is known)')
    .option('--schema', "JSON schema of a file with a policy of one's own");
  return addJson(command).action(async (name: string | undefined, { json, recorded, schema }: PoliciesOptions) => {
    if (schema) {
      const { policySchema } = await import('../policies/schema.ts');
      await printJson(policySchema());
      return;
    }
    if (name === undefined) {
      if (json) await printJson({ policies: namedPolicies, axes: allAxes() });
      else await showAll();
      return;
    }
    const ground = recorded === undefined ? undefined : resolvePolicy(recorded);
    const made = await policyOf(name);
    const over = ground ?? groundOf(name);
    const policy =
      typeof made === 'string' ? resolvePolicy(made, ground) : made(over ?? resolvePolicy(usualGround), {});
    if (json) await printJson(asData(policy, over));
    else await showOne(policy, over);
  });
}
