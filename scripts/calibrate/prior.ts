/**
 * Worlds over a prior: scenarios small enough that thousands of them can be written as captures and read again. What is
 * drawn, and how widely, is a table in docs/calibration.md. The same seed and number give the same world.
 */
import { uniform } from '../../src/base/random.ts';
import type { RequestModel } from '../../src/model/demand.ts';
import { defaultModes } from '../../src/replay/scenario/models.ts';
import type {
  DeedLine,
  FolioGroup,
  Law,
  RequestLine,
  Scenario,
  ScenarioService,
  TaskGroup,
} from '../../src/replay/scenario/scenario.ts';

/** What stands in the way of folios in a world. */
export const worldKinds = ['faults', 'batches', 'holds', 'everything'] as const;
export type WorldKind = (typeof worldKinds)[number];

export interface World {
  readonly number: number;
  readonly kind: WorldKind;
  readonly scenario: Scenario;
  /** Names of policies to be predicted from the recording of the scenario's own kernel. */
  readonly alternatives: readonly string[];
}

/** Releases whose events show episodes (5.18 and later); one of each plan of migrate_pages, with and without batched flushes. */
const kernels = ['6.1.192', '6.1.50', '6.3', '6.6', '6.12.117', '7.2'] as const;
const us = 1000;
const ms = 1e6;

/** Luck of one world, asked for in a fixed order. */
class Luck {
  readonly #seed: number;
  readonly #world: number;
  #asked = 0;

