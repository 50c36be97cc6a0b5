/** Each sort of facts: how many a history has, what they may be selected by, which events are behind one, and its name in words. */
import {
  batchKinds,
  type Call,
  type CallFolio,
  causes,
  type Failure,
  type History,
  type Request,
} from '../history/facts.ts';
import { likeliest, type Posterior } from '../replay/blame.ts';
import { demandOf } from '../replay/demand.ts';
import type { FactKind } from './evidence-id.ts';
import { many } from './numbers.ts';

/** Facts by their place. A key that a fact has no value for gives undefined, or no values. */
export interface FactTable {
  readonly length: number;
  readonly keys: Readonly<Record<string, (i: number) => string | readonly string[] | undefined>>;
  /** When it was; NaN where not known. */
  readonly time: (i: number) => number;
  /** Numbers of the events that show it, in no order; what is not known is negative or NaN. */
  readonly ordinals: (i: number) => readonly number[];
  /** One fact, in words. */
  readonly says: (i: number) => string;
  /** What one is called, and several. */
  readonly noun: readonly [one: string, several: string];
}

/** A cause that is less probable than this is no reason for a link: the tables write it as nought. */
const leastTold = 0.005;

const hex = (pfn: number): string => (Number.isNaN(pfn) ? 'a folio without pfn' : `pfn 0x${pfn.toString(16)}`);
const task = (comm: string, pid: number): string => (pid < 0 ? comm : `${comm}-${pid}`);

/** A folio of a call, or of a request without calls. */
interface Member {
  readonly call: Call | undefined;
  readonly request: Request | undefined;
  readonly folio: CallFolio;
}

/** The tables of a history, each made when it is first asked for. */
export class FactTables {
  readonly #history: History;
  readonly #posteriors: () => readonly Posterior[];
  readonly #made = new Map<FactKind, FactTable>();
  #members: readonly Member[] | undefined;

  /** @param posteriors of the history's failures, in its order */
  constructor(history: History, posteriors: () => readonly Posterior[]) {
    this.#history = history;
    this.#posteriors = posteriors;
  }

  of(kind: FactKind): FactTable {
    const table = this.#made.get(kind) ?? this.#make[kind]();
    this.#made.set(kind, table);
    return table;
  }

