/** O: how often a contiguous allocation tries one list, and what it reclaims before (kernel-model 7.3). */
import type { AxisOfChoice, Choice, Direction } from '../axis.ts';

const pattern = /^([1-9]\d{0,2})(, no reclaim)?$/;

/** __alloc_contig_migrate_range(): `++tries == 5` gives up. */
const usual = 5;

function directionsOf(tries: number, reclaims: boolean): Choice['directions'] {
  const more: Direction = tries > usual ? '+' : tries < usual ? '-' : '=';
  return { S: reclaims ? more : '?', R: more, L: more, W: more, D: more, C: '=' };
}

function parse(name: string): Choice | undefined {
  const found = pattern.exec(name);
  if (found === null) return undefined;
  const contiguousTries = Number(found[1]);
  const reclaimsCleanFirst = found[2] === undefined;
  return {
    name,
    does: `calls migrate_pages up to ${found[1]} times for one list before a contiguous allocation gives up${
      reclaimsCleanFirst ? '' : ', and migrates clean page cache instead of reclaiming it'
    }`,
    source: 'own choice',
    directions: directionsOf(contiguousTries, reclaimsCleanFirst),
    settles: { contiguousTries, reclaimsCleanFirst },
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
      directions: directionsOf(usual, true),
      settles: { contiguousTries: 5, reclaimsCleanFirst: true },
    },
  ],
  numbered: { form: 'N or N, no reclaim (calls, from 1)', pattern, parse, samples: ['1', '10', '5, no reclaim'] },
};
