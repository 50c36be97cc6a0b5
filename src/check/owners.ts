/** Whose a fact is: through calls and requests to tasks, worked out once for all rules. */
import type { CallFolio, History } from '../history/facts.ts';

/** Whose an item is, as far as known. */
export interface Owner {
  /** -1 where no call or request is known. */
  readonly call: number;
  readonly request: number;
  readonly pid: number;
  readonly comm: string;
  readonly cpu: number;
}

export const nobody: Owner = { call: -1, request: -1, pid: -1, comm: '', cpu: -1 };

/** A folio with the call, or the request without calls, whose list it was on. */
export interface Member {
  readonly call: number;
  readonly request: number;
  readonly folio: CallFolio;
  readonly start: number;
  readonly end: number;
  readonly events: readonly [number, number];
}

export class Owners {
  readonly #history: History;
  /** Request of episodes that no call made. */
  #silent: Map<number, number> | undefined;
  #members: Member[] | undefined;

  constructor(history: History) {
    this.#history = history;
  }

  ofCall(call: number): Owner {
    const found = this.#history.calls[call];
    if (found === undefined) return nobody;
    const { request, pid, comm, cpu } = found;
    return { call, request, pid, comm, cpu };
  }

  ofRequest(request: number): Owner {
    const found = this.#history.requests[request];
    if (found === undefined) return nobody;
    return { call: -1, request, pid: found.pid, comm: found.comm, cpu: found.withoutCalls?.cpu ?? -1 };
  }

  ofEpisode(episode: number): Owner {
    const found = this.#history.episodes[episode];
    if (found === undefined) return nobody;
    if (found.call >= 0) return this.ofCall(found.call);
    this.#silent ??= new Map(
      this.#history.requests.flatMap(({ id, withoutCalls }) =>
        (withoutCalls?.folios ?? []).flatMap(({ episodes }) => episodes.map((one) => [one, id] as const)),
      ),
    );
    const request = this.#silent.get(episode);
    return { ...(request === undefined ? nobody : this.ofRequest(request)), pid: found.pid, cpu: found.cpu };
  }

  /** Every folio of a call, or of a request that makes none. */
  members(): readonly Member[] {
    const { calls, requests, episodes } = this.#history;
    this.#members ??= [
      ...calls.flatMap(({ id, request, folios, start, end, startOrdinal, endOrdinal }) =>
        folios.map((folio): Member => {
          const first = episodes[folio.episodes[0] ?? -1];
          const last = episodes[folio.episodes.at(-1) ?? -1];
          return {
            call: id,
            request,
            folio,
            start: first?.start ?? start,
            end: last?.end ?? end,
            events: [first?.firstOrdinal ?? startOrdinal, last?.lastOrdinal ?? endOrdinal],
          };
        }),
      ),
      ...requests.flatMap(({ id, start, end, ordinal, withoutCalls }) =>
        (withoutCalls?.folios ?? []).map(
          (folio): Member => ({ call: -1, request: id, folio, start, end, events: [ordinal, ordinal] }),
        ),
      ),
    ];
    return this.#members;
  }
}
