/**
 * Just enough of FlatBuffers (flatbuffers.dev, "FlatBuffers internals") to write the headers of Arrow messages: tables of
 * scalars, strings, tables, and vectors of tables or of structs made of 64-bit words. Written from front to back: whatever
 * a table points at follows it, which the format allows.
 */

/** A value of a table's field; undefined leaves the field out, and readers take its default. */
export type FlatValue =
  | { readonly bool: boolean }
  | { readonly byte: number }
  | { readonly short: number }
  | { readonly int: number }
  | { readonly long: number }
  | { readonly text: string }
  | { readonly table: FlatTable }
  | { readonly tables: readonly FlatTable[] }
  /** Structs of `width` 64-bit words each, one after the other. */
  | { readonly structs: readonly number[]; readonly width: number }
  | undefined;

/** The fields of a table in the order of their numbers. */
export type FlatTable = readonly FlatValue[];

/** The bytes of a buffer whose root is this table; their number is a multiple of 8. */
export function flatbuffer(root: FlatTable): Uint8Array {
  const writer = new FlatWriter();
  writer.root(root);
  return writer.bytes();
}

function sizeOf(value: Exclude<FlatValue, undefined>): 1 | 2 | 4 | 8 {
  if ('bool' in value || 'byte' in value) return 1;
  if ('short' in value) return 2;
  return 'long' in value ? 8 : 4;
}

class FlatWriter {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  root(table: FlatTable): void {
    this.#take(4);
    this.#point(0, this.#table(table));
  }

  bytes(): Uint8Array {
    this.#align(8);
    return this.#bytes.slice(0, this.#at);
  }

  /** Room for so many bytes of zero; where it is. */
  #take(size: number): number {
    const at = this.#at;
    if (at + size > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(2 * this.#bytes.length, at + size));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#at += size;
    return at;
  }

  #align(size: number): void {
    this.#take((size - (this.#at % size)) % size);
  }

  /** Offsets count from where they stand. */
  #point(from: number, to: number): void {
    this.#view.setUint32(from, to - from, true);
  }

  #long(at: number, value: number): void {
    this.#view.setUint32(at, value % 2 ** 32, true);
    this.#view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
  }

  /** The vtable (its size, the table's size, each field's place), then the table: where its vtable is, its fields. */
  #table(fields: FlatTable): number {
    this.#align(2);
    const vtable = this.#take(4 + 2 * fields.length);
    this.#align(8);
    const start = this.#take(4);
    const later: { at: number; value: Exclude<FlatValue, undefined> }[] = [];
    fields.forEach((value, i) => {
      if (value === undefined) return;
      const size = sizeOf(value);
      this.#align(size);
      const at = this.#take(size);
      this.#view.setUint16(vtable + 4 + 2 * i, at - start, true);
      if ('bool' in value) this.#view.setUint8(at, value.bool ? 1 : 0);
      else if ('byte' in value) this.#view.setUint8(at, value.byte);
      else if ('short' in value) this.#view.setInt16(at, value.short, true);
      else if ('int' in value) this.#view.setInt32(at, value.int, true);
      else if ('long' in value) this.#long(at, value.long);
      else later.push({ at, value });
    });
    this.#view.setUint16(vtable, 4 + 2 * fields.length, true);
    this.#view.setUint16(vtable + 2, this.#at - start, true);
    this.#view.setInt32(start, start - vtable, true);
    for (const { at, value } of later) this.#point(at, this.#behind(value));
    return start;
  }

  /** Writes what a field points at; where it is. */
  #behind(value: Exclude<FlatValue, undefined>): number {
    if ('table' in value) return this.#table(value.table);
    if ('tables' in value) return this.#tables(value.tables);
    if ('structs' in value) return this.#structs(value.structs, value.width);
    return 'text' in value ? this.#text(value.text) : 0;
  }

  #text(text: string): number {
    const encoded = new TextEncoder().encode(text);
    this.#align(4);
    const start = this.#take(4 + encoded.length + 1);
    this.#view.setUint32(start, encoded.length, true);
    this.#bytes.set(encoded, start + 4);
    return start;
  }

  #tables(tables: readonly FlatTable[]): number {
    this.#align(4);
    const start = this.#take(4 + 4 * tables.length);
    this.#view.setUint32(start, tables.length, true);
    tables.forEach((table, i) => {
      this.#point(start + 4 + 4 * i, this.#table(table));
    });
    return start;
  }

  #structs(words: readonly number[], width: number): number {
    // The words are aligned, not the length before them.
    while (this.#at % 8 !== 4) this.#take(1);
    const start = this.#take(4 + 8 * words.length);
    this.#view.setUint32(start, words.length / width, true);
    words.forEach((word, i) => {
      this.#long(start + 4 + 8 * i, word);
    });
    return start;
  }
}
