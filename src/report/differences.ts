/** The numbers behind the counterfactual chart: what each policy gave, and every metric's paired difference. */
import type { PolicyRow, Told } from '../compare/comparison.ts';
import { type Metric, metricNames, metrics } from '../replay/outcome.ts';
import { bounds, type Facts } from './charts/figure.ts';
import { policyId } from './evidence-id.ts';
import { difference, interval } from './numbers.ts';
import { type Table, table } from './tables.ts';

/** What is drawn; the tables have every metric. */
export const drawn: readonly Metric[] = ['failedFolios', 'stall', 'allCpuDrains'];

/** A policy's name and, unless this capture shows all of it, how far the answer is from what was observed. */
export function labelOf(row: PolicyRow, recorded: string): string {
  if (row.policy === recorded) return `${row.policy} (recorded)`;
  if (bounds.has(row.policy)) return `${row.policy} (a bound)`;
  return row.answer === 'observed' ? row.policy : `${row.policy} (${row.answer})`;
}

/** Every number of these rows leads to its policy's replays. */
export function behindPolicies(rows: readonly PolicyRow[], numbers: number): NonNullable<Table['evidence']> {
  return rows.map(({ policy }) => [undefined, ...Array<string>(numbers).fill(policyId(policy))]);
}

/** What has to stand under every number that a model which missed the recording has made. */
export function directionOnly({ fidelity: { state } }: Facts['comparison']): string[] {
  return state === 'poor' ? ['The model misses recorded numbers (see above): a direction, not numbers.'] : [];
}

/** Metrics of which at least one policy has a number (and, without durations, no times). */
export function knownMetrics({ history, comparison }: Facts, wanted: readonly Metric[]): Metric[] {
  return wanted.filter(
    (metric) =>
      !(metrics[metric].unit === 'ns' && history.capture.clock.unit !== 'ns') &&
      comparison.rows.some((row) => !Number.isNaN(row.value[metric].low)),
  );
}

/** Values and differences of the metrics that are told at a glance, and then every metric's difference. */
export function differenceTables(facts: Facts): Table[] {
  const { rows } = facts.comparison;
  const glance = knownMetrics(facts, drawn);
  const all = knownMetrics(facts, metricNames);
  const silent = metricNames.filter((metric) => !all.includes(metric)).map((metric) => metrics[metric].title);
  return [
    table(
      ['policy', ...glance.map((metric) => `${metrics[metric].title}>`), 'answer'],
      rows.map((row) => [
        row.policy,
        ...glance.map((metric) => interval(row.value[metric], metrics[metric].unit)),
        bounds.has(row.policy) ? 'a bound' : row.answer,
      ]),
      {
        title: 'Replayed under each policy',
        evidence: behindPolicies(rows, glance.length),
        notes: [
          'Answer: observed where the capture shows what the policy depends on, bounded where it shows only limits, assumed where something stands in for data; “The policies” says why for each.',
          ...(glance.includes('allCpuDrains')
            ? [
                "All-CPU drains are those that the policy itself asks for: to disable caches, before a request, or while a longterm pin collects. Those recorded during a pin's calls, and those of other tasks, stay as recorded under every policy and are not counted.",
              ]
            : []),
          ...directionOnly(facts.comparison),
        ],
      },
    ),
    effectsTable(facts),
    ...differenceGroups.flatMap(({ what, metrics: wanted }) => {
      const shown = knownMetrics(facts, wanted);
      return shown.length === 0 ? [] : [differenceTable(facts, what, shown)];
    }),
    ...(silent.length > 0
      ? [
          table(
            ['not told by this capture'],
            silent.map((title) => [title]),
          ),
        ]
      : []),
  ];
}

const toldWords: Readonly<Record<Told, string>> = {
  'every draw equal': 'no draw differs',
  'no difference': 'no difference',
  less: 'fewer',
  more: 'more',
  'cannot tell': 'cannot be told',
  unknown: '–',
};

/** Effects in units that a person can use, and what the difference says in words. */
function effectsTable(facts: Facts): Table {
  const { rows, recorded } = facts.comparison;
  const hasStalls = knownMetrics(facts, ['stall']).length > 0;
  return table(
    ['policy', 'folios given up', 'requests saved>', ...(hasStalls ? ['stall saved>'] : []), 'drains per saved folio>'],
    rows
      .filter((row) => row.policy !== recorded)
      .map(({ effects, ...row }) => [
        row.policy,
        toldWords[row.told.failedFolios],
        difference(effects.requestsSaved),
        ...(hasStalls ? [difference(effects.stallSaved, 'ns')] : []),
        typeof effects.drainsPerSavedFolio === 'string'
          ? effects.drainsPerSavedFolio
          : interval(effects.drainsPerSavedFolio),
      ]),
    {
      title: 'What it would have saved',
      evidence: behindPolicies(
        rows.filter((row) => row.policy !== recorded),
        hasStalls ? 4 : 3,
      ),
      notes: [
        "No difference: the interval holds zero and lies within 5 % of the recorded policy's number, or within half a folio, on both sides. Cannot be told: it holds zero and is wider. None saved: the saved folios may be none, and a ratio to them has no end.",
      ],
    },
  );
}

/** Few enough columns for a sheet of paper. */
const differenceGroups: readonly { readonly what: string; readonly metrics: readonly Metric[] }[] = [
  { what: 'outcomes', metrics: ['failedFolios', 'failedRequests', 'movedFolios', 'calls', 'timeUnderEntries'] },
  { what: 'work', metrics: ['episodes', 'moveAttempts', 'copiesThrownAway', 'tlbFlushes', 'lruLocks'] },
  { what: 'drains and waiting', metrics: ['stall', 'allCpuDrains', 'drainWorks', 'localDrains', 'rcuWaits'] },
  {
    what: 'what a capture of it would count',
    metrics: ['pagesFailed', 'busyAllocations', 'busyRetries', 'entryWaits', 'lockWaits', 'callTime'],
  },
];

function differenceTable({ comparison }: Facts, what: string, shown: readonly Metric[]): Table {
  const { rows, recorded, level, multiplicity } = comparison;
  return table(
    ['policy', ...shown.map((metric) => `${metrics[metric].title}>`)],
    rows
      .filter((row) => row.policy !== recorded)
      .map((row) => [
        labelOf(row, recorded),
        ...shown.map((metric) => difference(row.difference[metric], metrics[metric].unit)),
      ]),
    {
      title: `Difference from ${recorded}: ${what}`,
      evidence: behindPolicies(
        rows.filter((row) => row.policy !== recorded),
        shown.length,
      ),
      notes: [
        `Intervals at ${Math.round(level * 100)} %: ${multiplicity.method}. Both replays have the same luck, so a number without an interval says that no draw differs, not that another run would not.`,
        ...directionOnly(comparison),
      ],
    },
  );
}

/** Folios given up of each reason, where there are several. */
export function failuresByReason({ comparison }: Facts): Table[] {
  const reasons = [...new Set(comparison.rows.flatMap((row) => row.byReason.map((each) => each.reason)))];
  if (reasons.length < 2) return [];
  return [
    table(
      ['policy', ...reasons.map((reason) => `${reason}>`)],
      comparison.rows.map((row) => [
        labelOf(row, comparison.recorded),
        ...reasons.map((reason) => {
          const value = row.byReason.find((each) => each.reason === reason)?.failedFolios;
          return value ? interval(value) : '–';
        }),
      ]),
      {
        title: 'Folios given up, by reason of the call',
        evidence: behindPolicies(comparison.rows, reasons.length),
      },
    ),
  ];
}
