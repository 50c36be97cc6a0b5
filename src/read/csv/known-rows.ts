/**
 * Rows that resemble those before them, from bytes to columns in one walk: nothing is cut, each cell is read where it is met.
 * A row that is not as expected anywhere (a quote, a bad number, another task, the first of its kind) is left as it is, to be
 * cut and judged; what it was is remembered then. So a row means the same whether it was known or not.
 */

import { parseDecimal, parseHex, presence } from '../../events/values.ts';
import type { BatchBuilder } from '../builder.ts';
import { contextOf, guard, readNumber } from './cells.ts';
import type { Layout } from './header.ts';
import { headRoom, isCell, KnownContexts, KnownEvents } from './known-heads.ts';
import { longestRow } from './plain.ts';
import { type CommonColumns, isReadInOrder, type KnownPlan, type RowShape, shapeOf, steps } from './row-shape.ts';
import type { TimeReader } from './times.ts';

/** Bytes that may be looked at behind a line's end. */
const slack = headRoom + 32;

export class KnownRows {
  /** Rows taken by the last `take`. */
  rows = 0;
  readonly #builder: BatchBuilder;
  readonly #layout: Layout;
  readonly #columns: CommonColumns;
  readonly #delimiter: number;
  readonly #fourDelimiters: number;
  readonly #time: TimeReader;
  readonly #contexts = new KnownContexts();
  readonly #events = new KnownEvents();
  readonly #isInOrder: boolean;
  /** 1 for bytes that may be in a cell of such a row. */
  readonly #isOrdinary = new Uint8Array(256).fill(1, 0, 128);
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** The last line end such that all that is looked at lies in memory. */
  #end = -1;
  #text = new Uint8Array(1024);
  #textLength = 0;
  #flags = 0;

  constructor(builder: BatchBuilder, layout: Layout, columns: CommonColumns, delimiter: number, time: TimeReader) {
    this.#builder = builder;
    this.#layout = layout;
    this.#columns = columns;
    this.#delimiter = delimiter;
    this.#fourDelimiters = Math.imul(delimiter, 0x01010101);
    this.#time = time;
    this.#isInOrder = isReadInOrder(layout, columns);
    for (const byte of [delimiter, 10, 13, 34]) this.#isOrdinary[byte] = 0;
  }

