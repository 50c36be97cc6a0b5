/** The report's page in a browser, of real captures: what a reader does with eyes, hands, a printer, and a hostile capture. */
import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { root, skipWithout, tracePath } from '../src/test-support.ts';
import { browserPath } from './notebooks.ts';

const skip = skipWithout('chromium', existsSync(browserPath));
const main = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));

/** Names that would command a page, a terminal or a spreadsheet. */
const hostile = [
  '<script>alert(1)',
  '<img src=x onerr',
  '"><svg/onload=a>',
  '=HYPERLINK("x")',
  '\u001b[31mred',
  '@SUM(1+1)',
] as const;

/** The lines of a bundled capture, and what stands beside it. */
function linesOf(...parts: string[]): string[] {
  return gunzipSync(readFileSync(tracePath(...parts, 'trace.txt.gz')))
    .toString('utf8')
    .split('\n');
}

/** The text of each capture, and the folder of its sidecar. */
const captures: Readonly<Record<string, { text: () => string; beside: string[] }>> = {
  // Until just after its first allocations, some of which fail: the whole has thousands of folios.
  contiguous: {
    text: () => linesOf('debian-6.1-4k', 'contig_lowmem_apps').slice(0, 56_500).join('\n'),
    beside: ['debian-6.1-4k', 'contig_lowmem_apps'],
  },
  move_pages: {
    text: () => linesOf('pairs', 'shared-anon-hot', 'baseline', 'run01').join('\n'),
    beside: ['pairs', 'shared-anon-hot', 'baseline', 'run01'],
  },
  lossy: { text: () => linesOf('debian-6.1-4k', 'lossy').join('\n'), beside: ['debian-6.1-4k', 'lossy'] },
  hostile: {
    text: () =>
      linesOf('debian-6.1-4k', 'shanon_hot')
        .slice(0, 6000)
        .map((line, i) =>
          line.replace(/^ *[^#\s].*?-(\d+ +\()/, (_, rest: string) => `${hostile[i % hostile.length]}-${rest}`),
        )
        .join('\n'),
    beside: ['debian-6.1-4k', 'shanon_hot'],
  },
};
const real = ['contiguous', 'move_pages', 'lossy'] as const;

let folder = '';
let browser: Browser | undefined;

const tracesOf = (name: string) => join(folder, name, 'trace.txt');

function report(name: string, out: string, ...flags: string[]): void {
  const args = [main, 'report', tracesOf(name), '--draws', '4', '-o', join(folder, name, out), ...flags];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  assert.equal(status, 0, `${name}: ${stderr}`);
}

before(async () => {
  if (skip) return;
  folder = mkdtempSync(join(tmpdir(), 'folioscope-pages-'));
  for (const [name, { text, beside }] of Object.entries(captures)) {
    mkdirSync(join(folder, name));
    writeFileSync(tracesOf(name), `${text().trimEnd()}\n`);
    writeFileSync(join(folder, name, 'meta.json'), readFileSync(tracePath(...beside, 'meta.json')));
    report(name, 'out');
  }
  browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', '--disable-gpu'] });
});

after(async () => {
  await browser?.close();
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
});

/** A page opened from its file, by folder, and everything that it asked for or complained of. */
async function opened(
  name: string,
  options: BrowserContextOptions = {},
  use: (page: Page) => Promise<void>,
): Promise<void> {
  assert.ok(browser);
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const asked: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  const address = pathToFileURL(join(folder, ...name.split('/'), 'index.html')).href;
  try {
    await page.goto(address);
    await use(page);
    assert.deepEqual(asked, [address], 'one request: the page itself');
    assert.deepEqual(complaints, []);
  } finally {
    await context.close();
  }
}

const luminance = (page: Page, of: 'backgroundColor' | 'color'): Promise<number> =>
  page.evaluate(
    (property) =>
      (getComputedStyle(document.body)[property].match(/[\d.]+/g) ?? [])
        .slice(0, 3)
        .reduce((sum, part) => sum + Number(part), 0) / 3,
    of,
  );

for (const name of real) {
  test(`${name}: wide and narrow, light and dark, nothing sticks out and nothing is asked for`, { skip }, async () => {
    for (const width of [1280, 390])
      for (const colorScheme of ['light', 'dark'] as const)
        await opened(`${name}/out`, { viewport: { width, height: 900 }, colorScheme }, async (page) => {
          await page.evaluate(() => {
            for (const each of document.querySelectorAll('details')) each.open = true;
          });
          const over = await page.evaluate(() => {
            const { scrollWidth, clientWidth } = document.documentElement;
            return scrollWidth - clientWidth;
          });
          assert.ok(over <= 0, `${over} px too wide at ${width} px, ${colorScheme}`);
          const [ground, ink] = [await luminance(page, 'backgroundColor'), await luminance(page, 'color')];
          assert.ok(colorScheme === 'dark' ? ground < 60 && ink > 180 : ground > 200 && ink < 70, `${ground} ${ink}`);
        });
  });

  test(`${name}: every link leads to one place with words in it, and opens it`, { skip }, async () => {
    await opened(`${name}/out`, {}, async (page) => {
      const { links, broken, doubled, empty } = await page.evaluate(() => {
        const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
        const all = [...document.querySelectorAll('a[href^="#"]')];
        const targets = (of: Element[]) => [...new Set(of.map((link) => link.getAttribute('href')!.slice(1)))];
        const hrefs = targets(all);
        const words = (id: string) => (document.getElementById(id)?.textContent ?? '').trim().length;
        return {
          // Facts lead on to others, in folds of their own.
          links: targets(all.filter((link) => link.closest('.ev') === null)),
          broken: hrefs.filter((id) => !ids.includes(id)),
          doubled: ids.filter((id, i) => ids.indexOf(id) !== i),
          empty: hrefs.filter((id) => words(id) === 0),
        };
      });
      assert.deepEqual({ broken, doubled, empty }, { broken: [], doubled: [], empty: [] });
      const evidence = links.filter((id) => id.includes('-ev-'));
      assert.ok(evidence.length > 10, `${evidence.length} links to evidence`);
      // A few from all over the page: each is closed, then open.
      for (let i = 0; i < evidence.length; i += Math.ceil(evidence.length / 6)) {
        const target = page.locator(`[id="${evidence[i]}"]`);
        const link = page.locator(`a[href="#${evidence[i]}"]`).first();
        await page.evaluate(() => {
          // The link may stand in a folded table, which its reader has opened.
          for (const each of document.querySelectorAll('details')) each.open = !each.matches('.ev');
        });
        assert.ok(!(await target.isVisible()), `${evidence[i]} is folded`);
        await link.click();
        assert.ok(await target.isVisible(), `${evidence[i]} is open`);
        assert.ok(
          await target.evaluate((it) => it.getBoundingClientRect().top < innerHeight),
          `${evidence[i]} is in view`,
        );
      }
    });
  });

  test(`${name}: the events shown behind a number are those lines of the capture`, { skip }, async () => {
    const events = readFileSync(tracesOf(name), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#') && !/^CPU:\d+ \[LOST /.test(line));
    await opened(`${name}/out`, {}, async (page) => {
      const shown = await page.evaluate(() =>
        [...document.querySelectorAll('.events tbody tr')].flatMap((row) => {
          const cells = [...row.querySelectorAll('td')].map((cell) => cell.textContent ?? '');
          return cells.length > 3 ? [cells] : [];
        }),
      );
      assert.ok(shown.length > 5, `${shown.length} events`);
      for (const [number, time, , , event] of shown) {
        const line = events[Number(number!.replace(/\D/g, ''))] ?? 'no such line';
        assert.ok(line.includes(` ${time}: ${event!.replace(/^.*:/, '')}: `), `${number} ${time} ${event} is: ${line}`);
      }
    });
  });

  test(`${name}: on paper the tables are unfolded, the ground is white, and what needs a hand is gone`, {
    skip,
  }, async () => {
    await opened(`${name}/out`, { colorScheme: 'dark' }, async (page) => {
      await page.emulateMedia({ media: 'print' });
      const seen = await page.evaluate(() => {
        const has = (element: Element) => element.getClientRects().length > 0;
        const all = (selector: string) => [...document.querySelectorAll(selector)];
        return {
          // Of the figures, not of the evidence, which is for following links.
          folded: all('.chart details table').filter((each) => !has(each)).length,
          tables: all('.chart details table').length,
          narrow: all('.narrow').filter(has).length,
          wide: all('.wide').filter(has).length,
          hands: all('nav, .skip, .evidence, summary').filter(has).length,
        };
      });
      assert.equal(seen.folded, 0);
      assert.ok(seen.tables > 5 && seen.wide > 5, JSON.stringify(seen));
      assert.deepEqual([seen.narrow, seen.hands], [0, 0]);
      assert.ok((await luminance(page, 'backgroundColor')) > 250);
      assert.equal((await page.pdf()).subarray(0, 5).toString(), '%PDF-');
    });
  });
}

test('keys alone reach links and folds, are seen where they are, and open what they are on', { skip }, async () => {
  await opened('move_pages/out', {}, async (page) => {
    const kinds = new Set<string>();
    let outlined = 0;
    for (let press = 0; press < 40; press++) {
      await page.keyboard.press('Tab');
      const { kind, outline, seen } = await page.evaluate(() => {
        const focused = document.activeElement!;
        const { width, top, bottom } = focused.getBoundingClientRect();
        const style = getComputedStyle(focused);
        return {
          kind: focused.tagName,
          outline: style.outlineStyle === 'none' ? 0 : Number.parseFloat(style.outlineWidth),
          seen: width > 0 && bottom > 0 && top < innerHeight,
        };
      });
      assert.ok(seen, `stop ${press}, ${kind}, is in view`);
      kinds.add(kind);
      if (outline >= 2) outlined++;
    }
    assert.ok(kinds.has('A') && kinds.has('SUMMARY'), [...kinds].join());
    assert.equal(outlined, 40, 'each stop has an outline');
    // On to the next fold, which Enter opens and closes.
    const isOpen = () => page.evaluate(() => (document.activeElement!.parentElement as HTMLDetailsElement).open);
    while ((await page.evaluate(() => document.activeElement?.tagName)) !== 'SUMMARY') await page.keyboard.press('Tab');
    const before = await isOpen();
    await page.keyboard.press('Enter');
    assert.equal(await isOpen(), !before);
    await page.keyboard.press('Shift+Tab');
    await page.locator('.glance a').first().focus();
    await page.keyboard.press('Enter');
    assert.match(page.url(), /#c1-trust$/);
    assert.ok(
      await page.locator('#c1-trust').evaluate((it) => Math.abs(it.getBoundingClientRect().top) < innerHeight / 2),
    );
  });
});

test('names that would command a page, a terminal or a spreadsheet are words on it', { skip }, async () => {
  await opened('hostile/out', {}, async (page) => {
    const { scripts, images, handlers, words } = await page.evaluate(() => ({
      scripts: document.querySelectorAll('script').length,
      images: document.querySelectorAll('img, iframe, object, embed, base, form').length,
      handlers: [...document.querySelectorAll('*')].filter((each) =>
        [...each.attributes].some(({ name, value }) => /^on/i.test(name) || /^\s*javascript:/i.test(value)),
      ).length,
      words: document.body.textContent ?? '',
    }));
    assert.deepEqual({ scripts, images, handlers }, { scripts: 0, images: 0, handlers: 0 });
    for (const name of hostile.filter((each) => !each.includes('\u001b')))
      assert.ok(words.includes(name), `${name} is shown as it is`);
    assert.doesNotMatch(words, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    assert.ok(words.includes('[31mred'), 'what is left of an escape sequence commands nothing');
  });
  const names = ['report.md', 'report.json'].map((file) => readFileSync(join(folder, 'hostile', 'out', file), 'utf8'));
  for (const text of names) assert.ok(!text.includes('\u001b'));
});

test('an interactive page of a real capture counts in a written span what its text has there, and shows values', {
  skip,
}, async () => {
  report('move_pages', 'live', '--interactive');
  const times = readFileSync(tracesOf('move_pages'), 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => ({
      time: Number(/ (\d+\.\d{6}): /.exec(line)?.[1]),
      isCall: line.includes(' mm_migrate_pages_start: '),
    }));
  const start = times[0]!.time;
  const calls = times.filter(({ isCall }) => isCall).map(({ time }) => time - start);
  // Half-way between calls, so that no rounding decides.
  const between = (i: number) => (calls[i - 1]! + calls[i]!) / 2;
  const [from, to] = [between(20), between(55)];
  await opened('move_pages/live', {}, async (page) => {
    const timeline = page.locator('#c1-timeline');
    await timeline.scrollIntoViewIfNeeded();
    await timeline.locator('.wide .marks').first().waitFor();
    const says = timeline.locator('[role=status]').first();
    assert.match(await says.innerText(), new RegExp(`: ${calls.length} of ${calls.length}`));
    await timeline.getByRole('spinbutton', { name: 'from' }).fill(String(from));
    await timeline.getByRole('spinbutton', { name: 'to' }).fill(String(to));
    await timeline.getByRole('spinbutton', { name: 'to' }).press('Enter');
    assert.match(await says.innerText(), new RegExp(`: 35 of ${calls.length} between `));
    assert.equal(await timeline.locator('.brushed').first().locator('tbody tr').count(), 35);
    // A bar that is drawn: some are of no height, and others lie under the span.
    const bar = timeline.locator('.wide .mark-rect path[fill^="#"]').filter({ visible: true }).first();
    await bar.scrollIntoViewIfNeeded();
    await bar.hover();
    await page.locator('.tip').waitFor({ state: 'visible' });
    assert.match(await page.locator('.tip').innerText(), /\d/);
  });
});

test('an interactive page of a hostile capture runs its own scripts and no other', { skip }, async () => {
  report('hostile', 'live', '--interactive');
  await opened('hostile/live', {}, async (page) => {
    await page.locator('#c1-timeline').scrollIntoViewIfNeeded();
    await page.locator('#c1-timeline .wide .marks').first().waitFor();
    const policy = await page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute('content');
    assert.match(policy ?? '', /default-src 'none'/);
    assert.doesNotMatch(policy ?? '', /unsafe-eval|script-src[^;]*'unsafe-inline'/);
    // As many as the page without a hostile capture has: none came with a name.
    assert.equal(await page.locator('script').count(), 5);
    assert.equal(await page.locator('img, iframe, object, embed').count(), 0);
  });
});

/** The questions of docs/report.md, and the anchors that it says the answers are at. */
function questions(): { question: string; anchors: string[] }[] {
  const doc = readFileSync(join(root, 'docs', 'report.md'), 'utf8');
  const section =
    doc.split(/^## /m).find((part) => part.startsWith('What a reader can answer from the page alone')) ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| ---') && !line.startsWith('| question'))
    .map((line) => ({
      question: line.split(' | ')[0]!.slice(2),
      anchors: [...line.matchAll(/`#(c1[\w-]*|evidence)`/g)].map(([, anchor]) => anchor!),
    }));
}

test('every question that docs/report.md says the page answers has words and numbers where it says', {
  skip,
}, async () => {
  const asked = questions();
  assert.ok(asked.length >= 12, `${asked.length} questions`);
  for (const name of ['move_pages', 'contiguous'] as const)
    await opened(`${name}/out`, {}, async (page) => {
      for (const { question, anchors } of asked) {
        assert.ok(anchors.length > 0, `${question} has an anchor`);
        for (const anchor of anchors) {
          const words = await page.evaluate((id) => document.getElementById(id)?.textContent ?? '', anchor);
          assert.ok(words.trim().length > 40, `${question}: #${anchor} of ${name} says something`);
        }
      }
    });
});
