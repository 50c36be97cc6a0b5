/** How the records of one event become columns: made once from its description, then run for every record. */
import type { Note } from '../../events/capture.ts';
import type { Field } from '../../events/kinds.ts';
import { type FieldValues, maxFields, presence } from '../../events/values.ts';
import type { BatchBuilder } from '../builder.ts';
import type { KindState } from '../kind-table.ts';
import type { Environment, Run } from './c-code.ts';
import type { Load, Writer } from './conversion.ts';
import type { EventFormat } from './event-format.ts';
import type { RecordBytes } from './record.ts';
import type { TextOut } from './text-out.ts';

export interface Plan {
  /** Stores the event begun. Whatever is in the record, exactly one event is stored. */
  decode(record: RecordBytes): void;
}

/** Where a column's value comes from. */
export type Source =
  | { readonly from: 'load'; readonly load: Load }
  | { readonly from: 'number'; readonly run: Run }
  /** Id of an interned text; -1 = not recorded. */
  | { readonly from: 'text'; readonly id: (record: RecordBytes) => number }
  /** Text that is different in every event. */
  | { readonly from: 'bytes'; readonly write: Writer }
  | { readonly from: 'nothing' };

export interface PlannedColumn {
  readonly field: Field;
  readonly source: Source;
}

const codes = { nothing: 0, load64: 1, load: 2, number: 3, text: 4, bytes: 5 } as const;

export class ColumnPlan implements Plan {
  readonly #builder: BatchBuilder;
  readonly #values: FieldValues;
  readonly #makeState: () => KindState;
  readonly #spill: TextOut;
  readonly #name: string;
  readonly #count: number;
  readonly #ops: Uint8Array;
  readonly #offsets: Uint32Array;
  readonly #sizes: Uint8Array;
  readonly #signs: Uint8Array;
  readonly #sources: readonly Source[];
  readonly #hasBytes: boolean;
  #state: KindState | undefined;
  #shortNote: Note | undefined;

  /** @param makeState asked for with the first event, so that no kind is without events */
  constructor(
    builder: BatchBuilder,
    environment: Environment,
    name: string,
    sources: readonly Source[],
    makeState: () => KindState,
  ) {
    this.#builder = builder;
    this.#values = builder.fieldValues;
    this.#makeState = makeState;
    this.#spill = environment.spill;
    this.#name = name;
    this.#count = Math.min(sources.length, maxFields);
    this.#sources = sources;
    this.#hasBytes = sources.some((source) => source.from === 'bytes');
    this.#ops = Uint8Array.from(sources, (source) =>
      source.from === 'load' && source.load.size === 8 ? codes.load64 : codes[source.from],
    );
    const loadOf = (source: Source): Load | undefined => (source.from === 'load' ? source.load : undefined);
    this.#offsets = Uint32Array.from(sources, (source) => loadOf(source)?.offset ?? 0);
    this.#sizes = Uint8Array.from(sources, (source) => loadOf(source)?.size ?? 0);
    this.#signs = Uint8Array.from(sources, (source) => (loadOf(source)?.isSigned ? 1 : 0));
  }

  decode(record: RecordBytes): void {
    this.#state ??= this.#makeState();
    const values = this.#values;
    record.isShort = false;
    record.textBudget = 4 * record.length + 256;
    if (this.#hasBytes) this.#spill.length = 0;
    const count = this.#count;
    const ops = this.#ops;
    for (let i = 0; i < count; i++) {
      switch (ops[i]) {
        case codes.load64:
          if (record.load64(this.#offsets[i]!)) put(values, i, record.hi, record.lo);
          else values.present[i] = presence.absent;
          break;
        case codes.load:
          if (record.load(this.#offsets[i]!, this.#sizes[i]!, this.#signs[i] === 1)) {
            put(values, i, record.hi, record.lo);
          } else values.present[i] = presence.absent;
          break;
        default:
          this.#slow(i, record, values);
      }
    }
    if (record.isShort) this.#noteShort(record);
    this.#builder.values(this.#state, this.#hasBytes ? this.#spill.bytes : record.bytes);
  }

  #slow(i: number, record: RecordBytes, values: FieldValues): void {
    const source = this.#sources[i]!;
    values.present[i] = presence.absent;
    switch (source.from) {
      case 'number':
        if (source.run(record)) put(values, i, record.hi, record.lo);
        return;
      case 'text': {
        const id = source.id(record);
        if (id >= 0) values.setTextId(i, id);
        return;
      }
      case 'bytes': {
        const spill = this.#spill;
        const start = spill.length;
        if (source.write(record, spill) && record.spend(spill.length - start)) {
          values.setRange(i, start, spill.length);
        } else spill.length = start;
        return;
      }
    }
  }

  /** The place of the first such record is kept; the reason is one for each kind. */
  #noteShort(record: RecordBytes): void {
    if (this.#shortNote) {
      this.#shortNote.count++;
      return;
    }
    const name = this.#name.replace(/[^ -~]/g, '.').slice(0, 128);
    const note: Note = {
      reason: `record of ${name} does not hold all that its description says`,
      count: 1,
      firstPlace: this.#builder.place(),
      firstText: `${record.length} bytes`,
    };
    this.#builder.capture.accounting.oddities.push(note);
    this.#shortNote = note;
  }
}

/** The number of 64 bits as every reader stores it (events/values.ts): negative where the bits are that of a small negative one. */
function put(values: FieldValues, i: number, hi: number, lo: number): void {
  values.hi[i] = hi;
  values.lo[i] = lo;
  values.numbers[i] = hi === 0 ? lo : hi >= 0xffe00000 ? (hi - 2 ** 32) * 2 ** 32 + lo : hi * 2 ** 32 + lo;
  values.present[i] = presence.value;
}

/** Columns with names of their own: a name met again gets a number behind it. At most as many as an event may have. */
export function distinct(columns: readonly PlannedColumn[]): PlannedColumn[] {
  const names = new Set<string>();
  return columns.slice(0, maxFields).map((column) => {
    let { name } = column.field;
    for (let n = 2; names.has(name); n++) name = `${column.field.name}_${n}`;
    names.add(name);
    return name === column.field.name ? column : { ...column, field: { ...column.field, name } };
  });
}

/** `system:name` of a description. */
export function titleOf(format: EventFormat): string {
  return `${format.system}:${format.name}`;
}
