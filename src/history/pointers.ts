/**
 * Folio pointers and page frames. With a virtual memory map, `struct page` lie in one array, so that
 * pointer = base + frame * size (include/asm-generic/memory_model.h). mm_lru_insertion and mm_lru_activate print both;
 * where their pointers are hashed, try_to_migrate(folio) followed by set_migration_pte of the same task gives the pairs.
 * A line through two pairs is believed only when every other pair lies on it.
 */
export class PointerLine {
  #firstKey = NaN;
  #firstPfn = NaN;
  #size = NaN;
  #base = NaN;
  pairs = 0;
  misses = 0;

  /** Takes a pair: the low 52 bits of a pointer, and its frame. */
  learn(key: number, pfn: number): void {
    if (!(key > 2 ** 32)) return; // a hashed pointer (32 bits), or none
    this.pairs++;
    if (Number.isNaN(this.#firstKey)) {
      this.#firstKey = key;
      this.#firstPfn = pfn;
    } else if (Number.isNaN(this.#size)) {
      if (pfn === this.#firstPfn) return;
      this.#size = (key - this.#firstKey) / (pfn - this.#firstPfn);
      this.#base = this.#firstKey - this.#firstPfn * this.#size;
    } else if (key !== this.#base + pfn * this.#size) this.misses++;
  }

  /** Three pairs on one line whose step could be the size of a struct page. */
  get holds(): boolean {
    return this.misses === 0 && this.pairs >= 3 && Number.isInteger(this.#size) && this.#size >= 32;
  }

  /** The frame of a pointer, or NaN when the line does not hold or the pointer does not lie on it. */
  pfn(key: number): number {
    if (!this.holds) return NaN;
    const pfn = (key - this.#base) / this.#size;
    return Number.isInteger(pfn) && pfn >= 0 ? pfn : NaN;
  }
}

/** A folio that is known by its pointer alone: the pointer's low 52 bits as text. Its upper 12 bits are set in every arm64 kernel. */
export function nameOfPointer(pointer: number): string {
  return `0xfff${pointer.toString(16).padStart(13, '0')}`;
}
