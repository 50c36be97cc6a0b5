/** The scoreboard as a page. */
import type { ModelSays, ScoreRow, Verdict } from './row.ts';

export interface Score {
  readonly row: ScoreRow;
  readonly said: ModelSays;
  readonly verdict: Verdict;
}

export interface ScoreOptions {
  readonly seed: number;
  readonly draws: number;
}

export function scored(row: ScoreRow, options: ScoreOptions): Score {
  const said = row.run(options);
  return { row, said, verdict: row.judge(said) };
}

/** Three digits that count, two beyond a million (`1.0e40`); `-` for what is no number. */
function figure(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (Math.abs(value) >= 1e6) return value.toExponential(1).replace('e+', 'e');
  return value !== 0 && Math.abs(value) >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

/** `12 [10, 14] units`; only the interval where there is no estimate; empty where the model gives no number. */
function interval({ estimate, low, high, unit }: ModelSays): string {
  if (Number.isNaN(low) && Number.isNaN(estimate)) return '';
  const range = `[${figure(low)}, ${figure(high)}]`;
  return `${Number.isNaN(estimate) ? '' : `${figure(estimate)} `}${range} ${unit}`.trim();
}

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;

const verdicts: readonly (readonly [Verdict, string])[] = [
  ['agrees', 'a figure was published, and lies in what the model says under the assumptions that the row names'],
  ['same direction', 'only an order was published, or only the order can be compared'],
  ['as built', 'the model was written from the text that says so: a check of the model, no evidence for it'],
  ['disagrees', 'what was published does not lie there'],
  ['cannot be told', 'what was published does not say enough to compute it, or nothing was published'],
];

/** The whole page. */
export function pageOf(scores: readonly Score[], { seed, draws }: ScoreOptions): string {
  const count = (verdict: Verdict) => scores.filter((score) => score.verdict === verdict).length;
  return `${[
    '# Scoreboard',
    '',
    `Written by \`npm run scoreboard\` (seed ${seed}, ${draws} draws). Each row is a published result with two sides. Where a`,
    'parameter was not published, at most one is fixed from side A, and side B is then computed: it is never fitted. An',
    'interval is over draws, at 95 % or from the smallest to the largest, as the row says.',
    '',
    line(['verdict', 'rows', 'means']),
    line(['---', '---', '---']),
    ...verdicts.map(([verdict, meaning]) => line([verdict, String(count(verdict)), meaning])),
    '',
    line(['row', 'side B, by the model', 'side B, published', 'verdict']),
    line(['---', '---', '---', '---']),
    ...scores.map(({ row, said, verdict }) =>
      line([`[${row.id}](#${row.id})`, interval(said) || said.says, row.published, verdict]),
    ),
    '',
    ...scores.flatMap(({ row, said, verdict }) => [
      `## ${row.id}`,
      '',
      `${row.result}.`.replace(/([?.!])\.$/, '$1'),
      '',
      `* Source: ${row.source}`,
      `* Given: ${row.given}`,
      `* Fixed from side A: ${row.fixed === '' ? 'nothing' : row.fixed}`,
      `* The model says: ${said.says}`,
      ...(interval(said) === '' ? [] : [`* Side B: ${interval(said)}`]),
      `* Published: ${row.published}`,
      `* Verdict: **${verdict}**. ${row.why}`,
      '',
    ]),
  ]
    .join('\n')
    .trimEnd()}\n`;
}
