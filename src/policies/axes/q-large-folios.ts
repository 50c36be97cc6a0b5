/** Q: whether large folios may rest in batches. */
import type { AxisOfChoice, Choice } from '../axis.ts';

/** PMD order with 64 KiB pages is 13; MAX_PAGE_ORDER is below 16 everywhere. */
function parse(name: string): Choice | undefined {
  const found = /^up to order ([1-9]|1[0-5])$/.exec(name);
  if (found === null) return undefined;
  const order = Number(found[1]);
  return {
    name,
    does: `lets folios up to order ${order} rest in batches`,
    source: 'small mTHP in batches, proposed at LSF/MM; the order is an own choice',
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
      settles: { largestBatchedOrder: 0 },
    },
  ],
  parse,
  parsed: 'up to order N',
};