  readonly #make: Readonly<Record<FactKind, () => FactTable>> = {
    calls: () => {
      const { calls } = this.#history;
      const lost = (call: Call) => call.folios.filter(({ outcome }) => outcome === 'failed').length;
      return {
        length: calls.length,
        keys: {
          id: (i) => String(calls[i]!.id),
          request: (i) => numberText(calls[i]!.request),
          failed: (i) => (lost(calls[i]!) > 0 ? 'yes' : 'no'),
          complete: (i) => calls[i]!.complete,
          ...callKeys((i) => calls[i]!),
        },
        time: (i) => timeOf(calls[i]!),
        ordinals: (i) => [calls[i]!.startOrdinal, calls[i]!.endOrdinal],
        says: (i) => {
          const call = calls[i]!;
          return `${callText(call)}: ${lost(call)} of ${many(call.folios.length, 'folio')} failed`;
        },
        noun: ['call', 'calls'],
      };
    },
    folios: () => {
      const members = this.#all();
      return {
        length: members.length,
        keys: {
          outcome: (i) => members[i]!.folio.outcome,
          pfn: (i) => pfnText(members[i]!.folio.pfn),
          call: (i) => numberText(members[i]!.call?.id),
          episodes: (i) => String(members[i]!.folio.episodes.length),
          attempts: (i) => String(members[i]!.folio.attempts.length),
          by: (i) => (members[i]!.call === undefined ? 'request' : 'call'),
          request: (i) => numberText(members[i]!.call?.request ?? members[i]!.request?.id),
          ...memberKeys(members),
        },
        time: (i) => memberTime(members[i]!),
        ordinals: (i) => this.#behind(members[i]!),
        says: (i) => `${hex(members[i]!.folio.pfn)} of ${memberText(members[i]!)}: ${members[i]!.folio.outcome}`,
        noun: ['folio, counted in each call', 'folios, counted in each call'],
      };
    },
    failures: () => {
      const { failures, calls, requests } = this.#history;
      const members = failures.map(({ call, request, folio }): Member => {
        const own = call >= 0 ? calls[call] : undefined;
        const without = requests[request ?? -1];
        return { call: own, request: without, folio: (own ?? without?.withoutCalls)!.folios[folio]! };
      });
      const posteriors = this.#posteriors();
      const given = givenUp(this.#history);
      return {
        length: failures.length,
        keys: {
          id: (i) => String(failures[i]!.id),
          pfn: (i) => pfnText(failures[i]!.pfn),
          call: (i) => numberText(members[i]!.call?.id),
          cause: (i) => causes.filter((_, c) => posteriors[i]![c]! > leastTold),
          likeliest: (i) => likeliest(posteriors[i]!),
          holder: (i) => holderKeys(failures[i]!),
          givenUp: (i) => (given.has(i) ? 'yes' : 'no'),
          ...memberKeys(members),
        },
        time: (i) => failures[i]!.time,
        ordinals: (i) => [...this.#behind(members[i]!), ...failures[i]!.evidence.map(({ ordinal }) => ordinal)],
        says: (i) => `${hex(failures[i]!.pfn)} of ${memberText(members[i]!)}: most likely ${likeliest(posteriors[i]!)}`,
        noun: ['failure of a single call', 'failures of single calls'],
      };
    },
    episodes: () => {
      const { episodes } = this.#history;
      return {
        length: episodes.length,
        keys: {
          id: (i) => String(episodes[i]!.id),
          outcome: (i) => episodes[i]!.outcome,
          call: (i) => numberText(episodes[i]!.call),
        },
        time: (i) => episodes[i]!.start,
        ordinals: (i) => [episodes[i]!.firstOrdinal, episodes[i]!.lastOrdinal],
        says: (i) => `${hex(episodes[i]!.sourcePfn)} behind migration entries: ${episodes[i]!.outcome}`,
        noun: ['episode', 'episodes'],
      };
    },
    requests: () => {
      const { requests, calls } = this.#history;
      const how = ({ returned }: Request) => (Number.isNaN(returned) ? 'not seen' : returned < 0 ? 'failed' : 'done');
      return {
        length: requests.length,
        keys: {
          id: (i) => String(requests[i]!.id),
          kind: (i) => requests[i]!.kind,
          task: (i) => requests[i]!.comm,
          pid: (i) => numberText(requests[i]!.pid),
          certainty: (i) => requests[i]!.certainty,
          basis: (i) => requests[i]!.basis,
          end: (i) => how(requests[i]!),
        },
        time: (i) => requests[i]!.start,
        ordinals: (i) => [
          requests[i]!.ordinal,
          ...requests[i]!.calls.flatMap((id) => [calls[id]!.startOrdinal, calls[id]!.endOrdinal]),
        ],
        says: (i) => {
          const { kind, comm, pid, calls: own } = requests[i]!;
          return `${kind} by ${task(comm, pid)}, ${many(own.length, 'call')}: ${how(requests[i]!)}`;
        },
        noun: ['request', 'requests'],
      };
    },
    drains: () => {
      const { drains } = this.#history;
      return {
        length: drains.length,
        keys: {
          id: (i) => String(drains[i]!.id),
          scope: (i) => drains[i]!.scope,
          task: (i) => drains[i]!.comm,
          cpu: (i) => String(drains[i]!.cpu),
          certainty: (i) => drains[i]!.certainty,
        },
        time: (i) => drains[i]!.start,
        ordinals: (i) => [drains[i]!.ordinal],
        says: (i) => {
          const { scope, comm, pid, cpu, certainty } = drains[i]!;
          const of = { local: `of CPU ${cpu}`, all: 'of all CPUs', disable: 'of all CPUs, caches disabled' }[scope];
          return `drain ${of} by ${task(comm, pid)}, ${certainty}`;
        },
        noun: ['drain', 'drains'],
      };
    },
    flushes: () => {
      const { flushes } = this.#history;
      return {
        length: flushes.length,
        keys: {
          cause: (i) => flushes[i]!.cause,
          batch: (i) => flushes[i]!.batch,
          cpu: (i) => String(flushes[i]!.cpu),
          count: (i) => String(flushes[i]!.count),
        },
        time: (i) => flushes[i]!.start,
        ordinals: (i) => [flushes[i]!.ordinal],
        says: (i) => {
          const { cpu, batch, count, cause } = flushes[i]!;
          return `CPU ${cpu}, ${batch} batch of ${many(count, 'folio')}: ${cause}`;
        },
        noun: ['flush of a batch', 'flushes of batches'],
      };
    },
    stays: () => {
      const { stays } = this.#history;
      return {
        length: stays.length,
        keys: {
          batch: (i) => batchKinds[stays.batch[i]!],
          cpu: (i) => String(stays.cpu[i]!),
          open: (i) => (stays.flush[i]! < 0 && Number.isNaN(stays.flushed[i]!) ? 'yes' : 'no'),
        },
        time: (i) => (Number.isNaN(stays.added[i]!) ? stays.flushed[i]! : stays.added[i]!),
        ordinals: (i) => [stays.ordinal[i]!],
        says: (i) => `${hex(stays.pfn[i]!)} in the ${batchKinds[stays.batch[i]!]} batch of CPU ${stays.cpu[i]}`,
        noun: ['stay in a batch', 'stays in batches'],
      };
    },
    waits: () => {
      const { waits } = this.#history;
      return {
        length: waits.length,
        keys: {
          on: (i) => waits[i]!.on,
          task: (i) => waits[i]!.comm,
          pid: (i) => numberText(waits[i]!.pid),
          holds: (i) => waits[i]!.holdsReference,
          pfn: (i) => pfnText(waits[i]!.pfn),
        },
        time: (i) => waits[i]!.start,
        ordinals: (i) => [waits[i]!.ordinal],
        says: (i) => `${task(waits[i]!.comm, waits[i]!.pid)} waits on ${hex(waits[i]!.pfn)} (${waits[i]!.on})`,
        noun: ['wait', 'waits'],
      };
    },
  };

  #all(): readonly Member[] {
    const { calls, requests } = this.#history;
    this.#members ??= [
      ...calls.flatMap((call) => call.folios.map((folio) => ({ call, request: undefined, folio }))),
      ...requests.flatMap((request) =>
        (request.withoutCalls?.folios ?? []).map((folio) => ({ call: undefined, request, folio })),
      ),
    ];
    return this.#members;
  }

  /** The call's or request's own events, and those of the folio in it. */
  #behind({ call, request, folio }: Member): number[] {
    const { episodes, attempts } = this.#history;
    return [
      ...(call === undefined ? [request?.ordinal ?? -1] : [call.startOrdinal, call.endOrdinal]),
      ...folio.episodes.flatMap((id) => [episodes[id]!.firstOrdinal, episodes[id]!.lastOrdinal]),
      ...folio.attempts.map((id) => attempts[id]!.ordinal),
    ];
  }
}

