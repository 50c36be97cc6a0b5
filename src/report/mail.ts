/** The report as one would send it to a mailing list: how far to believe it first, the numbers with their intervals, how to make them again. */
import type { Answer, AxisAnswer, PolicyRow } from '../compare/comparison.ts';
import { kernelName } from '../policies/kernels.ts';
import { type Metric, metrics } from '../replay/outcome.ts';
import { blame } from './charts/blame.ts';
import { counterfactual } from './charts/counterfactual.ts';
import { fidelity } from './charts/fidelity.ts';
import { bounds, type Facts } from './charts/figure.ts';
import { outcomes } from './charts/outcomes.ts';
import { sensitivity } from './charts/sensitivity.ts';
import { directionOnly, knownMetrics } from './differences.ts';
import type { Manifest } from './manifest.ts';
import { count, difference, drawsSentence, interval, list, many } from './numbers.ts';
import { bullet, commandLines, heading, paragraph, plainTable } from './plain.ts';
import { pooledAnswers, pooledTables } from './pooled.ts';
import type { ReportInput } from './report.ts';
import { answers, overview, shortNames } from './summary.ts';
import { type Table, table } from './tables.ts';

/** What is paid, few enough for a mail; the page has every cost. */
const paid: readonly Metric[] = ['stall', 'allCpuDrains', 'rcuWaits', 'callTime', 'episodes', 'tlbFlushes', 'lruLocks'];
/** How `identify` begins the reason of an axis that nothing in a capture asks. */
const notAsked = 'nothing here asks it';

/**
 * The whole mail's text, without headers and without a signature. The same input gives the same bytes.
 */
export function mailText(input: ReportInput): string {
  const all: readonly Facts[] = input.captures;
  const names = shortNames(all.map(({ history }) => history.capture.source));
  const comparisons = all.map(({ comparison }) => comparison);
  const pooled = pooledTables(comparisons);
  const what = names.length === 1 ? (names[0] ?? '') : many(names.length, 'capture');
  return [
    heading(`Page migration in ${what}`),
    paragraph(
      'Recorded migrations replayed under other policies, by folioscope: what was asked for stays as recorded, the kernel is a model, and what the trace does not show is drawn many times, with the same luck for every policy.',
    ),
    ...(input.notes ?? []).map(paragraph),
    ...(all.length > 1 ? [heading('The captures'), plainTable(overview(all))] : []),
    ...all.flatMap((facts, i) => captureText(facts, all.length > 1 ? `: ${names[i]}` : '')),
    ...(pooled.length === 0
      ? []
      : [
          heading('Captures of one kind together'),
          ...pooledAnswers(comparisons).map(({ question, answer }) => bullet(`${question}: ${answer}`)),
          ...tables(...pooled.flatMap(byWhat)),
        ]),
    heading('How to reproduce'),
    paragraph('The same inputs, options and seed give the same bytes:'),
    commandLines(input.command),
    ...(input.manifest === undefined ? [] : manifestText(input.manifest)),
  ].join('\n');
}

/** A table of several metrics in one column as a table for each: side by side they do not fit, and one below the other nobody reads. */
function byWhat({ title, columns, align = [], rows, notes = [] }: Table): Table[] {
  const whats = [...new Set(rows.map((row) => row[1] ?? ''))];
  // The title says how many captures there are, unless a policy was replayed on some only.
  const isTold = new Set(rows.map((row) => row[2])).size === 1;
  const without = <T>(cells: readonly T[]): T[] => cells.filter((_, i) => i !== 1 && !(isTold && i === 2));
  return whats.map((what, i) => ({
    title: `${title ?? ''}: ${what}`,
    columns: without(columns),
    align: without(align),
    rows: rows.filter((row) => row[1] === what).map(without),
    notes: i === whats.length - 1 ? notes : [],
  }));
}

