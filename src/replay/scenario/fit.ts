/**
 * A scenario out of a real capture: its requests with their times, rates of what others did, measured service times. What a
 * capture cannot tell is left at the usual value or derived from an assumption, and said.
 */
import { ScenarioError, TraceError } from '../../base/errors.ts';
import type { Episode } from '../../history/facts.ts';
import { parseVersion } from '../../policies/versions.ts';
import { likeliest } from '../blame.ts';
import { isDeferred } from '../parameters.ts';
import type { Stage } from '../stage.ts';
import { type Line, linesOf } from './fit-requests.ts';
import { gapOf, tasksOf } from './fit-tasks.ts';
import { shareOf, touchesInWindow } from './rates.ts';
import type { DeedLine, Law, Scenario, ScenarioMachine, ScenarioService } from './scenario.ts';

export interface Fitted {
  readonly scenario: Scenario;
  /** What was assumed, made alike, or could not be told, a sentence each. */
  readonly remarks: readonly string[];
}

/** Share of touches that miss their TLB (`machine.tlbMiss`) where nothing tells it. */
const usualTlbMiss = 0.1;

/**
 * Makes a scenario of a capture.
 *
 * @throws ScenarioError `fit/nothing` when it has no request, and `fit/kernel` when nothing says which kernel it was.
 */
export function fitScenario(stage: Stage): Fitted {
  const { history, recorded, scenes, evidence } = stage;
  const { capture } = history;
  const duration = Math.max(1e6, Math.ceil((capture.end + 1) / 1e6) * 1e6);
  const { lines, remarks } = linesOf(stage, duration);
  if (lines.length === 0) {
    throw new TraceError(
      'fit/nothing',
      { file: capture.source },
      'holds no call of migrate_pages, so that a scenario of it would want nothing',
      'record with the migrate events (folioscope inspect names what is missing)',
    );
  }
  const kernel = kernelOf(stage);
  const { tasks, estimated, remarks: ofTasks } = tasksOf(history, lines, duration);
  remarks.push(...ofTasks);
  const services: Partial<Record<ScenarioService, Law>> = {};
  const touch = touchesOf(stage, lines, remarks);
  for (const [service, sample] of Object.entries({
    unmap: evidence.services.unmap,
    copy: evidence.services.copy,
    attempt: evidence.services.attempt,
    'drain work': evidence.services.drain,
  })) {
    const law = lawOf(sample);
    if (law !== undefined) services[service as ScenarioService] = law;
    else remarks.push(`no ${service} was timed: it takes no time in the scenario`);
  }
  if (evidence.services.drain.length > 0) {
    remarks.push('`drain work` is the whole time that disabling the caches took: grace period and works together');
  }
  if (touch !== undefined) {
    Object.assign(services, touch.services);
    // What was timed holds the window, too.
    const { unmap } = services;
    if (unmap?.kind === 'values') {
      services.unmap = { ...unmap, ns: unmap.ns.map((ns) => Math.max(0, ns - touch.window)) };
    }
    const cpus = scenes[0]!.cpus;
    const place = tasks.length;
    const does = touch.rates.map(({ line, rate }, n): DeedLine => {
      const tasksPerFolio = cpus / line.group.count;
      const gap = gapOf(rate);
      estimated[`tasks.${place}.does.${n}.every`] = { low: gap.low * tasksPerFolio, high: gap.high * tasksPerFolio };
      const mean = Math.max(1, Math.round(tasksPerFolio / rate.value));
      return { deed: { touch: line.group.name }, every: { kind: 'exponential', mean } };
    });
    if (does.length > 0) {
      const everywhere = Array.from({ length: cpus }, (_, cpu) => cpu);
      tasks.push({ name: 'touching', count: cpus, cpus: everywhere, does });
    }
  }
  remarks.push(...untold(stage));
  const { machine, assumed } = machineOf(stage, touch?.tlbMiss ?? usualTlbMiss);
  remarks.push(...assumed);
  if (!recorded.name.startsWith('linux-')) {
    remarks.push(
      `it was recorded under ${recorded.name}, which a scenario does not say: give --policy ${recorded.name}`,
    );
  }
  return {
    scenario: {
      name: nameOf(capture.source),
      about: `Fitted to a capture of ${(capture.end / 1e9).toFixed(1)} s with ${history.calls.length} calls of migrate_pages.`,
      kernel,
      seed: 1,
      duration,
      machine,
      folios: lines.map(({ group }) => group),
      tasks,
      requests: lines.map(({ request }) => request),
      services,
      falseWaiters: 0,
      estimated,
    },
    remarks,
  };
}

