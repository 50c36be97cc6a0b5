/**
 * One block of memory for the pages at hand of all CPUs. Records of all of them then lie in one array, so that going from
 * CPU to CPU changes an offset and nothing else, and a page stays until the events on it have been stored.
 */

/** Above this, pages stay where they were read. */
const mostBytes = 64 * 2 ** 20;

/** Bytes of pages beyond those at hand: what is stored at once should stay in the processor's caches. */
const spareBytes = 1 << 20;

export class PagePool {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly #pageSize: number;
  /** Slots that nothing uses, and those whose events are still to be stored: both by offset. */
  readonly #free: number[] = [];
  #left: number[] = [];
  /** Place in the input of each slot's first byte; negative (`-1 - place`) where all its bytes have one. */
  readonly #places: Float64Array;

  private constructor(slots: number, pageSize: number) {
    this.bytes = new Uint8Array(slots * pageSize);
    this.view = new DataView(this.bytes.buffer);
    this.#pageSize = pageSize;
    this.#places = new Float64Array(slots);
    for (let slot = slots - 1; slot >= 0; slot--) this.#free.push(slot * pageSize);
  }

  /**
   * A pool for the pages of so many CPUs, of at most `pageSize` bytes each; undefined when they would take too much.
   *
   * @param bytes of all pages: of few, no more is taken than they need
   */
  static of(cpus: number, pageSize: number, bytes: number): PagePool | undefined {
    if (cpus * pageSize > mostBytes) return undefined;
    const spare = Math.max(1, Math.floor(Math.min(spareBytes, bytes) / pageSize));
    return new PagePool(cpus + spare, pageSize);
  }

  /** No page can be taken until `settle`. */
  get isUsedUp(): boolean {
    return this.#free.length === 0;
  }

  /** Takes a page in; gives its offset. `place`: of its first byte in the input, or of all its bytes where they were packed. */
  take(page: Uint8Array, place: number, isPacked: boolean): number {
    const at = this.#free.pop()!;
    this.bytes.set(page, at);
    this.#places[at / this.#pageSize] = isPacked ? -1 - place : place;
    return at;
  }

  /** A page that is not at hand any more: its memory is free when its events have been stored. */
  leave(at: number): void {
    this.#left.push(at);
  }

  /** The events of all pages left have been stored. */
  settle(): void {
    for (const at of this.#left) this.#free.push(at);
    this.#left = [];
  }

  /** Place in the input of what is at an offset. */
  placeOf(offset: number): number {
    const slot = Math.floor(offset / this.#pageSize);
    const place = this.#places[slot]!;
    return place < 0 ? -1 - place : place + offset - slot * this.#pageSize;
  }
}
