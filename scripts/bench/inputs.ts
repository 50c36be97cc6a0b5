/** The captures that speed is measured on: bundled ones, repeated until they hold a million events. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { openCapture } from '../../src/read/file.ts';
import { eventsToCsv } from '../../src/write/csv.ts';
import { makePerfetto } from '../make-perfetto.ts';
import { repeatCapture } from '../repeat-capture.ts';
import { repeatPerfData } from '../repeat-perf-data.ts';
import { repeatTraceDat } from '../repeat-trace-dat.ts';
import { root } from '../root.ts';

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

/**
 * A dump of LRU and migration events as a script writes it: our export with few of its columns, repeated with shifted times
 * up to about `size` bytes; every cell in quotes, or none.
 */
export async function dump(path: string, size: number, isQuoted: boolean): Promise<string> {
  let csv = '';
  for await (const part of eventsToCsv(await openCapture(join(shanonHot, 'trace.txt.gz')))) csv += part;
  const [header = '', ...lines] = csv.trimEnd().split('\n');
  const names = header.split(',');
  const columns = dumped.map((name) => names.indexOf(name));
  const cell = (text: string): string => (isQuoted ? `"${text}"` : text);
  const rows = lines.map((line) => {
    const cells = line.split(',');
    const [time = '', ...rest] = columns.map((column) => cells[column] ?? '');
    return { time: Number(time), rest: `,${rest.map(cell).join(',')}\n` };
  });
  const step = Math.max(...rows.map(({ time }) => time)) - Math.min(...rows.map(({ time }) => time)) + 1000;
  return into(path, async (out) => {
    let written = 0;
    const write = async (text: string): Promise<void> => {
      written += text.length;
      if (!out.write(text)) await once(out, 'drain');
    };
    await write(`${dumped.map(cell).join(',')}\n`);
    for (let shift = 0; written < size; shift += step)
      await write(rows.map(({ time, rest }) => cell(String(time + shift)) + rest).join(''));
  });
}
