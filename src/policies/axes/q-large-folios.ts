/** Q: whether large folios may rest in batches. */
import type { AxisOfChoice, Choice } from '../axis.ts';

/** PMD order with 64 KiB pages is 13; MAX_PAGE_ORDER is below 16 everywhere. */
const pattern = /^up to order ([1-9]|1[0-5])$/;

function parse(name: string): Choice | undefined {
  const found = pattern.exec(name);
  if (found === null) return undefined;
  const order = Number(found[1]);
  return {
    name,
    does: `lets folios up to order ${order} rest in batches`,
    source: 'small mTHP in batches, proposed at LSF/MM; the order is an own choice',
    directions: { S: '-', R: '+', L: '=', W: '=', D: '-', C: '-' },
    settles: { largestBatchedOrder: order },
  };
}

export const largeFolios: AxisOfChoice = {
  axis: 'Q',
  question: 'may large folios rest in batches?',
  needs: ['batch flushes'],
  choices: [
    {
      name: 'never',
      does: 'flushes a batch as soon as a large folio is added to it',
      mainline: [{}],
      source: 'folio_may_be_lru_cached() and its predecessors, all versions',
      directions: { S: '=', R: '=', L: '=', W: '=', D: '=', C: '=' },
      settles: { largestBatchedOrder: 0 },
    },
  ],
  numbered: { form: 'up to order N', pattern, parse, samples: ['up to order 4'] },
};
