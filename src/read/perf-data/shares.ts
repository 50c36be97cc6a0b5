/**
 * How the bytes of compressed records are shared out among the records in them.
 *
 * What comes out of a compressed record of 700 bytes may be 6000 bytes of records, the last of them cut. Each byte that came
 * out stands for 700/6000 of a byte of the file: a record takes from the whole number below the place where it begins to the
 * one below the place where it ends, so that all of them together take what the file has.
 */
interface Piece {
  /** Offset of the compressed record in the file. */
  readonly place: number;
  /** Where what came out of it begins and ends in the second stream. */
  readonly start: number;
  readonly end: number;
  /** Bytes of the file before it (of compressed records that gave something), and with it. */
  readonly before: number;
  readonly after: number;
}

export class Shares {
  #pieces: Piece[] = [];
  /** Bytes of the file that came in, and those that were given out. */
  #came = 0;
  #given = 0;
  /** Place in the second stream up to which was given out, and the piece that it is in. */
  #next = 0;
  #current = 0;

  /** A compressed record at `place`, `size` bytes in the file, gave `[start, start + made)` of the second stream. */
  add(place: number, size: number, start: number, made: number): void {
    this.#pieces.push({ place, start, end: start + made, before: this.#came, after: this.#came + size });
    this.#came += size;
  }

  /** The share of the next record, of `size` bytes in the second stream. */
  take(size: number): number {
    this.#next += size;
    while (this.#pieces[this.#current]!.end < this.#next) this.#current++;
    const piece = this.#pieces[this.#current]!;
    const part = (this.#next - piece.start) / (piece.end - piece.start);
    const upTo = Math.floor(piece.before + part * (piece.after - piece.before));
    const share = upTo - this.#given;
    this.#given = upTo;
    return share;
  }

  /** What no record took: to be called once, at the end. */
  rest(): number {
    return this.#came - this.#given;
  }

  /** The offset in the file of the compressed record that a place of the second stream came out of. */
  placeOf(place: number): number {
    let low = 0;
    let high = this.#pieces.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#pieces[middle]!.start <= place) low = middle;
      else high = middle - 1;
    }
    return this.#pieces[low]?.place ?? 0;
  }

  /** Forgets pieces that end before `place`, which must have been taken. */
  release(place: number): void {
    let gone = 0;
    while (gone < this.#current && this.#pieces[gone]!.end <= place) gone++;
    if (gone === 0) return;
    this.#pieces = this.#pieces.slice(gone);
    this.#current -= gone;
  }
}
