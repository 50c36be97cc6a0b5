/** The page: one HTML file that asks for nothing from anywhere, needs no script, and reads at any width, ground or on paper. */
import { escapeHtml, htmlTable, type Table } from './tables.ts';

/** A drawn figure: the wide and the narrow SVG, of which CSS shows one. */
export interface DrawnFigure {
  readonly id: string;
  readonly title: string;
  readonly finding: string;
  readonly tables: readonly Table[];
  /** Undefined where there is nothing to draw. */
  readonly svg: { readonly wide: string; readonly narrow: string } | undefined;
}

const css = `
:root{color-scheme:light dark;--line:color-mix(in srgb,CanvasText 22%,Canvas);--soft:color-mix(in srgb,CanvasText 5%,Canvas)}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:60rem;font:16px/1.5 "DejaVu Sans",system-ui,sans-serif;background:Canvas;color:CanvasText;overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.25;margin:.5rem 0}h2{font-size:1.25rem;margin:2.5rem 0 .5rem;border-top:2px solid var(--line);padding-top:1rem}h3{font-size:1.05rem;margin:2rem 0 .25rem}
code,pre{font:.875em "DejaVu Sans Mono",ui-monospace,monospace}pre{white-space:pre-wrap;background:var(--soft);padding:.5rem .75rem;border-radius:4px}
dl{margin:1rem 0;display:grid;grid-template-columns:10rem 1fr;gap:.5rem 1rem}dt{font-weight:bold}dd{margin:0}
figure{margin:.5rem 0}figcaption{margin:0 0 .75rem}svg{display:block;max-width:100%;height:auto}
.narrow{display:none}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:4px;margin:.5rem 0}
table{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums}caption{text-align:left;font-weight:bold;padding:.4rem .6rem}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-top:1px solid var(--line);overflow-wrap:normal}
thead th{border-top:0;vertical-align:bottom}tbody tr:nth-child(even){background:var(--soft)}
td:first-child:not(.n){min-width:9rem}td{min-width:3rem;max-width:26rem}.n{text-align:right;white-space:nowrap}thead .n{white-space:normal}
.note,.meta{font-size:.85rem;opacity:.85;margin:.25rem 0}.nothing{font-style:italic}
details{margin:.25rem 0 1rem}summary{cursor:pointer;font-size:.9rem}
a{color:LinkText}
@media screen and (max-width:800px){.wide{display:none}.narrow{display:block}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.75rem}body{padding:.75rem;font-size:15px}.stack table,.stack caption,.stack tbody,.stack tr,.stack td{display:block}.stack thead{display:none}.stack tr{border-top:1px solid var(--line);padding:.4rem .6rem}.stack td,.stack td:first-child:not(.n){border:0;padding:.1rem 0;min-width:0;max-width:none;text-align:left;white-space:normal;overflow-wrap:anywhere}.stack td::before{content:attr(data-of) ": ";font-weight:bold}.stack td:empty{display:none}.stack td:first-child::before{content:none}.scroll:not(.stack) td:first-child,.scroll:not(.stack) th:first-child{position:sticky;left:0;background:Canvas}.scroll:not(.stack) tbody tr:nth-child(even) td:first-child{background:var(--soft)}}
@media print{body{max-width:none;font-size:11pt}.wide{display:block}.narrow{display:none}figure,tr{break-inside:avoid}h2,h3{break-after:avoid}.scroll{overflow:visible;border:0}table{font-size:7.5pt}th,td{padding:.15rem .3rem}summary{display:none}details::details-content{content-visibility:visible;block-size:auto}}
`;

/** The whole document around sections that are HTML already. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${css}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

/** A figure, its finding as caption, and its numbers folded below it; words alone where there is nothing to draw. */
export function figureHtml(figure: DrawnFigure, anchor: string): string {
  const tables = figure.tables.filter((each) => each.rows.length > 0).map((each) => htmlTable(each));
  // The table stands beside the figure, not in it: what is inside role="img" is not read out.
  const numbers =
    tables.length > 0
      ? `<details><summary>The numbers: ${escapeHtml(figure.title)}</summary>${tables.join('')}</details>`
      : '';
  const finding = escapeHtml(figure.finding);
  const drawing = figure.svg
    ? `<figure role="img" aria-label="${finding}"><figcaption>${finding}</figcaption><div class="wide">${figure.svg.wide}</div><div class="narrow">${figure.svg.narrow}</div></figure>`
    : `<p class="nothing">${finding}</p>`;
  return `<div class="chart" id="${escapeHtml(anchor)}">\n<h3>${escapeHtml(figure.title)}</h3>\n${drawing}\n${numbers}\n</div>\n`;
}

/** Questions and answers. */
export function answersHtml(answers: readonly { readonly question: string; readonly answer: string }[]): string {
  const rows = answers.map(({ question, answer }) => `<dt>${escapeHtml(question)}</dt><dd>${escapeHtml(answer)}</dd>`);
  return `<dl>\n${rows.join('\n')}\n</dl>\n`;
}
