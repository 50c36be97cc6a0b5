/** The five threads that the model speaks of: which alternatives, what is shown of them, and what is varied beside. */
import type { SplitWaiter } from '../../src/model/demand.ts';
import type { ScenarioMetric } from '../../src/replay/scenario/outcome.ts';
import type { ScenarioRun } from '../../src/replay/scenario/run.ts';
import type { Law, Scenario } from '../../src/replay/scenario/scenario.ts';

/** One question asked of several worlds: a table with a row a world and a column a policy. */
export interface Sweep {
  readonly title: string;
  /** What a cell is. */
  readonly unit: string;
  readonly policies: readonly string[];
  readonly worlds: readonly { readonly name: string; readonly of: (scenario: Scenario) => Scenario }[];
  readonly cell: (run: ScenarioRun) => number;
  readonly digits: number;
}

export interface ThreadPage {
  /** Folder below docs/threads. */
  readonly name: string;
  /** Beside the scenario's own kernel. */
  readonly policies: readonly string[];
  readonly metrics: readonly ScenarioMetric[];
  readonly draws: number;
  readonly sweeps: readonly Sweep[];
  /** Further scenarios of the folder, under the same policies: only what was found is shown. */
  readonly further?: readonly string[];
}

/** The law of all repeats of a deed. */
function repeats(scenario: Scenario, every: Law): Scenario {
  const tasks = scenario.tasks.map((task) => ({ ...task, does: task.does.map((line) => ({ ...line, every })) }));
  return { ...scenario, tasks };
}

/** Only the requests of one line. */
const only = (name: string) => ({
  name,
  of: (scenario: Scenario) => ({ ...scenario, requests: scenario.requests.filter((line) => line.name === name) }),
});

function waiters(count: number, from: SplitWaiter['from'], preemption: Scenario['machine']['preemption']) {
  return (scenario: Scenario): Scenario => ({
    ...scenario,
    machine: { ...scenario.machine, preemption },
    requests: scenario.requests.map((line) => ({ ...line, waiters: { ...line.waiters!, count, from } })),
  });
}

const hangs = ({ findings }: ScenarioRun) => (findings.some(({ kind }) => kind === 'livelock') ? 100 : 0);
const failedShare = ({ values }: ScenarioRun) =>
  (100 * values.failedFolios) / Math.max(1, values.failedFolios + values.movedFolios);

const splitPolicies = ['tail-page-wait', 'wait-cond-resched', 'head-page-wait', 'gup-resched'];
const pinPolicies = [
  'gup-lru-flag',
  'gup-mlock-drain',
  'gup-refcheck',
  'gup-refcheck-biased',
  'gup-refcheck-large',
  'gup-always',
  'gup-never',
  'mlock-immediate',
];

