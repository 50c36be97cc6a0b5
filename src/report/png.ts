/** SVG to PNG, for readers that show no SVG. The only file of this room that needs the machine (a native package). */
import { Resvg } from '@resvg/resvg-js';

/** Draws an SVG at `scale` times its size. `currentColor` is black, so a PNG has a white ground unless told otherwise. */
export function svgToPng(svg: string, options: { scale?: number; background?: string } = {}): Uint8Array {
  const { scale = 2, background = 'white' } = options;
  const image = new Resvg(svg, {
    background,
    fitTo: { mode: 'zoom', value: scale },
    font: { loadSystemFonts: true, defaultFontFamily: 'DejaVu Sans' },
  });
  return new Uint8Array(image.render().asPng());
}