/** Who held a folio, as one value of a selection: as `holdersOf` tells holders apart, of a batch by its CPU. */
export function holderKey(cause: string, { pid, cpu }: { readonly pid: number; readonly cpu: number }): string {
  const place = cause.endsWith('batch') ? ` on CPU ${cpu}` : '';
  return `${cause}${place}${pid < 0 ? '' : ` by ${pid}`}`;
}

/** Failures (by their place) after which a request was left with the folio: the last of each that its retries did not move. */
function givenUp(history: History): ReadonlySet<number> {
  const last = demandOf(history)
    .units.flatMap(({ members }) => members)
    .filter(({ outcomes }) => outcomes.at(-1) === 'failed')
    .map(({ failures }) => failures.at(-1));
  return new Set(last.filter((failure) => failure !== undefined));
}

/** One for each cause: whom its first evidence names. */
function holderKeys({ evidence }: Failure): string[] {
  const named = evidence.filter(({ who }) => who !== undefined);
  return named
    .filter(({ cause }, i) => named.findIndex((one) => one.cause === cause) === i)
    .map(({ cause, who }) => holderKey(cause, who!));
}

function timeOf(call: Call): number {
  return Number.isNaN(call.start) ? call.end : call.start;
}

/** When what it is a member of began. */
function memberTime({ call, request }: Member): number {
  return call === undefined ? (request?.start ?? Number.NaN) : timeOf(call);
}

function callText({ id, reason, mode, comm, pid }: Call): string {
  return `call ${id} (${reason}, ${mode}, ${task(comm, pid)})`;
}

function memberText({ call, request }: Member): string {
  if (call !== undefined) return callText(call);
  return request === undefined ? '' : `${request.kind} of ${task(request.comm, request.pid)}`;
}

function pfnText(pfn: number): string | undefined {
  return Number.isNaN(pfn) ? undefined : `0x${pfn.toString(16)}`;
}

function numberText(value: number | undefined): string | undefined {
  return value === undefined || value < 0 ? undefined : String(value);
}

function callKeys(at: (i: number) => Call | undefined): FactTable['keys'] {
  return {
    reason: (i) => at(i)?.reason,
    mode: (i) => at(i)?.mode,
    task: (i) => at(i)?.comm,
    pid: (i) => numberText(at(i)?.pid),
    cpu: (i) => numberText(at(i)?.cpu),
  };
}

/** Those of the call; of a request without calls its kind stands for the reason. */
function memberKeys(members: readonly Member[]): FactTable['keys'] {
  return {
    ...callKeys((i) => members[i]!.call),
    reason: (i) => members[i]!.call?.reason ?? members[i]!.request?.kind,
    mode: (i) => members[i]!.call?.mode ?? '',
    task: (i) => (members[i]!.call ?? members[i]!.request)?.comm,
  };
}
