/** Faults on tail pages while their huge page is split: the bug, cond_resched() in the wait, and waiting on the head. */
import { uniform } from '../../src/base/random.ts';
import { emptyBackground, type SplitWaiter } from '../../src/model/demand.ts';
import { Machine, type RequestResult } from '../../src/model/machine.ts';
import { emptyWorld, type World } from '../../src/model/world.ts';
import { resolvePolicy } from '../../src/policies/policies.ts';
import type { ScoreRow } from './row.ts';

const thread = 'thread "mm, thp: relax migration wait when failed to get tail page", 2021-06';

/** One machine and one split: none of its numbers was published, so each draw takes them from a wide range. */
interface Setting {
  readonly cpus: number;
  readonly timeSlice: number;
  readonly walk: number;
  readonly mappings: number;
  readonly spin: number;
  readonly frozen: number;
}

function settingOf(seed: number, draw: number): Setting {
  const between = (low: number, high: number, n: number) => low * (high / low) ** uniform(seed, 'draw', draw, n);
  return {
    cpus: Math.round(between(2, 64, 0)),
    timeSlice: between(1e6, 1e8, 1),
    walk: between(1e5, 1e8, 2),
    mappings: Math.round(between(2, 64, 3)),
    spin: between(300, 5000, 4),
    frozen: between(1e4, 1e6, 5),
  };
}

interface Load {
  readonly setting: Setting;
  readonly waiters: number;
  /** ns for which a waiter that gets to sleep holds its reference. */
  readonly brief: number;
  readonly seed: number;
  readonly draw: number;
}

function split(policy: string, { setting, waiters, brief, seed, draw }: Load): RequestResult {
  const { cpus, timeSlice, walk, mappings, spin, frozen } = setting;
  const flush = walk / 100;
  const world: World = {
    ...emptyWorld,
    serviceTime: (service) =>
      service === 'unmap'
        ? walk
        : service === 'flush'
          ? flush
          : service === 'split'
            ? frozen
            : service === 'restore'
              ? walk / 2
              : 0,
    entryWaitReferenceTime: () => brief,
    cpus: { preemption: 'none', timeSlice, spin, patience: 1e9 },
  };
  const list = Array.from({ length: waiters }, (_, n): SplitWaiter => {
    const at = flush + (walk + frozen) * uniform(seed, 'touch', draw, n);
    return { cpu: Math.floor(cpus * uniform(seed, 'deed', draw, n)), at, from: 'copy', tail: true };
  });
  return new Machine(resolvePolicy(policy).decisions, world, {
    cpus,
    folios: [{ order: 9, kind: 'anon', mapped: mappings }],
    requests: [
      {
        id: 0,
        model: 'thp split',
        reason: 'compaction',
        mode: 'sync',
        cpu: 0,
        start: 0,
        end: 1,
        chunks: [{ folios: [0], gap: 0 }],
        waiters: list,
      },
    ],
    background: emptyBackground,
    horizon: 1e12,
  }).run().requests[0]!;
}

/** The results of all draws, with twice as many waiters as CPUs. */
function crowded(policy: string, seed: number, draws: number): RequestResult[] {
  return Array.from({ length: draws }, (_, draw) => {
    const setting = settingOf(seed, draw);
    return split(policy, { setting, waiters: 2 * setting.cpus, brief: 0, seed, draw });
  });
}

const share = (results: readonly RequestResult[], of: (result: RequestResult) => boolean) =>
  results.filter(of).length / results.length;
const hangs = (result: RequestResult) => result.finding?.kind === 'livelock';
const percent = (part: number) => `${(100 * part).toFixed(0)} %`;

const livelock: ScoreRow = {
  id: 'tail-wait-livelock',
  result:
    'many faults from kernel mode on tail pages of a huge page under split, no preemption: the machine hangs (A, up to 5.12); does it when they wait on the head (B, 5.13)?',
  source: `ffc90cbb2970 (5.13); Yu Xu in ${thread}-02`,
  given: 'CONFIG_PREEMPT_NONE, copy_to_user() in fstat(), "too many" tasks; no CPUs, no times',
  fixed: '',
  run({ seed, draws }) {
    const before = share(crowded('linux-5.12', seed, draws), hangs);
    const after = share(crowded('linux-5.12+head-page-wait', seed, draws), hangs);
    return {
      says: `with two such tasks a CPU, over wide ranges of every time, ${percent(before)} of the splits livelock in 5.12 and ${percent(after)} with the head page`,
      low: before > 0 ? after : Number.NaN,
      high: before > 0 ? after : Number.NaN,
      estimate: after,
      unit: 'share of splits that livelock',
    };
  },
  published: 'alive for hours, where the unpatched kernel hung within tens of minutes at most',
  judge: ({ high }) => (high === 0 ? 'same direction' : 'disagrees'),
  why: 'Only with or without a hang can be compared. The time until it hangs depends on how often huge pages are split under such load, which was not published. In the model it takes one spinner a CPU, and a walk that lasts beyond the slice of the splitter with a cond_resched() left in it; load balancing is taken to be perfect.',
};

