/**
 * The header of a file and the sections that it points to (tools/perf/util/header.h struct perf_file_header):
 *
 *       0 "PERFILE2"    8 u64 size of the header    16 u64 size of an attribute with its section of ids
 *      24 attributes   40 data   56 event types (none any more)         each: u64 offset, u64 size
 *      72 256 bits: which features there are; the table of their sections lies behind the data
 */
import { TraceError } from '../../base/errors.ts';
import type { ByteSource } from '../format.ts';
import { parseAttr, shortestAttr } from './attr.ts';
import { ByteReader } from './byte-reader.ts';
import type { RecordDecoder } from './decoder.ts';
import { features, firstOfSimpleperf, lastKnownFeature } from './features.ts';
import { readMagic } from './magic.ts';
import type { Regions } from './regions.ts';

export interface Section {
  readonly offset: number;
  readonly size: number;
}

export interface FileHeader {
  readonly isLittle: boolean;
  readonly size: number;
  readonly attrSize: number;
  readonly attrs: Section;
  readonly data: Section;
  /** Numbers of the features, in order. */
  readonly features: readonly number[];
}

/** Bytes of the header with and without features. */
const headerSize = 104;
const oldHeaderSize = 72;

const sectionSize = 16;

/** Number of the feature that every recording since 2.6.34 has, by which perf tells how the bits are stored. */
const hostName = 3;

/** @throws TraceError `old-format`, `damaged` when the header is not there or cannot be */
export async function readHeader(source: string, input: ByteSource): Promise<FileHeader> {
  const bytes = await input.read(0, headerSize);
  const magic = readMagic(bytes);
  const damaged = (cause: string): TraceError =>
    new TraceError('damaged', { file: source, place: 'byte 0' }, cause, 'copy it again, or record again');
  if (magic === undefined) throw damaged('is no perf.data file');
  if (magic.isOld) {
    throw new TraceError(
      'old-format',
      { file: source },
      'is a perf.data file of the first version (PERFFILE, before Linux 2.6.33), which is not read',
      'print it with the perf that wrote it, and give the text: perf script -i FILE > capture.txt',
    );
  }
  if (bytes.length < oldHeaderSize || !(magic.headerSize >= oldHeaderSize)) {
    throw damaged(
      `has a header of ${bytes.length < oldHeaderSize ? bytes.length : magic.headerSize} bytes, 104 are needed`,
    );
  }
  const from = new ByteReader(bytes, magic.isLittle);
  from.at = 16;
  const attrSize = from.size();
  const section = (): Section => ({ offset: from.size(), size: from.size() });
  const attrs = section();
  const data = section();
  if (attrSize < shortestAttr + sectionSize || attrSize > 0xffff) {
    throw damaged(`has attributes of ${attrSize} bytes, which are none`);
  }
  const hasFeatures = magic.headerSize >= headerSize && bytes.length >= headerSize;
  return {
    isLittle: magic.isLittle,
    size: magic.headerSize,
    attrSize,
    attrs,
    data,
    features: hasFeatures ? featuresIn(bytes, magic.isLittle) : [],
  };
}

/**
 * The bits are words of the machine's `unsigned long`: on a big-endian machine of 32 bits the first 32 stand first, on one of
 * 64 bits the first 64. The host's name is always there, so it tells which (perf_file_header__read()).
 */
function featuresIn(bytes: Uint8Array, isLittle: boolean): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const has = (number: number, wordBits: number): boolean => {
    const word = Math.floor(number / wordBits);
    const bit = number % wordBits;
    const half = wordBits === 64 && !isLittle ? 1 - (bit >> 5) : bit >> 5;
    return ((view.getUint32(oldHeaderSize + (word * wordBits) / 8 + half * 4, isLittle) >>> (bit & 31)) & 1) === 1;
  };
  const wordBits = isLittle || has(hostName, 64) || !has(hostName, 32) ? 64 : 32;
  return Array.from({ length: 256 }, (_, number) => number).filter((number) => has(number, wordBits));
}

