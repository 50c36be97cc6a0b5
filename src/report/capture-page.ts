/** One capture's part of the page: answers of few words, then a section for each question, in the order of `sections`. */
import type { Capture } from '../events/capture.ts';
import { type Section, sections } from './charts/charts.ts';
import type { Facts } from './charts/figure.ts';
import { winners } from './next.ts';
import { count, difference, drawsSentence, interval, many, percent } from './numbers.ts';
import {
  answersHtml,
  type Card,
  cardsHtml,
  type DrawnFigure,
  figureHtml,
  foldedHtml,
  heading,
  type Level,
} from './page.ts';
import { answers } from './summary.ts';
import { supporting } from './supporting.ts';
import { escapeHtml, type HrefOf, htmlTable } from './tables.ts';

const unknownCause = 'cannot tell';

/** Anchor of a section of a capture: `c1-trust`. */
export function sectionAnchor(capture: string, { id }: Section): string {
  return `${capture}-${id}`;
}

/**
 * @param anchor of the capture: `c1`
 * @param figures of each section, in the order of `sections`
 * @param level of the sections' headings
 */
export function captureHtml(
  facts: Facts,
  figures: readonly (readonly DrawnFigure[])[],
  { anchor, level, hrefOf }: { readonly anchor: string; readonly level: 2 | 3; readonly hrefOf: HrefOf },
): string {
  const said = answers(facts);
  const { seed, draws, level: confidence } = facts.comparison;
  const below = (level + 1) as Level;
  return [
    cardsHtml(cards(facts, anchor)),
    `<p class="meta">${escapeHtml(drawsSentence({ draws, seed, level: confidence }))}</p>`,
    ...sections.map((section, i) => {
      const own = figures[i]!;
      // What a figure says under its own title is not said twice.
      const more = said.filter(
        (one) => one.section === section.id && !own.some(({ id }) => one.figure !== undefined && id === one.figure),
      );
      const tables = supporting(facts, section.id);
      return [
        `<section id="${sectionAnchor(anchor, section)}">`,
        heading(level, section.title),
        answersHtml(more, hrefOf),
        ...own.map((figure) => figureHtml(figure, `${anchor}-${figure.id}`, below, hrefOf)),
        ...tables.map((each) =>
          section.id === 'next' ? htmlTable(each, undefined, hrefOf) : foldedHtml(each, hrefOf),
        ),
        '</section>',
      ].join('\n');
    }),
  ].join('\n');
}

/** The questions of somebody who has a minute. */
export function cards(facts: Facts, anchor: string): Card[] {
  return [
    trust(facts, anchor),
    failed(facts, anchor),
    holder(facts, anchor),
    policy(facts, anchor),
    missing(facts, anchor),
    next(facts, anchor),
  ];
}

function trust({ history: { capture }, comparison: { fidelity } }: Facts, anchor: string): Card {
  const { state, recordedFailures, predictedFailures, folios } = fidelity;
  const words = { good: 'Yes, within its intervals', poor: 'As a direction only', unchecked: 'It cannot be checked' };
  // An interval that is wider than the number it is about holds nearly anything.
  const isWide = predictedFailures.high - predictedFailures.low > recordedFailures;
  const lost = lostOf(capture) !== undefined;
  const doubt =
    state !== 'good' ? undefined : lost ? 'Only of what was recorded' : isWide ? 'Within wide intervals' : undefined;
  return {
    question: 'Can the replay be believed?',
    // Within the intervals says little of what never reached the capture.
    answer: doubt ?? words[state],
    more:
      folios === 0
        ? 'nothing recorded has an outcome that could be predicted'
        : `of ${many(folios, 'folio')} ${count(recordedFailures)} given up; predicted without looking: ${interval(predictedFailures)}`,
    anchor: `${anchor}-trust`,
    mood: doubt === undefined ? state : 'unchecked',
  };
}

function failed({ history, comparison }: Facts, anchor: string): Card {
  const folios = history.calls.reduce((sum, call) => sum + call.folios.length, 0);
  const card = { question: 'What failed?', anchor: `${anchor}-failed` };
  const lost = history.failures.length;
  const nothing = lostOf(history.capture) === undefined ? 'Nothing' : 'Nothing that was recorded';
  if (folios === 0 && lost === 0) {
    const unseen = history.observed.calls === 'unknown';
    return {
      ...card,
      answer: unseen ? 'Not recorded' : nothing,
      more: `${many(history.requests.length, 'request')} without a call`,
    };
  }
  return {
    ...card,
    answer:
      lost === 0
        ? nothing
        : `${count(lost)} of ${many(folios, 'folio')}${folios > lost ? ` (${percent(lost / folios)})` : ''}`,
    more: `in ${many(history.calls.length, 'call')}; ${count(comparison.fidelity.recordedFailures)} given up after their requests' own retries`,
  };
}

