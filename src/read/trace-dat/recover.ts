/** CPUs of a packed file of version 7 whose table is missing: the table comes last, so a copy that was cut off has none. */
import type { ByteSource } from '../format.ts';
import type { CpuPart, Options } from './options.ts';
import { Scroll } from './scroll.ts';

/** Most CPUs looked for when the file does not say how many there were. */
const mostCpus = 8192;

/**
 * Walks over the data of CPU after CPU: each begins at a multiple of the page size with its number of chunks, and each chunk
 * says how long it is (lib/trace-cmd/trace-output.c tcmd_out_write_cpu_data(), trace-cmd 3.1). The tool leaves no trace of a
 * CPU without data, so numbers are counted.
 */
export async function recoverCpus(
  source: string,
  input: ByteSource,
  start: number,
  align: number,
  isLittleEndian: boolean,
  options: Options,
): Promise<CpuPart[]> {
  const cpus: CpuPart[] = [];
  const most = Math.min(options.cpuCount ?? mostCpus, mostCpus);
  let at = Math.ceil(start / align) * align;
  while (cpus.length < most && at + 4 <= input.size) {
    const end = await endOfChunks(source, input, at, isLittleEndian);
    if (end === at) break;
    cpus.push({ cpu: cpus.length, offset: at, size: end - at });
    at = Math.ceil(end / align) * align;
  }
  return cpus;
}

/** Where the last chunk ends, or the file; `at` when there are none. */
async function endOfChunks(source: string, input: ByteSource, at: number, isLittleEndian: boolean): Promise<number> {
  const scroll = new Scroll(source, input, isLittleEndian, at);
  const chunks = await scroll.u32('the number of chunks');
  // Each chunk has at least a page, packed into no fewer than a dozen bytes.
  if (chunks === 0 || chunks > input.size / 8) return at;
  let next = scroll.at;
  for (let i = 0; i < chunks && next + 8 <= input.size; i++) {
    const head = new Scroll(source, input, isLittleEndian, next, next + 8);
    const size = await head.u32('the size of a chunk');
    if (size === 0) return at;
    next += 8 + size;
  }
  return Math.min(next, input.size);
}
