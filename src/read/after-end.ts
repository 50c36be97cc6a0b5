/**
 * The end of a zlib stream, for whoever feeds fflate's inflater piece by piece: it does not say when the last block has
 * been, keeps whatever follows, and copies all of that at every further piece.
 */

/** What an inflater may take in before it gives something out: a stored block and its head (RFC 1951, 3.2.4). */
const longestWait = 5 + 65535;

export class AfterEnd {
  #waiting = 0;

  /** The inflater was given so many bytes. */
  fed(bytes: number): void {
    this.#waiting += bytes;
  }

  /** The inflater gave out so many. */
  gave(bytes: number): void {
    if (bytes > 0) this.#waiting = 0;
  }

  /** More has been fed than any block can hold back: the stream is over, and what follows is none of it. */
  get isOver(): boolean {
    return this.#waiting > longestWait + slack;
  }
}

/** Codes of a block's head and of its last symbols, and the pieces themselves, which are fed whole. */
const slack = 32768;
