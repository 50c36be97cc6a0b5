/** What a reader with one minute reads: plain sentences with numbers, each computed from the facts it speaks of. */
import type { Capture } from '../events/capture.ts';
import { blame } from './charts/blame.ts';
import type { Section } from './charts/charts.ts';
import { counterfactual } from './charts/counterfactual.ts';
import { fidelity } from './charts/fidelity.ts';
import type { Facts, Figure, NumberLink } from './charts/figure.ts';
import { identifiable } from './charts/identifiable.ts';
import { outcomes } from './charts/outcomes.ts';
import { factsId } from './evidence-id.ts';
import { lossSentence } from './losses.ts';
import { nextAnswers, winners } from './next.ts';
import { count, difference, duration, interval, list, many, percent, sentence } from './numbers.ts';
import { type Table, table } from './tables.ts';

/** One question of the summary and its answer. */
export interface Answer {
  readonly question: string;
  readonly answer: string;
  /** Section of the page that it belongs to. */
  readonly section: Section['id'];
  /** The figure that says it under its own title, on a page that has it. */
  readonly figure?: string;
  /** Numbers of the answer and the facts that they count. */
  readonly links?: readonly NumberLink[];
}

/** The summary of one capture, in the order of a reader's questions: fidelity stands before what it vouches for. */
export function answers(facts: Facts): Answer[] {
  const { history, comparison } = facts;
  const { reproduction, remarks } = comparison;
  const conditioned =
    reproduction.folios === 0
      ? ''
      : reproduction.reproduced === reproduction.folios
        ? `All ${many(reproduction.folios, 'folio')} end as recorded.`
        : missed(reproduction);
  const notes = (question: string, section: Answer['section'], texts: readonly string[]): Answer[] =>
    texts.length === 0 ? [] : [{ question, section, answer: texts.map(sentence).join(' ') }];
  const asked = requestAnswer(facts);
  return [
    { question: 'How far to believe this', section: 'trust', answer: comparison.headline },
    { question: 'Capture', section: 'trust', answer: captureSentence(facts) },
    { question: 'What captured it', section: 'trust', answer: machineSentence(history.capture) },
    { question: 'What was read', section: 'trust', answer: readSentence(history.capture) },
    { question: 'How sure', section: 'trust', ...said(fidelity(facts)) },
    ...notes('Replayed with everything seen', 'trust', conditioned === '' ? [] : [conditioned]),
    { question: 'What it can answer', section: 'trust', ...said(identifiable(facts)) },
    ...notes('Of the capture', 'trust', history.capture.remarks),
    { question: 'What failed', section: 'failed', ...said(outcomes(facts)) },
    ...(asked === undefined ? [] : [asked]),
    { question: 'Who held the folios', section: 'failed', ...said(blame(facts)) },
    { question: 'Other policies', section: 'policies', ...said(counterfactual(facts)) },
    ...nextAnswers(facts),
    ...notes(
      'How to read the intervals',
      'appendix',
      remarks.filter((each) => !history.capture.remarks.includes(each)),
    ),
  ];
}

/** What a figure says. */
function said({ id, finding, links }: Figure): Pick<Answer, 'answer' | 'figure' | 'links'> {
  return { answer: finding, figure: id, ...(links === undefined ? {} : { links }) };
}

/** What the conditioned replay does not give back: another outcome is a bug, another number of episodes a blemish. */
function missed({ folios, reproduced, otherOutcome }: Facts['comparison']['reproduction']): string {
  const all = many(folios, 'folio');
  const others = folios - reproduced - otherOutcome;
  if (otherOutcome === 0) return `All ${all} end as recorded, ${count(others)} after another number of episodes.`;
  const rest = others > 0 ? `, and ${count(others)} after another number of episodes` : '';
  return `${count(otherOutcome)} of ${all} ${otherOutcome === 1 ? 'does' : 'do'} not end as recorded${rest}: this is a bug of the tool, read what follows with care.`;
}

