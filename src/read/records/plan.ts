/** How the records of one event become columns: made once from its description, then run for every record. */
import type { KindColumns } from '../../events/batch.ts';
import type { Field } from '../../events/kinds.ts';
import { maxFields, presence } from '../../events/values.ts';
import type { BatchBuilder } from '../builder.ts';
import type { KindState } from '../kind-table.ts';
import type { Environment, Run } from './c-code.ts';
import {
  computeNumbers,
  computeTexts,
  computeWide,
  loadNumbers,
  loadWide,
  numberOf,
  prepare,
  type RecordRun,
  TextMemo,
  textBudget,
} from './column-loops.ts';
import type { Load, Writer } from './conversion.ts';
import type { EventFormat } from './event-format.ts';
import type { RecordBytes } from './record.ts';
import type { ShortNotes } from './short-notes.ts';
import type { TextOut } from './text-out.ts';

export interface Plan {
  /** Stores the event begun. Whatever is in the record, exactly one event is stored. */
  decode(record: RecordBytes): void;
}

/** Where a column's value comes from. */
export type Source =
  | { readonly from: 'load'; readonly load: Load }
  | { readonly from: 'number'; readonly run: Run }
  /** Id of an interned text; -1 = not recorded. `by`: where it depends on nothing but this number. */
  | { readonly from: 'text'; readonly id: (record: RecordBytes) => number; readonly by?: Load | undefined }
  /** Text that is different in every event. */
  | { readonly from: 'bytes'; readonly write: Writer }
  | { readonly from: 'nothing' };

export interface PlannedColumn {
  readonly field: Field;
  readonly source: Source;
}

/** What is done for a column: where its value comes from, then what kind of column it is. */
const codes = {
  nothing: 0,
  number32: 1,
  number64: 2,
  wide64: 3,
  number: 4,
  wide: 5,
  run: 6,
  runWide: 7,
  text: 8,
  bytes: 9,
} as const;

function codeOf({ field, source }: PlannedColumn): number {
  const isWide = field.storage === 'u64';
  switch (source.from) {
    case 'load':
      if (source.load.size === 8) return isWide ? codes.wide64 : codes.number64;
      if (source.load.size === 4 && !isWide) return codes.number32;
      return isWide ? codes.wide : codes.number;
    case 'number':
      return isWide ? codes.runWide : codes.run;
  }
  return codes[source.from];
}

export class ColumnPlan implements Plan {
  readonly #builder: BatchBuilder;
  readonly #makeState: () => KindState;
  readonly #spill: TextOut;
  readonly #shorts: ShortNotes;
  readonly #name: string;
  readonly #codes: Uint8Array;
  readonly #offsets: Uint32Array;
  readonly #sizes: Uint8Array;
  readonly #signs: Uint8Array;
  readonly #sources: readonly Source[];
  /** Its records can be decoded many at once (`decodeRun`): no column is text of each event's own. */
  readonly isRegular: boolean;
  readonly #hasBytes: boolean;
  /** Some columns are no plain loads. */
  readonly #isComputed: boolean;
  /** Bytes that a record has when all fields that are loaded are in it. */
  readonly whole: number;
  readonly #memos: readonly (TextMemo | undefined)[];
  /** What computes a column, by column: asking its source, of which there are five kinds, costs more than a load. */
  readonly #runs: readonly (Run | undefined)[];
  readonly #ids: readonly (((record: RecordBytes) => number) | undefined)[];
  #state: KindState | undefined;
  #shortReason = '';
  /** The columns being filled, and their arrays by column: they change with every batch, and when they grow. */
  #columns: KindColumns | undefined;
  #capacity = 0;
  #numbers: Float64Array[] = [];
  #his: Uint32Array[] = [];
  #los: Uint32Array[] = [];
  #presents: Uint8Array[] = [];
  #texts: Int32Array[] = [];

