/**
 * Makes a large capture out of a small one: tracefs text repeated, each repetition later than the one before, to stdout
 * or a file. What `inspect` must not feel (a gigabyte against a hundred megabytes) is measured on it.
 *
 *     node dist/scripts/repeat-capture.js traces/debian-6.1-4k/shanon_hot/trace.txt.gz 1000000000 > /tmp/1GB.txt
 */
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { createGunzip } from 'node:zlib';

interface Line {
  readonly before: string;
  /** Microseconds; NaN for a line without a time, which is repeated as it is. */
  readonly time: number;
  readonly after: string;
}

async function readLines(path: string): Promise<{ header: string; lines: Line[] }> {
  const file = createReadStream(path);
  const chunks: Uint8Array[] = [];
  for await (const chunk of path.endsWith('.gz') ? file.pipe(createGunzip()) : file) chunks.push(chunk as Uint8Array);
  const all = Buffer.concat(chunks).toString('latin1').split('\n');
  const lines: Line[] = [];
  let header = '';
  for (const line of all) {
    if (line === '') continue;
    if (lines.length === 0 && line.startsWith('#')) {
      // The counts would be wrong from the second repetition on; a header may lack them (trace_pipe has none at all).
      if (!line.includes('entries-in-buffer')) header += `${line}\n`;
      continue;
    }
    // `  comm-123   (  123) [000] d....     3.352716: event: ...`: the first seconds.microseconds followed by a colon.
    const match = /\s(\d+)\.(\d{6}): /.exec(line);
    if (match === null) lines.push({ before: line, time: Number.NaN, after: '' });
    else {
      const end = match.index + match[0].length - 2;
      lines.push({
        before: line.slice(0, match.index + 1),
        time: Number(match[1]) * 1e6 + Number(match[2]),
        after: line.slice(end),
      });
    }
  }
  if (lines.length === 0) throw new Error(`${path} has no lines to repeat`);
  return { header, lines };
}

/** Writes about `size` bytes (whole repetitions, one at least) and gives their number. */
export async function repeatCapture(path: string, size: number, out: Writable): Promise<number> {
  const { header, lines } = await readLines(path);
  const times = lines.map((line) => line.time).filter((time) => !Number.isNaN(time));
  // One microsecond of silence between two repetitions, so that time never goes back where it did not before.
  const step = times.reduce((a, b) => Math.max(a, b), 0) - times.reduce((a, b) => Math.min(a, b), Infinity) + 1;
  let written = 0;
  const write = async (text: string): Promise<void> => {
    written += text.length;
    if (!out.write(text, 'latin1')) await once(out, 'drain');
  };
  await write(header);
  for (let shift = 0; written < size; shift += step) {
    let text = '';
    for (const { before, time, after } of lines) {
      if (Number.isNaN(time)) text += `${before}\n`;
      else {
        const at = time + shift;
        const micros = String(at % 1e6).padStart(6, '0');
        text += `${before}${Math.floor(at / 1e6)}.${micros}${after}\n`;
      }
      if (text.length > 1 << 20) {
        await write(text);
        text = '';
      }
    }
    await write(text);
  }
  return written;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [path, size] = process.argv.slice(2);
  if (path === undefined || !(Number(size) > 0)) {
    console.error('usage: repeat-capture CAPTURE BYTES > FILE');
    process.exitCode = 2;
  } else await repeatCapture(path, Number(size), process.stdout);
}
