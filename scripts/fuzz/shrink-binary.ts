/**
 * Binary captures with fewer events and the same structure: most of what makes a real one large is more of the same. What is
 * left out is cut at the borders of records and pages, and every offset and size is moved to where things are then.
 */
import { concatenate } from './packings.ts';

/** The capture cut down; as it is when it is of a kind that is not cut here. */
export function shrinkBinary(format: string, bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (format === 'perf-data' && bytes[0] === 0x50) return shrinkPerf(bytes, view);
  if (format === 'trace-dat' && bytes[10] === 0x36 && bytes[12] === 0) return shrinkTraceDat6(bytes, view);
  return bytes;
}

const mostRecords = 150;

/** The first records of a perf.data and some from the middle; its features follow at once. */
function shrinkPerf(bytes: Uint8Array, view: DataView): Uint8Array {
  const [data, size] = [Number(view.getBigUint64(40, true)), Number(view.getBigUint64(48, true))];
  const starts: number[] = [];
  for (let at = data; at + 8 <= data + size; at += Math.max(8, view.getUint16(at + 6, true))) starts.push(at);
  if (starts.length <= 3 * mostRecords) return bytes;
  const middle = starts.length >> 1;
  const kept = concatenate([
    bytes.subarray(data, starts[mostRecords]),
    bytes.subarray(starts[middle], starts[middle + mostRecords]),
  ]);
  const moved = size - kept.length;
  const cut = concatenate([bytes.subarray(0, data), kept, bytes.subarray(data + size)]);
  const out = new DataView(cut.buffer);
  out.setBigUint64(48, BigInt(kept.length), true);
  let features = 0;
  for (let at = 72; at < 104; at += 4)
    for (let bits = view.getUint32(at, true); bits !== 0; bits &= bits - 1) features++;
  for (let i = 0; i < features; i++) {
    const at = data + kept.length + i * 16;
    out.setBigUint64(at, out.getBigUint64(at, true) - BigInt(moved), true);
  }
  return cut;
}

const page = 4096;
const mostPages = 2;

/** The first pages of each CPU of a trace.dat 6, and a piece of its symbols. */
function shrinkTraceDat6(bytes: Uint8Array, view: DataView): Uint8Array {
  let at = 18;
  const skip8 = (): void => {
    at += 8 + Number(view.getBigUint64(at, true));
  };
  const count = (): number => {
    at += 4;
    return view.getUint32(at - 4, true);
  };
  for (let i = 0; i < 2; i++) {
    at = bytes.indexOf(0, at) + 1; // header_page, header_event
    skip8();
  }
  for (let left = count(); left > 0; left--) skip8();
  for (let systems = count(); systems > 0; systems--) {
    at = bytes.indexOf(0, at) + 1;
    for (let left = count(); left > 0; left--) skip8();
  }
  const symbols = at;
  const symbolBytes = count();
  // Whole pages are taken away, so that the pages of the CPUs stay where pages begin.
  const taken = Math.max(0, Math.floor(symbolBytes / page) - 1) * page;
  at += symbolBytes;
  const rest = at;
  at += 4 + view.getUint32(at, true); // printk formats
  skip8(); // saved_cmdlines
  const cpus = count();
  if (bytes[at] === 0x6f) {
    for (at += 10; view.getUint16(at, true) !== 0; ) at += 6 + view.getUint32(at + 2, true);
    at += 2;
  }
  const table = at + 10; // "options  ", its options, "flyrecord"
  const first = Math.min(
    ...Array.from({ length: cpus }, (_, cpu) => Number(view.getBigUint64(table + cpu * 16, true))),
  );
  const head = concatenate([bytes.subarray(0, symbols + 4 + symbolBytes - taken), bytes.subarray(rest, first)]);
  const out = new DataView(head.buffer);
  out.setUint32(symbols, symbolBytes - taken, true);
  const parts = [head];
  let end = head.length;
  for (let cpu = 0; cpu < cpus; cpu++) {
    const entry = table + cpu * 16;
    const [from, size] = [Number(view.getBigUint64(entry, true)), Number(view.getBigUint64(entry + 8, true))];
    const pages = bytes.subarray(from, from + Math.min(size, mostPages * page));
    out.setBigUint64(entry - taken, BigInt(end), true);
    out.setBigUint64(entry + 8 - taken, BigInt(pages.length), true);
    parts.push(pages);
    end += pages.length;
  }
  return concatenate(parts);
}
