/** Raw pages of the ring buffer, as tracefs gives them, in a folder or a tar with the descriptions of their events. */
import type { Detection, FolderFormat } from '../format.ts';
import { isArchive, isHere, isNamed, pageFiles, systemOf } from './names.ts';

export const rawPages: FolderFormat = {
  id: 'raw-pages',
  access: 'folder',
  title: 'raw pages of the ring buffer',
  writtenBy: 'cat per_cpu/cpuN/trace_pipe_raw, with events/header_page and events/*/*/format beside them',
  recognisedBy: 'a folder or tar with files of that name, or raw_cpuN.bin, cpuN.raw, trace.dat.cpuN',
  page: 'raw-pages',
  detectFiles(names: readonly string[]): Detection | undefined {
    const files = pageFiles(names);
    const pages = files.length;
    // Further down among other things it is a folder of captures, of which these pages are one.
    if (pages === 0 || !files.every(({ name }) => isHere(name, names))) return undefined;
    const isDescribed = names.some(
      (name) => systemOf(name) !== undefined || isArchive(name) || isNamed(name, 'header_page'),
    );
    return { sure: isDescribed ? 0.9 : 0.6, saw: `raw pages of ${pages} CPUs` };
  },
  openFiles: async (...all) => (await import('./reader.ts')).openRawPages(...all),
};