const relaxed: ScoreRow = {
  id: 'tail-wait-cond-resched',
  result: 'cond_resched() in the failing wait (A) against waiting on the head (B): CPU time burnt by faults',
  source: `Xu Yu and Hugh Dickins, ${thread}-01`,
  given: 'no numbers; cond_resched() called papering over the bug',
  fixed: '',
  run({ seed, draws }) {
    const burnt = (policy: string) => {
      const results = crowded(policy, seed, draws);
      return { hung: share(results, hangs), time: results.map(({ counters }) => counters.cpuBurnt) };
    };
    const yields = burnt('linux-5.12+wait-cond-resched');
    const head = burnt('linux-5.12+head-page-wait');
    const inGup = share(crowded('linux-5.12+gup-resched', seed, draws), hangs);
    const ratios = head.time.map((time, draw) => time / (yields.time[draw] ?? Number.NaN)).sort((a, b) => a - b);
    const at = (part: number) => ratios[Math.round(part * (ratios.length - 1))] ?? Number.NaN;
    return {
      says: `neither hangs (${percent(yields.hung)}, ${percent(head.hung)}); the head burns ${at(0.5).toPrecision(2)} of what cond_resched() burns (median; 95 % of the draws between ${at(0.025).toPrecision(2)} and ${at(0.975).toPrecision(2)}). With cond_resched() only in GUP ${percent(inGup)} hang, for these faults are not GUP's`,
      low: at(0.025),
      high: at(0.975),
      estimate: at(0.5),
      unit: 'ratio of CPU time, B to A',
    };
  },
  published: 'the head page is the real fix; both keep the machine alive',
  judge: ({ high }) => (high < 1 ? 'same direction' : 'cannot be told'),
  why: 'Nothing was measured. The head burns only while it is frozen (its own references are zero, as Matthew Wilcox remarked), cond_resched() for the whole walk. That mm/gup.c already has a cond_resched() in its retry was found in the same thread on 2021-06-08.',
};

const failures: ScoreRow = {
  id: 'head-wait-split-fails',
  result:
    'waiters take a reference of the head for a moment on their way to sleep: how many splits fail for that, with few (A) and very many tasks (B)?',
  source: `Hugh Dickins in ${thread}, 2021-06-08`,
  given: 'no numbers; prevented only for a brief interval, considerably less chance with very many tasks',
  fixed: '',
  run({ seed, draws }) {
    const fails = (waiters: number, part: number) => {
      let failed = 0;
      for (let draw = 0; draw < draws; draw++) {
        // Every waiter has a CPU: what is looked at is the reference alone.
        const setting = { ...settingOf(seed, draw), cpus: waiters + 1 };
        const result = split('linux-5.13', { setting, waiters, brief: part * setting.walk, seed, draw });
        if (result.returned !== 0) failed++;
      }
      return failed / draws;
    };
    const few = fails(1, 0.003);
    const many = fails(16, 0.003);
    const crowd = fails(256, 0.003);
    const error = 1.96 * Math.sqrt((few * (1 - few) + crowd * (1 - crowd)) / draws);
    return {
      says: `a reference held for 0.3 % of the walk makes ${percent(few)} of the splits fail with 1 waiter, ${percent(many)} with 16 and ${percent(crowd)} with 256`,
      low: crowd - few - error,
      high: crowd - few + error,
      estimate: crowd - few,
      unit: 'more of the splits fail with 256 waiters than with 1',
    };
  },
  published: 'very many tasks reduce the chance of splitting considerably',
  judge: ({ low }) => (low > 0 ? 'same direction' : 'disagrees'),
  why: 'With n waiters at random moments of a time w before the freeze, each holding its reference for r, a split fails with 1 - (1 - r/w)^n. The share r/w of 0.3 % is an example; none was published.',
};

export const rows: readonly ScoreRow[] = [livelock, relaxed, failures];
