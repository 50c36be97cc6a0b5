import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { causeLooks, colours } from './charts/colours.ts';
import { grounds } from './style.ts';

/** Relative luminance of `#rrggbb` (WCAG 2.1). */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Contrast ratio of two colours (WCAG 2.1): from 1 to 21. */
function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

test('the formula is the one of the standard', () => {
  assert.equal(contrast('#000000', '#ffffff'), 21);
  assert.ok(Math.abs(contrast('#777777', '#ffffff') - 4.48) < 0.01);
});

for (const [name, { ground, soft, ink, quiet, link, good, poor, unchecked }] of Object.entries(grounds)) {
  test(`on a ${name} page text has a contrast of 4.5 at least, marks one of 3`, () => {
    for (const under of [ground, soft]) {
      for (const text of [ink, quiet, link]) assert.ok(contrast(text, under) >= 4.5, `${text} on ${under}`);
      for (const mark of [good, poor, unchecked]) assert.ok(contrast(mark, under) >= 3, `${mark} on ${under}`);
    }
    const drawn = [...Object.values(colours), ...Object.values(causeLooks).map(({ colour }) => colour)];
    for (const mark of drawn) {
      const ratio = contrast(mark, ground);
      assert.ok(ratio >= 3, `${mark} on ${ground}: ${ratio.toFixed(2)}`);
    }
  });
}