function kernelOf({ history, recorded }: Stage): string {
  const said = history.capture.kernelVersion?.value ?? recorded.name.replace(/^linux-/, '');
  const version = parseVersion(said);
  if (version === undefined) {
    throw new ScenarioError(
      'fit/kernel',
      `${history.capture.source}: "${said}" is no version`,
      'give --kernel VERSION',
    );
  }
  return `${version.major}.${version.minor}.${version.patch}`;
}

/** Of a path, the last part that says something, as a scenario may be called. */
function nameOf(source: string): string {
  const parts = source.split('/').filter((part) => part !== '');
  const last = parts.at(-1) ?? '';
  const said = /^(trace|perf|mover)[._]/.test(last) ? parts.slice(-3, -1).join('-') : last.replace(/\..*$/, '');
  const name = said
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '');
  return name === '' ? 'fitted' : name;
}

function machineOf({ history, scenes }: Stage, tlbMiss: number): { machine: ScenarioMachine; assumed: string[] } {
  const { pageSize, preemption, lruGen } = history.capture;
  const assumed: string[] = [];
  const said = preemption?.value;
  const known = said === 'none' || said === 'voluntary' || said === 'full' ? said : 'full';
  if (known !== said) assumed.push(`preemption: ${said ?? 'not told'}; the scenario has full`);
  const size = pageSize?.value ?? 4096;
  if (pageSize === undefined) assumed.push('page size: not told; the scenario has 4096');
  return {
    machine: {
      cpus: scenes[0]!.cpus,
      pageSize: size,
      preemption: known,
      timeSlice: 4e6,
      spin: 1e3,
      patience: 1e9,
      flushes: 'broadcast',
      tlbMiss,
      lruGen: lruGen?.value === true,
    },
    assumed,
  };
}

interface Touches {
  readonly rates: readonly { line: Line; rate: ReturnType<typeof shareOf> }[];
  readonly services: Partial<Record<ScenarioService, Law>>;
  readonly tlbMiss: number;
  /** ns for which an entry is empty. */
  readonly window: number;
}

/**
 * Touches of each line's folios, from the share of first episodes that a fault blocked: -ln(1 - p) in a window. How long
 * the window is no event shows, so that it is assumed to be half of the time that a folio takes to unmap; where tasks
 * were seen to fall asleep on entries, the rate is theirs, and the window follows.
 */
