/**
 * bh_lrus: each CPU's most recently used buffer heads (fs/buffer.c bh_lru_install()). Each holds its folio back from
 * migration: its count keeps buffer_migrate_folio() off, which stands here as one reference on the folio.
 */
import { type Folio, type Folios, get, put } from './folio.ts';

/** BH_LRU_SIZE. */
const size = 16;

const none = new Int32Array(0);

export class BufferHeads {
  readonly #folios: Folios;
  /** Newest first; -1 = of a folio that nobody migrates. */
  #heads = none;
  readonly #counts: Uint8Array;

  constructor(cpus: number, folios: Folios) {
    this.#folios = folios;
    this.#counts = new Uint8Array(cpus);
  }

  count(cpu: number): number {
    return this.#counts[cpu] ?? 0;
  }

  /** Puts a buffer head in front, where it may stand already. Returns the folio that lost its last place for it, or -1. */
  install(cpu: number, id: number): number {
    const first = cpu * size;
    // Few machines ever see one.
    if (this.#heads.length === 0) this.#heads = new Int32Array(this.#counts.length * size);
    const heads = this.#heads;
    const count = this.#counts[cpu]!;
    // One buffer head a folio; those of nobody's folios are all different.
    let place = id < 0 ? -1 : heads.subarray(first, first + count).indexOf(id);
    let evicted = -1;
    if (place < 0) {
      if (id >= 0) hold(this.#folios.get(id));
      place = count;
      if (count === size) {
        place = size - 1;
        evicted = heads[first + place]!;
        if (evicted >= 0) letGo(this.#folios.get(evicted));
      } else this.#counts[cpu] = count + 1;
    }
    heads.copyWithin(first + 1, first, first + place);
    heads[first] = id;
    return evicted;
  }

  /** invalidate_bh_lrus_cpu(). Calls `released` with each folio that has lost a reference. */
  invalidate(cpu: number, released: (folio: Folio) => void): void {
    const first = cpu * size;
    const count = this.#counts[cpu]!;
    this.#counts[cpu] = 0;
    for (let i = first; i < first + count; i++) {
      const id = this.#heads[i]!;
      if (id < 0) continue;
      const folio = this.#folios.get(id);
      letGo(folio);
      released(folio);
    }
  }
}

function hold(folio: Folio): void {
  folio.bufferHeads++;
  get(folio);
}

function letGo(folio: Folio): void {
  folio.bufferHeads--;
  put(folio);
}
