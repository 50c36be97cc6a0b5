/**
 * The fields that every record begins with. In every kernel since 2.6.33 they are where they are read here without asking
 * (include/linux/trace_events.h struct trace_entry); where a capture says otherwise, the table of its records is asked.
 *
 *     0 type, 16 bits | 2 flags, 8 bits | 3 preempt count, 8 bits | 4 pid, 32 bits
 */
import type { RecordTable } from '../records/record-table.ts';

export class CommonFields {
  readonly #table: RecordTable;
  readonly #isUsual: boolean;
  readonly #isLittleEndian: boolean;
  /** Context bits by `common_flags`. */
  readonly #flags = new Uint8Array(256);

  /** @param table with all its descriptions */
  constructor(table: RecordTable, isLittleEndian: boolean) {
    this.#table = table;
    this.#isLittleEndian = isLittleEndian;
    this.#isUsual = table.hasUsualCommon;
    const record = new Uint8Array(8);
    for (let value = 0; value < 256; value++) {
      record[2] = value;
      this.#flags[value] = table.flagsOf(record, 0, 8);
    }
  }

  /** `common_type`; -1 when the record is too short. */
  typeOf(bytes: Uint8Array, start: number, end: number): number {
    if (!this.#isUsual) return this.#table.typeOf(bytes, start, end);
    if (end - start < 2) return -1;
    return this.#isLittleEndian ? bytes[start]! | (bytes[start + 1]! << 8) : (bytes[start]! << 8) | bytes[start + 1]!;
  }

  /** `common_pid`; -1 when the record is too short. */
  pidOf(bytes: Uint8Array, start: number, end: number): number {
    if (!this.#isUsual) return this.#table.pidOf(bytes, start, end);
    if (end - start < 8) return -1;
    return this.#isLittleEndian
      ? bytes[start + 4]! | (bytes[start + 5]! << 8) | (bytes[start + 6]! << 16) | (bytes[start + 7]! << 24)
      : (bytes[start + 4]! << 24) | (bytes[start + 5]! << 16) | (bytes[start + 6]! << 8) | bytes[start + 7]!;
  }

  /** They are where they usually are, so that `fill` can be used. */
  get isUsual(): boolean {
    return this.#isUsual;
  }

  /** Tasks and context of records `[from, to)`, of 8 bytes at least, which begin at `starts`; put from place `at` on. */
  fill(
    view: DataView,
    starts: Uint32Array,
    from: number,
    to: number,
    pids: Int32Array,
    flags: Uint8Array,
    at: number,
  ): void {
    const isLittleEndian = this.#isLittleEndian;
    const table = this.#flags;
    for (let i = from, k = at; i < to; i++, k++) {
      const start = starts[i]!;
      pids[k] = view.getInt32(start + 4, isLittleEndian);
      flags[k] = table[view.getUint8(start + 2)]!;
    }
  }

  /** Bits of `contextFlags` (events/batch.ts). */
  flagsOf(bytes: Uint8Array, start: number, end: number): number {
    if (!this.#isUsual) return this.#table.flagsOf(bytes, start, end);
    return end - start < 3 ? 0 : this.#flags[bytes[start + 2]!]!;
  }
}
