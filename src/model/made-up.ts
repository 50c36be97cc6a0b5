/**
 * Cheap worlds and demands for tests and benches: fixed service times, tasks that touch at one rate, luck keyed by
 * (request, folio, episode), so that it is the same under every policy.
 */
import { exponential, uniform } from '../base/random.ts';
import type { Decisions } from './decisions.ts';
import { type Background, emptyBackground, type FolioSpec, type RequestDemand } from './demand.ts';
import { Machine, type RequestResult } from './machine.ts';
import { type BlockedFault, emptyWorld, type Service, type Visit, type World } from './world.ts';

export interface LawWorldOptions {
  readonly seed: number;
  /** Touches of each mapped folio, per ns: those in the fault window block, those under entries wait. Absent = none. */
  readonly touch?: number;
  /** ns that a woken fault needs to let go, from a uniform number; absent = 0. */
  readonly release?: (u: number) => number;
  /** ns of each service; absent = 0. */
  readonly services?: Readonly<Partial<Record<Service, number>>>;
  /** Probability that PG_waiters is set although nobody sleeps. Absent = never. */
  readonly stale?: number;
  readonly obstacles?: World['obstacles'];
}

/** A world of fixed times and Poisson touches. Nobody touches a deferred window: its length is 0. */
export function lawWorld({ seed, touch, release, services, stale, obstacles }: LawWorldOptions): World {
  const key = ({ request, folio }: Visit) => request * 2 ** 32 + folio;
  return {
    ...emptyWorld,
    serviceTime: (service) => services?.[service] ?? 0,
    faultEnters(visit, { from, until }) {
      if (touch === undefined) return nobody;
      const faults: BlockedFault[] = [];
      let at = from;
      for (let n = 0; ; n++) {
        at += exponential(1 / touch, uniform(seed, 'faultWindow', key(visit), visit.episode, n));
        if (at >= until) return faults;
        const u = uniform(seed, 'lockContention', key(visit), visit.episode, n);
        faults.push({ at, releaseAfter: release?.(u) ?? 0 });
      }
    },
    entryWaiter(visit, n, from) {
      if (touch === undefined) return Number.POSITIVE_INFINITY;
      let at = from;
      for (let m = 0; m <= n; m++) {
        at += exponential(1 / touch, uniform(seed, 'lateReference', key(visit), visit.episode, m));
      }
      return at;
    },
    ...(stale === undefined
      ? {}
      : { staleWaiters: (visit: Visit) => uniform(seed, 'cause', key(visit), visit.episode) < stale }),
    ...(obstacles === undefined ? {} : { obstacles }),
  };
}

const nobody: readonly BlockedFault[] = [];

/** One folio (mapped once, shared memory, order 0, unless told), one request of it (a synchronous move_pages), its result. */
export function one(
  decisions: Decisions,
  folio: Partial<FolioSpec>,
  request: Partial<RequestDemand>,
  world: World,
  background: Background = emptyBackground,
): RequestResult {
  const start = request.start ?? 1000;
  const demand: RequestDemand = {
    id: 0,
    model: 'move_pages',
    reason: 'syscall_or_cpuset',
    mode: 'sync',
    cpu: 0,
    start,
    end: start,
    chunks: [{ folios: [0], gap: 0 }],
    ...request,
  };
  const folios: FolioSpec[] = [{ order: 0, kind: 'shmem', mapped: 1, ...folio }];
  const { requests } = new Machine(decisions, world, { cpus: 4, folios, requests: [demand], background }).run();
  return requests[0]!;
}

/** Background rows of [time, cpu, action, folio], in ascending order of time. */
export function rowsOf(
  list: readonly (readonly [time: number, cpu: number, action: number, folio: number])[],
): Background {
  return {
    length: list.length,
    time: Float64Array.from(list, (row) => row[0]),
    cpu: Uint16Array.from(list, (row) => row[1]),
    action: Uint8Array.from(list, (row) => row[2]),
    folio: Int32Array.from(list, (row) => row[3]),
  };
}
