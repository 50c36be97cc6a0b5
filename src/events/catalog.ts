/**
 * The catalogue of kernel events: one row an event. Text decoding, CSV columns, exported text and the pages of
 * `docs/formats/events.md` all derive from the rows; adding an event is adding a row to the file of its system.
 */
import type { Field } from './kinds.ts';

/**
 * The text of one era of an event. `{field:how}` stands for a value; everything else is literal. How:
 * `d` decimal (sign allowed), `x` hex without prefix, `0x` hex with prefix, `p` a pointer (hashed or raw, with or without
 * `0x`), `w` text up to the literal that follows (or the end), `f6` the six fixed columns of LRU flags, of which trailing
 * spaces may have been stripped.
 */
export interface Era {
  readonly text: string;
  /** Columns that a field's value takes at least: text is padded behind (`%-8s`), a number with zeros in front (`%03d`). */
  readonly widths?: Readonly<Record<string, number>>;
  /** First and last release that prints it, for documents and for choosing what to emit; empty = not known. */
  readonly since: string;
  readonly until: string;
  /** Where that is written: a section of the kernel's source, a format file seen. */
  readonly source: string;
}

export interface EventRow {
  readonly system: string;
  readonly name: string;
  /** The canonical columns, the same whatever the era: `page` of 5.10 lands in `folio`. */
  readonly fields: readonly Field[];
  /** Other names of a field in binary format descriptions and `key=value` text (`options/fields`): alias -> field. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Names of a `text` field's numbers, where raw numbers are printed instead (`options/fields`): index -> name. */
  readonly symbols?: Readonly<Record<string, readonly string[]>>;
  /** Newest first: the first that fits wins. */
  readonly eras: readonly Era[];
}
