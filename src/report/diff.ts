/** Recorded differences as tables: what was aligned, what came of it, what was counted, and how long things took. */
import type { Diff, RunsRow } from '../compare/diff.ts';
import { metrics } from '../replay/outcome.ts';
import { spreadText } from './charts/validation.ts';
import { count, difference, duration, inUnit, list, many } from './numbers.ts';
import { type Table, table } from './tables.ts';

type Ends = { readonly low: number; readonly high: number };

/** Which way a difference goes, as far as its interval tells. */
function verdict({ low, high }: Ends): string {
  if (Number.isNaN(low)) return '';
  return low > 0 ? 'more in B' : high < 0 ? 'less in B' : low === 0 && high === 0 ? 'the same' : 'not told';
}

/** One sentence of what changed. */
export function diffFinding(diff: Diff): string {
  const paired = diff.alignment.reduce((sum, row) => sum + row.paired, 0);
  const told = diff.rows.filter(({ difference }) => difference.low > 0 || difference.high < 0);
  const head = `Of ${many(paired, 'request')} that both captures made`;
  if (paired === 0) return 'No request of one capture wants what one of the other does.';
  if (told.length === 0) return `${head}, no count differs by more than chance between requests would have it.`;
  return `${head}, B has ${list(told.map((row) => `${metrics[row.metric].title} ${difference(row.difference, row.unit)}`))}.`;
}

/** All tables of two captures. */
export function diffTables(diff: Diff): Table[] {
  const { alignment, outcomes, rows, blame, counts, lengths, silent } = diff;
  return [
    table(
      ['requests', 'paired>', 'exactly alike>', 'only in A>', 'only in B>'],
      alignment.map((row) => [row.kind, count(row.paired), count(row.exact), count(row.onlyA), count(row.onlyB)]),
      { title: 'Requests side by side' },
    ),
    table(
      ['', 'B done>', 'B failed>'],
      [
        ['A done', count(outcomes.bothDone), count(outcomes.onlyBFailed)],
        ['A failed', count(outcomes.onlyAFailed), count(outcomes.bothFailed)],
      ],
      { title: 'What became of paired requests' },
    ),
    table(
      ['', 'A>', 'B>', 'B less A, paired>', ''],
      rows.map((row) => [
        metrics[row.metric].title,
        inUnit(row.a, row.unit),
        inUnit(row.b, row.unit),
        difference(row.difference, row.unit),
        verdict(row.difference),
      ]),
      {
        title: 'Counted',
        notes: [
          'A and B: the whole captures. B less A: over paired requests only; its interval is of other requests like these in the same two runs, and says nothing of how runs differ.',
        ],
      },
    ),
    ...(blame.length === 0
      ? []
      : [
          table(
            ['cause', 'A>', 'B>'],
            blame.map((row) => [row.cause, count(row.a), count(row.b)]),
            { title: 'Failures by blame, expected folios of the whole captures' },
          ),
        ]),
    table(
      ['', 'A>', 'B>'],
      counts.map((row) => [row.what, count(row.a), count(row.b)]),
      { title: 'Facts of the whole captures' },
    ),
    table(
      ['', 'A>', 'median>', '90 %>', 'B>', 'median>', '90 %>'],
      lengths.map(({ what, a, b }) => [
        what,
        ...[a, b].flatMap((side) => [count(side.count), duration(side.median), duration(side.p90)]),
      ]),
      { title: 'Durations' },
    ),
    ...(silent.length === 0
      ? []
      : [
          table(
            ['not told by both captures'],
            silent.map((metric) => [metrics[metric].title]),
          ),
        ]),
  ];
}

/** Several captures a side, each as a whole. */
export function runsTable(rows: readonly RunsRow[], level: number): Table {
  return table(
    ['', 'A>', 'B>', 'B less A>', ''],
    rows.map((row) => [
      metrics[row.metric].title,
      spreadText(row.a, row.unit),
      spreadText(row.b, row.unit),
      difference(row.difference, row.unit),
      verdict(row.difference),
    ]),
    {
      title: 'Recorded, run by run',
      notes: [
        `The mean, and from the least to the most that a run had; B less A with its interval at ${Math.round(level * 100)} %.`,
      ],
    },
  );
}
