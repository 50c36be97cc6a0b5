/**
 * The files of a tar archive (POSIX.1-1988 ustar, and GNU and pax long names), as a set of files. Only the headers are
 * read; what is in a file is read when it is asked for. Names are names in a list: no path of the machine is built from them.
 */
import { TraceError } from '../base/errors.ts';
import type { ByteSource, FileSet } from './format.ts';
import { partOf } from './sources.ts';

const block = 512;

/** Most files looked at: a kernel has about two thousand events, each a folder with five files. */
const mostFiles = 65536;

/** Whether the first bytes are those of a tar archive. */
export function isTar(head: Uint8Array): boolean {
  return head.length >= block && latin(head, 257, 262) === 'ustar';
}

/**
 * Lists a tar archive.
 *
 * @throws TraceError `damaged` when a header is not one, or a file ends behind the archive
 */
export async function tarFiles(source: string, archive: ByteSource): Promise<FileSet> {
  const files = new Map<string, ByteSource>();
  let at = 0;
  let longName = '';
  while (at + block <= archive.size && files.size < mostFiles) {
    const header = await archive.read(at, block);
    if (header.every((byte) => byte === 0)) break;
    const size = Number.parseInt(latin(header, 124, 136).trim() || '0', 8);
    if (!Number.isSafeInteger(size) || size < 0 || latin(header, 257, 262) !== 'ustar')
      throw damaged(source, at, 'is no tar header');
    if (at + block + size > archive.size)
      throw damaged(source, at, 'names a file that ends behind the archive, so the archive is cut');
    const content = partOf(archive, at + block, size);
    const type = latin(header, 156, 157);
    if (type === 'L') longName = latin(await content.read(0, 4096), 0, 4096);
    else if (type === 'x') longName = paxPath(new TextDecoder().decode(await content.read(0, 65536)));
    else {
      const prefix = latin(header, 345, 500);
      const name = longName || (prefix === '' ? '' : `${prefix}/`) + latin(header, 0, 100);
      if (type === '0' || type === '') files.set(name.replace(/^(?:\.?\/)+/, ''), content);
      longName = '';
    }
    at += block + Math.ceil(size / block) * block;
  }
  return {
    names: [...files.keys()],
    open: async (name) => {
      const found = files.get(name);
      if (found === undefined) throw new Error(`no file ${name} in ${source}`);
      return found;
    },
  };
}

function damaged(source: string, at: number, cause: string): TraceError {
  return new TraceError(
    'damaged',
    { file: source, place: `byte ${at}` },
    `this ${cause}`,
    'copy it again, or pack it again',
  );
}

/** Bytes up to the first NUL. */
function latin(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let i = from; i < to && i < bytes.length && bytes[i] !== 0; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}

/** `NN path=...` of a pax header. */
function paxPath(text: string): string {
  return /^\d+ path=(.*)$/m.exec(text)?.[1] ?? '';
}