function holder({ history, comparison: { blame } }: Facts, anchor: string): Card {
  const card = { question: 'Who held them?', anchor: `${anchor}-blame` };
  const total = blame.reduce((sum, { folios }) => sum + folios, 0);
  const known = blame.filter(({ cause }) => cause !== unknownCause).sort((a, b) => b.folios - a.folios);
  const untold = blame.find(({ cause }) => cause === unknownCause)?.folios ?? 0;
  const [first, second] = known;
  if (total === 0) {
    const nobody = lostOf(history.capture) === undefined ? 'Nobody' : 'Nobody that was recorded';
    return { ...card, answer: nobody, more: 'no folio is known to have failed' };
  }
  if (first === undefined || first.folios < untold) {
    const rest = first === undefined || first.folios === 0 ? '' : `; then ${first.cause}, ${count(first.folios)}`;
    return { ...card, answer: 'Cannot be told', more: `for ${count(untold)} of ${many(total, 'failure')}${rest}` };
  }
  const parts = [`${count(first.folios)} of ${many(total, 'failure')} expected`];
  if (second !== undefined && second.folios > 0) parts.push(`then ${second.cause}, ${count(second.folios)}`);
  if (untold > 0) parts.push(`not told for ${count(untold)}`);
  return { ...card, answer: first.cause, more: parts.join('; ') };
}

function policy({ history, comparison }: Facts, anchor: string): Card {
  const [best] = winners(comparison);
  const card = { question: 'What would have changed it?', anchor: `${anchor}-policies` };
  if (best === undefined) {
    const none = comparison.fidelity.recordedFailures === 0;
    const hasLost = lostOf(history.capture) !== undefined;
    const more = none
      ? `nothing ${hasLost ? 'that was recorded ' : ''}was given up, so there is nothing to save`
      : `of ${many(comparison.rows.length - 1, 'policy', 'policies')} replayed none saves folios by more than chance`;
    return { ...card, answer: none && !hasLost ? 'Nothing to change' : 'None can be told', more };
  }
  const doubt = comparison.fidelity.state === 'poor' ? ', a direction only' : '';
  const rests = best.answer === 'observed' ? '' : ` (${best.answer})`;
  return {
    ...card,
    answer: best.policy,
    more: `${difference(best.difference.failedFolios)} folios given up${rests}${doubt}: ${best.title}`,
  };
}

function missing({ history: { capture }, comparison }: Facts, anchor: string): Card {
  const open = comparison.identifiable.filter(({ answer }) => answer !== 'observed').length;
  const axes = comparison.identifiable.length;
  const shown =
    axes === 0 ? '' : `${count(axes - open)} of ${many(axes, 'question')} answered from what the capture shows`;
  const refused =
    comparison.refusals.length === 0 ? '' : `; ${many(comparison.refusals.length, 'policy', 'policies')} refused`;
  return {
    question: 'What is missing?',
    answer: lostWords(capture),
    more: `${shown}${refused}`,
    anchor: `${anchor}-next`,
  };
}

function next({ history, comparison }: Facts, anchor: string): Card {
  const card = { question: 'What to do next?', anchor: `${anchor}-next` };
  const [best] = winners(comparison);
  const wanting = comparison.identifiable.filter(({ record }) => record !== '').length;
  const more =
    wanting === 0
      ? 'every question of policy has its events'
      : `${many(wanting, 'question')} of policy would be answered better by more events`;
  if (isHoley(history.capture)) {
    const gone = 'too many events were lost to choose by what is left';
    return { ...card, answer: 'Record with larger buffers', more: `${gone}; ${more}` };
  }
  if (best === undefined) return { ...card, answer: wanting === 0 ? 'Nothing to add' : 'Record more events', more };
  const answer = comparison.fidelity.state === 'good' ? `Try ${best.policy}` : `Record ${best.policy} and compare`;
  return { ...card, answer, more };
}

/** Whether more than one event in a hundred is lost, or nobody knows how many: the next recording has to be whole first. */
function isHoley(capture: Capture): boolean {
  const lost = lostOf(capture);
  return lost !== undefined && (lost.events === 0 || lost.events > capture.events / 100);
}

/** Events that the capture says were lost; `atLeast` where it does not say how many everywhere. Undefined of none. */
function lostOf({ losses }: Capture): { readonly events: number; readonly atLeast: boolean } | undefined {
  const real = losses.filter(({ how }) => how !== 'buffer started');
  if (real.length === 0) return undefined;
  const known = real.filter((loss) => !Number.isNaN(loss.count));
  return { events: known.reduce((sum, loss) => sum + loss.count, 0), atLeast: known.length < real.length };
}

function lostWords(capture: Capture): string {
  const lost = lostOf(capture);
  if (lost === undefined) return 'No lost event is reported';
  if (lost.events === 0) return 'Events were lost, how many is not known';
  const share = percent(lost.events / (lost.events + capture.events));
  return lost.atLeast ? `At least ${many(lost.events, 'event')} lost` : `${many(lost.events, 'event')} lost (${share})`;
}
