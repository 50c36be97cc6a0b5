/**
 * What the migrator did, step by step, and who fell asleep on entries meanwhile. The tasks that touch the folios of requests
 * are a closed company: one that sleeps on an entry touches nothing until it was let go and runs again. So a policy that lets
 * sleepers go sooner, or later, changes who comes to the entries of the other folios of the call. And tasks that run share
 * the CPUs with the migrator, so that it is the slower the fewer of them sleep; who is held up and who sleeps hang together.
 *
 * So each step of a replay is played as one that was recorded: of the same kind, begun with as many tasks asleep and as many
 * let go but not back, it takes as long and as many fall asleep in it. Nothing is assumed of the shape of either.
 */
import { addTo } from '../base/groups.ts';
import { countLeading } from '../base/sorted.ts';
import type { Episode, History, Wait } from '../history/facts.ts';
import type { Unit } from './demand.ts';

/**
 * `set`: entries written, `set again`: of a folio that was undone before; `moved`, `undone`: they went, to the new place or back;
 * `tried`: an attempt in vain is over.
 */
const doings = ['call', 'set', 'set again', 'moved', 'undone', 'tried', 'return'] as const;
export type Doing = (typeof doings)[number];

/** Tasks asleep on entries or for folio locks, how many of them for locks, and tasks let go that do not run yet. */
export interface Company {
  readonly asleep: number;
  readonly wanting: number;
  /** A fault got in before the entries that were written last, and wants the lock of their folio. */
  readonly gotIn: boolean;
  readonly woken: number;
}

/** One step: what it took (ns), and who fell asleep on entries meanwhile, in order. */
export interface Step {
  readonly time: number;
  readonly sleeps: readonly StepSleep[];
  /** The company that it began in. */
  readonly company: Company;
}

export interface StepSleep {
  /** ns from the beginning of the step. */
  readonly after: number;
  /** On which of the folios that were under entries, as a share of them in the order of their entries: in [0, 1). */
  readonly place: number;
}

export interface RecordedSteps {
  /** The most tasks that were asleep, or let go and not back, at once. */
  readonly tasks: number;
  /** Sleeps of a replayed step for each recorded one; an assumption. */
  readonly touches: number;
  /** ns from the end of an episode, while its call had more to do, until a task that slept on its entries ran again, ascending. */
  readonly wakes: Float64Array;
  /** Steps from doing this to doing that, by their time, begun in such a company: all of this kind where there are few. */
  of(last: Doing, next: Doing, company: Company): readonly Step[];
  /** When those run again who went to sleep before a time, the last first; no more than there are tasks. */
  backAfter(time: number): readonly number[];
}

/** Undefined where nobody was seen asleep on an entry of a call. */
export function recordedStepsOf(
  history: History,
  units: readonly Unit[],
  wakes: Float64Array,
  touches: number,
): RecordedSteps | undefined {
  const { episodes, waits } = history;
  const calls = units.flatMap((unit) => unit.calls);
  const own = new Set(calls);
  const onEntries = waits.filter(({ on, episode }) => on === 'entry' && own.has(episodes[episode]?.call ?? -1));
  if (onEntries.length === 0) return undefined;
  const pids = new Set(onEntries.map(({ pid }) => pid));
  const slept = waits.filter(({ pid, end }) => pids.has(pid) && !Number.isNaN(end)).sort((a, b) => a.start - b.start);
  const { companyAt, most } = companyOf(history, slept, pids.size);
  const gotIn = new Set(slept.filter(({ on }) => on === 'lock').map(({ episode }) => episode));
  const pools = new Map<number, Step[]>();
  onEntries.sort((a, b) => a.start - b.start);
  for (const id of calls) {
    let last: Happened | undefined;
    const under: number[] = [];
    for (const happened of happenedIn(history, id)) {
      // What came before a folio was tried again is `Returns`' business.
      if (last !== undefined && happened.doing !== 'set again') {
        const { time, from, doing } = last;
        const sleeps: StepSleep[] = [];
        let i = countLeading(onEntries.length, (place) => onEntries[place]!.start < from);
        for (; i < onEntries.length && onEntries[i]!.start < happened.time; i++) {
          const place = under.indexOf(onEntries[i]!.episode);
          if (place < 0) continue;
          sleeps.push({ after: Math.max(0, onEntries[i]!.start - time), place: place / under.length });
        }
        const company = { ...companyAt(from), gotIn: gotIn.has(last.episode) && isSet(doing) };
        const step = { time: happened.time - time, sleeps, company };
        for (const key of keysOf(doing, happened.doing, company, most)) addTo(pools, key, step);
      }
      if (isSet(happened.doing)) under.push(happened.episode);
      else if (under.includes(happened.episode)) under.splice(under.indexOf(happened.episode), 1);
      last = happened;
    }
  }
  const between = wakesBetween(history, onEntries);
  for (const steps of pools.values()) steps.sort((a, b) => a.time - b.time);
  const steps: RecordedSteps = {
    tasks: most,
    touches,
    wakes: between.length > 0 ? between : wakes,
    of(last, next, company) {
      const keys = keysOf(last, next, company, most);
      const enough = keys.find((key) => (pools.get(key)?.length ?? 0) >= fewest) ?? keys.at(-1)!;
      return pools.get(enough) ?? (last === 'set again' ? steps.of('set', next, company) : nothing);
    },
    backAfter(time) {
      const before = countLeading(slept.length, (i) => slept[i]!.start < time);
      return slept.slice(Math.max(0, before - most), before).map(({ end }) => end);
    },
  };
  return steps;
}

const nothing: readonly Step[] = [];

