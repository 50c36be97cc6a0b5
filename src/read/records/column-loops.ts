/**
 * Loops that fill one column from many records of one kind. Record by record, each value costs a choice of what is to be
 * done and a call; column by column, it costs the load (docs/speed.md).
 */
import type { Run } from './c-code.ts';
import type { Load } from './conversion.ts';
import type { RecordBytes } from './record.ts';

/** Records of one kind that lie in one array of bytes, each of them long enough for every field that is loaded. */
export interface RecordRun {
  /** Lends its bytes and its view; used for what has to be computed. */
  readonly record: RecordBytes;
  /** Where each record begins in the bytes, its row in the columns, and where in `ends` its end is. */
  readonly starts: Uint32Array;
  readonly rows: Uint32Array;
  readonly indexes: Uint32Array;
  readonly ends: Uint32Array;
  /** Bytes of text that each record may still become, and whether something of it lay behind its end: from `prepare` on. */
  readonly budgets: Int32Array;
  readonly shorts: Uint8Array;
  /** The records are `[from, to)` of these lists. */
  readonly from: number;
  readonly to: number;
}

/** The number of 64 bits as every reader stores it (events/values.ts): negative where the bits are those of a small negative one. */
export function numberOf(hi: number, lo: number): number {
  if (hi === 0) return lo;
  return hi >= 0xffe00000 ? (hi - 2 ** 32) * 2 ** 32 + lo : hi * 2 ** 32 + lo;
}

export function loadNumbers({ record, starts, rows, from, to }: RecordRun, load: Load, values: Float64Array): void {
  const { view, isLittleEndian } = record;
  const { offset, size, isSigned } = load;
  if (size === 8) {
    const [low, high] = isLittleEndian ? [offset, offset + 4] : [offset + 4, offset];
    for (let i = from; i < to; i++) {
      const start = starts[i]!;
      const hi = view.getUint32(start + high, isLittleEndian);
      const lo = view.getUint32(start + low, isLittleEndian);
      values[rows[i]!] = hi === 0 ? lo : numberOf(hi, lo);
    }
  } else if (size === 4 && isSigned) {
    for (let i = from; i < to; i++) values[rows[i]!] = view.getInt32(starts[i]! + offset, isLittleEndian);
  } else if (size === 4) {
    for (let i = from; i < to; i++) values[rows[i]!] = view.getUint32(starts[i]! + offset, isLittleEndian);
  } else if (size === 2) {
    for (let i = from; i < to; i++) {
      const at = starts[i]! + offset;
      values[rows[i]!] = isSigned ? view.getInt16(at, isLittleEndian) : view.getUint16(at, isLittleEndian);
    }
  } else {
    for (let i = from; i < to; i++) {
      const at = starts[i]! + offset;
      values[rows[i]!] = isSigned ? view.getInt8(at) : view.getUint8(at);
    }
  }
}

/** Columns of 64 bits; a field that is narrower is extended by its sign where it has one. */
export function loadWide(
  { record, starts, rows, from, to }: RecordRun,
  { offset, size, isSigned }: Load,
  his: Uint32Array,
  los: Uint32Array,
  presents: Uint8Array,
): void {
  const { view, isLittleEndian } = record;
  if (size === 8) {
    const [low, high] = isLittleEndian ? [offset, offset + 4] : [offset + 4, offset];
    for (let i = from; i < to; i++) {
      const start = starts[i]!;
      const row = rows[i]!;
      his[row] = view.getUint32(start + high, isLittleEndian);
      los[row] = view.getUint32(start + low, isLittleEndian);
      presents[row] = 1;
    }
    return;
  }
  record.end = record.bytes.length;
  for (let i = from; i < to; i++) {
    record.start = starts[i]!;
    record.load(offset, size, isSigned);
    const row = rows[i]!;
    his[row] = record.hi;
    los[row] = record.lo;
    presents[row] = 1;
  }
}

/** To be called before the first column that is computed. */
export function prepare({ starts, indexes, ends, budgets, shorts, from, to }: RecordRun): void {
  shorts.fill(0, from, to);
  for (let i = from; i < to; i++) budgets[i] = textBudget(ends[indexes[i]!]! - starts[i]!);
}

