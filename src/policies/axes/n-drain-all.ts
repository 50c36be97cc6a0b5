/** N: how an all-CPU drain meets others, and how CPUs learn that caches are disabled (kernel-model 2.7 and 2.8). */
import type { Decisions } from '../../model/decisions.ts';
import type { AxisOfChoice, Direction } from '../axis.ts';

type DrainAll = Decisions['drainAll'];

const generation = 'eef1a429f234 (5.5)';
const coldPath = '"mm: fs: invalidate bh_lrus for only cold path", 5.15 (release not verified)';

const serialised: DrainAll = {
  skipIfScheduledSince: false,
  localFirst: false,
  everyCpu: false,
  expeditedRcu: false,
  bufferHeads: 'never',
  freesLone: false,
};
const skipping: DrainAll = { ...serialised, skipIfScheduledSince: true };
const onAllCpus: DrainAll = { ...skipping, everyCpu: true, bufferHeads: 'all-CPU drains' };
const plainRcu: DrainAll = { ...skipping, bufferHeads: 'all-CPU drains' };
const expedited: DrainAll = { ...plainRcu, expeditedRcu: true };
const localFirst: DrainAll = { ...expedited, localFirst: true };

/** Of all costs only drains are touched. */
const drains = (D: Direction) => ({ S: '=', R: '=', L: '=', W: '=', D, C: '=' }) as const;

export const drainAll: AxisOfChoice = {
  axis: 'N',
  question: 'how does an all-CPU drain run?',
  needs: [],
  choices: [
    {
      name: 'serialised',
      does: 'runs one all-CPU drain after the other',
      mainline: [{ before: '5.5' }],
      source: 'lru_add_drain_all(), up to 5.4',
      directions: drains('='),
      settles: { drainAll: serialised },
    },
    {
      name: 'generation skip',
      does: 'skips an all-CPU drain when another was scheduled since it was asked for',
      mainline: [{ since: '5.5', before: '5.13' }],
      source: generation,
      directions: drains('-'),
      settles: { drainAll: skipping },
    },
    {
      name: 'works on all CPUs, buffer heads with every drain',
      does: 'queues a work on every CPU when caches get disabled, whether its batches are empty or not; every drain empties the buffer-head LRUs, too',
      mainline: [{ since: '5.13', before: '5.15' }],
      source: `${generation}; lru_cache_disable() and 8cc621d2f45d "mm: fs: invalidate BH LRU during page migration", 5.13`,
      directions: drains('++'),
      settles: { drainAll: { ...onAllCpus, bufferHeads: 'every drain' } },
    },
    {
      name: 'generation skip, works on all CPUs',
      does: 'queues a work on every CPU when caches get disabled, whether its batches are empty or not',
      mainline: [{ since: '5.15', before: '5.18' }],
      source: `${generation}; lru_cache_disable(), 5.13 to 5.17; ${coldPath}`,
      directions: drains('++'),
      settles: { drainAll: onAllCpus },
    },
    {
      name: 'generation skip, RCU',
      does: 'waits for a grace period of RCU when caches get disabled, works only where needed',
      mainline: [{ since: '5.18', before: '5.19' }],
      source: `${generation}; ff042f4a9b05 (5.18)`,
      directions: drains('-'),
      settles: { drainAll: plainRcu },
    },
    {
      name: 'generation skip, expedited RCU',
      does: 'waits for an expedited grace period of RCU when caches get disabled, works only where needed',
      mainline: [{ since: '5.19', before: '6.18' }],
      branches: [{ branch: '5.18', from: 8 }],
      source: `${generation}; ff042f4a9b05 (5.18), expedited by 31733463372e (5.19, 5.18.8)`,
      directions: drains('-'),
      settles: { drainAll: expedited },
    },
    {
      name: 'local first, expedited RCU',
      does: 'drains its own CPU before it asks the others; waits for an expedited grace period when caches get disabled',
      mainline: [{ since: '6.18', before: '7.0' }],
      source: 'Hugh Dickins, "mm: better GUP pin lru_add_drain_all()" 6/6, 6.18',
      directions: drains('--'),
      aliases: ['local first, RCU'],
      settles: { drainAll: localFirst },
    },
    {
      name: 'local first, lone folios freed',
      does: 'drains its own CPU before it asks the others; a folio that only its batch still holds is freed, not put on the LRU',
      mainline: [{ since: '7.0' }],
      source: 'folio_batch_move_lru() of 7.2 (first release not verified: after 6.12)',
      directions: drains('--'),
      settles: { drainAll: { ...localFirst, freesLone: true } },
    },
  ],
};
