/**
 * Makes a large perf.data out of a small one: its records repeated, each repetition later than the one before, every one of
 * them a round of its own; ids, threads and sections as they are. To a file, or stdout.
 *
 *     node dist/scripts/repeat-perf-data.js traces/debian-6.1-4k/shanon_hot/perf.data.gz 1000000000 > /tmp/1GB.data
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { parseAttr } from '../src/read/perf-data/attr.ts';
import { Attrs } from '../src/read/perf-data/attrs.ts';
import { recordTypes } from '../src/read/perf-data/record-types.ts';

/** Where the parts of the header are (tools/perf/util/header.h struct perf_file_header). */
const attrsAt = 24;
const dataAt = 40;
const featuresAt = 72;
const sectionSize = 16;

/** HEADER_SAMPLE_TIME: two u64. */
const sampleTimeFeature = 21;

interface Section {
  readonly offset: number;
  readonly size: number;
}

function sectionAt(view: DataView, at: number): Section {
  return { offset: Number(view.getBigUint64(at, true)), size: Number(view.getBigUint64(at + 8, true)) };
}

function readAttrs(view: DataView): Attrs {
  const attrs = new Attrs();
  const attrSize = Number(view.getBigUint64(16, true));
  const { offset, size } = sectionAt(view, attrsAt);
  for (let at = offset; at < offset + size; at += attrSize) {
    const attr = parseAttr(view, at, attrSize - sectionSize, true);
    if (attr === undefined || !attrs.add(attr)) throw new Error(`no attribute at byte ${at}`);
    const ids = sectionAt(view, at + attrSize - sectionSize);
    for (let id = ids.offset; id < ids.offset + ids.size; id += 8) {
      attrs.addId(view.getUint32(id + 4, true), view.getUint32(id, true), attrs.list.length - 1);
    }
  }
  return attrs;
}

/** Places of all times in the records, relative to the first record that has one; and where that is. */
function timesIn(view: DataView, data: Section, attrs: Attrs): { start: number; places: number[] } {
  const places: number[] = [];
  let start = -1;
  for (let at = data.offset; at < data.offset + data.size; ) {
    const type = view.getUint32(at, true);
    const size = view.getUint16(at + 6, true);
    if (size < 8) throw new Error(`a record of ${size} bytes at byte ${at}`);
    if (type === recordTypes.compressed || type === recordTypes.compressed2) {
      throw new Error('records are compressed: their times cannot be shifted');
    }
    const found: number[] = [];
    const add = (place: number): void => {
      if (view.getBigUint64(place, true) !== 0n) found.push(place);
    };
    if (type === recordTypes.sample) {
      const attr = attrs.list[attrs.ofSample(view, at, size, true)];
      if (attr !== undefined && attr.time >= 0) add(at + attr.time);
    } else if (type < recordTypes.headerAttr) {
      const back = attrs.ofOther(view, at, size, true)?.trailer.time ?? 0;
      if (back > 0) add(at + size - back);
      // These have one among their own fields, too.
      if (found.length > 0 && type === recordTypes.fork) add(at + 24);
      if (found.length > 0 && (type === recordTypes.throttle || type === recordTypes.unthrottle)) add(at + 8);
    }
    if (found.length > 0 && start < 0) start = at;
    places.push(...found);
    at += size;
  }
  if (start < 0) throw new Error('no record has a time');
  return { start, places: places.map((place) => place - start) };
}

/** Writes about `size` bytes (whole repetitions, one at least) and gives their number. Uncompressed, little-endian files only. */
export async function repeatPerfData(path: string, size: number, out: Writable): Promise<number> {
  const packed = readFileSync(path);
  const file = Uint8Array.from(path.endsWith('.gz') ? gunzipSync(packed) : packed);
  const view = new DataView(file.buffer);
  const data = sectionAt(view, dataAt);
  const { start, places } = timesIn(view, data, readAttrs(view));
  const end = data.offset + data.size;

  // What is repeated ends with a round, so that every repetition is given out before the next but one.
  const body = new Uint8Array(end - start + 8);
  body.set(file.subarray(start, end));
  const bodyView = new DataView(body.buffer);
  bodyView.setUint32(end - start, recordTypes.finishedRound, true);
  bodyView.setUint16(end - start + 6, 8, true);
  const times = places.map((place) => bodyView.getBigUint64(place, true));
  const first = times.reduce((a, b) => (a < b ? a : b));
  const step = times.reduce((a, b) => (a > b ? a : b)) - first + 1n;
  const copies = Math.max(1, Math.ceil((size - (file.length - (end - start))) / body.length));
  const added = copies * body.length - (end - start);

  const head = file.slice(0, start);
  const tail = file.slice(end);
  new DataView(head.buffer).setBigUint64(dataAt + 8, BigInt(data.size + added), true);
  const features = Array.from({ length: 256 }, (_, bit) => bit).filter(
    (bit) => ((file[featuresAt + (bit >> 3)]! >> (bit & 7)) & 1) === 1,
  );
  const tailView = new DataView(tail.buffer);
  features.forEach((feature, i) => {
    const { offset } = sectionAt(tailView, i * sectionSize);
    if (feature === sampleTimeFeature) {
      const place = offset - end + 8;
      const last = tailView.getBigUint64(place, true);
      if (last > 0n) tailView.setBigUint64(place, last + step * BigInt(copies - 1), true);
    }
    tailView.setBigUint64(i * sectionSize, BigInt(offset + added), true);
  });

  let written = 0;
  const write = async (bytes: Uint8Array): Promise<void> => {
    written += bytes.length;
    if (!out.write(bytes)) await once(out, 'drain');
  };
  await write(head);
  for (let copy = 0; copy < copies; copy++) {
    const shift = step * BigInt(copy);
    places.forEach((place, i) => {
      bodyView.setBigUint64(place, times[i]! + shift, true);
    });
    await write(body.slice());
  }
  await write(tail);
  return written;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [path, size] = process.argv.slice(2);
  if (path === undefined || !(Number(size) > 0)) {
    console.error('usage: repeat-perf-data CAPTURE BYTES > FILE');
    process.exitCode = 2;
  } else await repeatPerfData(path, Number(size), process.stdout);
}
