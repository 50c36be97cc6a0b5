/** A report: the same findings as a page, as Markdown for a mailing list, and as JSON for programs. */
import type { Comparison } from '../compare/comparison.ts';
import type { History } from '../history/facts.ts';
import { modelVersion } from '../replay/outcome.ts';
import { captureHtml, sectionAnchor } from './capture-page.ts';
import { sections } from './charts/charts.ts';
import { type Facts, type Figure, widths } from './charts/figure.ts';
import { EvidenceBook, eventsOfPage, type Look } from './evidence-page.ts';
import { interactiveParts, type RuntimeTexts } from './interactive.ts';
import { introHtml } from './intro.ts';
import { reportJson } from './json.ts';
import { type Manifest, manifestTables } from './manifest.ts';
import { captureMarkdown, headMarkdown, tableMarkdown } from './markdown.ts';
import { many } from './numbers.ts';
import { answersHtml, type DrawnFigure, foldedHtml, page } from './page.ts';
import { pooledAnswers, pooledTables } from './pooled.ts';
import { overview, shortNames } from './summary.ts';
import { renderSvg } from './svg.ts';
import { escapeHtml, type HrefOf, htmlTable } from './tables.ts';

/** One capture of a report. */
export interface ReportCapture {
  readonly history: History;
  readonly comparison: Comparison;
  /** Gives the events that a page shows behind its numbers; without it they are named by their numbers. */
  readonly look?: Look;
  /** `folioscope events FILE` with the options that the capture is read with, as it would be typed. */
  readonly events?: string;
}

export interface ReportInput {
  /** In the order in which they are shown. */
  readonly captures: readonly ReportCapture[];
  /** The command that makes this report again, as it would be typed. */
  readonly command: string;
  /** Version of the program. */
  readonly version: string;
  /** What a reader must know about all of it, a sentence each: a capture that is left out, clocks that differ. */
  readonly notes?: readonly string[];
  /** Draws figures with values to hover and a span to brush, by these runtimes; without it the page has no script. */
  readonly interactive?: RuntimeTexts;
  /** What went in, by hash. */
  readonly manifest?: Manifest;
  /** When it was made, where the caller wants that said; without it the same input gives the same bytes. */
  readonly generated?: string;
}

/** Builds all three forms. The same input, and the same events from `look`, give the same bytes. */
export async function buildReport(input: ReportInput): Promise<{ html: string; markdown: string; json: string }> {
  const all: readonly Facts[] = input.captures;
  const isSeveral = all.length > 1;
  const several = isSeveral ? overview(all) : undefined;
  const names = shortNames(all.map(({ history }) => history.capture.source));
  const title = titleOf(names);
  const figures = all.map((facts) => sections.map((section) => section.charts.map((chart) => chart(facts))));
  const pooled = pooledTables(all.map(({ comparison }) => comparison));
  const html = await pageOf(input, { title, names, figures });
  const markdown = [
    headMarkdown(title, input.command, madeBy(input), several, input.notes),
    ...(pooled.length === 0 ? [] : ['## Captures of one kind together\n', ...pooled.map(tableMarkdown)]),
    ...all.map((facts, i) => captureMarkdown(facts, figures[i]!, isSeveral ? names[i]! : 'Summary')),
  ].join('\n');
  return {
    html,
    markdown,
    json: reportJson(
      input,
      figures.map((own) => own.flat()),
    ),
  };
}

function titleOf(names: readonly string[]): string {
  const what = names.length === 1 ? names[0] : many(names.length, 'capture');
  return `Page migration in ${what}: what failed, and what would have changed it`;
}

interface Made {
  readonly title: string;
  readonly names: readonly string[];
  /** By capture and section. */
  readonly figures: readonly (readonly (readonly Figure[])[])[];
}

