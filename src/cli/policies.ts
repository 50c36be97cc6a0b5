/** `folioscope policies`: what exists; with a name, one policy in full. */
import { Command } from 'commander';
import { axes, notModelled } from '../policies/axes/axes.ts';
import { findChoice } from '../policies/axis.ts';
import { namedPolicies, resolvePolicy } from '../policies/policies.ts';
import type { Policy } from '../policies/policy.ts';
import { table } from '../report/tables.ts';
import { addJson } from './options.ts';
import { printFacts, printJson, printLines, printTable } from './output.ts';

interface PoliciesOptions {
  readonly json?: boolean;
  readonly recorded?: string;
}

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
function asData(policy: Policy) {
  const { name, title, kind, source, over, choices, changes, needs } = policy;
  return { name, title, kind, source, over, choices, changes, needs, axes: choicesOf(policy) };
}

function needsAndChanges({ needs, changes }: Pick<Policy, 'needs' | 'changes'>): [string, string][] {
  return [
    ['needs', needs.length === 0 ? 'nothing in particular' : needs.join(', ')],
    ...changes.map((change, i): [string, string] => [i === 0 ? 'changes' : '', change]),
  ];
}

async function showOne(policy: Policy): Promise<void> {
  await printFacts(`${policy.name}: ${policy.title}`, [
    ['kind', policy.kind],
    ['source', policy.source],
    ['laid over', policy.over === '' ? 'nothing: a whole kernel' : policy.over],
    ...needsAndChanges(policy),
  ]);
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

async function showAll(): Promise<void> {
  for (const policy of namedPolicies)
    await printFacts(`${policy.name}: ${policy.title}`, [
      ['kind', policy.kind],
      ['source', policy.source],
      ...needsAndChanges(policy),
    ]);
  await printTable(
    table(
      ['axis', 'question', 'choices'],
      [
        ...allAxes().map(({ axis, question, choices }) => [axis, question, choices.map(({ name }) => name).join('; ')]),
        ...notModelled.map(({ axis, title, instead }) => [axis, title, `not a choice yet: ${instead}`]),
      ],
    ),
  );
  await printLines([
    'Any kernel version has a policy, for example linux-6.1.192. folioscope policies NAME shows one in full.',
  ]);
}

export function policiesCommand(): Command {
  const command = new Command('policies')
    .description('list the policies, or show one: its choices, source, needs and changes')
    .argument('[name]', 'a policy')
    .option('--recorded <policy>', 'what an alternative is laid over (default: the newest kernel that is known)');
  return addJson(command).action(async (name: string | undefined, { json, recorded }: PoliciesOptions) => {
    if (name === undefined) {
      if (json) await printJson({ policies: namedPolicies, axes: allAxes(), notModelled });
      else await showAll();
      return;
    }
    const policy = resolvePolicy(name, recorded === undefined ? undefined : resolvePolicy(recorded));
    if (json) await printJson(asData(policy));
    else await showOne(policy);
  });
}
