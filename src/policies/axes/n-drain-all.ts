/** N: how an all-CPU drain meets others, and how CPUs learn that caches are disabled. */
import type { AxisOfChoice } from '../axis.ts';

const generation = 'eef1a429f234 (5.5)';

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
      settles: { drainAll: { skipIfScheduledSince: false, localFirst: false, everyCpu: false } },
    },
    {
      name: 'generation skip',
      does: 'skips an all-CPU drain when another was scheduled since it was asked for',
      mainline: [{ since: '5.5', before: '5.13' }],
      source: generation,
      settles: { drainAll: { skipIfScheduledSince: true, localFirst: false, everyCpu: false } },
    },
    {
      name: 'generation skip, works on all CPUs',
      does: 'queues a work on every CPU when caches get disabled, whether its batches are empty or not',
      mainline: [{ since: '5.13', before: '5.18' }],
      source: `${generation}; lru_cache_disable(), 5.13 to 5.17`,
      settles: { drainAll: { skipIfScheduledSince: true, localFirst: false, everyCpu: true } },
    },
    {
      name: 'generation skip, RCU',
      does: 'waits for RCU when caches get disabled (an RCU wait has the length that the world gives it), works only where needed',
      mainline: [{ since: '5.18', before: '6.18' }],
      source: `${generation}; ff042f4a9b05 (5.18), expedited by 31733463372e (5.18.8, 5.19)`,
      settles: { drainAll: { skipIfScheduledSince: true, localFirst: false, everyCpu: false } },
    },
    {
      name: 'local first, RCU',
      does: 'drains its own CPU before it asks the others',
      mainline: [{ since: '6.18' }],
      source: 'Hugh Dickins, "mm: better GUP pin lru_add_drain_all()" 6/6, 6.18',
      settles: { drainAll: { skipIfScheduledSince: true, localFirst: true, everyCpu: false } },
    },
  ],
};
