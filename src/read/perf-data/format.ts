/** perf.data as input formats: the file, and what `perf record -o -` writes into a pipe. */
import type { Detection, RandomFormat, StreamFormat } from '../format.ts';
import { onDemand, withZstd } from '../on-demand.ts';
import { pipeHeaderSize, readMagic } from './magic.ts';

const pipe = onDemand(() => withZstd(import('./pipe-reader.ts')));

export const perfData: RandomFormat = {
  access: 'random',
  id: 'perf-data',
  title: 'perf.data file',
  writtenBy: 'perf record, also with -z, -g, -k; perf inject',
  recognisedBy: 'PERFILE2 at the beginning, in either byte order, and a header of 104 bytes',
  page: 'perf-data',
  detect: (head) => detect(head, false),
  openAt: async (...all) => (await withZstd(import('./file-reader.ts'))).openPerfData(...all),
};

export const perfPipe: StreamFormat = {
  access: 'stream',
  id: 'perf-pipe',
  title: 'perf.data of a pipe',
  writtenBy: 'perf record -o -',
  recognisedBy: 'PERFILE2 at the beginning, in either byte order, and a header of 16 bytes',
  page: 'perf-data',
  detect: (head) => detect(head, true),
  load: pipe.load,
  open: (source, options) => new pipe.module.PerfPipeReader(source, options),
};

function detect(head: Uint8Array, isPipe: boolean): Detection | undefined {
  const magic = readMagic(head);
  if (magic === undefined) return undefined;
  const isOfPipe = magic.headerSize === pipeHeaderSize && !magic.isOld;
  if (isOfPipe !== isPipe) return undefined;
  return { sure: 1, saw: `PERFILE2, ${magic.isLittle ? 'little' : 'big'} endian` };
}
