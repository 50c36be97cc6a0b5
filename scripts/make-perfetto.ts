/**
 * Makes a large Perfetto trace: the events of a capture of tracefs text, over and over, each repetition later than the one
 * before, to a file or stdout.
 *
 *     node dist/scripts/make-perfetto.js traces/debian-6.1-4k/contig_lowmem_apps_stockev/trace.txt.gz 200000000 > /tmp/big.pftrace
 */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { encodePerfetto, readText } from './perfetto-encoder.ts';

/** Events of the capture that are repeated. */
const repeated = 20_000;

/** 5000 s: from there times take seven bytes for a week, so that they can be moved where they stand. */
const start = 5_000_000_000_000n;

/** Writes about `size` bytes (whole repetitions, one at least); how many bytes and events there are. */
export async function makePerfetto(
  path: string,
  size: number,
  out: Writable,
): Promise<{ bytes: number; events: number }> {
  const trace = encodePerfetto(readText(path), { events: repeated, shift: start, isMovable: true });
  const { bytes, stamps, headLength, tailStart } = trace;
  const write = async (part: Uint8Array): Promise<void> => {
    if (!out.write(part)) await once(out, 'drain');
  };
  const times = stamps.map((at) => readStamp(bytes, at));
  const from = times.reduce((a, b) => (a < b ? a : b));
  const step = times.reduce((a, b) => (a > b ? a : b)) - from + 1000n;
  let written = bytes.length - (tailStart - headLength);
  let events = 0;
  await write(bytes.subarray(0, headLength));
  for (let i = 0n; i === 0n || written < size; i++) {
    // The stream may still hold the part before, so each is its own.
    const part = bytes.slice(headLength, tailStart);
    for (const [n, at] of stamps.entries()) writeStamp(part, at - headLength, times[n]! + i * step);
    await write(part);
    written += part.length;
    events += trace.events;
  }
  await write(bytes.subarray(tailStart));
  return { bytes: written, events };
}

function readStamp(bytes: Uint8Array, at: number): bigint {
  let value = 0n;
  for (let i = 6; i >= 0; i--) value = (value << 7n) | BigInt(bytes[at + i]! & 0x7f);
  return value;
}

function writeStamp(bytes: Uint8Array, at: number, time: bigint): void {
  if (time >= 1n << 49n) throw new Error('the repetitions last longer than seven bytes can tell');
  // Numbers: bigints take ten times as long, and there are two stamps in three hundred bytes.
  let rest = Number(time);
  for (let i = 0; i < 7; i++) {
    bytes[at + i] = (rest % 128) | (i < 6 ? 0x80 : 0);
    rest = Math.floor(rest / 128);
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [path = '', size = ''] = process.argv.slice(2);
  const made = await makePerfetto(path, Number(size), process.stdout);
  console.error(`${made.events} events, ${made.bytes} bytes`);
}
