/**
 * The first bytes of a trace.dat (Documentation/trace-cmd/trace-cmd.dat.v7.5.txt of trace-cmd):
 *
 *     17 08 44 "tracing" | version NUL | 0 little, 1 big endian | bytes of a long | page size, 32 bits
 *     version 7:           name of the packing NUL | its version NUL | offset of the first options, 64 bits
 */
import { TraceError } from '../../base/errors.ts';
import type { ByteSource } from '../format.ts';
import { loadZstd } from '../zstd.ts';
import { Scroll } from './scroll.ts';
import type { Packing } from './unpack.ts';

export const magic = Uint8Array.of(0x17, 0x08, 0x44, 0x74, 0x72, 0x61, 0x63, 0x69, 0x6e, 0x67);

export interface Head {
  readonly version: 6 | 7;
  readonly isLittleEndian: boolean;
  /** Of the recording program; the kernel's is told by `header_page`. */
  readonly longSize: 4 | 8;
  /** Memory page of the machine. */
  readonly pageSize: number;
  readonly packing: Packing;
  /** Where the first options are; version 7 only. */
  readonly options: number;
  /** Bytes of all this. */
  readonly size: number;
}

/** @throws TraceError `damaged` when it is cut short, `unsupported` for versions and packings that are not known */
export async function readHead(source: string, input: ByteSource): Promise<Head> {
  const start = new Scroll(source, input, true);
  await start.bytes(magic.length, 'the head of the file');
  const written = await start.string('the version of the file');
  if (written !== '6' && written !== '7') {
    const cause = `has version "${printable(written)}" of the format; 6 and 7 are read`;
    throw new TraceError(
      'unsupported',
      { file: source },
      cause,
      'convert it: trace-cmd convert --file-version 7 -i FILE -o OUT',
    );
  }
  const version = written === '6' ? 6 : 7;
  const order = await start.u8('the byte order');
  const longSize = await start.u8('the size of a long');
  if (order > 1) start.fail(`byte order ${order} is neither 0 (little endian) nor 1 (big endian)`);
  if (longSize !== 4 && longSize !== 8) return start.fail(`a long of ${longSize} bytes is neither 4 nor 8`);
  const scroll = new Scroll(source, input, order === 0, start.at);
  const pageSize = await scroll.u32('the page size');
  if (version === 6) {
    return { version, isLittleEndian: order === 0, longSize, pageSize, packing: 'none', options: 0, size: scroll.at };
  }
  const packing = await scroll.string('the name of the packing');
  await scroll.string('the version of the packing');
  if (packing !== 'none' && packing !== 'zstd' && packing !== 'zlib') {
    const cause = `is packed with "${printable(packing)}"; none, zstd and zlib are read`;
    throw new TraceError(
      'unsupported',
      { file: source },
      cause,
      'convert it: trace-cmd convert --compression none -i FILE -o OUT',
    );
  }
  if (packing === 'zstd') await loadZstd();
  const options = await scroll.u64('the place of the options');
  return { version, isLittleEndian: order === 0, longSize, pageSize, packing, options, size: scroll.at };
}

/** A name from the file, fit for a message. */
export function printable(text: string): string {
  return text.slice(0, 80).replace(/[^ -~]/g, '.');
}