export const pages: readonly ThreadPage[] = [
  {
    name: 'retry-migration-earlier',
    policies: [
      'refcheck-unmap',
      'refcheck-unmap-x3',
      'retries-x3',
      'waiters-undo',
      'waiters-undo-lock-sleepers',
      'waiters-undo-caller',
      'requeue-last',
      'requeue-last-any',
      'combined-loop',
      'outer-loop',
      'flush-at-once',
      'marker-first',
      'entry-first',
      'fault-recheck',
      'fault-drop',
      'oracle',
    ],
    metrics: ['failedFolios', 'stall', 'timeUnderEntries', 'tlbFlushes'],
    draws: 40,
    sweeps: [
      {
        title: 'Folios given up, by how often each reader touches',
        unit: '% of those tried',
        policies: ['linux-6.11', 'refcheck-unmap', 'waiters-undo', 'requeue-last', 'combined-loop', 'entry-first'],
        worlds: ['8us', '4us', '2us', '1us', '500ns'].map((gap, i) => ({
          name: `a touch every ${gap}`,
          of: (scenario) => repeats(scenario, { kind: 'exponential', mean: 8000 / 2 ** i }),
        })),
        cell: failedShare,
        digits: 2,
      },
      {
        title: 'Folios given up, by how soon a woken reader runs',
        unit: '% of those tried',
        policies: [
          'linux-6.11',
          'refcheck-unmap',
          'refcheck-unmap-x3',
          'waiters-undo',
          'requeue-last',
          'combined-loop',
        ],
        worlds: [1, 10, 100, 1000].map((us) => ({
          name: `after ${us} us`,
          of: (scenario) => ({
            ...scenario,
            services: { ...scenario.services, wake: { kind: 'exponential', mean: us * 1000 } },
          }),
        })),
        cell: failedShare,
        digits: 2,
      },
    ],
  },
  {
    name: 'disable-lru-pagevec',
    policies: ['lru-cache-disable', 'drain-each-failure'],
    metrics: ['busyRetries', 'failedFolios', 'allCpuDrains', 'drainWorks', 'lruLocks'],
    draws: 30,
    sweeps: [
      {
        title: 'Areas that CMA allocations gave up',
        unit: 'areas',
        policies: ['linux-5.12', 'drain-each-failure', 'lru-cache-disable'],
        worlds: [only('camera')],
        cell: ({ values }) => values.busyRetries,
        digits: 1,
      },
      {
        title: 'Further rounds of the offlining',
        unit: 'rounds',
        policies: ['linux-5.12', 'drain-each-failure', 'lru-cache-disable'],
        worlds: [only('unplug')],
        cell: ({ values }) => values.outerLoops,
        digits: 1,
      },
      {
        title: 'All-CPU drains of the offlining',
        unit: 'drains',
        policies: ['linux-5.12', 'drain-each-failure', 'lru-cache-disable'],
        worlds: [only('unplug')],
        cell: ({ values }) => values.allCpuDrains,
        digits: 1,
      },
    ],
  },
  {
    name: 'gup-mlock-drain',
    policies: pinPolicies,
    metrics: ['failedFolios', 'allCpuDrains', 'drainWorks', 'localDrains'],
    draws: 20,
    sweeps: [
      {
        title: 'Pins that failed',
        unit: 'requests',
        policies: pinPolicies,
        worlds: ['pin locked', 'pin quiet', 'pin twice'].map(only),
        cell: ({ values }) => values.failedRequests,
        digits: 0,
      },
      {
        title: 'All-CPU drains',
        unit: 'drains',
        policies: pinPolicies,
        worlds: ['pin locked', 'pin quiet', 'pin twice'].map(only),
        cell: ({ values }) => values.allCpuDrains,
        digits: 0,
      },
    ],
    further: ['endless'],
  },
  {
    name: 'head-page-wait',
    policies: splitPolicies,
    metrics: ['failedFolios', 'stall', 'timeUnderEntries', 'cpuBurnt'],
    draws: 40,
    sweeps: [
      {
        title: 'Runs that end in a livelock, by waiters in copy_to_user() on 4 CPUs, no preemption',
        unit: '% of runs',
        policies: splitPolicies,
        worlds: [2, 3, 4, 8, 16].map((count) => ({ name: `${count} waiters`, of: waiters(count, 'copy', 'none') })),
        cell: hangs,
        digits: 0,
      },
      {
        title: 'The same with 8 waiters, by where they fault and by preemption',
        unit: '% of runs',
        policies: splitPolicies,
        worlds: (['copy', 'gup', 'user'] as const).flatMap((from) =>
          (['none', 'voluntary', 'full'] as const).map((preemption) => ({
            name: `${from}, ${preemption}`,
            of: waiters(8, from, preemption),
          })),
        ),
        cell: hangs,
        digits: 0,
      },
    ],
  },
  {
    name: 'migrate-pfn-locked',
    policies: ['single-trylock'],
    metrics: ['failedFolios', 'movedFolios', 'timeUnderEntries'],
    draws: 20,
    sweeps: [
      {
        title: 'Folios of anonymous memory not migrated, by how long others hold a lock',
        unit: '% of those tried',
        policies: ['double-trylock', 'single-trylock'],
        // The share of time for which a lock is held stays what it is: held longer, taken less often.
        worlds: [30, 100, 300, 1000, 3000].map((us) => ({
          name: `held ${us} us`,
          of: (scenario) => ({
            ...only('to device').of(scenario),
            tasks: scenario.tasks.map((task) => ({
              ...task,
              does: task.does.map((line) => ({
                deed: { lock: 'heap', for: { kind: 'exponential', mean: us * 1000 } } as const,
                every: { kind: 'exponential', mean: 41 * us } as const,
                ...(line.pick === undefined ? {} : { pick: line.pick }),
              })),
            })),
          }),
        })),
        cell: failedShare,
        digits: 1,
      },
    ],
  },
];
