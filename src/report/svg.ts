/**
 * Vega-Lite specs to static SVG: the same bytes for the same spec, colours of axes and text taken from the page, so that
 * one drawing serves light and dark.
 */
import * as vega from 'vega';
import { type Config, compile, type TopLevelSpec } from 'vega-lite';
import { printable } from './tables.ts';

const font = 'DejaVu Sans, sans-serif';

/** The look of every chart. Text is `currentColor`: the page decides, and a PNG of it is black on white. */
export const theme: Config = {
  aria: false,
  background: 'transparent',
  font,
  padding: 4,
  view: { stroke: null },
  axis: {
    labelColor: 'currentColor',
    titleColor: 'currentColor',
    domainColor: 'currentColor',
    tickColor: 'currentColor',
    gridColor: 'currentColor',
    gridOpacity: 0.15,
    domainOpacity: 0.6,
    tickOpacity: 0.6,
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 'normal',
    labelLimit: 0,
    titleLimit: 0,
    labelOverlap: true,
  },
  legend: { labelColor: 'currentColor', titleColor: 'currentColor', labelFontSize: 11, labelLimit: 0, symbolSize: 90 },
  title: { color: 'currentColor', anchor: 'start', fontSize: 12, fontWeight: 'bold', limit: 0 },
  text: { color: 'currentColor', fontSize: 11, limit: 0 },
  rule: { color: 'currentColor' },
};

interface TextItem {
  readonly fontSize?: number;
  readonly fontWeight?: string | number;
}
interface TextMetrics {
  width(item: TextItem, text: unknown): number;
}
// Without a canvas vega takes every character for 0.8 of its height, which pushes axes far apart. DejaVu Sans is about
// 0.6 on average (and it is wider than most fonts that a reader may have instead).
const metrics = (vega as unknown as { textMetrics: TextMetrics }).textMetrics;
function width(item: TextItem, text: unknown): number {
  const size = item.fontSize ?? 11;
  const bold = item.fontWeight === 'bold' ? 1.1 : 1;
  let units = 0;
  for (const character of String(text ?? ''))
    units += /[ilj.,:;'|! ]/.test(character) ? 0.34 : /[mwMW%@]/.test(character) ? 0.95 : 0.61;
  return Math.ceil(units * size * bold);
}

// Vega's ids and text metrics belong to the whole process, so drawings are made one after another.
let last: Promise<unknown> = Promise.resolve();

/**
 * Draws a spec as SVG text. `name` goes before every id, so that several drawings may stand in one page.
 * Throws what vega-lite throws on a spec it cannot compile (a bug of a chart).
 */
export function renderSvg(spec: TopLevelSpec, name: string): Promise<string> {
  const drawn = last.then(() => draw(spec, name));
  last = drawn.catch(() => undefined);
  return drawn;
}

async function draw(spec: TopLevelSpec, name: string): Promise<string> {
  const before = metrics.width;
  metrics.width = width;
  try {
    const compiled = compile(spec, { config: theme, logger: silent }).spec;
    vega.resetSVGDefIds();
    const view = new vega.View(vega.parse(compiled), { renderer: 'none', logger: silent });
    const svg = await view.toSVG();
    view.finalize();
    // A label may be the name of a task, and the kernel lets that be anything.
    return shorten(printable(svg), name);
  } finally {
    metrics.width = before;
  }
}

/** Vega warns of empty domains on the console; a library prints nothing. Errors throw. */
const silent = {
  level: () => silent,
  error: (...what: readonly unknown[]) => {
    throw new Error(what.map(String).join(' '));
  },
  warn: () => silent,
  info: () => silent,
  debug: () => silent,
} as unknown as ReturnType<typeof vega.logger>;

/** Inside tags only: coordinates to a hundredth of a pixel, ids of our own, and nothing that draws or says nothing. */
function shorten(svg: string, name: string): string {
  return svg
    .replace(/<[^>]+>/g, (tag) =>
      tag
        .replace(/ (d|transform|x|y|x1|x2|y1|y2|width|height|viewBox)="([^"]*)"/g, (_, key: string, value: string) => {
          return ` ${key}="${value.replace(/-?\d+\.\d{3,}(?:e-?\d+)?/g, (n) => String(Number(Number(n).toFixed(2))))}"`;
        })
        .replace(/ (id="|[a-z-]+="url\(#|xlink:href="#|href="#)([A-Za-z]+_?\d+)/g, ` $1${name}-$2`)
        .replace(/ (class|role|aria-hidden|aria-roledescription|pointer-events)="[^"]*"/g, '')
        .replace(/ opacity="1"/, ''),
    )
    .replace(/<path d="(M0,0h0v0h0Z)?"( display="none")?\/>/g, '');
}
