/** Konstantin Khlebnikov's mlock storms: all-CPU drains one after the other, and drains that let others do their work. */
import { uniform } from '../../src/base/random.ts';
import type { RequestDemand } from '../../src/model/demand.ts';
import { Machine } from '../../src/model/machine.ts';
import { rowsOf } from '../../src/model/made-up.ts';
import { emptyWorld, type World } from '../../src/model/world.ts';
import { resolvePolicy } from '../../src/policies/policies.ts';
import type { ScoreRow } from './row.ts';

/** "64+ CPUs"; one task a CPU asks for a drain, which was not published. */
const callers = 64;
/** ns that the last caller waited in side A. */
const publishedWait = 10e9;

/** Rows of background a drain's time and CPU: what a work has emptied has something again before the next drain. */
const addsPerDrain = 8;

/** The longest wait of a caller, when a work takes up to `drain` ns and all callers come within the first of those. */
function longestWait(policy: string, drain: number, seed: number, draw: number): number {
  const workTime: World['drainWorkTime'] = (cpu, nth) => drain * uniform(seed, 'serviceTime', draw, cpu, nth);
  const world: World = { ...emptyWorld, drainWorkTime: workTime };
  // move_pages stands for whoever drains before it works: without services its only time is the drain's.
  const requests = Array.from({ length: callers }, (_, id): RequestDemand => {
    const start = drain * uniform(seed, 'deed', draw, id);
    const chunks = [{ folios: [id], gap: 0 }];
    return { id, model: 'move_pages', reason: 'syscall_or_cpuset', mode: 'sync', cpu: id, start, end: start, chunks };
  });
  const rows: [number, number, number, number][] = [];
  for (let n = 0; n < addsPerDrain * (callers + 2); n++) {
    for (let cpu = 0; cpu < callers; cpu++) rows.push([(n * drain) / addsPerDrain, cpu, 0, -1]);
  }
  const folios = requests.map(() => ({ order: 0, kind: 'anon', mapped: 0 }) as const);
  const machine = new Machine(resolvePolicy(policy).decisions, world, {
    cpus: callers,
    folios,
    requests,
    background: rowsOf(rows),
  });
  return Math.max(...machine.run().requests.map(({ ended, demand }) => ended - demand.start));
}

export const row: ScoreRow = {
  id: 'drain-piggyback',
  result:
    'Drains of all CPUs asked for at once, one after the other (A, up to 5.4), against those that skip when another was scheduled since (B, 5.5)',
  source: 'Konstantin Khlebnikov, eef1a429f234 (5.5)',
  given: 'mlock storms on a machine of more than 64 CPUs; the drains of A add up to more than 10 s',
  fixed: `the time of one drain, such that the last of ${callers} callers waits 10 s on side A`,
  run({ seed, draws }) {
    const unit = 1e6;
    const before: number[] = [];
    const after: number[] = [];
    for (let draw = 0; draw < draws; draw++) {
      before.push(longestWait('linux-5.4', unit, seed, draw));
      after.push(longestWait('linux-5.5', unit, seed, draw));
    }
    const mean = before.reduce((sum, wait) => sum + wait, 0) / draws;
    // All times of this world are drains, so that every wait is a number of them.
    const drain = publishedWait / (mean / unit);
    const waits = after.map((wait) => ((wait / unit) * drain) / 1e9).sort((a, b) => a - b);
    const [low = Number.NaN, high = Number.NaN] = [waits[0], waits.at(-1)];
    return {
      says: `a drain takes up to ${(drain / 1e6).toFixed(0)} ms; the last caller then waits ${low.toFixed(2)} to ${high.toFixed(2)} s: the drain that runs when it comes, and one more`,
      low,
      high,
      estimate: waits[waits.length >> 1] ?? Number.NaN,
      unit: 's, the longest wait',
    };
  },
  published: 'the drains no longer add up; no figure',
  judge: ({ high }) => (high < publishedWait / 1e9 ? 'same direction' : 'disagrees'),
  why: `How many tasks drained at once was not published. With n of them A waits n drains and B at most two, so that B waits 20/n s at most, or ${(20 / callers).toFixed(2)} s with one task a CPU.`,
};