async function pageOf(input: ReportInput, { title, names, figures }: Made): Promise<string> {
  const all = input.captures;
  const isSeveral = all.length > 1;
  const books: EvidenceBook[] = [];
  const parts: string[] = [];
  for (const [i, facts] of all.entries()) {
    const anchor = `c${i + 1}`;
    const book = new EvidenceBook(facts, anchor);
    books.push(book);
    const drawn: DrawnFigure[][] = [];
    for (const [s, section] of sections.entries()) {
      const own: DrawnFigure[] = [];
      for (const [n, figure] of figures[i]![s]!.entries()) {
        own.push(await drawFigure(figure, section.charts[n]!(facts, widths.narrow), `${anchor}-${figure.id}`));
      }
      drawn.push(own);
    }
    const level = isSeveral ? 3 : 2;
    const body = captureHtml(facts, drawn, { anchor, level, hrefOf: book.hrefOf });
    const name = isSeveral ? `<h2>${escapeHtml(names[i]!)}</h2>\n` : '';
    parts.push(`<section id="${anchor}">\n${name}${body}\n</section>`);
  }
  const comparisons = all.map(({ comparison }) => comparison);
  const pooled = [answersHtml(pooledAnswers(comparisons)), ...pooledTables(comparisons).map((one) => foldedHtml(one))];
  const overviewHtml = isSeveral
    ? `<section id="captures"><h2>The captures</h2>\n${htmlTable(overview(all), (row) => `#c${row + 1}`, hrefOfAll(books))}${pooled.join('\n')}</section>`
    : '';
  const evidence = await evidenceHtml(input, books, names);
  const contents = [
    ...(isSeveral
      ? [
          { anchor: 'captures', title: 'The captures' },
          ...names.map((name, i) => ({ anchor: `c${i + 1}`, title: name })),
        ]
      : sections.map((section) => ({ anchor: sectionAnchor('c1', section), title: section.title }))),
    { anchor: 'evidence', title: 'Evidence' },
    { anchor: 'again', title: 'Manifest' },
  ];
  const notes = (input.notes ?? []).map((note) => `<p class="note">${escapeHtml(note)}</p>`);
  const script = input.interactive === undefined ? undefined : await interactiveParts(all, input.interactive);
  return page({
    ...(script === undefined ? {} : { script }),
    title,
    contents,
    lead: [introHtml(), ...notes].join('\n'),
    body: [overviewHtml, ...parts, evidence, againHtml(input)].join('\n'),
  });
}

/** Where the facts of a table of several captures are shown. */
function hrefOfAll(books: readonly EvidenceBook[]): HrefOf {
  return (id) => {
    const at = id.indexOf(':');
    return books[Number(id.slice(0, at))]?.hrefOf(id.slice(at + 1));
  };
}

async function drawFigure(wide: Figure, narrow: Figure, name: string): Promise<DrawnFigure> {
  const { id, title, finding, links, tables } = wide;
  const svg =
    wide.spec && narrow.spec
      ? { wide: await renderSvg(wide.spec, `${name}-w`), narrow: await renderSvg(narrow.spec, `${name}-n`) }
      : undefined;
  return { id, title, finding, tables, svg, ...(links === undefined ? {} : { links }) };
}

/** The blocks of all captures, which share the room that a page has. */
async function evidenceHtml(
  input: ReportInput,
  books: readonly EvidenceBook[],
  names: readonly string[],
): Promise<string> {
  const policies = books.map((book) => book.policies());
  const blocks = books.reduce((sum, book) => sum + book.blocks, 0);
  const parts: string[] = [];
  for (const [i, book] of books.entries()) {
    const { history, look, events } = input.captures[i]!;
    const room = blocks === 0 ? 0 : Math.floor((eventsOfPage * book.blocks) / blocks);
    const command = events ?? `folioscope events ${history.capture.source}`;
    const name = books.length > 1 ? `<h3>${escapeHtml(names[i]!)}</h3>\n` : '';
    parts.push(`${name}${await book.html(room, look, command)}\n${policies[i]}`);
  }
  return `<section id="evidence" class="evidence"><h2>Evidence: what stands behind the numbers</h2>
<p>A number that is a link leads here: to the recorded events that it counts, or to the replays that it is the mean of. Back to where you were: the browser's own way.</p>
${parts.join('\n')}
</section>`;
}

/** `folioscope 0.1.0, model version 1`. */
function madeBy(input: ReportInput): string {
  return `folioscope ${input.version}, model version ${input.captures[0]?.comparison.modelVersion ?? modelVersion}${input.generated ? `, ${input.generated}` : ''}`;
}

function againHtml(input: ReportInput): string {
  const tables = input.manifest === undefined ? [] : manifestTables(input.manifest);
  return `<section id="again"><h2>Manifest: to make this report again</h2>
<pre>${escapeHtml(input.command)}</pre>
<p class="meta">Made by ${escapeHtml(madeBy(input))}. The same inputs, version, policies and seed give the same bytes.</p>
${tables.map((one) => foldedHtml(one)).join('\n')}
</section>`;
}
