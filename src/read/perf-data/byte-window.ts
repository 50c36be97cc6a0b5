/**
 * The part of a stream that is still needed, as one range of memory, so that no record is ever cut: bytes come in at the end
 * and go at the beginning. Places are counted from the beginning of the stream, so they stay true whatever has gone.
 */
export class ByteWindow {
  bytes = new Uint8Array(1 << 16);
  view = new DataView(this.bytes.buffer);
  /** Place in the stream of `bytes[0]`. */
  base: number;
  /** Bytes that are filled. */
  length = 0;

  constructor(base: number) {
    this.base = base;
  }

  /** Place behind the last byte. */
  get end(): number {
    return this.base + this.length;
  }

  append(chunk: Uint8Array): void {
    const wanted = this.length + chunk.length;
    if (wanted > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.bytes.length * 2, wanted));
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
      this.view = new DataView(grown.buffer);
    }
    this.bytes.set(chunk, this.length);
    this.length = wanted;
  }

  /** Lets go of what is before `place`. Moves only when at least half has gone, so each byte is moved once on average. */
  release(place: number): void {
    const gone = Math.min(place - this.base, this.length);
    if (gone * 2 < this.length || gone <= 0) return;
    this.bytes.copyWithin(0, gone, this.length);
    this.base += gone;
    this.length -= gone;
  }
}
