/**
 * Rows of plain cells (plain.ts) into events, from bytes to columns. What is unusual in such a row (a bad cell, an event's
 * first row, a guarded text) goes to the reader of rows of strings, which is the judge of all rows: so either way gives the
 * same events and books.
 */
import { type BatchBuilder, isBlank } from '../builder.ts';
import type { NamedKind } from '../kind-table.ts';
import { contextOf, guard, readNumber } from './cells.ts';
import type { Layout } from './header.ts';
import { KnownRows } from './known-rows.ts';
import { PlainRow } from './plain.ts';
import type { Plan } from './plans.ts';
import type { CommonColumns, KnownPlan } from './row-shape.ts';
import type { TimeReader } from './times.ts';

/** `#` begins a comment line. */
const comment = 35;

/** Plans found by their cells' bytes; rows of others go the longer way. */
const mostPlans = 4096;

/** Reads a row of strings; its plan, or undefined when the row was skipped. */
export type ReadCells = (cells: readonly string[], line: number) => Plan | NamedKind | undefined;

export class PlainReader {
  /** Rows taken by the last `take`. */
  rows = 0;
  readonly #row: PlainRow;
  readonly #known: KnownRows;
  readonly #builder: BatchBuilder;
  readonly #layout: Layout;
  readonly #columns: CommonColumns;
  readonly #delimiter: number;
  readonly #time: TimeReader;
  readonly #readCells: ReadCells;
  readonly #plans = new Map<number, KnownPlan[]>();
  #count = 0;
  #last: KnownPlan | undefined;
  readonly #decoder = new TextDecoder();
  /** Columns of fields, and ` name=` of each. */
  readonly #fields: readonly { readonly column: number; readonly name: Uint8Array }[];
  #text = new Uint8Array(1024);
  #textLength = 0;
  /** The whole number read last. */
  #number = 0;

