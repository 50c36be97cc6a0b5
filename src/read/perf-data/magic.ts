/**
 * The first bytes: `PERFILE2` as a u64 of the machine that recorded, so `2ELIFREP` where it was big endian; then the size of the
 * header, which tells a file (104, or 72 before features) from a pipe (16). tools/perf/util/header.c check_magic_endian().
 */
const magicBytes = new TextEncoder().encode('PERFILE2');
const oldMagicBytes = new TextEncoder().encode('PERFFILE');

/** Header of a pipe: magic and size. */
export const pipeHeaderSize = 16;

export interface Magic {
  readonly isLittle: boolean;
  /** Of the first version (2009, before 2.6.33), which is another format. */
  readonly isOld: boolean;
  /** Size of the header as it says; NaN when the bytes end before. */
  readonly headerSize: number;
}

/** What the first bytes say; undefined when they are not perf's. */
export function readMagic(head: Uint8Array): Magic | undefined {
  const isLittle = starts(head, magicBytes, false);
  // The old magic had one byte order only; perf reads it either way.
  const isOld = starts(head, oldMagicBytes, false) || starts(head, oldMagicBytes, true);
  if (!isLittle && !isOld && !starts(head, magicBytes, true)) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const headerSize = head.length < 16 ? Number.NaN : Number(view.getBigUint64(8, isLittle));
  return { isLittle, isOld, headerSize };
}

function starts(head: Uint8Array, magic: Uint8Array, isSwapped: boolean): boolean {
  if (head.length < magic.length) return false;
  return magic.every((byte, i) => head[isSwapped ? magic.length - 1 - i : i] === byte);
}
