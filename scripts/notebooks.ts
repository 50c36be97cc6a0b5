/**
 * `npm run notebooks`: builds every notebook of `notebooks/` into `out/notebooks`, opens each in a browser from a server
 * on this machine, and takes the picture that stands beside its source. Nothing comes from the network.
 */
import { execFile } from 'node:child_process';
import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';
import { root } from './root.ts';

const folder = join(root, 'notebooks');

/** Names of the notebooks, without `.html`. */
export function notebookNames(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.html'))
    .map((file) => file.slice(0, -'.html'.length))
    .sort();
}

/** Where the browser is: Debian's, or what `CHROMIUM` names. */
export const browserPath: string = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** Builds notebooks of a folder into another. Rejects with the builder's own words when one does not build. */
export async function buildNotebooks(out: string, names = notebookNames(), from = folder): Promise<void> {
  const builder = fileURLToPath(new URL('../bin/notebooks.js', import.meta.resolve('@observablehq/notebook-kit')));
  const files = names.map((name) => join(from, `${name}.html`));
  const { stderr } = await promisify(execFile)(
    process.execPath,
    [builder, 'build', '--root', from, '--out', out, '--empty', '--', ...files],
    { cwd: root, maxBuffer: 1 << 24 },
  );
  if (/asset not found|ENOENT/.test(stderr)) throw new Error(stderr);
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
  '.gz': 'application/gzip',
};

/** Serves a folder to this machine only, until closed. Modules do not load from file:, so a server has to be. */
export async function serve(folder: string): Promise<{ address: string; close(): void }> {
  const server: Server = createServer((request, response) => {
    // Every browser asks for it, and no notebook has one.
    if (request.url === '/favicon.ico') {
      response.writeHead(204).end();
      return;
    }
    const path = join(folder, normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname)));
    if (!path.startsWith(folder) || !existsSync(path) || !statSync(path).isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': types[extname(path)] ?? 'application/octet-stream' });
    createReadStream(path).pipe(response);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** What a browser saw of a notebook. */
export interface Seen {
  readonly title: string;
  /** Tables, their rows, and drawings. */
  readonly tables: number;
  readonly rows: number;
  readonly drawings: number;
  /** The text of `#key`, a number that a test counts for itself, and of `#trace`, a capture made in the page. */
  readonly key: string;
  readonly trace: string;
  /** Addresses asked for outside the server. */
  readonly outside: readonly string[];
  /** Errors in the page: thrown, logged, or shown in a cell. */
  readonly errors: readonly string[];
}

/** Opens a built notebook, waits until its cells are done, and takes a picture if asked to. */
export async function openNotebook(browser: Browser, address: string, name: string, picture?: string): Promise<Seen> {
  const page = await browser.newPage({ viewport: { width: 900, height: 1000 } });
  const outside: string[] = [];
  const errors: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(address) && !request.url().startsWith('data:')) outside.push(request.url());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto(`${address}/${name}.html`);
  // Cells run as soon as what they need is there, in any order. One that never shows what it says fails here, by time.
  await page.waitForFunction(
    () => {
      const cells = [...document.querySelectorAll('.observablehq--cell')];
      const shows = ({ nextElementSibling: code }: Element) =>
        code?.matches('pre') === true && /\bdisplay\(/.test(code.textContent ?? '');
      return (
        (cells.length > 0 && cells.every((cell) => cell.childNodes.length > 0 || !shows(cell))) ||
        document.querySelectorAll('.observablehq--error').length > 0
      );
    },
    undefined,
    { timeout: 120_000 },
  );
  // Words with numbers in them follow the cells that make the numbers.
  await page.waitForTimeout(500);
  const seen = await page.evaluate(() => ({
    title: document.title,
    tables: document.querySelectorAll('table').length,
    key: document.getElementById('key')?.textContent ?? '',
    trace: document.getElementById('trace')?.textContent ?? '',
    rows: document.querySelectorAll('tbody tr').length,
    drawings: document.querySelectorAll('figure svg').length,
    shown: [...document.querySelectorAll('.observablehq--error')].map((error) => error.textContent ?? ''),
  }));
  if (picture !== undefined) {
    // What the cells say and show; their code is in the source beside it.
    await page.addStyleTag({ content: 'main > pre { display: none }' });
    await page.screenshot({ path: picture, fullPage: true });
  }
  await page.close();
  const { shown, ...rest } = seen;
  return { ...rest, outside, errors: [...errors, ...shown] };
}

/** Builds, opens, pictures; the exit code says whether every notebook ran. */
async function main(): Promise<number> {
  const out = join(root, 'out/notebooks');
  await buildNotebooks(out);
  console.error(`built ${notebookNames().join(', ')} into out/notebooks (open over http, not as files)`);
  if (!existsSync(browserPath)) {
    console.error(`${browserPath} is not there, so the pictures are as they were (set CHROMIUM to a browser)`);
    return 1;
  }
  const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', '--disable-gpu'] });
  const { address, close } = await serve(out);
  let failed = 0;
  try {
    for (const name of notebookNames()) {
      const seen = await openNotebook(browser, address, name, join(folder, `${name}.png`));
      console.error(`${name}: ${seen.rows} rows in tables, ${seen.drawings} drawings, notebooks/${name}.png`);
      for (const trouble of [...seen.errors, ...seen.outside.map((url) => `asked for ${url}`)]) {
        console.error(`  ${trouble}`);
        failed = 1;
      }
    }
  } finally {
    close();
    await browser.close();
  }
  return failed;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main();
