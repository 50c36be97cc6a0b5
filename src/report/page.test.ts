import { strict as assert } from 'node:assert';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { skipWithout } from '../test-support.ts';
import { charts } from './charts/charts.ts';
import { buildReport } from './report.ts';
import { madeUpFacts } from './test-support.ts';

const browserPath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const skip = skipWithout('chromium', existsSync(browserPath));

let folder = '';
let browser: Browser | undefined;

before(async () => {
  if (skip) return;
  folder = mkdtempSync(join(tmpdir(), 'folioscope-page-'));
  const captures = [madeUpFacts('one/trace.txt'), madeUpFacts(`${'long-name-'.repeat(12)}/trace.txt`)];
  const { html } = await buildReport({ captures, command: `folioscope report ${'x'.repeat(200)}`, version: '0.0.0' });
  writeFileSync(join(folder, 'index.html'), html);
  browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', '--disable-gpu'] });
});

after(async () => {
  await browser?.close();
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
});

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1200, 390]) {
    test(`the page at ${width} px, ${colorScheme}: fits, asks for nothing, and every figure has words and numbers`, {
      skip,
    }, async () => {
      assert.ok(browser);
      const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
      const page = await context.newPage();
      const requests: string[] = [];
      const complaints: string[] = [];
      page.on('request', (request) => requests.push(request.url()));
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(String(error)));
      const address = pathToFileURL(join(folder, 'index.html')).href;
      await page.goto(address);
      await page.evaluate(() => {
        for (const each of document.querySelectorAll('details')) each.open = true;
      });
      assert.deepEqual(requests, [address]);
      assert.deepEqual(complaints, []);
      const seen = await page.evaluate(() => {
        const shown = (element: Element): boolean => element.getClientRects().length > 0;
        const luminance = (colour: string): number =>
          (colour.match(/[\d.]+/g) ?? []).slice(0, 3).reduce((sum, part) => sum + Number(part), 0);
        const svgs = [...document.querySelectorAll('figure svg')].filter(shown);
        return {
          overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
          figures: document.querySelectorAll('figure').length,
          svgs: svgs.length,
          captioned: [...document.querySelectorAll('figure')].filter(
            (figure) =>
              figure.querySelector('[role=img]')?.getAttribute('aria-labelledby') ===
                figure.querySelector('figcaption')?.id &&
              (figure.querySelector('figcaption')?.textContent ?? '').length > 20 &&
              (figure.closest('.chart')?.querySelectorAll('details table tbody tr').length ?? 0) > 0,
          ).length,
          // How large 11 px of the drawing are on the screen.
          smallest: Math.min(
            ...svgs.map(
              (svg) => (svg.getBoundingClientRect().width / (svg as SVGSVGElement).viewBox.baseVal.width) * 11,
            ),
          ),
          // A caption that shares a row with stacked cells is squeezed to a letter a line.
          squeezed: [...document.querySelectorAll('caption')].filter(
            (each) => shown(each) && each.getBoundingClientRect().width < 100,
          ).length,
          wide: [...document.querySelectorAll('.scroll.stack')].filter(
            (each) => each.scrollWidth > each.clientWidth + 1,
          ).length,
          ground: luminance(getComputedStyle(document.body).backgroundColor),
          ink: luminance(getComputedStyle(document.querySelector('figure svg text') ?? document.body).fill),
        };
      });
      assert.ok(seen.overflow <= 0, `${seen.overflow} px wider than the window`);
      assert.equal(seen.figures, 2 * charts.length);
      assert.equal(seen.svgs, seen.figures, 'one drawing of each figure is shown');
      assert.equal(seen.captioned, seen.figures);
      assert.equal(seen.squeezed, 0);
      assert.equal(seen.wide, 0, 'tables of sentences, and the overview, fit without scrolling');
      assert.ok(seen.smallest >= 10, `text of ${seen.smallest.toFixed(1)} px`);
      assert.ok(
        colorScheme === 'dark' ? seen.ground < 150 && seen.ink > 600 : seen.ground > 600 && seen.ink < 150,
        JSON.stringify(seen),
      );
      await context.close();
    });
  }
}

/** A page of its own, at the width of a desk. */
async function opened(hash = '') {
  assert.ok(browser);
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 } });
  const page = await context.newPage();
  await page.goto(`${pathToFileURL(join(folder, 'index.html')).href}${hash}`);
  return { page, close: () => context.close() };
}

test('a number opens what stands behind it, and the way back is open', { skip }, async () => {
  const { page, close } = await opened();
  const link = page.locator('figcaption a[href^="#c1-ev-"]').first();
  const href = (await link.getAttribute('href')) ?? '';
  const shown = (): Promise<boolean> => page.locator(`[id="${href.slice(1)}"]`).isVisible();
  assert.equal(await shown(), false, 'closed before');
  await link.click();
  assert.equal(await shown(), true, 'opened by its address alone: the page has no script');
  assert.ok((await page.locator(`[id="${href.slice(1)}"]`).innerText()).includes('--behind'));
  await page.goBack();
  assert.equal(await link.isVisible(), true);
  await close();
  const direct = await opened(href);
  assert.equal(await direct.page.locator(`[id="${href.slice(1)}"]`).isVisible(), true, 'an address that was sent on');
  await direct.close();
});

test('headings follow each other, and the first key leads past the contents', { skip }, async () => {
  const { page, close } = await opened();
  const levels = await page.evaluate(() =>
    [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map((each) => Number(each.tagName[1])),
  );
  assert.equal(levels[0], 1);
  assert.equal(levels.filter((level) => level === 1).length, 1);
  for (const [i, level] of levels.entries()) assert.ok(i === 0 || level <= levels[i - 1]! + 1, `heading ${i}`);
  await page.keyboard.press('Tab');
  const focused = await page.evaluate(() => {
    const { left, top } = document.activeElement?.getBoundingClientRect() ?? { left: -1, top: -1 };
    return { href: document.activeElement?.getAttribute('href'), seen: left >= 0 && top >= 0 };
  });
  assert.deepEqual(focused, { href: '#findings', seen: true });
  await close();
});