/** `Linux 6.12.117 (6.12.117-arm64), arm64, 4 KiB pages`; says so where the kernel is not known. */
export function kernelPhrase(capture: Capture): string {
  const { kernelVersion: version, kernelRelease: release, pageSize, arch } = capture;
  const name = version?.value ?? release?.value;
  const kernel =
    name === undefined
      ? 'a kernel that neither the capture nor its sidecar names'
      : `Linux ${name}${release && release.value !== name ? ` (${release.value})` : ''}`;
  const page = pageSize ? [`${count(pageSize.value / 1024)} KiB pages`] : [];
  return [kernel, ...(arch ? [arch.value] : []), ...page].join(', ');
}

function captureSentence({ history, comparison }: Facts): string {
  const { capture } = history;
  const cpus = capture.cpus?.value ?? history.eventsByCpu.length;
  const span =
    capture.clock.unit === 'ns'
      ? ` over ${duration(capture.end)}`
      : capture.clock.unit === 'integer'
        ? '; its clock counts, so it gives an order and no durations'
        : '; it has no times, so it gives no durations';
  const on = cpus > 0 ? ` on ${many(cpus, 'CPU')}` : '';
  return `${capture.source} (${capture.variant}): ${many(capture.events, 'event')}${on}${span}. Recorded on ${kernelPhrase(capture)}, under the policy ${comparison.recorded} (known from: ${comparison.recordedFrom}).`;
}

/** Whether durations are a device's, as far as anything says. */
function machineSentence(capture: Capture): string {
  const { emulator, tool, command, clock } = capture;
  const by = tool === undefined ? '' : ` Written by ${tool.value}${command === undefined ? '' : `: ${command.value}`}.`;
  if (emulator !== undefined) {
    return `A machine emulated by ${emulator.value} (${emulator.from}): counts and orders are the kernel's, but durations are the emulator's and say nothing of a device.${by}`;
  }
  const times =
    clock.unit === 'ns'
      ? 'durations are as its clock gave them, and mean something for a device only if it was one'
      : 'there are no durations that it could matter to';
  return `Neither the capture nor its sidecar says whether this was hardware or emulation: ${times}.${by}`;
}

function readSentence(capture: Capture): string {
  const { accounting: books } = capture;
  const skipped =
    books.skipped === 0
      ? `All ${count(books.total)} ${books.unit} are accounted for and none was skipped.`
      : `${count(books.skipped)} of ${count(books.total)} ${books.unit} (${percent(books.skipped / books.total)}) were skipped: ${list(books.skips.slice(0, 3).map((note) => `${note.reason} (${count(note.count)}, first at ${note.firstPlace})`))}.`;
  const inversions = capture.inversions > 0 ? ` Time runs backwards at ${many(capture.inversions, 'event')}.` : '';
  return `${skipped} ${lossSentence(capture)}${inversions}`;
}

function requestAnswer({ history }: Facts): Answer | undefined {
  const { requests, calls } = history;
  const of = { question: 'What asked for it', section: 'failed' } as const;
  if (requests.length === 0)
    return calls.length > 0 ? { ...of, answer: 'What asked for these calls was not seen.' } : undefined;
  const ended = requests.filter((request) => !Number.isNaN(request.returned));
  const failed = ended.filter((request) => request.returned < 0).length;
  const seen = requests.filter((request) => request.certainty === 'seen').length;
  const kinds = [...new Set(requests.map((request) => request.kind))].map(
    (kind) => `${count(requests.filter((request) => request.kind === kind).length)} ${kind}`,
  );
  const known =
    seen === requests.length ? 'all seen' : `${count(seen)} seen, ${count(requests.length - seen)} inferred or unknown`;
  const returned = ended.length > 0 ? `; of ${count(ended.length)} whose return is known, ${count(failed)} failed` : '';
  // A folio that cannot be isolated is in no list: alloc_contig_range() then fails at test_pages_isolated().
  const behind = new Set(history.failures.map((failure) => failure.call));
  const elsewhere = ended.filter(
    ({ returned, calls: own, withoutCalls }) =>
      returned < 0 && withoutCalls === undefined && !own.some((call) => behind.has(call)),
  );
  const aside =
    elsewhere.length === 0
      ? ''
      : ` ${count(elsewhere.length)} of these ${elsewhere.length === 1 ? 'has' : 'have'} no call that left a folio behind: what stopped ${elsewhere.length === 1 ? 'it' : 'them'} came before migration or after it, and is in no replay.`;
  const asked = calls.length > 0 ? 'The calls were asked for by' : 'There were';
  return {
    ...of,
    answer: `${asked} ${many(requests.length, 'request')} (${list(kinds)}; ${known})${returned}.${aside}`,
    links: [
      { text: many(requests.length, 'request'), to: factsId('requests') },
      ...[...new Set(requests.map(({ kind }) => kind))].map((kind, i) => ({
        text: kinds[i]!,
        to: factsId('requests', { kind }),
      })),
      { text: `${count(failed)} failed`, to: factsId('requests', { end: 'failed' }) },
    ],
  };
}