  constructor(seed: number, world: number) {
    this.#seed = seed;
    this.#world = world;
  }
  unit(): number {
    return uniform(this.#seed, 'world', this.#world, this.#asked++);
  }
  whole(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }
  between(low: number, high: number): number {
    return low + this.unit() * (high - low);
  }
  /** Evenly over the logarithm. */
  scale(low: number, high: number): number {
    return low * (high / low) ** this.unit();
  }
  of<T>(list: readonly T[]): T {
    return list[Math.floor(this.unit() * list.length)]!;
  }
}

const exponential = (mean: number): Law => ({ kind: 'exponential', mean });

/** The world of a number: kinds in turn, everything else by luck. */
export function worldOf(seed: number, number: number): World {
  const luck = new Luck(seed, number);
  const kind = worldKinds[number % worldKinds.length]!;
  const cpus = luck.whole(2, 4);
  const kernel = luck.of(kernels);
  const window = { flush: luck.scale(2, 20) * us, entry: 1 * us };
  const services: Partial<Record<ScenarioService, Law>> = {
    isolate: { kind: 'fixed', ns: us },
    unmap: exponential(luck.scale(2, 10) * us),
    flush: exponential(window.flush),
    entry: { kind: 'fixed', ns: window.entry },
    attempt: exponential(luck.scale(1, 4) * us),
    copy: exponential(luck.scale(2, 10) * us),
    'drain work': exponential(luck.scale(10, 200) * us),
    rcu: exponential(2 * ms),
    'expedited rcu': exponential(50 * us),
    fault: exponential(luck.scale(1, 10) * us),
    release: exponential(luck.scale(10, 1000) * us),
    wake: exponential(luck.scale(5, 100) * us),
  };
  const model: RequestModel =
    kind === 'batches' || (kind === 'everything' && luck.unit() < 0.5)
      ? luck.of(['cma', 'contiguous allocation'] as const)
      : luck.of(['move_pages', 'move_pages', 'compaction', 'migrate_pages'] as const);
  const requests = luck.whole(8, 14);
  const list = luck.whole(4, 8);
  const isRange = model === 'cma' || model === 'contiguous allocation';
  const lists = luck.whole(1, 2);
  const areas = model === 'cma' ? luck.whole(1, 3) : 1;
  const chunks = lists + areas - 1;
  const span = luck.between(2, 6) * ms;
  const wanted: FolioGroup = {
    name: 'wanted',
    // Nobody asks twice for one folio: what another policy leaves behind would be asked for again.
    count: requests * list * chunks,
    kind: isRange ? 'file' : luck.of(['anon', 'shmem', 'file'] as const),
    order: isRange ? 0 : luck.of([0, 0, 0, 2] as const),
    mapped: luck.whole(1, 3),
    mlocked: false,
    clean: false,
    start: 'on lru',
  };
  const duration = (requests + 3) * span;
  const tasks: TaskGroup[] = [];
  const group = (name: string, does: DeedLine[]) => {
    const from = luck.whole(0, cpus - 1);
    const count = luck.whole(2, 4);
    tasks.push({ name, count, cpus: [from, (from + 1) % cpus], does });
    return count;
  };
  const every = (mean: number, count: number): Law => exponential(mean * count);
  if (kind === 'faults' || kind === 'everything') {
    // Chance that somebody touches a folio while its entry is empty and its flush not deferred.
    const met = luck.between(0.02, 0.6);
    const rate = -Math.log(1 - met) / (window.flush + window.entry);
    const count = group('toucher', []);
    tasks.at(-1)!.does satisfies readonly DeedLine[];
    tasks[tasks.length - 1] = {
      ...tasks.at(-1)!,
      does: [{ deed: { touch: 'wanted' }, every: exponential(count / rate / wanted.count) }],
    };
  }
  if (kind === 'batches' || kind === 'everything') {
    const count = luck.whole(1, 3);
    const adds = luck.scale(0.02, 1) * ms;
    const reads = luck.scale(0.05, 1) * ms;
    tasks.push({
      name: 'filler',
      count,
      cpus: Array.from({ length: cpus }, (_, cpu) => cpu),
      does: [
        { deed: { fault: 'others' }, every: every(adds, count) },
        { deed: { read: 'others' }, every: every(4 * adds, count) },
        { deed: { read: 'wanted' }, every: every(reads, count) },
        ...(luck.unit() < 0.3
          ? [
              {
                deed: { launch: { faults: luck.whole(30, 200), reads: luck.whole(10, 100), within: 8 * ms } },
                at: [luck.unit() * duration],
              },
            ]
          : []),
      ],
    });
  }
  if (kind === 'holds' || kind === 'everything') {
    // Of all folios at any one time, some hundredths are held.
    const held = luck.scale(0.005, 0.08);
    const sort = luck.of(['pin', 'hold', 'lock', 'writeback'] as const);
    const length = luck.scale(0.05, 20) * ms;
    const rate = (held * wanted.count) / length;
    const deed = { [sort]: 'wanted', for: exponential(length) } as DeedLine['deed'];
    tasks.push({ name: 'holder', count: 1, cpus: [0], does: [{ deed, every: exponential(1 / rate) }] });
  }
  const line: RequestLine = {
    name: 'mover',
    model,
    mode: defaultModes[model],
    cpu: luck.whole(0, cpus - 1),
    of: 'wanted',
    at: Array.from({ length: requests }, (_, n) => Math.round((n + 1 + 0.5 * luck.unit()) * span)),
    list,
    lists,
    ...(model === 'cma' ? { areas } : {}),
  };
  const scenario: Scenario = {
    name: `world-${number}`,
    about: '',
    kernel,
    seed,
    duration,
    machine: {
      cpus,
      pageSize: 4096,
      preemption: 'full',
      timeSlice: 4 * ms,
      spin: us,
      patience: ms,
      flushes: 'broadcast',
      tlbMiss: luck.between(0.1, 1),
      lruGen: false,
    },
    folios: [wanted],
    tasks,
    requests: [line],
    services,
    falseWaiters: 0,
  };
  return {
    number,
    kind,
    scenario,
    alternatives: isRange ? ['drain-once', 'refcheck-unmap'] : ['refcheck-unmap', 'waiters-undo', 'flush-at-once'],
  };
}