  /** @param makeState asked for with the first event, so that no kind is without events */
  constructor(
    builder: BatchBuilder,
    environment: Environment,
    name: string,
    columns: readonly PlannedColumn[],
    makeState: () => KindState,
  ) {
    const planned = columns.slice(0, maxFields);
    this.#builder = builder;
    this.#makeState = makeState;
    this.#spill = environment.spill;
    this.#shorts = environment.shorts;
    this.#name = name;
    this.#sources = planned.map((column) => column.source);
    this.#hasBytes = planned.some(({ field }) => field.storage === 'bytes');
    this.#codes = Uint8Array.from(planned, codeOf);
    const loadOf = (source: Source): Load | undefined =>
      source.from === 'load' ? source.load : source.from === 'text' ? source.by : undefined;
    this.#offsets = Uint32Array.from(this.#sources, (source) => loadOf(source)?.offset ?? 0);
    this.#sizes = Uint8Array.from(this.#sources, (source) => loadOf(source)?.size ?? 0);
    this.#signs = Uint8Array.from(this.#sources, (source) => (loadOf(source)?.isSigned ? 1 : 0));
    this.whole = this.#offsets.reduce((most, offset, i) => Math.max(most, offset + this.#sizes[i]!), 0);
    this.#isComputed = this.#sources.some(({ from }) => from !== 'load' && from !== 'nothing');
    const loads = this.#sources.map(loadOf).filter((load) => load !== undefined);
    this.isRegular = !this.#hasBytes && loads.every(({ size }) => size === 1 || size === 2 || size === 4 || size === 8);
    this.#runs = this.#sources.map((source) => (source.from === 'number' ? source.run : undefined));
    this.#ids = this.#sources.map((source) => (source.from === 'text' ? source.id : undefined));
    this.#memos = this.#sources.map((source) =>
      source.from === 'text' && source.by ? new TextMemo(source.by, source.id) : undefined,
    );
  }

  /** The kind of its events. */
  get state(): KindState {
    this.#state ??= this.#makeState();
    return this.#state;
  }

  decode(record: RecordBytes): void {
    if (this.#hasBytes) {
      record.isShort = false;
      record.textBudget = textBudget(record.length);
      this.#decodeAside(record, this.state);
      if (record.isShort) this.noteShort(record.length);
    } else this.decodeRow(record, this.#builder.row(this.state));
  }

  /** Decodes a record into a row that is there, of a plan without `bytes` columns: half the time of going through `FieldValues`. */
  decodeRow(record: RecordBytes, row: number): void {
    record.isShort = false;
    record.textBudget = textBudget(record.length);
    this.#take();
    if (record.start + this.whole <= record.end) this.#decodeWhole(record, row);
    else this.#decodeChecked(record, row);
    if (record.isShort) this.noteShort(record.length);
  }

  /**
   * Decodes records into rows that are there, column by column, of a regular plan. Each record holds `whole` bytes at least.
   * Gives whether something else of a record may have lain behind its end (`run.shorts`), to be noted (`noteShort`).
   */
  decodeRun(run: RecordRun): boolean {
    this.#take();
    if (this.#isComputed) prepare(run);
    for (let i = 0; i < this.#sources.length; i++) {
      const source = this.#sources[i]!;
      const [numbers, texts, memo] = [this.#numbers[i], this.#texts[i], this.#memos[i]];
      switch (source.from) {
        case 'load':
          if (numbers) loadNumbers(run, source.load, numbers);
          else loadWide(run, source.load, this.#his[i]!, this.#los[i]!, this.#presents[i]!);
          break;
        case 'number':
          if (numbers) computeNumbers(run, source.run, numbers);
          else computeWide(run, source.run, this.#his[i]!, this.#los[i]!, this.#presents[i]!);
          break;
        case 'text':
          if (memo) memo.fill(run, texts!);
          else computeTexts(run, source.id, texts!);
          break;
        case 'nothing':
          for (let k = run.from; k < run.to; k++) {
            if (numbers) numbers[run.rows[k]!] = Number.NaN;
            else if (texts) texts[run.rows[k]!] = -1;
          }
      }
    }
    return this.#isComputed;
  }

  /** A record that holds all fields that are loaded, which nearly all do: nothing is asked for each of them. */
  #decodeWhole(record: RecordBytes, row: number): void {
    const steps = this.#codes;
    const offsets = this.#offsets;
    const { view, start, isLittleEndian } = record;
    for (let i = 0; i < steps.length; i++) {
      const at = start + offsets[i]!;
      switch (steps[i]) {
        case codes.number32:
          this.#numbers[i]![row] =
            this.#signs[i] === 1 ? view.getInt32(at, isLittleEndian) : view.getUint32(at, isLittleEndian);
          break;
        case codes.number64: {
          const first = view.getUint32(at, isLittleEndian);
          const second = view.getUint32(at + 4, isLittleEndian);
          this.#numbers[i]![row] = isLittleEndian ? numberOf(second, first) : numberOf(first, second);
          break;
        }
        case codes.wide64: {
          const first = view.getUint32(at, isLittleEndian);
          const second = view.getUint32(at + 4, isLittleEndian);
          this.#his[i]![row] = isLittleEndian ? second : first;
          this.#los[i]![row] = isLittleEndian ? first : second;
          this.#presents[i]![row] = 1;
          break;
        }
        case codes.run:
          this.#numbers[i]![row] = this.#runs[i]!(record) ? numberOf(record.hi, record.lo) : Number.NaN;
          break;
        case codes.text:
          this.#texts[i]![row] = this.#ids[i]!(record);
          break;
        default:
          this.#decodeOther(i, row, record);
      }
    }
  }

  #decodeChecked(record: RecordBytes, row: number): void {
    const steps = this.#codes;
    for (let i = 0; i < steps.length; i++) {
      switch (steps[i]) {
        case codes.number32:
          this.#numbers[i]![row] = record.number32(this.#offsets[i]!, this.#signs[i] === 1);
          break;
        case codes.number64:
          this.#numbers[i]![row] = record.load64(this.#offsets[i]!) ? numberOf(record.hi, record.lo) : Number.NaN;
          break;
        case codes.wide64:
          if (record.load64(this.#offsets[i]!)) this.#putWide(i, row, record);
          break;
        default:
          this.#decodeOther(i, row, record);
      }
    }
  }

  #decodeOther(i: number, row: number, record: RecordBytes): void {
    switch (this.#codes[i]) {
      case codes.number:
        this.#numbers[i]![row] = this.#load(i, record) ? numberOf(record.hi, record.lo) : Number.NaN;
        break;
      case codes.wide:
        if (this.#load(i, record)) this.#putWide(i, row, record);
        break;
      default:
        this.#compute(i, row, record);
    }
  }

  #load(i: number, record: RecordBytes): boolean {
    return record.load(this.#offsets[i]!, this.#sizes[i]!, this.#signs[i] === 1);
  }

  #putWide(i: number, row: number, record: RecordBytes): void {
    this.#his[i]![row] = record.hi;
    this.#los[i]![row] = record.lo;
    this.#presents[i]![row] = 1;
  }

  #compute(i: number, row: number, record: RecordBytes): void {
    const source = this.#sources[i]!;
    switch (source.from) {
      case 'number':
        if (this.#codes[i] === codes.runWide) {
          if (source.run(record)) this.#putWide(i, row, record);
        } else this.#numbers[i]![row] = source.run(record) ? numberOf(record.hi, record.lo) : Number.NaN;
        return;
      case 'text':
        this.#texts[i]![row] = source.id(record);
        return;
      case 'nothing':
        if (this.#numbers[i]) this.#numbers[i]![row] = Number.NaN;
        else if (this.#texts[i]) this.#texts[i]![row] = -1;
        return;
    }
  }

  /** Takes the columns being filled, where they are others than before. */
  #take(): void {
    const { state } = this;
    const columns = state.columns!;
    if (columns === this.#columns && state.capacity === this.#capacity) return;
    this.#columns = columns;
    this.#capacity = state.capacity;
    this.#numbers = [];
    this.#his = [];
    this.#los = [];
    this.#presents = [];
    this.#texts = [];
    columns.columns.forEach((column, i) => {
      if (column.storage === 'number') this.#numbers[i] = column.values;
      else if (column.storage === 'text') this.#texts[i] = column.values;
      else if (column.storage === 'u64') {
        this.#his[i] = column.values.hi;
        this.#los[i] = column.values.lo;
        this.#presents[i] = column.present;
      }
    });
  }

  /** Events with text of their own go through `FieldValues`: their bytes are put together first. */
  #decodeAside(record: RecordBytes, state: KindState): void {
    const values = this.#builder.fieldValues;
    const spill = this.#spill;
    spill.length = 0;
    for (let i = 0; i < this.#sources.length; i++) {
      const source = this.#sources[i]!;
      values.present[i] = presence.absent;
      if (source.from === 'load') {
        if (this.#load(i, record)) values.setU64(i, record.hi, record.lo);
      } else if (source.from === 'number') {
        if (source.run(record)) values.setU64(i, record.hi, record.lo);
      } else if (source.from === 'text') {
        const id = source.id(record);
        if (id >= 0) values.setTextId(i, id);
      } else if (source.from === 'bytes') {
        const start = spill.length;
        if (source.write(record, spill) && !record.isCut(spill) && record.spend(spill.length - start)) {
          values.setRange(i, start, spill.length);
        } else spill.length = start;
      }
    }
    this.#builder.values(state, spill.bytes);
  }

  /** A record of so many bytes was too short. The place of the first one is kept; the reason is one for each kind. */
  noteShort(length: number): void {
    if (this.#shortReason === '') {
      const name = this.#name.replace(/[^ -~]/g, '.').slice(0, 128);
      this.#shortReason = `record of ${name} does not hold all that its description says`;
    }
    this.#shorts.add(this.#shortReason, this.#builder.place(), `${length} bytes`);
  }
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
