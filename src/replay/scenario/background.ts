/**
 * What the tasks of a scenario do to the batches, as blocks of background rows in order of time.
 *
 * Repeats with exponential gaps are Poisson streams, and the sum of Poisson streams is one whose rate is their sum, each
 * event belonging to one of them by weight: a single stream is drawn, and for every row which task does what to which
 * folio. There is no queue and nothing to sort, however many tasks and folios there are. Deeds of other laws, at given
 * times, and the bursts of launches are few and wait in a queue beside it.
 */
import { EventQueue } from '../../base/queue.ts';
import { uniform } from '../../base/random.ts';
import { type Background, type BackgroundSource, backgroundActions } from '../../model/demand.ts';
import { meanOf, sampler } from './durations.ts';
import type { GroupPlace } from './places.ts';
import { type DeedKind, type DeedLine, holds, kindOf, others, type Scenario, type TaskGroup } from './scenario.ts';

const blockRows = 65_536;
const addAction = 0;
const activateAction = 1;
const mlockAction = 6;

/** One line of one group of tasks, ready to be done. */
interface Doing {
  readonly kind: DeedKind;
  readonly line: DeedLine;
  readonly cpus: readonly number[];
  readonly tasks: number;
  /** Ids from `first` on; 0 folios = `others`. */
  readonly first: number;
  readonly folios: number;
  readonly action: number;
  /** `pick: in turn`: whose turn it is; -1 = any. */
  turn: number;
}

/** Rows of a launch, in order of time. */
interface Burst {
  readonly doing: Doing;
  readonly cpu: number;
  readonly times: Float64Array;
  readonly id: number;
  place: number;
  faults: number;
  reads: number;
}

/** A task's next deed of a law that is not exponential, or at a given time. */
interface Renewal {
  readonly doing: Doing;
  readonly task: number;
  readonly key: number;
  readonly gap: ((u: number) => number) | undefined;
  n: number;
}

/** Whether a deed does something to batches; touches and holds are answers of the world. */
function isRow(kind: DeedKind): boolean {
  return kind !== 'touch' && !Object.hasOwn(holds, kind);
}

function doingOf(line: DeedLine, { cpus, count }: TaskGroup, groups: ReadonlyMap<string, GroupPlace>): Doing {
  const { kind, of } = kindOf(line.deed);
  const group = of === others ? undefined : groups.get(of);
  return {
    kind,
    line,
    cpus,
    tasks: count,
    first: group?.first ?? -1,
    folios: group?.count ?? 0,
    action: actionOf(line, kind, group?.mlocked === true),
    turn: line.pick === undefined ? -1 : 0,
  };
}

function actionOf({ deed }: DeedLine, kind: DeedKind, mlocked: boolean): number {
  if ('drain' in deed) return deed.drain === 'all' ? backgroundActions.drainAll : backgroundActions.drainLocal;
  switch (kind) {
    case 'read':
      return backgroundActions.accessed;
    case 'buffer':
      return backgroundActions.bufferHead;
    case 'mlock':
    case 'munlock':
      return mlockAction;
    default:
      // folio_add_lru_vma(): a folio faulted into a VM_LOCKED mapping goes to the mlock batch instead.
      return mlocked ? mlockAction : addAction;
  }
}

/**
 * The background of one draw. The same seed gives the same rows, whatever the policy; a longer `duration` gives the same
 * rows and then more. `up` rounds times up (to whole microseconds, where a capture is to be written).
 */
