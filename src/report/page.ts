/** The page: one HTML file that asks for nothing from anywhere, needs no script, and reads at any width, ground or on paper. */
import type { NumberLink } from './charts/figure.ts';
import { css } from './style.ts';
import { escapeHtml, type HrefOf, htmlTable, type Table } from './tables.ts';

/** A drawn figure: the wide and the narrow SVG, of which CSS shows one. */
export interface DrawnFigure {
  readonly id: string;
  readonly title: string;
  readonly finding: string;
  readonly links?: readonly NumberLink[];
  readonly tables: readonly Table[];
  /** Undefined where there is nothing to draw. */
  readonly svg: { readonly wide: string; readonly narrow: string } | undefined;
}

/** Headings under which something stands: the number of `<h2>` is 2. */
export type Level = 2 | 3 | 4;

export interface PageParts {
  readonly title: string;
  /** Sections that are HTML already. */
  readonly body: string;
  /** Of the skip link and the list of contents: anchors and what they are called. */
  readonly contents: readonly { readonly anchor: string; readonly title: string }[];
  /** Under the title, HTML. */
  readonly lead: string;
  /** Where a page has scripts: their source as the policy names it, and what goes to the end of the body. */
  readonly script?: { readonly policy: string; readonly html: string };
}

/** The whole document. */
export function page({ title, body, contents, lead, script }: PageParts): string {
  const policy = `default-src 'none'; style-src 'unsafe-inline'${script === undefined ? '' : `; ${script.policy}`}`;
  const items = contents.map(
    ({ anchor, title: name }) => `<li><a href="#${escapeHtml(anchor)}">${escapeHtml(name)}</a></li>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escapeHtml(title)}</title>
<style>${css}</style>
</head>
<body>
<a class="skip" href="#findings">Skip to the findings</a>
<header>
<h1>${escapeHtml(title)}</h1>
${lead}
<nav aria-label="Contents"><ul>
${items.join('\n')}
</ul></nav>
</header>
<main id="findings">
${body}
</main>
${script?.html ?? ''}</body>
</html>
`;
}

export function heading(level: Level, text: string): string {
  return `<h${level}>${escapeHtml(text)}</h${level}>`;
}

/** A sentence whose numbers lead to the facts that they count; a number without facts stays text. */
export function linked(text: string, links: readonly NumberLink[] = [], hrefOf?: HrefOf): string {
  let done = 0;
  const parts: string[] = [];
  for (const { text: piece, to } of links) {
    const at = text.indexOf(piece, done);
    const href = at < 0 ? undefined : hrefOf?.(to);
    if (href === undefined) continue;
    parts.push(escapeHtml(text.slice(done, at)), `<a href="${escapeHtml(href)}">${escapeHtml(piece)}</a>`);
    done = at + piece.length;
  }
  return [...parts, escapeHtml(text.slice(done))].join('');
}

/** A figure, its finding as caption, and its numbers folded below it; words alone where there is nothing to draw. */
export function figureHtml(figure: DrawnFigure, anchor: string, level: Level = 3, hrefOf?: HrefOf): string {
  const tables = figure.tables.filter((each) => each.rows.length > 0).map((each) => htmlTable(each, undefined, hrefOf));
  // The table stands beside the drawing, not in it: what is inside role="img" is not read out.
  const numbers =
    tables.length > 0
      ? `<details><summary>The numbers: ${escapeHtml(figure.title)}</summary>${tables.join('')}</details>`
      : '';
  const finding = linked(figure.finding, figure.links, hrefOf);
  const id = escapeHtml(anchor);
  // Nothing to draw is told in a line of its own, so that it stands in nobody's way.
  if (figure.svg === undefined) {
    return `<div class="chart" id="${id}">\n<p class="nothing"><b>${escapeHtml(figure.title)}.</b> ${finding}</p>\n${numbers}\n</div>\n`;
  }
  const drawing = `<figure><figcaption id="${id}-says">${finding}</figcaption><div role="img" aria-labelledby="${id}-says"><div class="wide">${figure.svg.wide}</div><div class="narrow">${figure.svg.narrow}</div></div></figure>`;
  return `<div class="chart" id="${id}">\n${heading(level, figure.title)}\n${drawing}\n${numbers}\n</div>\n`;
}

/** A table that is folded under its title. */
export function foldedHtml(of: Table, hrefOf?: HrefOf): string {
  const title = of.title ?? '';
  return `<details><summary>${escapeHtml(title)}</summary>${htmlTable({ ...of, title }, undefined, hrefOf)}</details>`;
}

export interface LinkedAnswer {
  readonly question: string;
  readonly answer: string;
  readonly links?: readonly NumberLink[];
}

/** Questions and answers. */
export function answersHtml(answers: readonly LinkedAnswer[], hrefOf?: HrefOf): string {
  if (answers.length === 0) return '';
  const rows = answers.map(
    ({ question, answer, links }) => `<dt>${escapeHtml(question)}</dt><dd>${linked(answer, links, hrefOf)}</dd>`,
  );
  return `<dl>\n${rows.join('\n')}\n</dl>\n`;
}

/** One answer of few words, for the top of a capture. */
export interface Card {
  readonly question: string;
  /** A number or a few words. */
  readonly answer: string;
  readonly more: string;
  /** Where it is told in full. */
  readonly anchor: string;
  readonly mood?: 'good' | 'poor' | 'unchecked';
}

export function cardsHtml(cards: readonly Card[]): string {
  const items = cards.map(
    ({ question, answer, more, anchor, mood }) =>
      `<li${mood === undefined ? '' : ` class="${mood}"`}><p class="q">${escapeHtml(question)}</p><p class="a"><a href="#${escapeHtml(anchor)}">${escapeHtml(answer)}</a></p><p>${escapeHtml(more)}</p></li>`,
  );
  return `<ul class="glance">\n${items.join('\n')}\n</ul>`;
}
