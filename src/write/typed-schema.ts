/**
 * The columns of an export that has types (Parquet, Arrow), under the names that the CSV has. A column may come from
 * several kinds of event that store a field of that name differently: its type is one that holds all of them exactly.
 * docs/formats/export.md describes the outcome.
 */
import type { Column, EventBatch } from '../events/batch.ts';
import type { Capture, OpenCapture } from '../events/capture.ts';
import { type Field, qualifiedName } from '../events/kinds.ts';
import { columnsOfKind, contextText, firstColumns, probeText } from '../events/table.ts';
import { timeColumn } from './cells.ts';
import { Collector } from './csv.ts';
import { type EventFilter, type ParsedFilter, parseFilter, wantsKind } from './filter.ts';

/** `name` is a text out of few (a dictionary), `text` any text; both are what the CSV prints, without quotes or guards. */
export type ColumnType = 'int32' | 'int64' | 'uint64' | 'float64' | 'name' | 'text';

export interface TypedColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** False where every event has a value. */
  readonly isNullable: boolean;
}

export interface TypedSchema {
  /** The time, then cpu, pid, tgid, comm and event, then the fields, then probe and context where an event needs them. */
  readonly columns: readonly TypedColumn[];
  /** For each `name` column its texts, each once. */
  readonly names: ReadonlyMap<string, readonly string[]>;
}

/** What the values of one column are like, over all kinds that have it. */
interface Facts {
  decimal: boolean;
  /** u64, or a number that prints in hex: 64 bits without a sign. */
  bits: boolean;
  negative: boolean;
  /** Bits beyond 2^63 - 1. */
  wide: boolean;
  /** A decimal number that is no 64-bit integer. */
  fraction: boolean;
  /** Texts from the capture's table; texts of any other sort, and what nothing else holds. */
  interned: boolean;
  free: boolean;
  /** Ids of the texts met. */
  readonly ids: Set<number>;
}

/**
 * The first of two passes over an input that can be read twice.
 *
 * @throws ScenarioError for a filter that cannot be met
 */
export async function collectSchema(open: OpenCapture, filter?: EventFilter): Promise<TypedSchema> {
  const collector = new SchemaCollector(open.capture, parseFilter(filter));
  for await (const batch of open.batches) collector.add(batch);
  return collector.schema();
}

export class SchemaCollector {
  readonly #capture: Capture;
  readonly #filter: ParsedFilter;
  readonly #columns: Collector;
  readonly #facts = new Map<string, Facts>();
  readonly #comms = new Set<number>();
  readonly #contexts = new Set<number>();

  constructor(capture: Capture, filter: ParsedFilter) {
    this.#capture = capture;
    this.#filter = filter;
    this.#columns = new Collector(capture, filter);
  }

  add(batch: EventBatch): void {
    this.#columns.add(batch);
    for (let i = 0; i < batch.length; i++) {
      if (batch.comm[i]! >= 0) this.#comms.add(batch.comm[i]!);
      if (batch.flags[i] !== 0) this.#contexts.add(batch.flags[i]!);
    }
    for (const columns of batch.fields) {
      if (columns === undefined || columns.length === 0 || !wantsKind(this.#filter, columns.kind)) continue;
      const names = columnsOfKind(columns.kind);
      columns.kind.fields.forEach((field, i) => {
        look(this.#factsOf(names[i]!), columns.columns[i]!, field, columns.length);
      });
    }
  }

  #factsOf(name: string): Facts {
    let facts = this.#facts.get(name);
    if (facts === undefined) {
      facts = {
        decimal: false,
        bits: false,
        negative: false,
        wide: false,
        fraction: false,
        interned: false,
        free: false,
        ids: new Set(),
      };
      this.#facts.set(name, facts);
    }
    return facts;
  }

  schema(): TypedSchema {
    const { strings, clock, kinds } = this.#capture;
    const names = new Map<string, readonly string[]>();
    const textsOf = (ids: Iterable<number>): string[] => unique(Array.from(ids, (id) => strings.text(id)));
    const wanted = kinds.filter((kind) => wantsKind(this.#filter, kind));
    names.set('comm', textsOf(this.#comms));
    names.set('event', unique(wanted.map(qualifiedName)));
    names.set('probe', unique(wanted.flatMap((kind) => (kind.probe === undefined ? [] : probeText(kind, kind.probe)))));
    names.set('context', unique(Array.from(this.#contexts, contextText)));
    const { fields, probe, context } = this.#columns.columns();
    const typed = fields.map((name): TypedColumn => {
      const facts = this.#factsOf(name);
      const type = typeOf(facts);
      if (type === 'name') names.set(name, textsOf(facts.ids));
      return { name, type, isNullable: true };
    });
    const columns: TypedColumn[] = [
      { name: timeColumn(clock), type: 'int64', isNullable: clock.unit === 'none' },
      ...firstColumns.map((name): TypedColumn => {
        if (name === 'comm') return { name, type: 'name', isNullable: true };
        if (name === 'event') return { name, type: 'name', isNullable: false };
        return { name, type: 'int32', isNullable: true };
      }),
      ...typed,
    ];
    if (probe) columns.push({ name: 'probe', type: 'name', isNullable: true });
    if (context) columns.push({ name: 'context', type: 'name', isNullable: true });
    return { columns, names };
  }
}

/** Adds what the values of a kind's column are like. */
function look(facts: Facts, column: Column, field: Field, length: number): void {
  switch (column.storage) {
    case 'number':
      if (field.print === 'hex') lookAtHex(facts, column.values, length);
      else lookAtDecimal(facts, column.values, length);
      return;
    case 'u64':
      facts.bits = true;
      for (let row = 0; row < length; row++) {
        if (column.present[row] !== 0 && column.values.hi[row]! >= 2 ** 31) facts.wide = true;
      }
      return;
    case 'text':
      facts.interned = true;
      for (let row = 0; row < length; row++) if (column.values[row]! >= 0) facts.ids.add(column.values[row]!);
      return;
    case 'bytes':
      facts.free = true;
  }
}

function lookAtDecimal(facts: Facts, values: Float64Array, length: number): void {
  facts.decimal = true;
  for (let row = 0; row < length; row++) {
    const value = values[row]!;
    if (Number.isNaN(value)) continue;
    if (value < 0) facts.negative = true;
    if (value !== Math.floor(value) || value >= 2 ** 63 || value < -(2 ** 63)) facts.fraction = true;
  }
}

/** Negative numbers that print in hex are the 64 bits that the kernel printed. */
function lookAtHex(facts: Facts, values: Float64Array, length: number): void {
  facts.bits = true;
  for (let row = 0; row < length; row++) {
    const value = values[row]!;
    if (Number.isNaN(value)) continue;
    if (value !== Math.floor(value) || value >= 2 ** 64 || value < -(2 ** 63)) facts.free = true;
    else if (value < 0 || value >= 2 ** 63) facts.wide = true;
  }
}

function typeOf(facts: Facts): ColumnType {
  if (facts.free || facts.interned) {
    return facts.interned && !facts.free && !facts.decimal && !facts.bits ? 'name' : 'text';
  }
  if (facts.fraction) return facts.bits ? 'text' : 'float64';
  if (!facts.bits) return 'int64';
  if (!facts.negative) return 'uint64';
  return facts.wide ? 'text' : 'int64';
}

/** What a file says of its times, so that two of them are not put on one axis unseen. */
export function metadataOf({ clock }: Capture): { key: string; value: string }[] {
  return [
    { key: 'clock', value: clock.name?.value ?? 'not known' },
    { key: 'clock_unit', value: clock.unit },
  ];
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
