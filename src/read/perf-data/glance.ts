/** First and last sample and the number of them, from heads and tails only. */
import type { ByteSource, Glance } from '../format.ts';
import type { RecordDecoder } from './decoder.ts';
import { recordTypes } from './record-types.ts';

/** How much of the head and of the tail is looked at. */
const lookSize = 1 << 20;

/** What a row of records holds. */
interface Seen {
  samples: number;
  first: bigint | undefined;
  last: bigint | undefined;
  /** Where the first sample begins: what perf made up beforehand has none. */
  firstAt: number;
  /** Where the last whole record ends. */
  end: number;
  isCompressed: boolean;
}

/** @param start, end where the records are in the input */
export async function glanceAt(input: ByteSource, start: number, end: number, decoder: RecordDecoder): Promise<Glance> {
  const head = await input.read(start, Math.min(lookSize, end - start));
  const seen = look(head, 0, decoder);
  const { facts } = decoder;
  let first = facts.firstTime ?? seen.first;
  let last = facts.lastTime ?? seen.last;
  if (seen.isCompressed) return { first: facts.firstTime, last: facts.lastTime, events: 0, isCounted: false };
  if (start + head.length >= end) return { first, last, events: seen.samples, isCounted: true };
  const density = seen.samples / Math.max(1, seen.end - seen.firstAt);
  const events = Math.round(density * (end - start - seen.firstAt));
  const tail = await input.read(end - lookSize, lookSize);
  const behind = lookFromTail(tail, decoder);
  if (facts.firstTime === undefined) first = seen.first ?? behind?.first;
  if (facts.lastTime === undefined) last = behind?.last ?? seen.last;
  return { first, last, events, isCounted: false };
}

/** Records say their length but not where they begin: the first place from which a row of them leads to the very end is taken. */
function lookFromTail(tail: Uint8Array, decoder: RecordDecoder): Seen | undefined {
  const view = new DataView(tail.buffer, tail.byteOffset, tail.length);
  const { isLittle } = decoder;
  // What leads nowhere from one place does so from all that come upon it.
  const tried = new Uint8Array(tail.length);
  // A record has at most 65535 bytes.
  for (let at = 0; at < Math.min(tail.length - 8, 65536); at++) {
    let next = at;
    while (next + 8 <= tail.length && tried[next] === 0) {
      tried[next] = 1;
      const type = view.getUint32(next, isLittle);
      const size = view.getUint16(next + 6, isLittle);
      if (size < 8 || type === 0 || type > 96) break;
      next += size;
    }
    if (next === tail.length) return look(tail, at, decoder);
  }
  return undefined;
}

function look(bytes: Uint8Array, from: number, decoder: RecordDecoder): Seen {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const { isLittle, attrs } = decoder;
  const seen: Seen = { samples: 0, first: undefined, last: undefined, firstAt: from, end: from, isCompressed: false };
  while (seen.end + 8 <= bytes.length) {
    const at = seen.end;
    const type = view.getUint32(at, isLittle);
    const size = view.getUint16(at + 6, isLittle);
    if (size < 8 || at + size > bytes.length) break;
    if (type === recordTypes.compressed || type === recordTypes.compressed2) seen.isCompressed = true;
    if (type === recordTypes.sample) {
      if (seen.samples++ === 0) seen.firstAt = at;
      const attr = attrs.list[attrs.ofSample(view, at, size, isLittle)];
      if (attr !== undefined && attr.time >= 0 && attr.time + 8 <= size) {
        const time = view.getBigUint64(at + attr.time, isLittle);
        if (seen.first === undefined || time < seen.first) seen.first = time;
        if (seen.last === undefined || time > seen.last) seen.last = time;
      }
    }
    seen.end = at + size;
  }
  return seen;
}
