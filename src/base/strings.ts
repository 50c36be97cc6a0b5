/**
 * Interned text: each distinct string once, known by a small integer. Columns hold the integers.
 *
 * `internBytes` looks a byte range up without making a string for it (measured as the difference between the scanner
 * being bound by memory and by the garbage collector); a string is made once for each distinct value.
 */
export class StringTable {
  readonly #values: string[] = [];
  readonly #ids = new Map<string, number>();
  // Open-addressed hash of byte ranges -> id; the bytes of each value are kept to compare with.
  #slots = new Int32Array(1024).fill(-1);
  #bytes: (Uint8Array | undefined)[] = [];
  readonly #decoder = new TextDecoder('utf-8');
  readonly #encoder = new TextEncoder();

  /** Number of distinct strings. */
  get size(): number {
    return this.#values.length;
  }

  /** The text of an id; the empty string for -1 ("not recorded"). */
  text(id: number): string {
    return id < 0 ? '' : (this.#values[id] ?? '');
  }

  /** The id of a string, or -1 when it was never interned. */
  find(value: string): number {
    return this.#ids.get(value) ?? -1;
  }

  /** The id of a string, made when it is new. */
  intern(value: string): number {
    const known = this.#ids.get(value);
    if (known !== undefined) return known;
    const id = this.#values.length;
    this.#values.push(value);
    this.#ids.set(value, id);
    return id;
  }

  /** The id of `bytes[start..end)`, made when it is new. Invalid UTF-8 becomes U+FFFD, as in any text tool. */
  internBytes(bytes: Uint8Array, start: number, end: number): number {
    let hash = 0x811c9dc5;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    const mask = this.#slots.length - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (;;) {
      const index = this.#slots[slot]!;
      if (index < 0) break;
      const kept = this.#bytes[index]!;
      if (kept.length === end - start) {
        let same = true;
        for (let i = 0; i < kept.length; i++) {
          if (kept[i] !== bytes[start + i]) {
            same = false;
            break;
          }
        }
        if (same) return this.#idOfBytes[index]!;
      }
      slot = (slot + 1) & mask;
    }
    const copy = bytes.slice(start, end);
    const id = this.intern(this.#decoder.decode(copy));
    this.#slots[slot] = this.#bytes.length;
    this.#bytes.push(copy);
    this.#idOfBytes.push(id);
    if (this.#bytes.length * 2 > this.#slots.length) this.#grow();
    return id;
  }

  readonly #idOfBytes: number[] = [];

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    for (let index = 0; index < this.#bytes.length; index++) {
      const bytes = this.#bytes[index]!;
      let hash = 0x811c9dc5;
      for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
      let slot = (hash ^ (hash >>> 15)) & mask;
      while (slots[slot]! >= 0) slot = (slot + 1) & mask;
      slots[slot] = index;
    }
    this.#slots = slots;
  }

  /** The UTF-8 bytes of an id. */
  bytes(id: number): Uint8Array {
    return this.#encoder.encode(this.text(id));
  }
}
