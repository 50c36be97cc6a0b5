/**
 * What perf tells of a recording beside its records: sections behind the data in a file, records in a pipe, the same bytes in
 * both (tools/perf/util/header.c feat_ops, tools/perf/Documentation/perf.data-file-format.txt).
 */
import type { Capture } from '../../events/capture.ts';
import { learn } from '../facts.ts';
import { kernelArch } from '../sidecar.ts';
import { parseAttr } from './attr.ts';
import type { Attrs } from './attrs.ts';
import { ByteReader } from './byte-reader.ts';

/** Numbers of the features that are read or known; the rest of a newer perf's is passed over by its size. */
export const features = {
  tracingData: 1,
  osRelease: 4,
  version: 5,
  arch: 6,
  cpuCounts: 7,
  commandLine: 11,
  eventDescriptions: 12,
  sampleTime: 21,
  folderFormat: 24,
  compressed: 27,
} as const;

/** The last feature whose meaning is known here (PMU_CAPS, 6.x). */
export const lastKnownFeature = 31;

/** Features from here on are those of Android's simpleperf (system/extras simpleperf/record_file.h). */
export const firstOfSimpleperf = 128;

/** What reading the features found for the reader itself. */
export interface FeatureFacts {
  /** Times of the first and the last sample, where the recording noted them. */
  firstTime: bigint | undefined;
  lastTime: bigint | undefined;
  /** Most bytes that a compressed record makes; 0 = not said. */
  mappedSize: number;
  /** How records are compressed: 1 zstd; -1 = not said. */
  packing: number;
}

export function noFacts(): FeatureFacts {
  return { firstTime: undefined, lastTime: undefined, mappedSize: 0, packing: -1 };
}

/** Clocks by clock_gettime()'s numbers (include/uapi/linux/time.h), as the kernel's trace_clock calls them. */
const clockNames: Readonly<Record<number, string>> = { 0: 'real', 1: 'mono', 4: 'mono_raw', 7: 'boot', 11: 'tai' };

/** Says of the capture which clock its times are of: perf's own, unless the recording chose another (`-k`). */
export function settleClock(capture: Capture, { clocks, isTimed }: Attrs): void {
  if (clocks.size === 0) return;
  const [id] = clocks;
  const value = id === undefined ? 'perf' : (clockNames[id] ?? `clock ${id}`);
  capture.clock = { ...capture.clock, unit: isTimed ? 'ns' : 'none', name: { value, from: 'capture' } };
  const remark = 'the events of this recording have several clocks: times of different events cannot be compared';
  if (clocks.size > 1 && !capture.remarks.includes(remark)) capture.remarks.push(remark);
}

/** Takes what one feature says; false when it is shorter than it should be. Those that say nothing of use are passed over. */
export function readFeature(
  id: number,
  bytes: Uint8Array,
  isLittle: boolean,
  capture: Capture,
  attrs: Attrs,
  facts: FeatureFacts,
): boolean {
  const from = new ByteReader(bytes, isLittle);
  switch (id) {
    case features.osRelease:
      say(capture, 'kernelRelease', from.string());
      break;
    case features.version: {
      const version = from.string();
      say(capture, 'tool', version === '' ? '' : `perf version ${version}`);
      break;
    }
    case features.arch:
      say(capture, 'arch', kernelArch(from.string()));
      break;
    case features.cpuCounts: {
      // Those that could be there, then those that are (write_nrcpus(); the documentation has it the other way round).
      from.u32();
      const online = from.u32();
      if (online > 0) learn(capture, 'cpus', online, 'capture');
      break;
    }
    case features.commandLine: {
      const words: string[] = [];
      for (let left = from.u32(); left > 0 && !from.isShort; left--) words.push(from.string());
      say(capture, 'command', words.join(' '));
      break;
    }
    case features.eventDescriptions:
      nameAttrs(from, isLittle, attrs);
      break;
    case features.sampleTime: {
      const first = from.u64();
      const last = from.u64();
      // Zeros when perf did not look at its own samples (no build ids wanted, compressed).
      if (first > 0n && last >= first) {
        facts.firstTime = first;
        facts.lastTime = last;
      }
      break;
    }
    case features.folderFormat:
      elsewhere(capture);
      break;
    case features.compressed:
      from.u32();
      facts.packing = from.u32();
      from.u32();
      from.u32();
      facts.mappedSize = from.u32();
      break;
    default:
  }
  return !from.isShort;
}

/** HEADER_DIR_FORMAT (5.16 and later): `perf record --threads` leaves this file and one of records for each of its threads. */
function elsewhere(capture: Capture): void {
  const remark =
    'this is one file of a folder (perf record --threads): what its other files hold is not here; perf script -i FOLDER prints all';
  if (capture.remarks.includes(remark)) return;
  capture.remarks.push(remark);
  const place = 'header: DIR_FORMAT';
  capture.losses.push({ cpu: -1, count: Number.NaN, start: Number.NaN, end: Number.NaN, how: 'dropped', place });
}

function say(capture: Capture, key: 'kernelRelease' | 'tool' | 'arch' | 'command', value: string): void {
  if (value !== '') learn(capture, key, value, 'capture');
}

/** HEADER_EVENT_DESC: attributes once more, with their ids and the names that the recording gave them. */
function nameAttrs(from: ByteReader, isLittle: boolean, attrs: Attrs): void {
  const count = from.u32();
  const size = from.u32();
  for (let i = 0; i < count && !from.isShort; i++) {
    const at = from.take(size);
    const ids = from.u32();
    const name = from.string();
    let index = -1;
    for (let left = ids; left > 0 && !from.isShort; left--) {
      const id = from.u64();
      if (index < 0) index = attrs.find(Number(id >> 32n), Number(id & 0xffffffffn));
    }
    if (at < 0 || from.isShort) return;
    // Without ids they stand in the order of the attributes.
    const attr = attrs.list[index >= 0 ? index : i];
    const described = parseAttr(from.view(), at, size, isLittle);
    if (attr !== undefined && described?.type === attr.type && described.configLo === attr.configLo) attr.name = name;
  }
}