/** The id of facts in a table of several captures: `ofCapture(1, 'calls')` are those of the second. */
export function ofCapture(place: number, id: string): string {
  return `${place}:${id}`;
}

/** A row a capture: what a reader of several captures looks at first. Few enough columns for a page of 960 px. */
export function overview(all: readonly Facts[]): Table {
  const names = shortNames(all.map(({ history }) => history.capture.source));
  return {
    ...table(
      ['#>', 'capture', 'failed in calls>', 'given up>', 'predicted>', 'main holder', 'best other policy'],
      all.map(({ history, comparison }, i) => {
        const folios = history.calls.reduce((sum, call) => sum + call.folios.length, 0);
        const holder = [...comparison.blame].sort((a, b) => b.folios - a.folios)[0];
        const { recordedFailures, predictedFailures, within } = comparison.fidelity;
        const known = !Number.isNaN(predictedFailures.estimate);
        return [
          String(i + 1),
          `${names[i] ?? ''} (${comparison.recorded})`,
          `${count(history.failures.length)} of ${count(folios)}`,
          count(recordedFailures),
          known && !within ? `${interval(predictedFailures)}, outside` : interval(predictedFailures),
          holder && holder.folios > 0 ? `${holder.cause} (${count(holder.folios)})` : 'nobody',
          bestOf(comparison),
        ];
      }),
      {
        evidence: all.map((_, i) => [
          ...[undefined, undefined],
          ofCapture(i, factsId('failures')),
          ofCapture(i, factsId('failures', { givenUp: 'yes' })),
        ]),
        notes: [
          'Failed in calls: folios that a migrate_pages call did not move, counted in each call, of those it was asked to move. Given up: folios that a request was left with after its own retries, which is what replays count. Predicted: folios given up when the recorded policy (in brackets) is replayed with its outcomes withheld; what was recorded lies within, unless it says outside. Best other policy: the one with the fewest folios given up among those whose paired difference leaves zero out; bounds are left out.',
        ],
      },
    ),
    stacked: true,
  };
}

/** `refcheck-unmap, -20 [-25, -14]`, with what it rests on unless observed; `none told apart`. */
export function bestOf(comparison: Facts['comparison']): string {
  const [best] = winners(comparison);
  if (best === undefined) return 'none told apart';
  const poor = comparison.fidelity.state === 'poor';
  const doubt = [...(best.answer === 'observed' ? [] : [best.answer]), ...(poor ? ['direction only'] : [])];
  return `${best.policy}, ${[difference(best.difference.failedFolios), ...doubt].join(', ')}`;
}

/** What tells captures apart: their paths without the folders, and without the file name, that all of them share. */
export function shortNames(sources: readonly string[]): string[] {
  const paths = sources.map((source) => source.split('/'));
  const [first = []] = paths;
  if (paths.length === 1) return [first.slice(-2).join('/')];
  const shortest = Math.min(...paths.map((path) => path.length));
  let lead = 0;
  while (lead < shortest - 2 && paths.every((path) => path[lead] === first[lead])) lead++;
  const tail = shortest - lead > 1 && paths.every((path) => path.at(-1) === first.at(-1)) ? -1 : undefined;
  return paths.map((path) => path.slice(lead, tail).join('/'));
}
