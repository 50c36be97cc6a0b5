/**
 * What one measured process does: it reads one file in one way and says on stderr how many events (lines, rows) it met.
 * Nothing is loaded but what that way needs, so that a process of newline counting and one of the reader differ in their
 * work and in nothing else.
 *
 *     node dist/scripts/bench/methods.js METHOD FILE
 */
import { createReadStream } from 'node:fs';

async function countNewlines(path: string): Promise<number> {
  let lines = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    const bytes = chunk as Buffer;
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines++;
  }
  return lines;
}

async function decode(path: string, threads: number): Promise<number> {
  const { openCapture } = await import('../../src/read/file.ts');
  const { batches } = await openCapture(path, { threads, lendsBatches: true });
  let events = 0;
  for await (const batch of batches) events += batch.length;
  return events;
}

/** Every row as an array of strings, which is what csv-parse is for; nothing is done with them. */
async function parseCsv(path: string): Promise<number> {
  const { parse } = await import('csv-parse');
  let rows = -1;
  for await (const row of createReadStream(path, { highWaterMark: 1 << 20 }).pipe(parse())) if (row) rows++;
  return rows;
}

async function regex(path: string, format: 'tracefs' | 'perf-script'): Promise<number> {
  const { readWithRegex } = await import('../regex-reader.ts');
  return readWithRegex(path, format);
}

async function command(name: 'inspect' | 'events', path: string): Promise<number> {
  const { run } = await import('../../src/cli/program.ts');
  process.exitCode = await run([name, path]);
  return 0;
}

export const methods = {
  newlines: countNewlines,
  'tracefs-regex': (path: string) => regex(path, 'tracefs'),
  'perf-script-regex': (path: string) => regex(path, 'perf-script'),
  'csv-parse': parseCsv,
  'one-thread': (path: string) => decode(path, 1),
  'two-threads': (path: string) => decode(path, 2),
  inspect: (path: string) => command('inspect', path),
  events: (path: string) => command('events', path),
} as const;
export type Method = keyof typeof methods;

/** What a measured process says last, on stderr. */
export interface Said {
  readonly count: number;
  /** Its peak resident memory, all threads together. */
  readonly maxRssKb: number;
}

const [method, path] = process.argv.slice(2);
if (method !== undefined && path !== undefined && method in methods) {
  const count = await methods[method as Method](path);
  console.error(JSON.stringify({ count, maxRssKb: process.resourceUsage().maxRSS } satisfies Said));
}
