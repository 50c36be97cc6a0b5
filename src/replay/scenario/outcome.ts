/** What a scenario gives under a policy: every counter of the model, with titles and units. */
import type { ExtraCounterName } from '../../model/counters.ts';
import type { Finding } from '../../model/kernel.ts';
import { type Metric, metrics } from '../outcome.ts';

export type ScenarioMetric = Metric | ExtraCounterName;

interface MetricAbout {
  readonly title: string;
  readonly unit: string;
  readonly better: 'less' | 'more';
}

const extra: Readonly<Record<ExtraCounterName, MetricAbout>> = {
  passes: { title: 'passes', unit: 'passes', better: 'less' },
  lockHold: { title: 'time under folio locks', unit: 'ns', better: 'less' },
  cpuBurnt: { title: 'CPU time burnt', unit: 'ns', better: 'less' },
  referenceSleep: { title: 'sleep for references', unit: 'ns', better: 'less' },
  splits: { title: 'splits', unit: 'folios', better: 'less' },
  outerLoops: { title: 'further rounds', unit: 'rounds', better: 'less' },
  reclaimed: { title: 'folios dropped', unit: 'folios', better: 'less' },
  tlbPages: { title: 'pages invalidated', unit: 'pages', better: 'less' },
  ipis: { title: 'interrupts for flushes', unit: 'IPIs', better: 'less' },
  reordered: { title: 'operations out of order', unit: 'operations', better: 'less' },
  waiterWakes: { title: 'sleepers woken', unit: 'wakeups', better: 'less' },
};

/** Everything that is counted, with its unit. */
export const scenarioMetrics: Readonly<Record<ScenarioMetric, MetricAbout>> = { ...metrics, ...extra };
export const scenarioMetricNames = Object.keys(scenarioMetrics) as readonly ScenarioMetric[];

/** One policy over all draws. */
export interface ScenarioOutcome {
  readonly policy: string;
  readonly draws: number;
  /** By draw. */
  readonly totals: Readonly<Record<ScenarioMetric, Float64Array>>;
  /** What a kernel would not have come out of, as the first draw that met it says, and in how many draws. */
  readonly findings: readonly {
    readonly kind: Finding['kind'];
    readonly says: string;
    readonly draws: number;
  }[];
  /** Sums over all draws. */
  readonly requests: number;
  readonly events: number;
  readonly refusedAdds: number;
}
