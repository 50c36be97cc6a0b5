/** `folioscope policies`: what exists; with a name, one policy in full. */
import { Command } from 'commander';
import { namedPolicies, resolvePolicy } from '../policies/policies.ts';
import type { Policy } from '../policies/policy.ts';
import { table } from '../report/tables.ts';
import { addJson } from './options.ts';
import { printJson, printLines, printTable } from './output.ts';

/** What a thread's alternative is laid over when nobody says which kernel was recorded. */
const usualKernel = 'linux-6.12';

interface PoliciesOptions {
  readonly json?: boolean;
  readonly recorded?: string;
}

/** A policy without its functions: the documented keys. */
function asData(policy: Policy) {
  const { name, title, kind, source, over, choices, changes, needs } = policy;
  return { name, title, kind, source, over, choices, changes, needs };
}

async function showOne(policy: Policy): Promise<void> {
  await printTable(
    table(
      ['', ''],
      [
        ['kind', policy.kind],
        ['source', policy.source],
        ['laid over', policy.over === '' ? 'nothing: a whole kernel' : policy.over],
        ['needs', policy.needs.length === 0 ? 'nothing in particular' : policy.needs.join(', ')],
      ],
      { title: `${policy.name}: ${policy.title}` },
    ),
  );
  for (const change of policy.changes) await printLines([`- ${change}`], '  ');
  if (policy.changes.length > 0) await printLines(['']);
  await printTable(
    table(
      ['axis', 'choice'],
      Object.entries(policy.choices).sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
  );
}

async function showAll(): Promise<void> {
  await printTable(
    table(
      ['policy', 'kind', 'what it is', 'needs', 'where it comes from'],
      namedPolicies.map(({ name, kind, title, needs, source }) => [name, kind, title, needs.join(', '), source]),
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
    .option('--recorded <policy>', `what an alternative is laid over (default: ${usualKernel})`);
  return addJson(command).action(async (name: string | undefined, { json, recorded }: PoliciesOptions) => {
    if (name === undefined) {
      if (json) await printJson({ policies: namedPolicies });
      else await showAll();
      return;
    }
    const policy = resolvePolicy(name, resolvePolicy(recorded ?? usualKernel));
    if (json) await printJson(asData(policy));
    else await showOne(policy);
  });
}
