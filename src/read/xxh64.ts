/**
 * XXH64 with seed 0 (Y. Collet, xxHash specification 0.1.1), of which zstd keeps the low 32 bits behind each frame's content
 * (RFC 8878, 3.1.1). Numbers of 64 bits are pairs of 32: bigint would be slower than the decompression that this checks.
 */

/** PRIME64_1 to PRIME64_5, high and low half. */
const p1h = 0x9e3779b1;
const p1l = 0x85ebca87;
const p2h = 0xc2b2ae3d;
const p2l = 0x27d4eb4f;
const p3h = 0x165667b1;
const p3l = 0x9e3779f9;
const p4h = 0x85ebca77;
const p4l = 0xc2b2ae63;
const p5h = 0x27d4eb2f;
const p5l = 0x165667c5;

/** The value being worked on, high and low half. Nothing here waits, so one is enough for all. */
let h = 0;
let l = 0;

function multiply(ph: number, pl: number): void {
  const a0 = l & 0xffff;
  const a1 = l >>> 16;
  const b0 = pl & 0xffff;
  const b1 = pl >>> 16;
  const low = a0 * b0;
  const middle = a0 * b1 + a1 * b0 + (low >>> 16);
  h = (a1 * b1 + Math.floor(middle / 65536) + Math.imul(h, pl) + Math.imul(l, ph)) | 0;
  l = (middle << 16) | (low & 0xffff);
}

function add(ah: number, al: number): void {
  const low = (l >>> 0) + (al >>> 0);
  h = (h + ah + (low > 0xffffffff ? 1 : 0)) | 0;
  l = low | 0;
}

/** Rotates left by 1 to 31. */
function rotate(bits: number): void {
  const high = (h << bits) | (l >>> (32 - bits));
  l = (l << bits) | (h >>> (32 - bits));
  h = high;
}

/** rotl(value + input * p2, 31) * p1 */
function round(valueH: number, valueL: number, inputH: number, inputL: number): void {
  h = inputH;
  l = inputL;
  multiply(p2h, p2l);
  add(valueH, valueL);
  rotate(31);
  multiply(p1h, p1l);
}

function read32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

export class Xxh64 {
  /** Four lanes: high, low, high, low, ... */
  readonly #lanes = new Int32Array(8);
  readonly #rest = new Uint8Array(32);
  #restLength = 0;
  #length = 0;

  constructor() {
    const lanes = this.#lanes;
    h = p1h;
    l = p1l;
    add(p2h, p2l);
    lanes.set([h, l, p2h, p2l, 0, 0]);
    h = ~p1h;
    l = ~p1l;
    add(0, 1);
    lanes.set([h, l], 6);
  }

  update(bytes: Uint8Array): void {
    this.#length += bytes.length;
    let at = 0;
    if (this.#restLength > 0) {
      at = Math.min(32 - this.#restLength, bytes.length);
      this.#rest.set(bytes.subarray(0, at), this.#restLength);
      this.#restLength += at;
      if (this.#restLength < 32) return;
      this.#stripe(this.#rest, 0);
      this.#restLength = 0;
    }
    for (; at + 32 <= bytes.length; at += 32) this.#stripe(bytes, at);
    this.#rest.set(bytes.subarray(at));
    this.#restLength = bytes.length - at;
  }

  /** The hash of everything so far: high and low half. */
  digest(): { hi: number; lo: number } {
    if (this.#length >= 32) this.#merge();
    else {
      h = p5h;
      l = p5l;
    }
    add(Math.floor(this.#length / 2 ** 32), this.#length | 0);
    this.#tail();
    // h ^= h >> 33; h *= p2; h ^= h >> 29; h *= p3; h ^= h >> 32
    l ^= h >>> 1;
    multiply(p2h, p2l);
    l ^= (h << 3) | (l >>> 29);
    h ^= h >>> 29;
    multiply(p3h, p3l);
    l ^= h;
    return { hi: h >>> 0, lo: l >>> 0 };
  }

  #stripe(bytes: Uint8Array, at: number): void {
    const lanes = this.#lanes;
    for (let lane = 0; lane < 8; lane += 2, at += 8) {
      round(lanes[lane]!, lanes[lane + 1]!, read32(bytes, at + 4), read32(bytes, at));
      lanes[lane] = h;
      lanes[lane + 1] = l;
    }
  }

  /** The four lanes into one value. */
  #merge(): void {
    const lanes = this.#lanes;
    let sumH = 0;
    let sumL = 0;
    [1, 7, 12, 18].forEach((bits, lane) => {
      h = lanes[lane * 2]!;
      l = lanes[lane * 2 + 1]!;
      rotate(bits);
      add(sumH, sumL);
      sumH = h;
      sumL = l;
    });
    for (let lane = 0; lane < 8; lane += 2) {
      round(0, 0, lanes[lane]!, lanes[lane + 1]!);
      h ^= sumH;
      l ^= sumL;
      multiply(p1h, p1l);
      add(p4h, p4l);
      sumH = h;
      sumL = l;
    }
  }

  /** The last bytes, fewer than 32: by eight, by four, one by one. */
  #tail(): void {
    const rest = this.#rest;
    const end = this.#restLength;
    let at = 0;
    for (; at + 8 <= end; at += 8) {
      const beforeH = h;
      const beforeL = l;
      round(0, 0, read32(rest, at + 4), read32(rest, at));
      h ^= beforeH;
      l ^= beforeL;
      rotate(27);
      multiply(p1h, p1l);
      add(p4h, p4l);
    }
    for (; at < end; ) {
      const isFour = at + 4 <= end;
      const beforeH = h;
      const beforeL = l;
      h = 0;
      l = isFour ? read32(rest, at) : rest[at]!;
      if (isFour) multiply(p1h, p1l);
      else multiply(p5h, p5l);
      h ^= beforeH;
      l ^= beforeL;
      rotate(isFour ? 23 : 11);
      if (isFour) {
        multiply(p2h, p2l);
        add(p3h, p3l);
      } else multiply(p1h, p1l);
      at += isFour ? 4 : 1;
    }
  }
}
