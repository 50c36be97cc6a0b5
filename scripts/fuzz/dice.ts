/** Random numbers for mutations: the same for the same seed and number of the input, on any machine and in any order. */

export class Dice {
  #state: number;

  /** @param input number of the input, so that any one of them can be made again alone */
  constructor(seed: number, input: number) {
    this.#state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(input + 1, 0xc2b2ae35)) | 0;
    this.#next();
    this.#next();
  }

  /** An integer in [0, below); 0 when there is nothing to choose from. */
  below(below: number): number {
    return below <= 1 ? 0 : Math.floor((this.#next() / 2 ** 32) * below);
  }

  /** True once in `n` times. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  pick<T>(list: readonly T[]): T {
    const value = list[this.below(list.length)];
    if (value === undefined) throw new RangeError('a die without sides');
    return value;
  }

  /** Mostly small, sometimes up to `most`: sizes of edits. */
  size(most: number): number {
    return (
      1 + this.below(Math.max(1, Math.floor(most / 2 ** this.below(Math.max(1, Math.floor(Math.log2(most + 1)))))))
    );
  }

  /** Marsaglia's xorshift of 32 bits over a Weyl sequence, mixed once more (murmur3's finaliser). */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let h = this.#state;
    h = Math.imul(h ^ (h >>> 15), h | 1);
    h ^= h + Math.imul(h ^ (h >>> 7), h | 61);
    return (h ^ (h >>> 14)) >>> 0;
  }
}