function captureText(facts: Facts, name: string): string[] {
  const { comparison } = facts;
  const said = new Map(answers(facts).map(({ question, answer }) => [question, answer]));
  const say = (...questions: readonly string[]): string[] =>
    questions.flatMap((question) => {
      const answer = said.get(question);
      return answer === undefined ? [] : [paragraph(answer)];
    });
  const again = said.get('Replayed with everything seen');
  const [predicted] = fidelity(facts).tables;
  const [byReason] = outcomes(facts).tables;
  const [byCause] = blame(facts).tables;
  return [
    heading(`How far to believe this${name}`),
    ...say('How far to believe this'),
    ...(again === undefined ? [] : [paragraph(`Replayed with everything seen: ${again}`)]),
    ...tables(predicted),
    heading(`What the trace can tell${name}`),
    ...say('Capture', 'What captured it', 'What was read'),
    ...facts.history.capture.remarks.map(bullet),
    ...identifiability(comparison.identifiable),
    heading(`What failed${name}`),
    ...say('What asked for it', 'What failed', 'Who held the folios'),
    ...tables(
      // One reason, and one cause beside which all others are next to nothing, are told by the sentences above.
      ...(byReason !== undefined && byReason.rows.length > 1 ? [byReason] : []),
      ...(isMixed(comparison) ? [byCause] : []),
    ),
    heading(`The policies${name}`),
    comparison.rows.slice(1).map(policyEntry).join(''),
    heading(`Under other policies${name}`),
    paragraph(drawsSentence(comparison)),
    paragraph(counterfactual(facts).finding),
    ...tables(givenUp(facts), fates(facts), costs(facts)),
    heading(`What this rests on${name}`),
    paragraph(sensitivity(facts).finding),
    ...comparison.remarks.filter((remark) => !facts.history.capture.remarks.includes(remark)).map(bullet),
    ...comparison.refusals.map(({ policy, missing }) =>
      bullet(`${policy} was not replayed: the trace lacks ${missing.join(' and ')}.`),
    ),
    ...toRecord(comparison.identifiable),
  ];
}

/** Two causes or more are expected of a hundredth of the failures each. */
function isMixed({ blame: causes }: Facts['comparison']): boolean {
  const total = causes.reduce((sum, { folios }) => sum + folios, 0);
  return causes.filter(({ folios }) => folios >= total / 100).length > 1;
}

/** What it does and where that was proposed; of a kernel, on which axes it differs: its sources are a list of their own. */
function policyEntry({ policy, title, source, changes }: PolicyRow): string {
  const isKernel = kernelName.test(policy) && !policy.includes('+');
  if (!isKernel) return bullet(`${policy}: ${title} (${source}).`);
  const axes = changes.map((change) => change.split(':')[0]!);
  return bullet(`${policy}: the kernel as released; differs on ${list(axes)}.`);
}

/** What every axis asks, how far the trace answers it, and what is wanting where it does not. */
function identifiability(axes: readonly AxisAnswer[]): string[] {
  const asked = axes.filter(({ why }) => !why.startsWith(notAsked));
  const idle = axes.filter(({ why }) => why.startsWith(notAsked)).map(({ axis }) => axis);
  const open = groupsOf(
    asked.filter(({ answer }) => answer !== 'observed'),
    ({ why, assumes }) => [why, ...assumes].join(),
  );
  return [
    plainTable(
      table(
        ['axis', 'the trace', 'what policies answer differently'],
        asked.map(({ axis, answer, question }) => [axis, words[answer], question]),
        { title: 'What it can answer' },
      ),
      { wrapped: true },
    ),
    ...(idle.length === 0 ? [] : [paragraph(`Nothing in it asks about ${list(idle)}.`)]),
    ...open.map(({ letters, of: { why, assumes } }) =>
      bullet(`${letters}: ${why}${assumes.length === 0 ? '' : `; assumed: ${assumes.join(', ')}`}.`),
    ),
  ];
}

const words: Readonly<Record<Answer, string>> = {
  observed: 'shows it',
  bounded: 'bounds it',
  assumed: 'leaves it open',
  'cannot answer': 'cannot tell',
};

