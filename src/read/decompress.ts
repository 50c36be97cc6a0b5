/**
 * Compressed input, recognised by its first bytes and inflated chunk by chunk. A stream that is cut or damaged gives
 * what could be decoded, then ends; the damage is reported, never thrown away.
 */
import { TraceError } from '../base/errors.ts';

export type Bytes = AsyncIterable<Uint8Array>;

/** What is left to say when a compressed stream has ended; `damage` is empty when it was whole. */
export interface Inflated {
  damage: string;
}

/** Inflates a whole gzip stream (all of its members). Fills `result.damage` when the stream is cut or corrupt. */
export type Gunzip = (chunks: Bytes, result: Inflated) => AsyncGenerator<Uint8Array>;

interface Packing {
  readonly id: 'gzip' | 'zstd' | 'xz' | 'lz4' | 'bzip2' | 'zip' | 'compress';
  readonly magic: readonly number[];
  /** The command that unpacks it; empty for those that we unpack. */
  readonly command: string;
}

/** RFC 1952; RFC 8878; the xz, lz4 frame, bzip2, zip and compress(1) headers. */
const packings: readonly Packing[] = [
  { id: 'gzip', magic: [0x1f, 0x8b], command: '' },
  { id: 'zstd', magic: [0x28, 0xb5, 0x2f, 0xfd], command: '' },
  { id: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], command: 'xz -dk' },
  { id: 'lz4', magic: [0x04, 0x22, 0x4d, 0x18], command: 'lz4 -dk' },
  { id: 'bzip2', magic: [0x42, 0x5a, 0x68], command: 'bunzip2 -k' },
  { id: 'zip', magic: [0x50, 0x4b, 0x03, 0x04], command: 'unzip' },
  { id: 'compress', magic: [0x1f, 0x9d], command: 'uncompress -k' },
];

/** The packing that the first bytes announce. */
export function packingOf(head: Uint8Array): Packing | undefined {
  return packings.find(({ magic }) => magic.every((byte, i) => head[i] === byte));
}

/** Bytes to come; `return` closes what they come from, also when none has been asked for yet (a generator's would not). */
export interface ByteStream extends AsyncIterableIterator<Uint8Array> {
  return(): Promise<IteratorResult<Uint8Array>>;
}

/** Puts chunks together until `size` bytes are there (or the input ends); the rest of the input follows after them. */
export async function peek(chunks: Bytes, size: number): Promise<{ head: Uint8Array; all: ByteStream }> {
  const iterator = chunks[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let length = 0;
  let done = false;
  while (length < size && !done) {
    const next = await iterator.next();
    if (next.done === true) done = true;
    else if (next.value.length > 0) {
      held.push(next.value);
      length += next.value.length;
    }
  }
  const head = concatenate(held, length);
  let given = head.length === 0;
  const all: ByteStream = {
    [Symbol.asyncIterator]: () => all,
    next: async () => {
      if (!given) {
        given = true;
        return { done: false, value: head };
      }
      return done ? { done: true, value: undefined } : iterator.next();
    },
    return: async () => {
      done = true;
      given = true;
      await iterator.return?.();
      return { done: true, value: undefined };
    },
  };
  return { head, all };
}

function concatenate(parts: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Standard input has no name that a command could take. */
function wayOut({ command }: Packing, source: string): string {
  if (source === 'stdin' && command !== 'unzip')
    return `unpack it on the way: ${command.split(' ')[0]} -dc before the pipe, or give the unpacked file`;
  if (source === 'stdin') return 'unpack it to a file first';
  const path = /^[\w./+@:,=-]+$/.test(source) ? source : `'${source.replaceAll("'", "'\\''")}'`;
  return `unpack it first: ${command} ${path}`;
}

/**
 * The plain bytes of an input that may be packed, and what packings there were, outermost first.
 *
 * @throws TraceError `packed` for a packing that we do not unpack, with the command that does.
 */
export async function unpack(
  source: string,
  chunks: Bytes,
  gunzip: Gunzip,
): Promise<{ chunks: Bytes; packings: readonly string[]; results: readonly Inflated[] }> {
  const names: string[] = [];
  const results: Inflated[] = [];
  let current = chunks;
  // A file packed twice happens (`trace.dat` compressed by its tool, then by hand); more is somebody's joke.
  for (let depth = 0; depth < 3; depth++) {
    const { head, all } = await peek(current, 8);
    current = all;
    const packing = packingOf(head);
    if (packing === undefined) break;
    if (packing.command !== '') {
      await all.return();
      throw new TraceError(
        'packed',
        { file: source },
        `is packed with ${packing.id}, which is not read`,
        wayOut(packing, source),
      );
    }
    const result = { damage: '' };
    names.push(packing.id);
    results.push(result);
    // Loaded when it is met: most captures are not packed so.
    const inflate = packing.id === 'gzip' ? gunzip : (await import('./zstd.ts')).unzstd;
    current = inflate(current, result);
  }
  return { chunks: current, packings: names, results };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Inflates gzip with the platform's DecompressionStream, for browsers. Browsers read one member only and report what
 * follows as damage; `file.ts` brings node's zlib, which reads them all.
 */
export async function* gunzipWeb(chunks: Bytes, result: Inflated): AsyncGenerator<Uint8Array> {
  const stream = new DecompressionStream('gzip');
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  const feeding = (async () => {
    try {
      for await (const chunk of chunks) await writer.write(chunk as Uint8Array<ArrayBuffer>);
      await writer.close();
    } catch (error) {
      result.damage = `gzip stream ends early or is damaged (${messageOf(error)})`;
    }
  })();
  try {
    for (;;) {
      const next = await reader.read();
      if (next.done) break;
      yield next.value;
    }
  } catch (error) {
    result.damage = `gzip stream ends early or is damaged (${messageOf(error)})`;
  } finally {
    await reader.cancel().catch(() => undefined);
    await feeding;
  }
}
