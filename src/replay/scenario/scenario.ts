/**
 * A synthetic world as a scenario file describes it (docs/scenarios.md): machine, folios in groups, tasks with their
 * deeds, requests, service times. Times are ns. `schema.ts` reads it, `print.ts` writes it, `build.ts` brings it to life.
 */
import type { Mode } from '../../model/decisions.ts';
import type { FolioSpec, RequestModel, SplitWaiter } from '../../model/demand.ts';
import type { CpuRules, Service } from '../../model/world.ts';

/** ns. In a file `5us`, `1.5ms`, `2s`, or a number of ns. */
export type Duration = number;

/** How long something takes, or how far apart repeated things are. */
export type Law =
  | { readonly kind: 'fixed'; readonly ns: Duration }
  | { readonly kind: 'exponential'; readonly mean: Duration }
  | { readonly kind: 'uniform'; readonly low: Duration; readonly high: Duration }
  /** One of these, by weight (absent: alike): a measured distribution. */
  | { readonly kind: 'values'; readonly ns: readonly Duration[]; readonly weights?: readonly number[] };

/** Folios that are alike. Ids are given out group by group, in the order of the file. */
export interface FolioGroup {
  readonly name: string;
  readonly count: number;
  readonly kind: FolioSpec['kind'];
  readonly order: number;
  /** Page-table entries that map each. */
  readonly mapped: number;
  readonly mlocked: boolean;
  /** Clean page cache, which a contiguous allocation may drop instead of moving it. */
  readonly clean: boolean;
  /** Groups of one region lie in one stretch of frames that begins at a pageblock of its own. */
  readonly region?: string;
  /** `fresh`: allocated, but not on the LRU until a task faults, or mlocks, it in. */
  readonly start: 'on lru' | 'fresh';
}

/** Stands for the folios that nobody wants migrated: they fill batches. */
export const others = 'others';

/** Deeds that stand in the way of a folio for a while, and what they are to the model. */
export const holds = {
  /** FOLL_PIN. */
  pin: 'pin',
  /** A reference without a pin: somebody looks the folio up. */
  hold: 'transient reference',
  /** The folio lock, held by somebody who does not migrate. */
  lock: 'lock contention',
  writeback: 'writeback',
} as const;
export type Hold = keyof typeof holds;

export type Deed =
  /** Access through the page table: meets empty entries and migration entries. */
  | { readonly touch: string }
  /** A fault puts a new folio into the frame: add batch, or the mlock batch where the group is mlocked. */
  | { readonly fault: string }
  /** read(2) and the like: folio_mark_accessed(). */
  | { readonly read: string }
  | { readonly mlock: string }
  | { readonly munlock: string }
  /** bh_lru_install(): a buffer head of the folio enters this CPU's bh_lrus. */
  | { readonly buffer: string }
  | { readonly pin: string; readonly for: Law }
  | { readonly hold: string; readonly for: Law }
  | { readonly lock: string; readonly for: Law }
  | { readonly writeback: string; readonly for: Law }
  /** lru_add_drain() or lru_add_drain_all() by anybody but the requests. */
  | { readonly drain: 'local' | 'all' }
  /** An application starts: faults and reads in a burst that dies down over `within`. */
  | {
      readonly launch: {
        readonly faults: number;
        readonly reads: number;
        readonly within: Duration;
        /** Group that they meet; absent: `others`. */
        readonly of?: string;
      };
    };

/** What each task of a group does, again and again (`every`) or at given times (`at`): exactly one of the two. */
export interface DeedLine {
  readonly deed: Deed;
  readonly every?: Law;
  readonly at?: readonly Duration[];
  /** Which folio of the group: any (absent), or one after the other. */
  readonly pick?: 'in turn';
}

export interface TaskGroup {
  readonly name: string;
  readonly count: number;
  /** Task i runs on `cpus[i % cpus.length]`. */
  readonly cpus: readonly number[];
  readonly does: readonly DeedLine[];
}

