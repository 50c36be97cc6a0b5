/** A busy real-time task on one CPU: works on all CPUs when batches are switched off (5.13), and RCU (5.18). */
import { uniform } from '../../src/base/random.ts';
import { Machine } from '../../src/model/machine.ts';
import { rowsOf } from '../../src/model/made-up.ts';
import { emptyWorld, type World } from '../../src/model/world.ts';
import { resolvePolicy } from '../../src/policies/policies.ts';
import type { ScoreRow } from './row.ts';

const cpus = 8;
/** The one whose SCHED_FIFO task never sleeps: a work that is queued there never runs. */
const busy = 7;
const horizon = 100e9;

/** Assumed: any finite time of a grace period gives the same answer. */
const world: World = {
  ...emptyWorld,
  rcuWaitTime: () => 20e6,
  drainWorkTime: (cpu) => (cpu === busy ? 10 * horizon : 50_000),
};

/** Whether one move_pages call is still in lru_cache_disable() after 100 s; other CPUs have entries by luck. */
function hangs(policy: string, seed: number, draw: number, busyHasEntries: boolean): boolean {
  const rows: [number, number, number, number][] = [];
  for (let cpu = 0; cpu < cpus; cpu++) {
    const filled = cpu === busy ? busyHasEntries : uniform(seed, 'deed', draw, cpu) < 0.5;
    if (filled) rows.push([10, cpu, 0, -1]);
  }
  const { requests } = new Machine(resolvePolicy(policy).decisions, world, {
    cpus,
    folios: [{ order: 0, kind: 'shmem', mapped: 1 }],
    requests: [
      {
        id: 0,
        model: 'move_pages',
        reason: 'syscall_or_cpuset',
        mode: 'sync',
        cpu: 0,
        start: 1000,
        end: 1000,
        chunks: [{ folios: [0], gap: 0 }],
      },
    ],
    background: rowsOf(rows),
    horizon,
  }).run();
  return Number.isNaN(requests[0]!.ended);
}

export const row: ScoreRow = {
  id: 'disable-behind-fifo',
  result:
    'lru_cache_disable() beside a CPU that a real-time task never leaves: works on all CPUs hang (A, 5.13 to 5.17), a grace period of RCU ends (B, 5.18)',
  source: 'ff042f4a9b05 (5.18)',
  given: 'a SCHED_FIFO task that loops on an isolated CPU; the caller hangs for as long',
  fixed: '',
  run({ seed, draws }) {
    const share = (policy: string, busyHasEntries: boolean) => {
      let count = 0;
      for (let draw = 0; draw < draws; draw++) if (hangs(policy, seed, draw, busyHasEntries)) count++;
      return count / draws;
    };
    const percent = (part: number) => `${(100 * part).toFixed(0)} %`;
    const estimate = share('linux-5.18', false);
    return {
      says: `with the busy CPU's batches empty, ${percent(share('linux-5.17', false))} of the calls hang in 5.17 and ${percent(estimate)} in 5.18; with an entry in them, ${percent(share('linux-5.18', true))} hang in 5.18, too`,
      low: estimate,
      high: estimate,
      estimate,
      unit: 'share of calls that hang',
    };
  },
  published: 'no hang',
  judge: ({ high }) => (high === 0 ? 'as built' : 'disagrees'),
  why: 'It follows from the two procedures (works only where there are entries) and was not fixed. That a grace period ends beside such a task is taken from the commit: the model is told how long one takes. What it adds: an entry on the busy CPU still hangs the caller, in every version.',
};
