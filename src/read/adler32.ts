/** The checksum of zlib streams (RFC 1950), which fflate does not look at. */
export class Adler32 {
  #a = 1;
  #b = 0;

  update(bytes: Uint8Array): this {
    let a = this.#a;
    let b = this.#b;
    // The largest count for which the sums stay below 2^32 is 5552 bytes.
    for (let at = 0; at < bytes.length; at += 5552) {
      const end = Math.min(bytes.length, at + 5552);
      for (let i = at; i < end; i++) {
        a += bytes[i]!;
        b += a;
      }
      a %= 65521;
      b %= 65521;
    }
    this.#a = a;
    this.#b = b;
    return this;
  }

  get value(): number {
    return ((this.#b << 16) | this.#a) >>> 0;
  }
}