export function backgroundOf(
  scenario: Scenario,
  groups: ReadonlyMap<string, GroupPlace>,
  seed: number,
  up: (ns: number) => number,
): BackgroundSource {
  const { duration, machine } = scenario;
  const streams: Doing[] = [];
  const ends: number[] = [];
  const queue = new EventQueue<Renewal | Burst>();
  let rate = 0;
  let keys = 0;
  for (const group of scenario.tasks) {
    for (const line of group.does) {
      if (!isRow(kindOf(line.deed).kind)) continue;
      const doing = doingOf(line, group, groups);
      if (line.every?.kind === 'exponential') {
        rate += doing.tasks / line.every.mean;
        streams.push(doing);
        ends.push(rate);
        continue;
      }
      const key = keys++;
      for (let task = 0; task < doing.tasks; task++) {
        const gap = line.every === undefined ? undefined : sampler(line.every);
        // Tasks that do the same at equal distances do not all do it at once.
        if (gap !== undefined) {
          const first = gap(uniform(seed, 'law', key, task, 0)) * ((task + 1) / doing.tasks);
          queue.push(first, { doing, task, key, gap, n: 1 });
        }
        for (const [n, time] of (line.at ?? []).entries()) queue.push(time, { doing, task, key, gap, n });
      }
    }
  }
  const size = Math.min(blockRows, Math.ceil(expectedRows(scenario) * 1.2) + 64);
  let drawn = 0;
  let bursts = 0;
  let nextOfStreams = rate > 0 ? -Math.log(uniform(seed, 'deed', drawn)) / rate : Number.POSITIVE_INFINITY;

  let rows = newBlock(0);
  let length = 0;
  const put = (time: number, cpu: number, action: number, folio: number): void => {
    rows.time[length] = up(time);
    rows.cpu[length] = cpu;
    rows.action[length] = action;
    rows.folio[length] = folio;
    length++;
  };

  /** One deed by one task; `u` and `v` say which folio, and, for reads of others, whether it is the second of its folio. */
  const act = (doing: Doing, task: number, time: number, u: number): void => {
    const cpu = doing.cpus[task % doing.cpus.length]!;
    if (doing.kind === 'launch') launch(doing, cpu, time);
    else if (doing.kind === 'drain') put(time, cpu, doing.action, -1);
    else perform(doing, cpu, time, u, doing.action);
  };

  const perform = (doing: Doing, cpu: number, time: number, u: number, action: number): void => {
    if (doing.folios > 0) {
      const place = doing.turn >= 0 ? doing.turn++ % doing.folios : Math.floor(u * doing.folios);
      put(time, cpu, action, doing.first + place);
    } else if (action !== backgroundActions.accessed) put(time, cpu, action, -1);
    // folio_mark_accessed() of others: the second access of each activates, so that half of them do.
    else if (!machine.lruGen && u < 0.5) put(time, cpu, activateAction, -1);
  };

  /** An application starts: more in the beginning than later, falling linearly to nothing at the end. */
  const launch = (doing: Doing, cpu: number, start: number): void => {
    const { deed } = doing.line;
    if (!('launch' in deed)) throw new Error('a launch that is none');
    const { faults, reads, within } = deed.launch;
    const id = bursts++;
    const times = new Float64Array(faults + reads);
    for (let i = 0; i < times.length; i++) {
      times[i] = start + within * (1 - Math.sqrt(1 - uniform(seed, 'deed', i, 3, id)));
    }
    times.sort();
    queue.push(times[0]!, { doing, cpu, times, id, place: 0, faults, reads });
  };

  const goOn = (burst: Burst): void => {
    const { doing, cpu, times, place, id } = burst;
    const u = uniform(seed, 'deed', place, 4, id);
    const share = burst.faults / (burst.faults + burst.reads);
    const isFault = u < share;
    const left = isFault ? u / share : (u - share) / (1 - share);
    if (isFault) burst.faults--;
    else burst.reads--;
    perform(doing, cpu, times[place]!, left, isFault ? doing.action : backgroundActions.accessed);
    if (++burst.place < times.length) queue.push(times[burst.place]!, burst);
  };

  const oneOfStreams = (): void => {
    const u = uniform(seed, 'deed', drawn, 1) * rate;
    let i = 0;
    while (i < ends.length - 1 && u >= ends[i]!) i++;
    const doing = streams[i]!;
    const before = i === 0 ? 0 : ends[i - 1]!;
    // What is left of the luck, stretched to (0, 1) again, says which task, and what is left then, which folio.
    const v = Math.min(1 - 2 ** -53, (u - before) / (ends[i]! - before)) * doing.tasks;
    act(doing, Math.floor(v), nextOfStreams, v % 1);
    nextOfStreams -= Math.log(uniform(seed, 'deed', ++drawn)) / rate;
  };

  const oneOfQueue = (time: number): void => {
    const item = queue.pop()!;
    if ('times' in item) {
      goOn(item);
      return;
    }
    const { doing, task, key, gap } = item;
    act(doing, task, time, uniform(seed, 'deed', item.n, 5 + key, task));
    if (gap === undefined) return;
    queue.push(time + gap(uniform(seed, 'law', key, task, item.n)), item);
    item.n++;
  };

  return {
    next() {
      rows = newBlock(size);
      length = 0;
      while (length < size) {
        const ofQueue = queue.nextTime;
        if (Math.min(ofQueue, nextOfStreams) >= duration) break;
        if (ofQueue <= nextOfStreams) oneOfQueue(ofQueue);
        else oneOfStreams();
      }
      return length === 0 ? undefined : { ...rows, length };
    },
  };
}

type Rows = Omit<Background, 'length' | 'large'>;

function newBlock(size: number): Rows {
  return {
    time: new Float64Array(size),
    cpu: new Uint16Array(size),
    action: new Uint8Array(size),
    folio: new Int32Array(size),
  };
}

/** About how many rows the whole background has: only for the size of a block. */
export function expectedRows({ tasks, duration }: Scenario): number {
  let rows = 0;
  for (const { count, does } of tasks) {
    for (const { deed, every, at } of does) {
      if (!isRow(kindOf(deed).kind)) continue;
      const times =
        every === undefined ? (at ?? []).filter((time) => time < duration).length : duration / meanOf(every);
      rows += count * times * ('launch' in deed ? deed.launch.faults + deed.launch.reads : 1);
    }
  }
  return rows;
}
