/** O: how often a contiguous allocation tries one list. */
import type { AxisOfChoice, Choice } from '../axis.ts';

function parse(name: string): Choice | undefined {
  if (!/^[1-9]\d{0,2}$/.test(name)) return undefined;
  return {
    name,
    does: `calls migrate_pages up to ${name} times for one list before a contiguous allocation gives up`,
    source: 'own choice',
    settles: { contiguousTries: Number(name) },
  };
}

export const contiguousTries: AxisOfChoice = {
  axis: 'O',
  question: 'how many calls does a contiguous allocation make for one list?',
  needs: ['requests'],
  choices: [
    {
      name: '5',
      does: 'calls migrate_pages up to 5 times for one list before a contiguous allocation gives up',
      mainline: [{}],
      source: '__alloc_contig_migrate_range(), all versions',
      settles: { contiguousTries: 5 },
    },
  ],
  parse,
  parsed: 'a number of calls, from 1',
};
