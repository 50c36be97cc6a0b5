/**
 * zstd frames (RFC 8878), unpacked by zstd itself, which the package zstddec carries as WebAssembly: it holds each content
 * against its checksum, takes no window larger than 128 MiB, and stops at once where a damaged block asks for more than a
 * block may make. The package's own methods take no stream that comes piece by piece and look at no errors, so the functions of
 * zstd are called here (lib/zstd.h, "Streaming decompression"; zstd 1.5.7).
 */
import { ZSTDDecoder } from 'zstddec/stream';
import type { Bytes, Inflated } from './decompress.ts';

/** What the WebAssembly gives out; addresses and sizes are numbers of 32 bits. */
interface Zstd {
  readonly memory: WebAssembly.Memory;
  malloc(size: number): number;
  free(address: number): void;
  ZSTD_createDCtx(): number;
  ZSTD_freeDCtx(context: number): void;
  ZSTD_decompress(into: number, room: number, from: number, size: number): number;
  ZSTD_decompressStream(context: number, output: number, input: number): number;
}

let zstd: Zstd | undefined;

class Loader extends ZSTDDecoder {
  override _init(loaded: WebAssembly.WebAssemblyInstantiatedSource): void {
    // The package wants to hear when the memory grows, of which it keeps a view; here it is looked at anew at each use.
    const imports = { env: { emscripten_notify_memory_growth: () => undefined } };
    zstd = new WebAssembly.Instance(loaded.module, imports).exports as unknown as Zstd;
  }
}

/** Loads zstd (some 30 ms, once). To be awaited before anything else here is used. */
export async function loadZstd(): Promise<void> {
  if (zstd === undefined) await new Loader().init();
}

function loaded(): Zstd {
  if (zstd === undefined) throw new Error('zstd is used before it is loaded');
  return zstd;
}

/** Results above this are errors, counted down from 2^32 (lib/common/error_private.h). */
const leastError = 2 ** 32 - 120;

/** The errors that damage brings (lib/zstd_errors.h, whose numbers are stable). */
const errors: Readonly<Record<number, string>> = {
  10: 'no frame where one should begin',
  14: 'it is of a kind that is not known',
  16: 'its window is larger than 128 MiB',
  20: 'a block is corrupt',
  22: 'the checksum does not fit',
  24: 'a block is corrupt',
  32: 'it needs a dictionary',
  64: 'it asks for more memory than there is',
  70: 'it holds more than it should',
  72: 'it ends early',
};

/** What is no zstd, or is damaged. */
export class ZstdDamage extends Error {
  override readonly name = 'ZstdDamage';
}

/** @throws ZstdDamage when the result of a function is an error */
function checked(result: number): number {
  const size = result >>> 0;
  if (size <= leastError) return size;
  const code = 2 ** 32 - size;
  throw new ZstdDamage(errors[code] ?? `zstd error ${code}`);
}

/** Bytes taken in and given out at once. ZSTD_DStreamOutSize(): a block, so that each fits. */
const inSize = 1 << 16;
const outSize = 1 << 17;

/** A stream of frames that comes piece by piece. */
export class ZstdStream {
  /** Frames that have ended. */
  frames = 0;
  /** Whether nothing has come of a next frame. */
  betweenFrames = true;
  readonly #zstd = loaded();
  readonly #context: number;
  /** ZSTD_inBuffer and ZSTD_outBuffer (address, size, place each), then what they point to. */
  readonly #buffers: number;

  constructor() {
    this.#context = this.#zstd.ZSTD_createDCtx();
    this.#buffers = this.#zstd.malloc(24 + inSize + outSize);
    if (this.#context === 0 || this.#buffers === 0) throw new ZstdDamage(errors[64]);
    abandoned.register(this, [this.#context, this.#buffers], this);
  }

  /**
   * Gives out what the stream holds up to the end of these bytes, in pieces that must be copied before the next is asked for.
   *
   * @throws ZstdDamage on what is no zstd
   */
  *push(bytes: Uint8Array): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + inSize);
      new Uint8Array(this.#zstd.memory.buffer, this.#buffers + 24, piece.length).set(piece);
      at += piece.length;
      let made = 0;
      // What fills the room given may not be all.
      for (let taken = 0; taken < piece.length || (made === outSize && !this.betweenFrames); ) {
        [taken, made] = this.#step(piece.length, taken);
        if (made > 0) yield new Uint8Array(this.#zstd.memory.buffer, this.#buffers + 24 + inSize, made);
      }
    }
  }

  /** One call of ZSTD_decompressStream(): up to where it has read, and how much it made. */
  #step(size: number, taken: number): [number, number] {
    const { memory } = this.#zstd;
    const input = this.#buffers;
    const from = input + 24;
    const before = new DataView(memory.buffer, input, 24);
    [from, size, taken, from + inSize, outSize, 0].forEach((value, i) => {
      before.setUint32(i * 4, value, true);
    });
    const wanted = checked(this.#zstd.ZSTD_decompressStream(this.#context, input + 12, input));
    // Its memory may have grown, and then it lies in another buffer.
    const after = new DataView(memory.buffer, input, 24);
    this.betweenFrames = wanted === 0;
    if (wanted === 0) this.frames++;
    return [after.getUint32(8, true), after.getUint32(20, true)];
  }

  /** Gives its memory back. A stream that is given up half read does so when the garbage is collected. */
  close(): void {
    if (!abandoned.unregister(this)) return;
    giveBack([this.#context, this.#buffers]);
  }
}

function giveBack([context, buffers]: readonly [number, number]): void {
  loaded().ZSTD_freeDCtx(context);
  loaded().free(buffers);
}

const abandoned = new FinalizationRegistry(giveBack);

/**
 * Unpacks whole frames, whose size is not known, in pieces that must be copied before the next is asked for.
 *
 * @throws ZstdDamage on what is no zstd, or ends inside a frame
 */
export function* unpackFrames(packed: Uint8Array): Generator<Uint8Array> {
  const stream = new ZstdStream();
  try {
    yield* stream.push(packed);
    if (!stream.betweenFrames) throw new ZstdDamage('it ends early');
  } finally {
    stream.close();
  }
}

/**
 * Unpacks frames into `out`. Gives back how many bytes came out.
 *
 * @throws ZstdDamage on what is no zstd, or does not fit in
 */
export function unpackInto(packed: Uint8Array, out: Uint8Array): number {
  const { memory, malloc, free, ZSTD_decompress } = loaded();
  const from = malloc(packed.length + out.length);
  if (from === 0) throw new ZstdDamage(errors[64]);
  try {
    new Uint8Array(memory.buffer, from, packed.length).set(packed);
    const to = from + packed.length;
    const size = checked(ZSTD_decompress(to, out.length, from, packed.length));
    out.set(new Uint8Array(memory.buffer, to, size));
    return size;
  } finally {
    free(from);
  }
}

/** Inflates a stream of zstd frames. Fills `result.damage` when it is cut, corrupt, or fails a checksum. */
export async function* unzstd(chunks: Bytes, result: Inflated): AsyncGenerator<Uint8Array> {
  await loadZstd();
  const stream = new ZstdStream();
  try {
    for await (const chunk of chunks) {
      for (const data of stream.push(chunk)) yield data.slice();
    }
  } catch (error) {
    if (!(error instanceof ZstdDamage)) throw error;
    result.damage = `zstd stream is damaged (${error.message})`;
    return;
  } finally {
    stream.close();
  }
  if (!stream.betweenFrames) result.damage = 'zstd stream ends early';
}