/**
 * Most bytes of attributes, and of the ids of one, that are read: 65,520 attributes of a kilobyte, an id for each CPU and thread.
 * A size that lies would have the whole file read.
 */
const largestList = 2 ** 26;

/** Reads the attributes and their ids. Says what of them it could not read in `remarks`. */
export async function readAttrs(
  input: ByteSource,
  header: FileHeader,
  decoder: RecordDecoder,
  regions: Regions,
  remarks: string[],
): Promise<void> {
  const { isLittle, attrSize } = header;
  const { offset, size } = header.attrs;
  regions.add(offset, size);
  const bytes = await input.read(offset, Math.min(size, input.size, largestList));
  if (bytes.length < size) remarks.push('the attributes of the events are cut: some events cannot be read');
  const from = new ByteReader(bytes, isLittle);
  // Attributes that share their ids would make a small file ask for much.
  let idsLeft = input.size;
  let unreadable = 0;
  for (let at = 0; at + attrSize <= bytes.length; at += attrSize) {
    const attr = parseAttr(from.view(), at, attrSize - sectionSize, isLittle);
    from.at = at + attrSize - sectionSize;
    const ids: Section = { offset: from.size(), size: from.size() };
    if (attr === undefined || !decoder.attrs.add(attr)) {
      unreadable++;
      continue;
    }
    if (ids.size === 0) continue;
    idsLeft -= ids.size;
    if (ids.offset + ids.size > input.size || ids.size > largestList || idsLeft < 0) {
      unreadable++;
      continue;
    }
    regions.add(ids.offset, ids.size);
    const list = new ByteReader(await input.read(ids.offset, ids.size), isLittle);
    const index = decoder.attrs.list.length - 1;
    while (list.left >= 8) {
      const id = list.u64();
      decoder.attrs.addId(Number(id >> 32n), Number(id & 0xffffffffn), index);
    }
  }
  if (unreadable > 0) remarks.push(`${unreadable} attributes, or the ids of their events, could not be read`);
}

/** Largest feature that is read: descriptions of all tracepoints have a few MiB. */
const largestFeature = 2 ** 28;

/** Reads the features: the descriptions of tracepoints, and what the recording says of itself. */
export async function readFeatures(
  input: ByteSource,
  header: FileHeader,
  decoder: RecordDecoder,
  regions: Regions,
  remarks: string[],
): Promise<void> {
  decoder.isSimpleperf = header.features.some((number) => number >= firstOfSimpleperf);
  const table = header.data.offset + header.data.size;
  const tableSize = header.features.length * sectionSize;
  const bytes = await input.read(table, tableSize);
  regions.add(table, tableSize);
  const from = new ByteReader(bytes, header.isLittle);
  // perf sets a row aside for each feature that it tries, and strikes those out that the machine had nothing to say of.
  const first = from.left < sectionSize ? 0 : from.size();
  from.at = 0;
  const struck = first - table - tableSize;
  if (struck > 0 && struck % sectionSize === 0 && struck <= 256 * sectionSize) regions.add(table + tableSize, struck);
  let isCut = false;
  for (const number of header.features) {
    if (from.left < sectionSize) {
      isCut = true;
      break;
    }
    const offset = from.size();
    const size = from.size();
    if (number > lastKnownFeature) {
      regions.add(offset, size, 'feature section that is not known here');
      continue;
    }
    const isThere = offset + size <= input.size && size <= largestFeature;
    isCut ||= !isThere;
    const content = isThere ? await input.read(offset, size) : noBytes;
    const isRead = number === features.tracingData ? decoder.tracingData(content) : decoder.feature(number, content);
    regions.add(offset, size, isThere && isRead ? '' : 'feature section that is damaged');
  }
  // Where the records are cut, that has been said.
  if (isCut && table <= input.size) remarks.push('what the file says of itself behind its records is cut');
}

const noBytes = new Uint8Array(0);