  constructor(
    builder: BatchBuilder,
    layout: Layout,
    columns: CommonColumns,
    delimiter: number,
    time: TimeReader,
    readCells: ReadCells,
  ) {
    this.#builder = builder;
    this.#layout = layout;
    // A name that the map gives stands for every row, whatever a column says.
    this.#columns = layout.event === '' ? columns : { ...columns, event: -1 };
    this.#delimiter = delimiter;
    this.#row = new PlainRow(delimiter);
    this.#time = time;
    this.#readCells = readCells;
    this.#known = new KnownRows(builder, layout, columns, delimiter, time);
    const encoder = new TextEncoder();
    this.#fields = layout.targets.flatMap((target, column) =>
      target.to === 'field' ? [{ column, name: encoder.encode(` ${target.name}=`) }] : [],
    );
  }

  /** Takes rows from `start` on while they are plain: the place behind the last one, `start` itself when the first is not. */
  take(bytes: Uint8Array, start: number, line: number): number {
    this.#known.begin(bytes);
    let at = start;
    this.rows = 0;
    while (at < bytes.length) {
      // Rows in quotes come together, and are never known.
      if (!this.#row.isQuoted) {
        at = this.#known.take(at, line + this.rows);
        this.rows += this.#known.rows;
      }
      if (at >= bytes.length || bytes[at] === comment) break;
      const next = this.#takeOne(bytes, at, line + this.rows);
      if (next < 0) break;
      this.rows++;
      at = next;
    }
    return at;
  }

  /** Takes the row at `start`: the place behind it, or -1 when it is not plain. */
  #takeOne(bytes: Uint8Array, start: number, line: number): number {
    // Tabs are blanks: a row of nothing else is a blank line, as rows.ts has it.
    if (this.#delimiter === 9 && bytes[start]! <= 32 && isBlank(bytes, start, bytes.indexOf(10, start))) return -1;
    const row = this.#row;
    const next = row.cut(bytes, start);
    if (next < 0) return -1;
    this.#builder.at = line;
    if (row.count === this.#layout.targets.length && this.#event(bytes)) return next;
    const text = this.#decoder.decode(bytes.subarray(start, next));
    const cells: string[] = [];
    for (let i = 0; i < row.count; i++) cells.push(text.slice(row.starts[i]! - start, row.ends[i]! - start));
    const plan = this.#readCells(cells, line);
    if (plan !== undefined) this.#remember(bytes, plan);
    return next;
  }

  /** The row as an event; false when it is unusual, and nothing is counted. The order is that of rows of strings. */
  #event(bytes: Uint8Array): boolean {
    const columns = this.#columns;
    const { starts, ends } = this.#row;
    if (!this.#time.readBytes(bytes, starts[columns.time]!, ends[columns.time]!)) return false;
    if (!this.#wholeNumber(bytes, columns.cpu)) return false;
    const cpu = this.#number;
    if (!this.#wholeNumber(bytes, columns.pid)) return false;
    const pid = this.#number;
    if (!this.#wholeNumber(bytes, columns.tgid)) return false;
    const tgid = this.#number;
    const known = this.#find(bytes);
    if (known === undefined) return false;
    const { plan } = known;
    const { isExport } = this.#layout;
    const { strings } = this.#builder.capture;
    if ('state' in plan) {
      const values = this.#builder.fieldValues;
      values.clear(plan.fields.length);
      for (const { column, field, radix } of plan.cells) {
        const start = starts[column]!;
        const end = ends[column]!;
        if (start === end) continue;
        const description = plan.fields[field]!;
        if (description.storage === 'text' || description.storage === 'bytes') {
          if (isExport && bytes[start] === guard) return false;
          if (description.storage === 'text') values.setTextId(field, strings.internBytes(bytes, start, end));
          else values.setRange(field, start, end);
        } else if (!readNumber(bytes, start, end, description, field, radix, values)) return false;
      }
    } else if (!this.#collectText(bytes, known.hasText)) return false;
    let comm = -1;
    if (columns.comm >= 0) {
      const start = starts[columns.comm]!;
      const end = ends[columns.comm]!;
      if (start < end) {
        if (isExport && bytes[start] === guard) return false;
        comm = strings.internBytes(bytes, start, end);
      }
    }
    const flags = columns.context < 0 ? 0 : contextOf(bytes, starts[columns.context]!, ends[columns.context]!);
    this.#builder.begin(this.#time.seconds, this.#time.nanoseconds, cpu, pid, tgid, comm, flags);
    if ('state' in plan) this.#builder.values(plan.state(), bytes);
    else this.#builder.generic(plan, this.#text, 0, this.#textLength);
    if (!this.#row.isQuoted) this.#known.remember(known, starts, { cpu, pid, tgid, comm });
    return true;
  }

  /** The text of an event that keeps it as it is, or its cells as `name=value`; false when a cell carries a guard. */
  #collectText(bytes: Uint8Array, hasText: boolean): boolean {
    this.#textLength = 0;
    if (hasText) return this.#append(bytes, this.#columns.text);
    for (const { column, name } of this.#fields) {
      if (this.#row.starts[column]! === this.#row.ends[column]!) continue;
      this.#room(name.length);
      const from = this.#textLength === 0 ? 1 : 0; // The first has no space before it.
      this.#text.set(from === 0 ? name : name.subarray(1), this.#textLength);
      this.#textLength += name.length - from;
      if (!this.#append(bytes, column)) return false;
    }
    return true;
  }

  #append(bytes: Uint8Array, column: number): boolean {
    const start = this.#row.starts[column]!;
    const end = this.#row.ends[column]!;
    if (this.#layout.isExport && bytes[start] === guard) return false;
    this.#room(end - start);
    const text = this.#text;
    let to = this.#textLength;
    for (let i = start; i < end; i++) text[to++] = bytes[i]!;
    this.#textLength = to;
    return true;
  }

  #room(size: number): void {
    if (this.#textLength + size <= this.#text.length) return;
    const grown = new Uint8Array(Math.max(this.#text.length * 2, this.#textLength + size));
    grown.set(this.#text.subarray(0, this.#textLength));
    this.#text = grown;
  }

  /** -1 for an empty cell or no such column; false for what is not ten digits at most, alone. */
  #wholeNumber(bytes: Uint8Array, column: number): boolean {
    this.#number = -1;
    if (column < 0) return true;
    let at = this.#row.starts[column]!;
    const end = this.#row.ends[column]!;
    if (at === end) return true;
    const isNegative = bytes[at] === 45;
    if (isNegative) at++;
    if (at === end || end - at > 10) return false;
    let value = 0;
    for (; at < end; at++) {
      const digit = bytes[at]! - 48;
      if (digit < 0 || digit > 9) return false;
      value = value * 10 + digit;
    }
    this.#number = isNegative ? -value : value;
    return true;
  }

  #find(bytes: Uint8Array): KnownPlan | undefined {
    const { text } = this.#columns;
    const { starts, ends } = this.#row;
    const hasText = text >= 0 && starts[text]! < ends[text]!;
    // Events come in runs of one kind.
    if (this.#last !== undefined && this.#isPlanOf(this.#last, bytes, hasText)) return this.#last;
    for (const known of this.#plans.get(this.#hash(bytes)) ?? []) {
      if (this.#isPlanOf(known, bytes, hasText)) {
        this.#last = known;
        return known;
      }
    }
    return undefined;
  }

  #isPlanOf(known: KnownPlan, bytes: Uint8Array, hasText: boolean): boolean {
    const { event, probe } = this.#columns;
    const { starts, ends } = this.#row;
    if (known.hasText !== hasText) return false;
    if (event >= 0 && !isSame(known.event, bytes, starts[event]!, ends[event]!)) return false;
    return probe < 0 || isSame(known.probe, bytes, starts[probe]!, ends[probe]!);
  }

  #remember(bytes: Uint8Array, plan: Plan | NamedKind): void {
    if (this.#row.count !== this.#layout.targets.length || this.#count === mostPlans) return;
    if (this.#find(bytes) !== undefined) return;
    const { event, probe, text } = this.#columns;
    const { starts, ends } = this.#row;
    const cell = (column: number): Uint8Array =>
      column < 0 ? new Uint8Array(0) : bytes.slice(starts[column]!, ends[column]!);
    const hasText = text >= 0 && starts[text]! < ends[text]!;
    const hash = this.#hash(bytes);
    const list = this.#plans.get(hash) ?? [];
    list.push({ event: cell(event), probe: cell(probe), hasText, plan, shape: undefined });
    this.#plans.set(hash, list);
    this.#count++;
  }

  /** Of the event's name; probes of one name are told apart by comparison. */
  #hash(bytes: Uint8Array): number {
    const { event } = this.#columns;
    if (event < 0) return 0;
    let hash = 0;
    for (let i = this.#row.starts[event]!; i < this.#row.ends[event]!; i++)
      hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    return hash;
  }
}

function isSame(kept: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (kept.length !== end - start) return false;
  for (let i = 0; i < kept.length; i++) if (kept[i] !== bytes[start + i]) return false;
  return true;
}