  /** Bytes of which rows are to be taken. */
  begin(bytes: Uint8Array): void {
    if (bytes === this.#bytes) return;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset);
    const most = Math.min(bytes.length, this.#view.byteLength - slack);
    this.#end = this.#isInOrder && most > 0 ? bytes.lastIndexOf(10, most) : -1;
  }

  /** Takes rows from `start` on while they are known; the place behind the last one taken. */
  take(start: number, line: number): number {
    const builder = this.#builder;
    const time = this.#time;
    const contexts = this.#contexts;
    const events = this.#events;
    const bytes = this.#bytes;
    const view = this.#view;
    const delimiter = this.#delimiter;
    const isOrdinary = this.#isOrdinary;
    const end = this.#end;
    let at = start;
    let rows = 0;
    while (at <= end) {
      const behindTime = time.readAhead(view, bytes, at, delimiter);
      if (behindTime < 0) break;
      const slot = contexts.find(view, behindTime + 1);
      if (slot < 0) break;
      const name = behindTime + 1 + contexts.length[slot]!;
      const event = events.find(view, bytes, name, isOrdinary);
      if (event === undefined) break;
      const shape = event.known.shape;
      if (shape === undefined || shape === 'none') break;
      let behind = this.#cells(shape, name + event.length);
      if (behind < 0) break;
      if (bytes[behind] === 13) behind++;
      if (bytes[behind] !== 10 || behind - at > longestRow) break;
      builder.at = line + rows;
      this.#store(shape, slot);
      rows++;
      at = behind + 1;
    }
    this.rows = rows;
    return at;
  }

  /** Remembers the row of an event that was cut: where its cells begin and end, and whose it is. */
  remember(
    known: KnownPlan,
    starts: Int32Array,
    who: { readonly cpu: number; readonly pid: number; readonly tgid: number; readonly comm: number },
  ): void {
    const { event } = this.#columns;
    const name = event < 0 ? -1 : starts[event]!;
    if (!this.#isInOrder || name + headRoom > this.#view.byteLength) return;
    known.shape ??= shapeOf(known, this.#layout, this.#columns) ?? 'none';
    const context = starts[1]!;
    this.#contexts.remember(this.#view, context, name - context, who);
    this.#events.remember(this.#view, this.#bytes, name, this.#isOrdinary, known);
  }

  /** Reads the cells behind the event's; the place behind them, or -1. */
  #cells(shape: RowShape, from: number): number {
    const bytes = this.#bytes;
    const view = this.#view;
    const delimiter = this.#delimiter;
    const fourDelimiters = this.#fourDelimiters;
    const isOrdinary = this.#isOrdinary;
    const values = this.#builder.fieldValues;
    const { codes, empties, fields } = shape;
    const { isExport } = this.#layout;
    const { present } = values;
    let at = from;
    this.#flags = 0;
    this.#textLength = 0;
    if (shape.state !== undefined) values.clear(shape.state.kind.fields.length);
    for (let step = 0; step < codes.length; step++) {
      // Most cells of a table for all events are empty: four at a time are, where five delimiters follow each other.
      while (empties[step]! > 4 && view.getInt32(at, true) === fourDelimiters && bytes[at + 4] === delimiter) {
        at += 4;
        step += 4;
      }
      if (bytes[at] !== delimiter) return -1;
      at++;
      if (isOrdinary[bytes[at]!] === 0) {
        if (empties[step] === 0) return -1;
        continue;
      }
      const start = at;
      const code = codes[step]!;
      if (code === steps.empty) return -1;
      if (code === steps.number || code === steps.u64) {
        const field = fields[step]!;
        const isPrefixed = bytes[at] === 48 && (bytes[at + 1]! | 32) === 120;
        if (isPrefixed) at = parseHex(bytes, at + 2, bytes.length, values, field);
        else if (shape.isHex[step] === 1) at = parseHex(bytes, at, bytes.length, values, field);
        else at = parseDecimal(bytes, at, bytes.length, values, field);
        if (at < 0 || isOrdinary[bytes[at]!] === 1) {
          for (at = start; isOrdinary[bytes[at]!] === 1; ) at++;
          const description = shape.state!.kind.fields[field]!;
          if (!readNumber(bytes, start, at, description, field, shape.isHex[step] === 1 ? 16 : 10, values)) return -1;
        }
        continue;
      }
      if (code === steps.append) {
        if (isExport && bytes[at] === guard) return -1;
        at = this.#append(shape.names[step]!, at);
        continue;
      }
      if (code === steps.probe) {
        at += shape.probe.length;
        if (at > this.#end || !isCell(shape.probe, view, bytes, start, isOrdinary)) return -1;
        continue;
      }
      while (isOrdinary[bytes[at]!] === 1) at++;
      switch (code) {
        case steps.text:
        case steps.bytes: {
          if (isExport && bytes[start] === guard) return -1;
          const field = fields[step]!;
          values.start[field] = start;
          values.end[field] = at;
          present[field] = presence.value;
          break;
        }
        case steps.keep:
          if (isExport && bytes[start] === guard) return -1;
          at = this.#append(noName, start);
          break;
        case steps.context:
          this.#flags = contextOf(bytes, start, at);
          break;
      }
    }
    return at;
  }

  /** Puts a name and the cell at `start` behind the text; the place behind the cell. */
  #append(name: Uint8Array, start: number): number {
    const bytes = this.#bytes;
    const isOrdinary = this.#isOrdinary;
    let to = this.#textLength;
    // The first name has no space before it.
    const from = to === 0 && name.length > 0 ? 1 : 0;
    if (to + name.length + longestRow > this.#text.length) this.#room(to + name.length + longestRow);
    const text = this.#text;
    for (let i = from; i < name.length; i++) text[to++] = name[i]!;
    let at = start;
    const most = start + longestRow;
    for (; isOrdinary[bytes[at]!] === 1 && at < most; at++) text[to++] = bytes[at]!;
    this.#textLength = to;
    return at;
  }

  #room(size: number): void {
    const grown = new Uint8Array(size * 2);
    grown.set(this.#text.subarray(0, this.#textLength));
    this.#text = grown;
  }

  #store(shape: RowShape, slot: number): void {
    const builder = this.#builder;
    const contexts = this.#contexts;
    const time = this.#time;
    const { state, texts, plan } = shape;
    if (state !== undefined && texts.length > 0) {
      const values = builder.fieldValues;
      for (const field of texts)
        if (values.present[field] === presence.value) {
          const id = builder.capture.strings.internBytes(this.#bytes, values.start[field]!, values.end[field]!);
          values.setTextId(field, id);
        }
    }
    time.settle();
    builder.begin(
      time.seconds,
      time.nanoseconds,
      contexts.cpu[slot]!,
      contexts.pid[slot]!,
      contexts.tgid[slot]!,
      contexts.comm[slot]!,
      this.#flags,
    );
    if (state !== undefined) builder.values(state, this.#bytes);
    else if (!('state' in plan)) builder.generic(plan, this.#text, 0, this.#textLength);
  }
}

const noName = new Uint8Array(0);
