/**
 * Peak memory of `inspect` and `events` on captures of many gigabytes: ten of text, four of trace.dat, made in a temporary
 * folder and thrown away. Not part of any test: it takes minutes and 14 GB of disk. Prints a table for docs/speed.md.
 *
 *     node dist/scripts/big-memory.js [GIGABYTES-OF-TEXT [GIGABYTES-OF-TRACE-DAT]]
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { markdownTable, table } from '../src/report/tables.ts';
import { traceDat, tracefsText } from './bench/inputs.ts';
import { measure } from './bench/measure.ts';

/** What the issue allows, MB. */
const allowed = 400;

const [text = 10, dat = 4] = process.argv.slice(2).map(Number);
const rows: string[][] = [];
for (const [name, make, size] of [
  ['tracefs text', tracefsText, text],
  ['trace.dat', traceDat, dat],
] as const) {
  const folder = mkdtempSync(join(tmpdir(), 'folioscope-big-'));
  try {
    console.error(`${name}: writing ${size} GB ...`);
    const path = await make(join(folder, 'input'), size * 1e9);
    for (const method of ['inspect', 'events'] as const) {
      console.error(`${name}: ${method} ...`);
      const [measured] = measure(path, [{ title: method, method }], 1);
      const { peakMb, seconds } = measured!;
      rows.push([
        `${method}, ${(statSync(path).size / 1e9).toFixed(1)} GB of ${name}`,
        peakMb.toFixed(0),
        seconds.toFixed(0),
        peakMb <= allowed ? 'met' : 'missed',
      ]);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
process.stdout.write(markdownTable(table(['command', 'peak MB>', 'seconds>', `at most ${allowed} MB`], rows)));
