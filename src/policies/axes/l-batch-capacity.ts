/** L: how many entries fill a batch (kernel-model 2.2). */
import type { AxisOfChoice, Choice, Direction } from '../axis.ts';

/** One, two or three digits: a batch is a page of memory at most. */
const pattern = /^\d{1,3}$/;

/** PAGEVEC_SIZE, for most of the versions. */
const usual = 15;

/** The larger a batch, the more folios rest in it, each with a reference that nobody sees. */
function directionsOf(capacity: number): Choice['directions'] {
  if (capacity === usual) return { S: '=', R: '=', L: '=', W: '=', D: '=', C: '=' };
  const [more, less]: [Direction, Direction] = capacity > usual ? ['+', '-'] : ['-', '+'];
  return { S: less, R: more, L: '=', W: '=', D: less, C: less };
}

function parse(name: string): Choice | undefined {
  if (!pattern.test(name)) return undefined;
  const batchCapacity = Number(name);
  return {
    name,
    does: batchCapacity === 0 ? 'has no batches: every entry is flushed at once' : `flushes a batch at ${name} entries`,
    source: 'own choice',
    directions: directionsOf(batchCapacity),
    settles: { batchCapacity },
  };
}

export const batchCapacity: AxisOfChoice = {
  axis: 'L',
  question: 'how many entries fill a batch?',
  needs: ['batch flushes'],
  choices: [
    {
      name: '14',
      does: 'flushes a batch at 14 entries',
      mainline: [],
      source: 'PAGEVEC_SIZE 14, up to about 4.14 (release not verified; older than the versions that resolve)',
      directions: directionsOf(14),
      settles: { batchCapacity: 14 },
    },
    {
      name: '15',
      does: 'flushes a batch at 15 entries',
      mainline: [{ before: '6.9' }],
      source: 'PAGEVEC_SIZE 15, up to 6.8',
      directions: directionsOf(15),
      settles: { batchCapacity: 15 },
    },
    {
      name: '31',
      does: 'flushes a batch at 31 entries',
      mainline: [{ since: '6.9' }],
      source: '9cecde80aae0 "mm: increase folio batch size", 6.9',
      directions: directionsOf(31),
      settles: { batchCapacity: 31 },
    },
  ],
  numbered: { form: 'a number of entries; 0 = no batches', pattern, parse, samples: ['0', '1', '62'] },
};
