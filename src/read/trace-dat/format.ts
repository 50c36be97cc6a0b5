/** trace.dat, as trace-cmd record writes it. */
import type { Detection, RandomFormat } from '../format.ts';
import { magic } from './head.ts';

export const traceDat: RandomFormat = {
  id: 'trace-dat',
  access: 'random',
  title: 'trace.dat, versions 6 and 7',
  writtenBy: 'trace-cmd record, trace-cmd extract',
  recognisedBy: 'the bytes 17 08 44 and "tracing" at the beginning',
  page: 'trace-dat',
  detect(head: Uint8Array): Detection | undefined {
    if (!magic.every((byte, i) => head[i] === byte)) return undefined;
    return { sure: 1, saw: 'the head of a trace.dat' };
  },
  openAt: async (...all) => (await import('./reader.ts')).TraceDatReader.open(...all),
};
