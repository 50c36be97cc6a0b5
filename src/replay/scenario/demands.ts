/** The requests of a scenario, one after the other in order of time, made when they are due. */
import { uniform } from '../../base/random.ts';
import type { ChunkDemand, RequestDemand } from '../../model/demand.ts';
import { sampler } from './durations.ts';
import { reasons } from './models.ts';
import { type GroupPlace, pageblockPages } from './places.ts';
import type { RequestLine, Scenario } from './scenario.ts';

export interface Demands {
  /** Ascending by start. `id` is the place in this order: the same under any policy. */
  readonly requests: Iterable<RequestDemand>;
  /** By request id: its line. */
  line(id: number): RequestLine | undefined;
  readonly length: number;
}

/** All requests that begin before the scenario ends. */
export function demandsOf(
  scenario: Scenario,
  groups: ReadonlyMap<string, GroupPlace>,
  seed: number,
  up: (ns: number) => number,
): Demands {
  const { requests: lines, duration } = scenario;
  const begun: { time: number; line: number; nth: number }[] = [];
  lines.forEach((line, place) => {
    for (const [nth, time] of timesOf(line, place, duration, seed).entries()) begun.push({ time, line: place, nth });
  });
  begun.sort((a, b) => a.time - b.time || a.line - b.line || a.nth - b.nth);
  function* requests() {
    for (const [id, { time, line, nth }] of begun.entries()) {
      yield demandOf(scenario, groups, lines[line]!, { id, nth, start: up(time), seed });
    }
  }
  return {
    requests: { [Symbol.iterator]: requests },
    line: (id) => lines[begun[id]?.line ?? -1],
    length: begun.length,
  };
}

function timesOf({ at }: RequestLine, place: number, duration: number, seed: number): number[] {
  // Not by `every`: lists have a method of that name.
  if (!('count' in at)) return [...at].sort((a, b) => a - b);
  const gap = sampler(at.every);
  const times: number[] = [];
  let time = 0;
  for (let n = 0; n < at.count; n++) {
    time += gap(uniform(seed, 'law', n, -1 - place));
    if (time >= duration) break;
    times.push(time);
  }
  return times;
}

interface Which {
  readonly id: number;
  /** Among the requests of its line. */
  readonly nth: number;
  readonly start: number;
  readonly seed: number;
}

function demandOf(
  { machine, duration }: Scenario,
  groups: ReadonlyMap<string, GroupPlace>,
  line: RequestLine,
  { id, nth, start, seed }: Which,
): RequestDemand {
  const { model, mode, cpu, list, lists, areas, repeats, userRetries, drainsAll, waiters } = line;
  const group = groups.get(line.of)!;
  const chunkCount = lists + (areas ?? 1) - 1;
  const block = pageblockPages(machine.pageSize) / 2 ** group.order;
  let last = -1;
  const chunks = Array.from({ length: chunkCount }, (_, chunk): ChunkDemand => {
    const begin = (nth * chunkCount + chunk) * list;
    const folios = Array.from({ length: list }, (_, i) => group.first + ((begin + i) % group.count));
    const inBlock = Math.floor((group.pfn / 2 ** group.order + (begin % group.count)) / Math.max(1, block));
    const leavesBlock = model === 'compaction' && last !== -1 && inBlock !== last;
    last = inBlock;
    return {
      folios,
      gap: 0,
      ...(repeats === undefined ? {} : { repeats: folios.map(() => repeats) }),
      ...(leavesBlock ? { leavesBlock } : {}),
    };
  });
  return {
    id,
    model,
    reason: reasons[model],
    mode,
    cpu,
    start,
    // Only what stands in the way to the end of the world does so for good.
    end: duration,
    chunks,
    ...(areas === undefined
      ? {}
      : { areas: Array.from({ length: areas }, (_, area) => Array.from({ length: lists }, (_, i) => area + i)) }),
    ...(userRetries === undefined ? {} : { userRetries }),
    ...(drainsAll === undefined ? {} : { drainsAll }),
    ...(model === 'compaction' ? { rescans: true } : {}),
    ...(waiters === undefined
      ? {}
      : {
          waiters: Array.from({ length: waiters.count }, (_, i) => ({
            cpu: i % machine.cpus,
            at: start + waiters.within * uniform(seed, 'law', id, -1, i),
            from: waiters.from,
            tail: waiters.tail,
          })),
        }),
  };
}
