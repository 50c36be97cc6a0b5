/** The figures of a report as files of their own: drawings to put elsewhere, and specs that the Vega editor opens. */
import { charts } from './charts/charts.ts';
import { type Facts, type Figure, widths } from './charts/figure.ts';
import { renderSvg, theme } from './svg.ts';

/** What `--charts` takes: drawings in one of two forms with their specs, or the specs alone. */
export type ChartForm = 'svg' | 'png' | 'vega';

/** Alone, a drawing has no page to take its ground and its ink from. */
const paper = { ground: '#ffffff', ink: '#000000' } as const;

/**
 * Files by name: `ID-wide.svg`, `ID-narrow.svg` (or `.png`, at twice the size) and `ID-wide.vl.json`, `ID-narrow.vl.json`; with
 * several captures `c1-`, `c2-`, … before it, as in the page's anchors. Figures with nothing to draw have none. The same facts
 * give the same text; the bytes of a PNG, made by `toPng`, hang on the machine's fonts.
 */
export async function chartFiles(
  captures: readonly Facts[],
  forms: readonly ChartForm[],
  toPng: (svg: string) => Uint8Array,
): Promise<Record<string, string | Uint8Array>> {
  const files: Record<string, string | Uint8Array> = {};
  for (const [i, facts] of captures.entries()) {
    const before = captures.length > 1 ? `c${i + 1}-` : '';
    for (const chart of charts) {
      for (const [size, width] of Object.entries(widths)) {
        const figure = chart(facts, width);
        if (figure.spec === undefined) continue;
        const name = `${before}${figure.id}-${size}`;
        files[`${name}.vl.json`] = specText(figure);
        if (forms.every((form) => form === 'vega')) continue;
        const svg = onPaper(await renderSvg(figure.spec, name));
        if (forms.includes('svg')) files[`${name}.svg`] = svg;
        if (forms.includes('png')) files[`${name}.png`] = toPng(svg);
      }
    }
  }
  return files;
}

/** A Vega-Lite spec that needs nothing beside it: its data, its look, and what it shows as its description. */
export function specText({ title, finding, spec }: Figure): string {
  const { $schema, ...body } = spec as unknown as Record<string, unknown>;
  const config = { ...theme, background: paper.ground };
  return `${withInk(JSON.stringify({ $schema, description: `${title}. ${finding}`, config, ...body }, null, 1))}\n`;
}

function withInk(text: string): string {
  return text.replaceAll('"currentColor"', `"${paper.ink}"`);
}

function onPaper(svg: string): string {
  return svg.replace('<svg ', `<svg style="background:${paper.ground};color:${paper.ink}" `);
}
