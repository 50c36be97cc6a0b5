/** The captures that speed is measured on: bundled ones, repeated until they hold a million events. */
import { createWriteStream, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { openCapture } from '../../src/read/file.ts';
import { eventsToCsv } from '../../src/write/csv.ts';
import { makePerfetto } from '../make-perfetto.ts';
import { repeatCapture } from '../repeat-capture.ts';
import { repeatPerfData } from '../repeat-perf-data.ts';
import { repeatTraceDat } from '../repeat-trace-dat.ts';

/** The folder of package.json, wherever the compiled scripts lie below it. */
export const root: string = findRoot();

function findRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

async function into(path: string, write: (out: Writable) => Promise<unknown>): Promise<string> {
  const out = createWriteStream(path);
  await write(out);
  out.end();
  await finished(out);
  return path;
}

const shanonHot = join(root, 'traces/debian-6.1-4k/shanon_hot');

/** Lines of probes for the most part. */
export const tracefsText = (path: string, size: number): Promise<string> =>
  into(path, (out) => repeatCapture(join(shanonHot, 'trace.txt.gz'), size, out));

/** Events of the catalogue only. */
export const stockText = (path: string, size: number): Promise<string> =>
  into(path, (out) =>
    repeatCapture(join(root, 'traces/debian-6.1-4k/contig_lowmem_apps_stockev/trace.txt.gz'), size, out),
  );

export const perfScriptText = (path: string, size: number): Promise<string> =>
  into(path, (out) => repeatCapture(join(shanonHot, 'perf_script.txt.gz'), size, out));

export const traceDat = (path: string, size: number): Promise<string> =>
  into(path, (out) => repeatTraceDat(join(shanonHot, 'trace.dat.gz'), size, out));

export const perfData = (path: string, size: number): Promise<string> =>
  into(path, (out) => repeatPerfData(join(shanonHot, 'perf.data.gz'), size, out));

export const perfettoTrace = (path: string, size: number): Promise<string> =>
  into(path, (out) => makePerfetto(join(shanonHot, 'trace.txt.gz'), size, out));

/** The columns that scripts dump: one table for all events, what an event has not is left empty. */
const dumped = 'time_ns,cpu,pid,tgid,comm,event,folio,pfn,lru,flags,ref,mapc,index,ret'.split(',');

/** A dump of LRU and migration events as a script writes it, out of our export; with every cell in quotes, or none. */
export async function dump(source: string, path: string, isQuoted: boolean): Promise<string> {
  return into(path, async (out) => {
    let columns: number[] | undefined;
    let rest = '';
    const cell = (text: string): string => (isQuoted ? `"${text}"` : text);
    for await (const part of eventsToCsv(await openCapture(source))) {
      const lines = (rest + part).split('\n');
      rest = lines.pop() ?? '';
      let text = '';
      for (const line of lines) {
        const cells = line.split(',');
        if (columns === undefined) {
          columns = dumped.map((name) => cells.indexOf(name));
          text += `${dumped.map(cell).join(',')}\n`;
        } else text += `${columns.map((column) => cell(cells[column] ?? '')).join(',')}\n`;
      }
      if (!out.write(text)) await new Promise((resolve) => out.once('drain', resolve));
    }
  });
}
