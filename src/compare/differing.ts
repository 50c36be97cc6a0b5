/** Folios that a policy gives up more often or less often than the recorded one does with the same luck. */
import type { History } from '../history/facts.ts';

/** One such folio. */
export interface DifferingFolio {
  /** -1 of a request without calls. */
  readonly call: number;
  /** -1 where no request is known. */
  readonly request: number;
  /** NaN where not known. */
  readonly pfn: number;
  /** Shares of draws in which it is given up: under the recorded policy as it is replayed, and under this one. */
  readonly recorded: number;
  readonly own: number;
}

export interface Differing {
  /** How many folios differ in share at all; one that several calls of a request tried counts once. */
  readonly folios: number;
  /** Those that differ most, the widest first. */
  readonly most: readonly DifferingFolio[];
}

const mostShown = 20;

/**
 * Compares shares row by row: the folios of a history's calls in order, then those of requests without calls.
 *
 * @param own share of draws in which each was given up, and `recorded` that under the recorded policy
 */
export function differingFolios({ calls, requests }: History, own: Float64Array, recorded: Float64Array): Differing {
  const found = new Map<string, DifferingFolio>();
  let row = 0;
  const look = (call: number, request: number, pfn: number): void => {
    const one = { call, request, pfn, recorded: recorded[row]!, own: own[row]! };
    // A request tries its folios again: they are one folio, and were given up or not as one.
    const key = request < 0 || Number.isNaN(pfn) ? `row ${row}` : `${request} ${pfn}`;
    row++;
    if (one.own === one.recorded) return;
    const known = found.get(key);
    if (known === undefined || gap(one) > gap(known)) found.set(key, one);
  };
  for (const { id, request, folios } of calls) for (const { pfn } of folios) look(id, request, pfn);
  for (const { id, withoutCalls } of requests) for (const { pfn } of withoutCalls?.folios ?? []) look(-1, id, pfn);
  // Of equals those that come first in the capture.
  const most = [...found.values()].sort((a, b) => gap(b) - gap(a)).slice(0, mostShown);
  return { folios: found.size, most };
}

function gap({ own, recorded }: DifferingFolio): number {
  return Math.abs(own - recorded);
}
