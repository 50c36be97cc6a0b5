/** What to do next: the policy to take, with its price, as far as one can be told; and what to record for what cannot. */
import type { PolicyRow } from '../compare/comparison.ts';
import { kernelName } from '../policies/kernels.ts';
import { type Metric, metrics } from '../replay/outcome.ts';
import { verdictOf } from './charts/counterfactual.ts';
import { bounds, type Facts } from './charts/figure.ts';
import { knownMetrics } from './differences.ts';
import { policyId } from './evidence-id.ts';
import { count, difference, list, many, middleOf, sentence } from './numbers.ts';
import type { Answer } from './summary.ts';
import { type Table, table } from './tables.ts';

/** What a policy that saves folios may cost, in the order in which a maintainer asks. */
const prices: readonly Metric[] = [
  'stall',
  'allCpuDrains',
  'localDrains',
  'drainWorks',
  'rcuWaits',
  'calls',
  'moveAttempts',
  'copiesThrownAway',
  'timeUnderEntries',
  'lruLocks',
  'tlbFlushes',
  'lockWaits',
  'entryWaits',
];

/** Policies whose folios given up are told to be fewer, the fewest first; bounds are nobody's choice. */
export function winners({ rows, recorded }: Facts['comparison']): PolicyRow[] {
  return rows
    .filter((row) => !bounds.has(row.policy) && row.policy !== recorded && verdictOf(row, 'failedFolios') === 'better')
    .sort((a, b) => middleOf(a.difference.failedFolios) - middleOf(b.difference.failedFolios));
}

/** `all-CPU drains +12 [+8, +15]`, of each cost that is told to rise; `nothing that is counted here`. */
function priceOf(facts: Facts, row: PolicyRow): string {
  const dearer = knownMetrics(facts, prices).filter((metric) => verdictOf(row, metric) === 'worse');
  if (dearer.length === 0) return 'nothing that is counted here is told to rise';
  return list(
    dearer.map((metric) => `${metrics[metric].title} ${difference(row.difference[metric], metrics[metric].unit)}`),
  );
}

/** Costs of a policy that are told to fall, `all-CPU drains -12 [-15, -8]`, the dearest questions first; empty = none. */
function savingsOf(facts: Facts, row: PolicyRow): string[] {
  return knownMetrics(facts, prices)
    .filter((metric) => verdictOf(row, metric) === 'better')
    .map((metric) => `${metrics[metric].title} ${difference(row.difference[metric], metrics[metric].unit)}`);
}

/** Policies that give up as many folios, or none that could be told apart, for less: some cost falls and none is told to rise. */
export function cheaper(facts: Facts): PolicyRow[] {
  const { rows, recorded } = facts.comparison;
  const alike = new Set(['every draw equal', 'no difference']);
  return rows.filter(
    (row) =>
      !bounds.has(row.policy) &&
      row.policy !== recorded &&
      alike.has(row.told.failedFolios) &&
      savingsOf(facts, row).length > 0 &&
      knownMetrics(facts, prices).every((metric) => verdictOf(row, metric) !== 'worse'),
  );
}

/** The answer about them, where there are any. */
function cheaperAnswer(facts: Facts): Answer[] {
  const found = cheaper(facts);
  if (found.length === 0) return [];
  const shown = found.slice(0, 4);
  const said = shown
    .map((row) => `${row.policy} (${row.answer}): ${list(savingsOf(facts, row).slice(0, 3))}`)
    .join('; ');
  const more =
    found.length > shown.length ? `; and ${many(found.length - shown.length, 'more policy', 'more policies')}` : '';
  return [
    {
      question: 'As many folios, for less',
      section: 'next',
      answer: `${said}${more}. No cost that is counted here is told to rise. What each rests on stands with the numbers of the other policies.`,
      links: shown.map(({ policy }) => ({ text: policy, to: policyId(policy) })),
    },
  ];
}

/** Where a policy is from; a kernel's own choices have a source each, which stand with the policies. */
function origin({ policy, title, source }: PolicyRow): string {
  return kernelName.test(policy) ? title : `${title} (${source})`;
}

function restsOn({ answer, why }: PolicyRow): string {
  return answer === 'observed' ? 'what the capture shows' : `${answer}: ${why}`;
}

/** The answers of the section, in the order in which somebody would act. */
export function nextAnswers(facts: Facts): Answer[] {
  const { comparison, history } = facts;
  const lost = history.capture.losses.filter(({ how }) => how === 'lost' || how === 'overwritten' || how === 'dropped');
  return [
    { question: 'Patch or knob to take', section: 'next', ...winner(facts) },
    ...cheaperAnswer(facts),
    {
      question: 'To record next time',
      section: 'next',
      answer: recordSentence(facts),
    },
    ...(lost.length === 0
      ? []
      : [
          {
            question: 'Events were lost',
            section: 'next' as const,
            answer:
              'Record again with larger buffers: trace-cmd record -b KIB (for each CPU), perf record -m PAGES, or buffer_size_kb of tracefs. Every interval here is wider for what was lost, and evidence may be missing.',
          },
        ]),
    ...(comparison.fidelity.state === 'good'
      ? []
      : [
          {
            question: 'Before deciding',
            section: 'next' as const,
            answer:
              comparison.fidelity.state === 'poor'
                ? 'The model misses what was recorded here, so a difference is a direction at best: try the policy on the workload, record both, and let folioscope diff or folioscope validate set them against each other.'
                : 'Nothing here has an outcome that a prediction could be held against: record more of the workload before believing any number.',
          },
        ]),
  ];
}

