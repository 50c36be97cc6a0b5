/** How many tries a folio took in one call: rounds behind migration entries, and attempts to move it while it was there. */
import type { CallFolio, History } from '../../history/facts.ts';
import { factsId } from '../evidence-id.ts';
import { count, list, many } from '../numbers.ts';
import { table } from '../tables.ts';
import { colours } from './colours.ts';
import { countsPanel } from './counts.ts';
import { type Chart, spec, widths } from './figure.ts';

/** More tries than these are drawn together. */
const most = 20;

const kinds = ['episodes', 'attempts'] as const;
type Kind = (typeof kinds)[number];
const outcomes = ['moved', 'failed'] as const;
type Outcome = (typeof outcomes)[number];

const colourOf = { moved: colours.sky, failed: colours.vermilion };
const nameOf = { episodes: 'By rounds behind entries', attempts: 'By attempts to move it' } as const;
const axisOf = { episodes: 'rounds behind entries', attempts: 'attempts to move it' } as const;

/** Folios by number of tries (the last holds the rest). */
type Tries = Readonly<Record<Kind, Readonly<Record<Outcome, Float64Array>>>>;

export const tries: Chart = ({ history }, width = widths.wide) => {
  const found = triesOf(history);
  // Where each round is one attempt (up to 6.2), one of the two says it all.
  const drawnKinds = kinds.slice(0, found.isOneEach ? 1 : 2);
  const panels = drawnKinds.flatMap((kind) =>
    outcomes
      .map((outcome) => ({ kind, outcome, folios: found.tries[kind][outcome] }))
      .filter(({ folios }) => folios.some((n) => n > 0)),
  );
  const columns = width < 500 ? 1 : 2;
  const largest = panels.reduce((sum, { folios }) => Math.max(sum, ...folios), 1);
  const last = panels.reduce(
    (sum, { folios }) =>
      Math.max(
        sum,
        folios.findLastIndex((n) => n > 0),
      ),
    10,
  );
  const rows = Array.from({ length: last + 1 }, (_, n) => n).filter((n) => panels.some(({ folios }) => folios[n]! > 0));
  return {
    id: 'tries',
    title: 'How many tries a folio took in one call',
    finding: finding(history, found),
    tables: [
      table(
        ['tries', ...panels.map(({ kind, outcome }) => `${outcome}, by ${kind}>`)],
        rows.map((n) => [n === most ? `${most} or more` : String(n), ...panels.map(({ folios }) => count(folios[n]!))]),
        rows.length === 0
          ? {}
          : {
              title: 'Folios by the number of tries',
              // The last row is of several numbers; of none, folios that have no name are left out.
              evidence: rows.map((n) =>
                n === 0 || n === most
                  ? []
                  : [undefined, ...panels.map(({ kind, outcome }) => factsId('folios', { outcome, [kind]: n }))],
              ),
              notes: [
                'By episodes: how often a folio was locked and its entries were replaced. By attempts: how often its references were checked and it was to be moved; a folio stays behind its entries for several. A folio counts once in each call.',
                ...(found.nameless > 0
                  ? [`${many(found.nameless, 'folio')} that only the totals of calls count are left out.`]
                  : []),
              ],
            },
      ),
    ],
    spec:
      panels.length === 0
        ? undefined
        : spec({
            columns,
            spacing: { row: 14, column: 24 },
            concat: panels.map(({ kind, outcome, folios }) =>
              countsPanel(
                { title: `${outcome}: ${many(sum(folios), 'folio')}`, colour: colourOf[outcome], at: folios },
                {
                  title: `${axisOf[kind]}, in one call`,
                  counted: 'folios',
                  from: 0,
                  to: last,
                  more: last === most,
                  largest,
                },
                Math.floor(width / columns),
              ),
            ),
          }),
  };
};

interface Found {
  readonly tries: Tries;
  /** Folios without a known frame: no try can be seen to be theirs. */
  readonly nameless: number;
  /** Both kinds are seen, and each folio has as many of one as of the other. */
  readonly isOneEach: boolean;
}

function triesOf({ calls, requests, observed }: History): Found {
  const empty = (): Record<Outcome, Float64Array> => ({
    moved: new Float64Array(most + 1),
    failed: new Float64Array(most + 1),
  });
  const found = { episodes: empty(), attempts: empty() };
  let nameless = 0;
  let isOneEach = observed.episodes !== 'unknown' && observed.attempts !== 'unknown';
  const add = (folio: CallFolio): void => {
    if (folio.outcome === 'unknown') return;
    if (Number.isNaN(folio.pfn) && folio.episodes.length === 0 && folio.attempts.length === 0) {
      nameless++;
      return;
    }
    isOneEach &&= folio.episodes.length === folio.attempts.length;
    for (const kind of kinds) {
      if (observed[kind] !== 'unknown') found[kind][folio.outcome][Math.min(most, folio[kind].length)]!++;
    }
  };
  for (const { folios } of calls) folios.forEach(add);
  for (const { withoutCalls } of requests) withoutCalls?.folios.forEach(add);
  return { tries: found, nameless, isOneEach };
}

function finding({ observed, calls }: History, { tries: found, nameless, isOneEach }: Found): string {
  const seen = kinds.filter((kind) => observed[kind] !== 'unknown');
  if (seen.length === 0)
    return 'This capture shows neither migration entries nor attempts to move folios, so how many tries they took is not known.';
  const parts = seen.slice(0, isOneEach ? 1 : 2).flatMap((kind) => {
    const { moved, failed } = found[kind];
    const all = sum(moved);
    if (all + sum(failed) === 0) return [];
    const again = all - moved[0]! - moved[1]!;
    const several = again === 0 ? 'none took' : `${count(again)} took`;
    return [
      `${isOneEach ? 'Each round behind entries was one attempt' : nameOf[kind]}: ${list([
        ...(all === 0
          ? []
          : [
              `of ${many(all, 'folio')} that moved ${several} more than one${again === 0 ? '' : ` (up to ${topOf(moved)})`}`,
            ]),
        ...(sum(failed) === 0 ? [] : [`${many(sum(failed), 'folio')} that failed took ${commonest(failed)}`]),
      ])}.`,
    ];
  });
  if (parts.length > 0) return parts.join(' ');
  if (nameless > 0)
    return `${many(nameless, 'folio')} are counted by the totals of calls only, so no tries are known to be theirs.`;
  return calls.length === 0
    ? 'No folio was tried in a call.'
    : 'No folio of the calls has a known outcome, so their tries are not told.';
}

const sum = (folios: Float64Array): number => folios.reduce((a, b) => a + b, 0);

const topOf = (folios: Float64Array): string => {
  const top = folios.findLastIndex((n) => n > 0);
  return top === most ? `${most} or more` : String(top);
};

/** `10 (12 of them)`: the number of tries that most took. */
function commonest(folios: Float64Array): string {
  const top = folios.indexOf(Math.max(...folios));
  const name = top === most ? `${most} or more` : String(top);
  if (folios[top] === sum(folios) && top === 0) return 'none';
  return folios[top] === sum(folios) ? name : `mostly ${name} (${count(folios[top]!)}), up to ${topOf(folios)}`;
}
