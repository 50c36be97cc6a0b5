/** A scenario's comparison as tables: what each policy gave, what it changes, and what the kernel would not come out of. */
import type { ScenarioComparison, ScenarioRow } from '../compare/scenario.ts';
import { type ScenarioMetric, scenarioMetricNames, scenarioMetrics } from '../replay/scenario/outcome.ts';
import { count, difference, interval, many, percent } from './numbers.ts';
import { type Table, table } from './tables.ts';

/** What is told at a glance, where anything happened to it. */
const glance: readonly ScenarioMetric[] = [
  'failedFolios',
  'failedRequests',
  'cpuBurnt',
  'stall',
  'timeUnderEntries',
  'allCpuDrains',
];

/** Few enough columns for a sheet of paper. */
const groups: readonly { readonly what: string; readonly metrics: readonly ScenarioMetric[] }[] = [
  {
    what: 'outcomes',
    metrics: ['failedFolios', 'failedRequests', 'movedFolios', 'reclaimed', 'splits', 'busyRetries'],
  },
  { what: 'work', metrics: ['calls', 'passes', 'outerLoops', 'episodes', 'moveAttempts', 'copiesThrownAway'] },
  { what: 'flushes and locks', metrics: ['tlbFlushes', 'tlbPages', 'ipis', 'lruLocks', 'lockHold', 'reordered'] },
  { what: 'drains', metrics: ['allCpuDrains', 'drainWorks', 'localDrains', 'rcuWaits'] },
  { what: 'waiting', metrics: ['timeUnderEntries', 'stall', 'waiterWakes', 'referenceSleep', 'cpuBurnt'] },
  {
    what: 'what a capture would count',
    metrics: ['pagesFailed', 'busyAllocations', 'entryWaits', 'lockWaits', 'callTime'],
  },
];

/** Metrics that are not 0 under every policy in every draw. */
export function toldMetrics({ rows }: ScenarioComparison, wanted: readonly ScenarioMetric[]): ScenarioMetric[] {
  return wanted.filter((metric) => rows.some(({ value }) => value[metric].estimate !== 0 || value[metric].high !== 0));
}

function heads(metrics: readonly ScenarioMetric[]): string[] {
  return metrics.map((metric) => `${scenarioMetrics[metric].title}>`);
}

/** Values at a glance, then the differences from the scenario's own kernel, group by group. */
export function scenarioTables(comparison: ScenarioComparison): Table[] {
  const { rows, base, level, draws, seed } = comparison;
  const shown = toldMetrics(comparison, glance);
  const kinds = [...new Set(rows.flatMap(({ findings }) => findings.map(({ kind }) => kind)))];
  // A draw may have several of one kind: the one that most draws have.
  const drawsWith = ({ findings }: ScenarioRow, wanted: string) =>
    Math.max(0, ...findings.filter(({ kind }) => kind === wanted).map((finding) => finding.draws));
  const tables = [
    table(
      ['policy', ...kinds.map((kind) => `${kind}>`), ...heads(shown)],
      rows.map((row) => [
        row.policy,
        ...kinds.map((kind) => `${count(drawsWith(row, kind))} of ${count(draws)} draws`),
        ...shown.map((metric) => interval(row.value[metric], scenarioMetrics[metric].unit)),
      ]),
      {
        title: `Under each policy, ${many(comparison.requests, 'request')} a draw`,
        notes: [
          `${many(draws, 'draw')}, seed ${seed}. In “12 [8, 17]” 12 is the mean of the draws and [8, 17] holds their middle ${percent(level)}.`,
        ],
      },
    ),
  ];
  const others = rows.filter(({ policy }) => policy !== base);
  if (others.length === 0) return tables;
  for (const { what, metrics } of groups) {
    const told = toldMetrics(comparison, metrics);
    if (told.length === 0) continue;
    tables.push(
      table(
        ['policy', ...heads(told)],
        others.map((row) => [
          row.policy,
          ...told.map((metric) => difference(row.difference[metric], scenarioMetrics[metric].unit)),
        ]),
        { title: `Difference from ${base}: ${what}` },
      ),
    );
  }
  const silent = scenarioMetricNames.filter((metric) => toldMetrics(comparison, [metric]).length === 0);
  if (silent.length > 0) {
    tables[0] = {
      ...tables[0]!,
      notes: [
        ...(tables[0]!.notes ?? []),
        `0 under every policy: ${silent.map((metric) => scenarioMetrics[metric].title).join(', ')}.`,
      ],
    };
  }
  return tables;
}

/** Facts of one policy: what it changes, whom it cannot be told from, what did not end. */
export function policyFacts(row: ScenarioRow, draws: number): [string, string][] {
  return [
    ...row.changes.map((change, i): [string, string] => [i === 0 ? 'changes' : '', change]),
    ...(row.coincidesWith.length === 0
      ? []
      : [['the same as', `${row.coincidesWith.join(', ')}, in every draw`] as [string, string]]),
    ...row.findings.map(({ says, draws: found }, i): [string, string] => [
      i === 0 ? 'found' : '',
      `${says} (in ${count(found)} of ${count(draws)} draws)`,
    ]),
  ];
}
