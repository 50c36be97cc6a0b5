/** The bounds that no kernel can pass: what is laid over a policy to see how much is left to gain, or to lose. */
import type { Decisions } from '../model/decisions.ts';
import type { Choice } from './axis.ts';
import type { Need } from './policy.ts';

export interface Bound {
  readonly name: string;
  readonly title: string;
  readonly source: string;
  readonly changes: readonly string[];
  readonly needs: readonly Need[];
  /** Against any policy that it is laid over. */
  readonly directions: Choice['directions'];
  readonly settles: Partial<Decisions>;
}

export const bounds: readonly Bound[] = [
  {
    name: 'oracle',
    title: 'everything that could have moved does',
    source: 'a bound: knows which references will go away, moves at the first attempt, drains nothing',
    changes: [
      'every folio without an obstacle as long as its request moves at its first attempt',
      'G: leaves the batches alone',
    ],
    needs: ['calls'],
    directions: { S: '++', R: '--', L: '-', W: '-', D: '--', C: '-' },
    settles: { oracle: true, lruCaches: 'nothing' },
  },
  {
    name: 'never-drain',
    title: 'batches empty only when they fill',
    source: 'a bound: no kernel leaves every drain out',
    changes: ['nobody drains a batch or disables caches, for migration or for anything else'],
    needs: ['calls', 'batch flushes'],
    directions: { S: '--', R: '+', L: '=', W: '=', D: '--', C: '--' },
    settles: { neverDrain: true },
  },
];