/** Bytes of text that a record of so many bytes may become: descriptions that lie could make every field the whole record. */
export function textBudget(length: number): number {
  return 4 * length + 256;
}

/** Makes record `i` of the run the one that is decoded, with what it may still take. */
function enter({ record, starts, indexes, ends, budgets }: RecordRun, i: number): void {
  record.start = starts[i]!;
  record.end = ends[indexes[i]!]!;
  record.textBudget = budgets[i]!;
  record.isShort = false;
}

function leave({ record, budgets, shorts }: RecordRun, i: number): void {
  budgets[i] = record.textBudget;
  if (record.isShort) shorts[i] = 1;
}

export function computeNumbers(run: RecordRun, compute: Run, values: Float64Array): void {
  const { record, rows } = run;
  for (let i = run.from; i < run.to; i++) {
    enter(run, i);
    values[rows[i]!] = compute(record) ? numberOf(record.hi, record.lo) : Number.NaN;
    leave(run, i);
  }
}

export function computeWide(
  run: RecordRun,
  compute: Run,
  his: Uint32Array,
  los: Uint32Array,
  presents: Uint8Array,
): void {
  const { record, rows } = run;
  for (let i = run.from; i < run.to; i++) {
    enter(run, i);
    const isKnown = compute(record);
    leave(run, i);
    if (!isKnown) continue;
    const row = rows[i]!;
    his[row] = record.hi;
    los[row] = record.lo;
    presents[row] = 1;
  }
}

/** Ids of texts by what `id` says. */
export function computeTexts(run: RecordRun, id: (record: RecordBytes) => number, values: Int32Array): void {
  const { record, rows } = run;
  for (let i = run.from; i < run.to; i++) {
    enter(run, i);
    values[rows[i]!] = id(record);
    leave(run, i);
  }
}

const slots = 1024;

/**
 * Texts that depend on nothing but one number in the record: those of the numbers met last are remembered, with what they
 * take of a record's budget. One that is short of it is not remembered: the next record has a budget of its own.
 */
export class TextMemo {
  readonly #load: Load;
  readonly #id: (record: RecordBytes) => number;
  readonly #his = new Uint32Array(slots);
  readonly #los = new Uint32Array(slots);
  readonly #ids = new Int32Array(slots);
  readonly #spent = new Int32Array(slots);
  readonly #isKnown = new Uint8Array(slots);

  constructor(load: Load, id: (record: RecordBytes) => number) {
    this.#load = load;
    this.#id = id;
  }

  fill(run: RecordRun, values: Int32Array): void {
    const { record, starts, rows, budgets, from, to } = run;
    const { view, isLittleEndian } = record;
    const { offset, size, isSigned } = this.#load;
    const [his, los, ids, spent, isKnown] = [this.#his, this.#los, this.#ids, this.#spent, this.#isKnown];
    const isPlain = size === 8 || (size === 4 && !isSigned);
    const low = size === 8 && !isLittleEndian ? offset + 4 : offset;
    const high = size === 8 && isLittleEndian ? offset + 4 : offset;
    for (let i = from; i < to; i++) {
      let hi = 0;
      let lo: number;
      if (isPlain) {
        lo = view.getUint32(starts[i]! + low, isLittleEndian);
        if (size === 8) hi = view.getUint32(starts[i]! + high, isLittleEndian);
      } else {
        record.start = starts[i]!;
        record.end = record.bytes.length;
        record.load(offset, size, isSigned);
        hi = record.hi;
        lo = record.lo;
      }
      const slot = (lo ^ (lo >>> 10)) & (slots - 1);
      const before = budgets[i]!;
      if (isKnown[slot] === 0 || los[slot] !== lo || his[slot] !== hi || before < spent[slot]!) {
        enter(run, i);
        ids[slot] = this.#id(record);
        leave(run, i);
        his[slot] = hi;
        los[slot] = lo;
        spent[slot] = before - record.textBudget;
        isKnown[slot] = record.isShort ? 0 : 1;
      } else budgets[i] = before - spent[slot]!;
      values[rows[i]!] = ids[slot]!;
    }
  }
}
