import { strict as assert } from 'node:assert';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { browserRuntime } from '../cli/runtime.ts';
import { skipWithout } from '../test-support.ts';
import { scriptJson } from './interactive.ts';
import { buildReport } from './report.ts';
import { madeUpFacts } from './test-support.ts';

const browserPath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const skip = skipWithout('chromium', existsSync(browserPath));

const hostile = '</script><script>alert(1)</script><!-- \u202e\u0007';

/** Made-up facts in which a task has a name that would end a script. */
function hostileFacts() {
  const { history, comparison } = madeUpFacts('made/up.txt');
  return { history: { ...history, calls: history.calls.map((call) => ({ ...call, comm: hostile })) }, comparison };
}

const made = (interactive = browserRuntime()) =>
  buildReport({ captures: [hostileFacts()], command: 'folioscope report', version: '0.0.0', interactive });

test('JSON in a script ends no element and fools no reader, and reads back', () => {
  const text = scriptJson({ a: ['</script>', '<!--', 'x & y', '\u2028'] });
  assert.doesNotMatch(text, /[<>&\u2028]/);
  assert.deepEqual(JSON.parse(text), { a: ['</script>', '<!--', 'x & y', ' '] });
});

test('an interactive page has five scripts, of which its policy names those that run, and none that a capture brings', async () => {
  const { html } = await made();
  assert.equal(html.match(/<script/g)?.length, 5);
  assert.equal(html.match(/<\/script/g)?.length, 5);
  assert.match(html, /script-src( 'sha256-[^']+'){4}">/);
  assert.equal((await made()).html, html, 'the same bytes');
  const still = await buildReport({ captures: [hostileFacts()], command: 'x', version: '0.0.0' });
  assert.doesNotMatch(still.html, /<script|script-src/);
});

test('tables follow the span that is brushed or written; values show where the mouse is; nothing is asked for', {
  skip,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'folioscope-interactive-'));
  const file = join(folder, 'index.html');
  writeFileSync(file, (await made()).html);
  const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', '--disable-gpu'] });
  t.after(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => complaints.push(dialog.message()));
  await page.goto(pathToFileURL(file).href);
  const timeline = page.locator('#c1-timeline');
  await timeline.scrollIntoViewIfNeeded();
  await timeline.locator('.wide .marks').waitFor();
  const says = () => timeline.locator('[role=status]').first().innerText();
  const rows = () => timeline.locator('.brushed').first().locator('tbody tr').count();
  assert.equal(await says(), 'Calls: 20 of 20.');
  assert.equal(await rows(), 20);
  const drawing = timeline.locator('.wide svg');
  await drawing.dragTo(drawing, { sourcePosition: { x: 200, y: 60 }, targetPosition: { x: 500, y: 60 } });
  await page.waitForFunction(
    () => !document.querySelector('#c1-timeline [role=status]')?.textContent?.includes('20 of 20'),
  );
  const brushed = await rows();
  assert.ok(brushed > 0 && brushed < 20, `${brushed} calls in the span`);
  assert.match(await says(), new RegExp(`^Calls: ${brushed} of 20 between `));
  // Without a mouse.
  await timeline.getByRole('spinbutton', { name: 'from' }).fill('2');
  await timeline.getByRole('spinbutton', { name: 'to' }).fill('3');
  await timeline.getByRole('spinbutton', { name: 'to' }).press('Enter');
  assert.equal(await says(), 'Calls: 5 of 20 between 2 and 3.');
  const blame = page.locator('#c1-blame');
  await blame.scrollIntoViewIfNeeded();
  await blame.locator('.wide .mark-rect path').first().hover();
  await page.locator('.tip').waitFor({ state: 'visible' });
  assert.match(await page.locator('.tip').innerText(), /: \d/);
  assert.deepEqual(requests, [pathToFileURL(file).href]);
  assert.deepEqual(complaints, []);
});
