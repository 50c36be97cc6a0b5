/** Failures by blame: who held the folios that did not move. The numbers are the replay's posterior, made once. */
import { blameOf, holdersOf, holderText } from '../../replay/blame.ts';
import { holderKey } from '../evidence-facts.ts';
import { factsId } from '../evidence-id.ts';
import { count, list, many, percent } from '../numbers.ts';
import { table } from '../tables.ts';
import { causeLooks } from './colours.ts';
import { bars, type Chart, type Facts, type NumberLink, widths } from './figure.ts';

const unknownCause = 'cannot tell';
const holdersShown = 10;

export const blame: Chart = ({ history, comparison }, width = widths.wide) => {
  const rows = [...comparison.blame]
    .filter((row) => row.folios > 0 || row.likeliest > 0)
    .sort((a, b) => b.folios - a.folios);
  const total = rows.reduce((sum, row) => sum + row.folios, 0);
  const holders = holdersOf(history, blameOf(history));
  return {
    id: 'blame',
    title: 'Who held the folios that failed in calls',
    finding: finding({ history, comparison }),
    links: [{ text: many(Number(total.toFixed(2)), 'failure'), to: factsId('failures') }, ...linkedFirst(rows)],
    tables: [
      table(
        ['cause', 'failures expected>', 'share>', 'likeliest cause of>'],
        rows.map((row) => [row.cause, count(row.folios), percent(row.folios / total), count(row.likeliest)]),
        rows.length > 0
          ? {
              evidence: rows.map(({ cause }) => [
                undefined,
                factsId('failures', { cause }),
                undefined,
                factsId('failures', { likeliest: cause }),
              ]),
              notes: [
                'A failure is a folio that one call did not move. Expected: each failure is shared out over its causes by their probability.',
              ],
            }
          : {},
      ),
      ...(holders.length === 0
        ? []
        : [
            table(
              ['held by', 'as', 'failures expected>'],
              holders.slice(0, holdersShown).map((row) => [holderText(row), row.cause, count(row.folios)]),
              {
                title: 'Who held them, where the capture shows it',
                evidence: holders
                  .slice(0, holdersShown)
                  .map((row) => [
                    ...[undefined, undefined],
                    factsId('failures', { holder: holderKey(row.cause, row) }),
                  ]),
              },
            ),
          ]),
    ],
    spec:
      total > 0
        ? bars(
            rows.map((row) => ({
              label: `${row.cause}: ${count(row.folios)} expected, likeliest of ${count(row.likeliest)}`,
              segments: [{ series: row.cause, value: row.folios }],
            })),
            Object.fromEntries(rows.map(({ cause }) => [cause, causeLooks[cause].colour])),
            'failures of single calls (expected)',
            width,
          )
        : undefined,
  };
};

/** Causes in the order in which the finding names them. */
function linkedFirst(rows: Facts['comparison']['blame']): NumberLink[] {
  const total = rows.reduce((sum, row) => sum + row.folios, 0);
  const untold = rows.filter(({ cause }) => cause === unknownCause);
  const known = rows.filter(({ cause, folios }) => cause !== unknownCause && folios > 0).slice(0, 3);
  if (known.length === 0) return [];
  const isMostly = (untold[0]?.folios ?? 0) > total / 2;
  return (isMostly ? [...untold, ...known] : [...known, ...untold]).map(({ cause, folios }) => ({
    text: cause === unknownCause ? count(folios) : `${cause} ${count(folios)}`,
    to: factsId('failures', { cause }),
  }));
}

function finding({ history, comparison }: Facts): string {
  const total = comparison.blame.reduce((sum, row) => sum + row.folios, 0);
  if (total === 0) {
    if (
      history.observed.calls === 'unknown' &&
      !history.requests.some(({ withoutCalls }) => withoutCalls !== undefined)
    )
      return 'Calls are not recorded, so there is no failed folio to ask about.';
    return history.failures.length === 0
      ? 'No folio is known to have failed, so nobody is to blame.'
      : `${many(history.failures.length, 'folio')} failed, and nothing in the capture speaks for any cause.`;
  }
  const failures = `${many(Number(total.toFixed(2)), 'failure')} of single calls`;
  const known = comparison.blame
    .filter((row) => row.cause !== unknownCause && row.folios > 0)
    .sort((a, b) => b.folios - a.folios);
  const untold = comparison.blame.find((row) => row.cause === unknownCause)?.folios ?? 0;
  if (known.length === 0) return `In ${failures}, who held the folio cannot be told from this capture.`;
  const parts = known.slice(0, 3).map((row) => `${row.cause} ${count(row.folios)} (${percent(row.folios / total)})`);
  // What is not known comes first where it is most of it.
  if (untold > total / 2)
    return `Of ${failures}, for ${count(untold)} (${percent(untold / total)}) nobody can tell who held the folio; expected of the rest: ${list(parts)}.`;
  const rest = untold > 0 ? `; for ${count(untold)} (${percent(untold / total)}) it cannot be told` : '';
  return `Of ${failures}, expected by cause: ${list(parts)}${rest}.`;
}