export const nobody: Company = { asleep: 0, wanting: 0, gotIn: false, woken: 0 };

function isSet(doing: Doing): boolean {
  return doing === 'set' || doing === 'set again';
}

/** Fewer than this say too little by themselves. */
const fewest = 8;

/** Which part of the tasks: none, up to a third, not all, all; `any` beside them. */
function part(count: number, tasks: number): number {
  return Math.ceil((3 * Math.min(count, tasks)) / tasks);
}
const any = 4;

/**
 * Alike in all, alike in who sleeps, alike in whether somebody got in before the entries were there and wants a lock (which happens
 * mostly where unmapping took long), alike in what is done.
 */
function keysOf(last: Doing, next: Doing, { asleep, wanting, gotIn, woken }: Company, tasks: number): number[] {
  const kind = doings.indexOf(last) * doings.length + doings.indexOf(next);
  const key = (locked: number, sleeping: number, waking: number) => ((kind * 4 + locked) * 5 + sleeping) * 5 + waking;
  const locked = gotIn ? 2 : Math.min(1, wanting);
  const sleeping = part(asleep, tasks);
  return [
    key(locked, sleeping, part(woken, tasks)),
    key(locked, sleeping, any),
    key(locked, any, any),
    key(3, any, any),
  ];
}

interface Happened {
  readonly time: number;
  readonly doing: Doing;
  /** From when on sleeps count for the step that begins here. */
  readonly from: number;
  /** That entries were written or went of; -1 = of none. */
  readonly episode: number;
}

/** What a call did to its folios, in order. */
function happenedIn(history: History, id: number): Happened[] {
  const { start, end, folios } = history.calls[id]!;
  const all: Happened[] = [];
  const add = (time: number, doing: Doing, episode = -1, from = time) => {
    if (!Number.isNaN(time)) all.push({ time, doing, episode, from });
  };
  for (const folio of folios) {
    for (const place of folio.episodes) {
      const episode = history.episodes[place]!;
      // The way of a folio that is tried again is known until its last entry; who sleeps before that sleeps in the episode.
      if (episode.index > 0) add(episode.lastSet, 'set again', place, episode.start);
      else add(episode.start, 'set', place);
      add(episode.end, episode.outcome === 'moved' ? 'moved' : 'undone', place);
    }
    for (const place of folio.attempts) {
      const attempt = history.attempts[place]!;
      if (attempt.returned !== 0 && !Number.isNaN(attempt.returned)) add(attempt.end, 'tried');
    }
  }
  add(start, 'call');
  add(end, 'return');
  return all.sort((a, b) => a.time - b.time || doings.indexOf(a.doing) - doings.indexOf(b.doing));
}

/** How long those took to run who were let go while their call had more to do: they meet what it does. */
function wakesBetween({ calls, episodes }: History, waits: readonly Wait[]): Float64Array {
  const lastEnd = calls.map(({ folios }) =>
    folios.reduce((last, folio) => folio.episodes.reduce((end, id) => Math.max(end, episodes[id]!.end || 0), last), 0),
  );
  const wakes: number[] = [];
  for (const { episode, end } of waits) {
    const { call, end: letGo } = episodes[episode]!;
    if (letGo < lastEnd[call]! && end >= letGo) wakes.push(end - letGo);
  }
  return Float64Array.from(wakes).sort();
}

/** How many of these tasks sleep, and how many were let go but do not run yet, at a time; and the most of both. */
function companyOf(
  { episodes }: History,
  waits: readonly Wait[],
  tasks: number,
): { readonly companyAt: (time: number) => Company; readonly most: number } {
  const endsOf = new Map<number, number[]>();
  for (const { sourcePfn, end } of episodes) if (!Number.isNaN(end)) addTo(endsOf, sourcePfn, end);
  for (const ends of endsOf.values()) ends.sort((a, b) => a - b);
  const changes: { time: number; asleep: number; wanting: number; woken: number }[] = [];
  for (const wait of waits) {
    const { begun, letGo } = asleepIn(wait, episodes[wait.episode], endsOf.get(wait.pfn) ?? []);
    const wanting = wait.on === 'lock' ? 1 : 0;
    changes.push({ time: begun, asleep: 1, wanting, woken: 0 });
    changes.push({ time: letGo, asleep: -1, wanting: -wanting, woken: 1 });
    changes.push({ time: wait.end, asleep: 0, wanting: 0, woken: -1 });
  }
  changes.sort((a, b) => a.time - b.time);
  let now = nobody;
  const states = changes.map((change) => {
    now = {
      gotIn: false,
      asleep: now.asleep + change.asleep,
      wanting: now.wanting + change.wanting,
      woken: now.woken + change.woken,
    };
    return now;
  });
  return {
    companyAt: (time) => states[countLeading(changes.length, (i) => changes[i]!.time <= time) - 1] ?? nobody,
    most: Math.min(
      tasks,
      states.reduce((most, state) => Math.max(most, state.asleep + state.woken), 1),
    ),
  };
}

/**
 * From when until when a task slept until it was let go. Who wants the lock is woken by each undo and sleeps again if the
 * folio is locked by the time that it runs, so that the last one counts; and it is there from the first entry on.
 */
function asleepIn(
  { on, start, end }: Wait,
  episode: Episode | undefined,
  ends: readonly number[],
): { readonly begun: number; readonly letGo: number } {
  const last = on === 'lock' ? ends[countLeading(ends.length, (i) => ends[i]! <= end) - 1] : episode?.end;
  const letGo = last !== undefined && last >= start && last <= end ? last : end;
  return { begun: on === 'lock' && episode !== undefined ? Math.min(start, episode.start) : start, letGo };
}
