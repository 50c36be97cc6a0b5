/** A report: the same findings as a page, as Markdown for a mailing list, and as JSON for programs. */
import type { Comparison } from '../compare/comparison.ts';
import type { History } from '../history/facts.ts';
import { modelVersion } from '../replay/outcome.ts';
import { charts } from './charts/charts.ts';
import { type Facts, type Figure, widths } from './charts/figure.ts';
import { reportJson } from './json.ts';
import { captureMarkdown, headMarkdown, tableMarkdown } from './markdown.ts';
import { drawsSentence, many } from './numbers.ts';
import { answersHtml, type DrawnFigure, figureHtml, page } from './page.ts';
import { pooledTables } from './pooled.ts';
import { answers, overview, shortNames } from './summary.ts';
import { supporting } from './supporting.ts';
import { renderSvg } from './svg.ts';
import { escapeHtml, htmlTable } from './tables.ts';

export interface ReportInput {
  /** In the order in which they are shown. */
  readonly captures: readonly { readonly history: History; readonly comparison: Comparison }[];
  /** The command that makes this report again, as it would be typed. */
  readonly command: string;
  /** Version of the program. */
  readonly version: string;
  /** What a reader must know about all of it, a sentence each: a capture that is left out, clocks that differ. */
  readonly notes?: readonly string[];
  /** When it was made, where the caller wants that said; without it the same input gives the same bytes. */
  readonly generated?: string;
}

/** Builds all three forms. Pure: same input, same bytes. */
export async function buildReport(input: ReportInput): Promise<{ html: string; markdown: string; json: string }> {
  const all: readonly Facts[] = input.captures;
  const several = all.length > 1 ? overview(all) : undefined;
  const names = shortNames(all.map(({ history }) => history.capture.source));
  const title = titleOf(names);
  const figures = all.map((facts) => charts.map((chart) => chart(facts)));
  const sections: string[] = [];
  for (const [i, facts] of all.entries()) {
    const drawn: DrawnFigure[] = [];
    for (const [n, figure] of figures[i]!.entries()) {
      const narrow = charts[n]!(facts, widths.narrow);
      drawn.push(await drawFigure(figure, narrow, `c${i + 1}-${figure.id}`));
    }
    sections.push(captureHtml(facts, drawn, i + 1, all.length > 1 ? names[i]! : 'Summary'));
  }
  const notes = (input.notes ?? []).map((note) => `<p class="note">${escapeHtml(note)}</p>`);
  const head = [
    `<h1>${escapeHtml(title)}</h1>`,
    ...notes,
    ...(several ? [htmlTable(several, (row) => `#c${row + 1}`)] : []),
  ];
  const pooled = pooledTables(all.map(({ comparison }) => comparison));
  const together =
    pooled.length === 0 ? [] : ['<h2>Captures of one kind together</h2>', ...pooled.map((one) => htmlTable(one))];
  const html = page(title, [...head, ...sections, ...together, footHtml(input)].join('\n'));
  const markdown = [
    headMarkdown(title, input.command, madeBy(input), several, input.notes),
    ...all.map((facts, i) => captureMarkdown(facts, figures[i]!, all.length > 1 ? names[i]! : 'Summary')),
    ...(pooled.length === 0 ? [] : ['## Captures of one kind together\n', ...pooled.map(tableMarkdown)]),
  ].join('\n');
  return { html, markdown, json: reportJson(input, figures) };
}

function titleOf(names: readonly string[]): string {
  const what = names.length === 1 ? names[0] : many(names.length, 'capture');
  return `Page migration in ${what}: what failed, and what would have changed it`;
}

async function drawFigure(wide: Figure, narrow: Figure, name: string): Promise<DrawnFigure> {
  const { id, title, finding, tables } = wide;
  const svg =
    wide.spec && narrow.spec
      ? { wide: await renderSvg(wide.spec, `${name}-w`), narrow: await renderSvg(narrow.spec, `${name}-n`) }
      : undefined;
  return { id, title, finding, tables, svg };
}

function captureHtml(facts: Facts, figures: readonly DrawnFigure[], number: number, name: string): string {
  const anchor = `c${number}`;
  const { seed, draws, level } = facts.comparison;
  return [
    `<section id="${anchor}">`,
    `<h2>${escapeHtml(name)}</h2>`,
    answersHtml(answers(facts)),
    `<p class="meta">${escapeHtml(drawsSentence({ draws, seed, level }))}</p>`,
    ...figures.map((figure) => figureHtml(figure, `${anchor}-${figure.id}`)),
    '<h3>Behind the findings</h3>',
    ...supporting(facts).map(
      (each) =>
        `<details><summary>${escapeHtml(each.title ?? '')}</summary>${htmlTable({ ...each, title: each.title ?? '' })}</details>`,
    ),
    '</section>',
  ].join('\n');
}

/** `folioscope 0.1.0, model version 1`. */
function madeBy(input: ReportInput): string {
  return `folioscope ${input.version}, model version ${input.captures[0]?.comparison.modelVersion ?? modelVersion}${input.generated ? `, ${input.generated}` : ''}`;
}

function footHtml(input: ReportInput): string {
  return `<h2>To make this report again</h2>\n<pre>${escapeHtml(input.command)}</pre>\n<p class="meta">Made by ${escapeHtml(madeBy(input))}.</p>`;
}