/** Requests of one sort. Each takes the next `list * lists` folios of its group, and begins anew behind the last. */
export interface RequestLine {
  readonly name: string;
  readonly model: RequestModel;
  readonly mode: Mode;
  readonly cpu: number;
  /** Group whose folios it wants. */
  readonly of: string;
  readonly at: readonly Duration[] | { readonly every: Law; readonly count: number };
  /** Folios a list. */
  readonly list: number;
  /** Lists a request; of `cma`, lists of each candidate area. */
  readonly lists: number;
  /** `cma`: candidate areas, each one list further on than the one before. */
  readonly areas?: number;
  /** Failures in a row after which the user gives up. */
  readonly userRetries?: number;
  /** `longterm pin`: pins of each folio in one call. */
  readonly repeats?: number;
  /** `compaction`: through /proc/sys/vm/compact_memory. */
  readonly drainsAll?: boolean;
  /** `thp split`: who faults on the entries within `within` of the request's start, on CPUs in turn. */
  readonly waiters?: {
    readonly count: number;
    readonly from: SplitWaiter['from'];
    readonly tail: boolean;
    readonly within: Duration;
  };
}

/** Whatever takes time. Beyond the model's own services (`model/world.ts`): */
export const furtherServices = [
  /** From queueing a drain work until the CPU's batches are empty. */
  'drain work',
  /** synchronize_rcu() and synchronize_rcu_expedited() of lru_cache_disable(). */
  'rcu',
  'expedited rcu',
  /** A task that slept on the folio lock: from having run again until it drops its reference. */
  'release',
  /** From the unlock that wakes it until it runs. */
  'wake',
  /** From finding the page-table entry empty to the page-cache reference. */
  'fault',
  /** How long a reader holds its reference; absent: too short to be met. */
  'read',
  /** Up to 5.16: how long a task holds the folio before it sleeps on a migration entry. */
  'entry reference',
] as const;
export type ScenarioService = Service | (typeof furtherServices)[number];

export interface ScenarioMachine extends CpuRules {
  readonly cpus: number;
  readonly pageSize: number;
  /** How a TLB flush reaches other CPUs: arm64 broadcasts, others interrupt each. */
  readonly flushes: 'broadcast' | 'ipi';
  /**
   * Share of touches that find no translation in their TLB: only those see an entry cleared whose flush is deferred. An
   * assumption; in real captures 7 to 15 % of first episodes under a deferred flush are blocked.
   */
  readonly tlbMiss: number;
  /** MGLRU: folio_mark_accessed() queues nothing. */
  readonly lruGen: boolean;
}

export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** Address of the mailing-list thread it is about. */
  readonly thread?: string;
  /** Version whose policy the others are laid over and are set against: `6.12.117`. */
  readonly kernel: string;
  readonly seed: number;
  /** The world ends here; what has not finished by then is unfinished. */
  readonly duration: Duration;
  readonly machine: ScenarioMachine;
  readonly folios: readonly FolioGroup[];
  readonly tasks: readonly TaskGroup[];
  readonly requests: readonly RequestLine[];
  /** A service that is not named takes no time. */
  readonly services: Readonly<Partial<Record<ScenarioService, Law>>>;
  /** Chance that PG_waiters is set although nobody sleeps on the folio (hash collisions). */
  readonly falseWaiters: number;
  /** 95 % intervals of what was estimated from a capture, by path: `tasks.0.does.1.every`. */
  readonly estimated?: Readonly<Record<string, { readonly low: number; readonly high: number }>>;
}

/** The keys of which a line of a task has exactly one. */
export const deedKinds = [
  'touch',
  'fault',
  'read',
  'mlock',
  'munlock',
  'buffer',
  'pin',
  'hold',
  'lock',
  'writeback',
  'drain',
  'launch',
] as const;
export type DeedKind = (typeof deedKinds)[number];

/** What a deed is, and the group that it is about (`others` where none is said; '' of a drain). */
export function kindOf(deed: Deed): { kind: DeedKind; of: string } {
  if ('drain' in deed) return { kind: 'drain', of: '' };
  if ('launch' in deed) return { kind: 'launch', of: deed.launch.of ?? others };
  for (const kind of deedKinds) {
    const of = (deed as Partial<Record<DeedKind, string>>)[kind];
    if (of !== undefined) return { kind, of };
  }
  throw new Error('a deed of no kind');
}
