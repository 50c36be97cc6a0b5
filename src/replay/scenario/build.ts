/** A scenario brought to life for one draw: what a machine takes, and what its log needs to become a capture. */
import { uniform } from '../../base/random.ts';
import type { Background, BackgroundSource } from '../../model/demand.ts';
import type { MachineInput } from '../../model/machine.ts';
import type { Obstacle, World } from '../../model/world.ts';
import { backgroundOf, expectedRows } from './background.ts';
import { type Demands, demandsOf } from './demands.ts';
import { folioSource, placeGroups } from './places.ts';
import type { Scenario } from './scenario.ts';
import { worldOf } from './world.ts';

/** Who is who, for a capture. */
export interface Cast {
  /** Frame of a folio as it is when the scenario begins. */
  pfn(folio: number): number;
  /** Task that makes a request, by `RequestDemand.id`. */
  pid(run: number): number;
  comm(run: number): string;
  /** Task that runs on a CPU when it is not a request: the first group that is there, else that CPU's idle task (0). */
  taskOf(cpu: number): number;
  commOf(cpu: number): string;
  readonly pageSize: number;
}

/** Good for one machine: its background is read once. */
export interface Stageable {
  readonly input: Omit<MachineInput, 'log' | 'onRequest'>;
  readonly world: World;
  readonly cast: Cast;
}

/**
 * What is the same for all policies in a draw and takes long to make: background rows and stretches, made when they are
 * first asked for, and kept for the machines that follow.
 */
export class SharedLuck {
  #blocks: Background[] | undefined;
  readonly #stretches = new Map<number, readonly Obstacle[]>();

  /** A source that reads what `make` gives, or gave before. */
  background(make: () => BackgroundSource): BackgroundSource {
    const known = this.#blocks;
    if (known !== undefined) {
      let place = 0;
      return { next: () => known[place++] };
    }
    const source = make();
    const read: Background[] = [];
    return {
      next: () => {
        const block = source.next();
        if (block !== undefined) read.push(block);
        // Only a background that was read to its end is whole.
        else this.#blocks = read;
        return block;
      },
    };
  }

  /** Of a folio: when somebody holds it. */
  stretches(folio: number, make: () => readonly Obstacle[]): readonly Obstacle[] {
    let list = this.#stretches.get(folio);
    if (list === undefined) {
      list = make();
      this.#stretches.set(folio, list);
    }
    return list;
  }
}

/** Rows that are kept for the next policy; a longer background is drawn anew, in blocks. */
const mostSharedRows = 4_000_000;

export interface BuildOptions {
  readonly seed: number;
  readonly draw: number;
  /** ns of which all times are multiples, rounded up; absent: any. 1000 where a capture is to be written. */
  readonly grain?: number;
  /** Of the same scenario, seed, draw and grain; absent: nothing is shared. */
  readonly shared?: SharedLuck;
}

/**
 * Builds a draw. Everything in it is keyed by (seed, draw) and by what it is about, so that the same draw is the same luck
 * under any policy, and nothing depends on what comes later.
 */
export function buildScenario(
  scenario: Scenario,
  { seed, draw, grain = 0, shared = new SharedLuck() }: BuildOptions,
): Stageable {
  const luck = Math.floor(uniform(seed, 'draw', draw) * 2 ** 32);
  const up = grain > 0 ? (ns: number) => Math.ceil(ns / grain) * grain : (ns: number) => ns;
  const groups = placeGroups(scenario);
  const folios = folioSource(groups);
  const demands = demandsOf(scenario, groups, luck, up);
  const rows = () => backgroundOf(scenario, groups, luck, up);
  return {
    input: {
      cpus: scenario.machine.cpus,
      folios,
      requests: demands.requests,
      background: expectedRows(scenario) <= mostSharedRows ? shared.background(rows) : rows(),
      horizon: scenario.duration,
      lruGen: scenario.machine.lruGen,
    },
    world: worldOf({ scenario, groups, groupOf: folios.group, seed: luck, up, shared }),
    cast: castOf(scenario, demands, (folio) => {
      const { pfn, first, order } = folios.group(folio);
      return pfn + (folio - first) * 2 ** order;
    }),
  };
}

/** First pids of requests and of tasks: apart from those of kernel threads, and from each other. */
const firstRequestPid = 1000;
const firstTaskPid = 2000;

function castOf({ tasks, requests, machine }: Scenario, demands: Demands, pfn: Cast['pfn']): Cast {
  const lineOf = (run: number) => {
    const line = demands.line(run);
    if (line === undefined) throw new Error(`no request ${run}`);
    return line;
  };
  const groupOn = (cpu: number) => tasks.findIndex(({ cpus }) => cpus.includes(cpu));
  return {
    pfn,
    pid: (run) => firstRequestPid + requests.indexOf(lineOf(run)),
    comm: (run) => commOf(lineOf(run).name),
    taskOf: (cpu) => {
      const group = groupOn(cpu);
      return group < 0 ? 0 : firstTaskPid + 100 * group + cpu;
    },
    commOf: (cpu) => {
      const group = tasks[groupOn(cpu)];
      return group === undefined ? `swapper/${cpu}` : commOf(group.name);
    },
    pageSize: machine.pageSize,
  };
}

/** TASK_COMM_LEN is 16 with the final zero. */
function commOf(name: string): string {
  return name.slice(0, 15);
}
