/** What a reader with one minute reads: plain sentences with numbers, each computed from the facts it speaks of. */
import type { Capture } from '../events/capture.ts';
import { blame } from './charts/blame.ts';
import { counterfactual, verdictOf } from './charts/counterfactual.ts';
import { fidelity } from './charts/fidelity.ts';
import { bounds, type Facts } from './charts/figure.ts';
import { outcomes } from './charts/outcomes.ts';
import { lossSentence } from './losses.ts';
import { count, difference, duration, interval, list, many, percent } from './numbers.ts';
import { type Table, table } from './tables.ts';

/** One question of the summary and its answer. */
export interface Answer {
  readonly question: string;
  readonly answer: string;
}

/** The summary of one capture, in the order of a reader's questions: fidelity stands before what it vouches for. */
export function answers(facts: Facts): Answer[] {
  const { history, comparison } = facts;
  const { reproduction, remarks } = comparison;
  const conditioned =
    reproduction.folios === 0
      ? ''
      : reproduction.reproduced === reproduction.folios
        ? ` Replayed with everything seen, all ${many(reproduction.folios, 'folio')} end as recorded.`
        : ` Replayed with everything seen, only ${count(reproduction.reproduced)} of ${many(reproduction.folios, 'folio')} end as recorded, which is a bug of this tool: read what follows with care.`;
  const caveats = [...history.capture.remarks, ...remarks].filter((each, i, all) => all.indexOf(each) === i);
  return [
    { question: 'Capture', answer: captureSentence(facts) },
    { question: 'What was read', answer: readSentence(history.capture) },
    { question: 'What failed', answer: `${outcomes(facts).finding}${requestSentence(facts)}` },
    { question: 'Who held the folios', answer: blame(facts).finding },
    { question: 'How sure', answer: `${fidelity(facts).finding}${conditioned}` },
    { question: 'Other policies', answer: counterfactual(facts).finding },
    ...(caveats.length > 0 ? [{ question: 'Note', answer: caveats.join(' ') }] : []),
  ];
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

function readSentence(capture: Capture): string {
  const { accounting: books } = capture;
  const skipped =
    books.skipped === 0
      ? `All ${count(books.total)} ${books.unit} are accounted for and none was skipped.`
      : `${count(books.skipped)} of ${count(books.total)} ${books.unit} (${percent(books.skipped / books.total)}) were skipped: ${list(books.skips.slice(0, 3).map((note) => `${note.reason} (${count(note.count)}, first at ${note.firstPlace})`))}.`;
  const inversions = capture.inversions > 0 ? ` Time runs backwards at ${many(capture.inversions, 'event')}.` : '';
  return `${skipped} ${lossSentence(capture)}${inversions}`;
}

function requestSentence({ history }: Facts): string {
  const { requests, calls } = history;
  if (requests.length === 0) return calls.length > 0 ? ' What asked for these calls was not seen.' : '';
  const ended = requests.filter((request) => !Number.isNaN(request.returned));
  const failed = ended.filter((request) => request.returned < 0).length;
  const seen = requests.filter((request) => request.certainty === 'seen').length;
  const kinds = [...new Set(requests.map((request) => request.kind))].map(
    (kind) => `${count(requests.filter((request) => request.kind === kind).length)} ${kind}`,
  );
  const returned = ended.length > 0 ? `; of ${count(ended.length)} whose return is known, ${count(failed)} failed` : '';
  return ` They were asked for by ${many(requests.length, 'request')} (${list(kinds)}; ${count(seen)} seen, ${count(requests.length - seen)} inferred or unknown)${returned}.`;
}

/** A row a capture: what a reader of several captures looks at first. */
export function overview(all: readonly Facts[]): Table {
  const names = shortNames(all.map(({ history }) => history.capture.source));
  return table(
    [
      '#>',
      'capture',
      'recorded policy',
      'calls>',
      'folios>',
      'failed>',
      'after retries>',
      'main holder',
      'predicted failed>',
      'inside',
      'best other policy',
      'difference>',
    ],
    all.map(({ history, comparison }, i) => {
      const folios = history.calls.reduce((sum, call) => sum + call.folios.length, 0);
      const failed = history.calls.reduce(
        (sum, call) => sum + call.folios.filter((folio) => folio.outcome === 'failed').length,
        0,
      );
      const holder = [...comparison.blame].sort((a, b) => b.folios - a.folios)[0];
      const best = comparison.rows
        .filter(
          (row) =>
            !bounds.has(row.policy) &&
            row.policy !== comparison.recorded &&
            verdictOf(row, 'failedFolios') === 'better',
        )
        .sort((a, b) => a.difference.failedFolios.estimate - b.difference.failedFolios.estimate)[0];
      return [
        String(i + 1),
        names[i] ?? '',
        comparison.recorded,
        count(history.calls.length),
        count(folios),
        count(failed),
        count(comparison.fidelity.recordedFailures),
        holder && holder.folios > 0 ? `${holder.cause} (${count(holder.folios)})` : 'nobody',
        interval(comparison.fidelity.predictedFailures),
        Number.isNaN(comparison.fidelity.predictedFailures.estimate) ? '–' : comparison.fidelity.within ? 'yes' : 'no',
        best?.policy ?? 'none',
        best ? difference(best.difference.failedFolios) : '',
      ];
    }),
    {
      notes: [
        'After retries: folios that a request was left with, which is what replays count. Predicted: the recorded policy replayed with its outcomes withheld; inside: the number after retries lies in that interval. Best other policy: the one with fewest failed folios among those whose difference leaves zero out; bounds are left out.',
      ],
    },
  );
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