function toRecord(axes: readonly AxisAnswer[]): string[] {
  const wanted = groupsOf(
    axes.filter(({ record }) => record !== ''),
    ({ record }) => record,
  );
  return wanted.flatMap(({ letters, of }) => [
    paragraph(`To record for an answer on ${letters}:`),
    commandLines(of.record),
  ]);
}

function tables(...some: readonly (Table | undefined)[]): string[] {
  return some.filter((each) => each !== undefined && each.rows.length > 0).map((each) => plainTable(each!));
}

function nameOf(row: PolicyRow): string {
  return bounds.has(row.policy) ? `${row.policy} *` : row.policy;
}

/** Folios given up under each policy, the paired difference, and what the answer rests on. */
function givenUp({ comparison }: Facts): Table {
  const { rows, recorded } = comparison;
  return table(
    ['policy', 'given up>', 'difference>', 'answer'],
    rows.map((row) => [
      nameOf(row),
      interval(row.value.failedFolios),
      row.policy === recorded ? 'recorded' : difference(row.difference.failedFolios),
      bounds.has(row.policy) ? 'a bound' : row.answer,
    ]),
    {
      title: 'Folios given up',
      notes: [
        ...(rows.some(({ policy }) => bounds.has(policy)) ? ['*: a bound, no policy of any kernel.'] : []),
        'Observed: the trace shows what the answer depends on. Bounded: it shows limits only, and they are given. Assumed: something stands in for data.',
        ...directionOnly(comparison),
      ],
    },
  );
}

/** Gains and losses, which a difference hides where they cancel. */
function fates({ comparison: { rows, recorded } }: Facts): Table {
  const others = rows.filter(({ policy }) => policy !== recorded);
  return table(
    ['policy', 'moved>', 'others instead>'],
    others
      .filter(({ fates: own }) => own.moved.high + own.instead.high > 0)
      .map((row) => [nameOf(row), interval(row.fates.moved), interval(row.fates.instead)]),
    {
      title: `Of the folios that ${recorded} gave up, those moved; and others given up instead`,
      notes: [
        'Folio by folio in the same draw; intervals of each number for itself. A policy that is not here does neither.',
      ],
    },
  );
}

/** Paired differences of what is paid, where any draw differs. */
function costs(facts: Facts): Table {
  const { rows, recorded } = facts.comparison;
  const others = rows.filter(({ policy }) => policy !== recorded);
  const known = knownMetrics(facts, paid).filter((metric) =>
    others.some(({ told }) => told[metric] !== 'every draw equal'),
  );
  return table(
    ['policy', ...known.map((metric) => `${metrics[metric].title}>`)],
    known.length === 0
      ? []
      : others
          .filter(({ told }) => known.some((metric) => told[metric] !== 'every draw equal'))
          .map((row) => [
            nameOf(row),
            ...known.map((metric) => difference(row.difference[metric], metrics[metric].unit)),
          ]),
    { title: `What it costs, against ${recorded}`, notes: ['A policy that is not here differs in none of it.'] },
  );
}

function manifestText({ version, modelVersion, seed, draws, inputs, files }: Manifest): string[] {
  const names = shortNames(inputs.map(({ path }) => path));
  return [
    paragraph(
      `folioscope ${version}, model version ${modelVersion}, seed ${seed}, draws ${draws.map(String).join(', ')}. Inputs, by SHA-256:`,
    ),
    ...inputs.map(({ bytes, sha256 }, i) => `${paragraph(`${names[i]} (${count(bytes)} bytes)`)}${paragraph(sha256)}`),
    ...(files.includes('-') ? [paragraph('One capture was read from stdin, of which nothing is known.')] : []),
  ];
}

/** Axes that share a key, by their letters and the first of them. */
function groupsOf(axes: readonly AxisAnswer[], keyOf: (one: AxisAnswer) => string) {
  const groups = new Map<string, AxisAnswer[]>();
  for (const one of axes) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return [...groups.values()].map((group) => ({ letters: list(group.map(({ axis }) => axis)), of: group[0]! }));
}