/** Names the policy, or says plainly that none can be told. */
function winner(facts: Facts): Pick<Answer, 'answer' | 'links'> {
  const { comparison } = facts;
  const { rows, recorded, fidelity } = comparison;
  const others = rows.filter((row) => row.policy !== recorded && !bounds.has(row.policy));
  const [best, ...rest] = winners(comparison);
  if (others.length === 0) return { answer: 'None can be told: no other policy could be replayed on this capture.' };
  if (best === undefined) {
    const open = others.filter(({ told }) => told.failedFolios === 'cannot tell').map(({ policy }) => policy);
    if (fidelity.recordedFailures === 0)
      return {
        answer: `None: under ${recorded} no folio was given up, so there is nothing that another policy could save in this capture.`,
      };
    const why =
      open.length === 0
        ? `no policy of ${count(others.length)} gives up fewer folios than ${recorded} by more than chance`
        : `whether fewer folios would be given up cannot be told under ${list(open)}`;
    return { answer: `None can be told: ${why}.` };
  }
  const number = difference(best.difference.failedFolios);
  const doubt = fidelity.state === 'poor' ? ' A direction, not numbers: the model misses what was recorded here.' : '';
  const next =
    rest.length === 0
      ? ''
      : ` Also fewer: ${list(rest.slice(0, 4).map((row) => `${row.policy} (${difference(row.difference.failedFolios)})`))}${rest.length > 4 ? ` and ${many(rest.length - 4, 'more policy', 'more policies')}` : ''}.`;
  const near = rest.filter((row) => row.difference.failedFolios.low <= best.difference.failedFolios.high);
  const tie = near.length === 0 ? '' : ' Their intervals overlap, so which of these is best is not told.';
  return {
    answer: `${best.policy}, ${origin(best)}: ${number} folios given up against ${recorded}. Its price: ${priceOf(facts, best)}. It rests on ${sentence(restsOn(best))}${doubt}${next}${tie}`,
    links: [
      { text: number, to: policyId(best.policy) },
      ...rest.slice(0, 4).map((row) => ({ text: difference(row.difference.failedFolios), to: policyId(row.policy) })),
    ],
  };
}

function recordSentence({ comparison }: Facts): string {
  const { identifiable, refusals } = comparison;
  const open = identifiable.filter(({ record }) => record !== '').map(({ axis }) => axis);
  const refused =
    refusals.length === 0
      ? ''
      : ` ${many(refusals.length, 'policy was', 'policies were')} refused for want of events: ${list(refusals.map(({ policy }) => policy))}.`;
  return open.length === 0
    ? `Nothing more: the capture shows what every axis of choice depends on.${refused}`
    : `${open.length} of ${count(identifiable.length)} questions of policy (${list(open)}) would be answered better by more events: the commands are in the table below.${refused}`;
}

/** Commands for the device, each once, with the questions that it would answer. */
function recordTable(axes: Facts['comparison']['identifiable']): Table {
  const commands = new Map<string, string[]>();
  for (const { axis, question, record } of axes) {
    if (record !== '') commands.set(record, [...(commands.get(record) ?? []), `${axis}: ${question}`]);
  }
  return {
    ...table(
      ['this would be answered better', 'by recording this next time, on the device'],
      [...commands].map(([record, questions]) => [questions.join(' '), record]),
      { title: 'To record for more' },
    ),
    stacked: true,
  };
}

/** What each policy that saves folios costs, and the commands that record what is missing. */
export function nextTables(facts: Facts): Table[] {
  const { comparison } = facts;
  const won = winners(comparison);
  return [
    {
      ...table(
        ['policy', 'folios given up>', 'price', 'rests on', 'from'],
        won.map((row) => [
          row.policy,
          difference(row.difference.failedFolios),
          priceOf(facts, row),
          restsOn(row),
          origin(row),
        ]),
        {
          title: `Policies that give up fewer folios than ${comparison.recorded}, and what they cost`,
          notes: [
            'A price is a cost whose paired difference leaves zero out on the dear side; what is not told to rise is not named.',
          ],
          evidence: won.map((row) => [undefined, policyId(row.policy)]),
        },
      ),
      stacked: true,
    },
    recordTable(comparison.identifiable),
    {
      ...table(
        ['policy', 'missing', 'record this next time'],
        comparison.refusals.map((refusal) => [refusal.policy, refusal.missing.join(', '), refusal.record]),
        { title: 'Policies that this capture cannot feed' },
      ),
      stacked: true,
    },
  ].filter(({ rows }) => rows.length > 0);
}