function touchesOf(stage: Stage, lines: readonly Line[], remarks: string[]): Touches | undefined {
  const { evidence, history, abduction, recorded } = stage;
  if (history.observed.episodes === 'unknown') {
    remarks.push(
      'no migration entries were recorded: nothing tells how often folios are touched, and nobody touches them',
    );
    return undefined;
  }
  const half = quantile(evidence.services.unmap, 0.5) / 2;
  const counted = lines.map(({ units }) => {
    const sums = { eager: { trials: 0, hits: 0 }, deferred: { trials: 0, hits: 0 } };
    for (const unit of units) {
      unit.members.forEach(({ latent, episodes }, m) => {
        const first: Episode | undefined = episodes[0];
        if (latent || first === undefined) return;
        const hit = abduction.blocked(unit, m, 0);
        if (Number.isNaN(hit)) return;
        const sum = isDeferred(first, unit, recorded) ? sums.deferred : sums.eager;
        sum.trials++;
        sum.hits += hit;
      });
    }
    return sums;
  });
  const total = (which: 'eager' | 'deferred') =>
    counted.reduce((sum, one) => ({ trials: sum.trials + one[which].trials, hits: sum.hits + one[which].hits }), {
      trials: 0,
      hits: 0,
    });
  const [eager, deferred] = [total('eager'), total('deferred')];
  if (eager.hits + deferred.hits === 0) {
    remarks.push('no first episode was blocked by a fault: nobody touches the folios in the scenario');
    return undefined;
  }
  const inWindow = ({ hits, trials }: typeof eager) => touchesInWindow(shareOf(hits, trials)).value;
  const seen = evidence.entryWaitRate;
  const isTimed = seen > 0;
  const basis = eager.hits > 0 ? eager : deferred;
  const window = isTimed && eager.hits > 0 ? inWindow(eager) / seen : half > 0 ? half : 1000;
  remarks.push(
    isTimed
      ? `touches: tasks fell asleep on entries ${(seen * 1e6).toPrecision(3)} times a ms and folio`
      : `touches: only their number in a window is told (${inWindow(basis).toPrecision(3)}); the window is assumed to be ${(window / 1000).toPrecision(3)} us, half of the time that unmapping took`,
  );
  // With both kinds of episodes the share of TLB misses is told; with one it takes up the whole difference.
  let tlbMiss = usualTlbMiss;
  if (deferred.trials > 0 && eager.hits > 0) {
    tlbMiss = Math.min(1, inWindow(deferred) / inWindow(eager));
  } else if (deferred.trials > 0 && isTimed) {
    const ratio = inWindow(deferred) / (seen * window);
    tlbMiss = Math.min(1, ratio);
    if (ratio > 1) {
      remarks.push(
        `first episodes were blocked ${ratio.toPrecision(2)} times as often as touches at that rate would in ${(window / 1000).toPrecision(3)} us: touches are not independent, or the window is longer; the scenario has the share that was blocked, and so more sleepers on entries`,
      );
    }
  } else if (deferred.trials > 0) {
    remarks.push(`tlbMiss: assumed to be ${usualTlbMiss}; only its product with the rate of touches is told`);
  }
  const rates = lines.flatMap((line, place) => {
    const one = counted[place]!;
    const isEager = one.eager.trials > 0 && eager.hits > 0;
    const { hits, trials } = isEager ? one.eager : one.deferred;
    if (!(hits > 0)) return [];
    const per = window * (isEager ? 1 : tlbMiss);
    const { value, low, high } = touchesInWindow(shareOf(hits, trials));
    return [{ line, rate: { value: value / per, low: low / per, high: high / per } }];
  });
  const services: Touches['services'] = { entry: { kind: 'fixed', ns: Math.round(window) } };
  const stays = releaseOf(stage);
  if (stays === undefined) {
    remarks.push('a fault that was woken lets go at once: no folio was unmapped again soon enough to tell');
  } else {
    services.release = { kind: 'exponential', mean: Math.round(stays) };
    remarks.push(
      `release: of ${evidence.repeat.trials.toFixed(0)} episodes after a blocked one ${evidence.repeat.hits.toFixed(0)} were blocked again, which an exponential time of ${(stays / 1e6).toPrecision(3)} ms gives; its shape is assumed`,
    );
  }
  return { rates, services, tlbMiss, window: Math.round(window) };
}

/** Mean time for which a woken fault stays: e^(-gap / mean) = share of next episodes that are blocked again. */
function releaseOf({ evidence, history }: Stage): number | undefined {
  const { hits, trials } = evidence.repeat;
  // Less than one is a doubt about who blocked an episode, not a repeat.
  if (!(hits >= 1) || !(trials > hits)) return undefined;
  const gaps: number[] = [];
  const undone = new Map<string, number>();
  for (const { call, sourcePfn, start, end, outcome } of history.episodes) {
    const key = `${call} ${sourcePfn}`;
    const before = undone.get(key);
    if (before !== undefined && start >= before) gaps.push(start - before);
    if (outcome === 'undone') undone.set(key, end);
    else undone.delete(key);
  }
  const gap = quantile(Float64Array.from(gaps).sort(), 0.5);
  return gap > 0 ? -gap / Math.log(hits / trials) : undefined;
}

/** What failed for reasons that the scenario does not have. */
function untold({ history, abduction }: Stage): string[] {
  const sums = new Map<string, number>();
  history.failures.forEach((_, i) => {
    const cause = likeliest(abduction.blame[i]!);
    sums.set(cause, (sums.get(cause) ?? 0) + 1);
  });
  const absent = [...sums].filter(([cause]) => !modelled.has(cause));
  if (absent.length === 0) return [];
  const list = absent.map(([cause, times]) => `${times} ${cause}`).join(', ');
  return [`folios that failed for what the scenario does not have: ${list}`];
}

const modelled: ReadonlySet<string> = new Set(['add batch', 'activate batch', 'lock-blocked fault']);

/** At most 99 quantiles of a sample; undefined of none. Zero is no time that anything takes, and stays. */
function lawOf(sorted: Float64Array): Law | undefined {
  if (sorted.length === 0) return undefined;
  if (sorted.length <= 99) return { kind: 'values', ns: [...sorted].map(Math.round) };
  return { kind: 'values', ns: Array.from({ length: 99 }, (_, i) => Math.round(quantile(sorted, (i + 0.5) / 99))) };
}

function quantile(sorted: Float64Array, p: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? 0;
}
