/** L: how many entries fill a batch. */
import type { AxisOfChoice, Choice } from '../axis.ts';

function parse(name: string): Choice | undefined {
  if (!/^\d{1,3}$/.test(name)) return undefined;
  const batchCapacity = Number(name);
  return {
    name,
    does: batchCapacity === 0 ? 'has no batches: every entry is flushed at once' : `flushes a batch at ${name} entries`,
    source: 'own choice',
    settles: { batchCapacity },
  };
}

export const batchCapacity: AxisOfChoice = {
  axis: 'L',
  question: 'how many entries fill a batch?',
  needs: ['batch flushes'],
  choices: [
    {
      name: '15',
      does: 'flushes a batch at 15 entries',
      mainline: [{ before: '6.9' }],
      source: 'PAGEVEC_SIZE 15, up to 6.8',
      settles: { batchCapacity: 15 },
    },
    {
      name: '31',
      does: 'flushes a batch at 31 entries',
      mainline: [{ since: '6.9' }],
      source: '9cecde80aae0 "mm: increase folio batch size", 6.9',
      settles: { batchCapacity: 31 },
    },
  ],
  parse,
  parsed: 'a number of entries; 0 = no batches; 14 before about 4.15',
};
