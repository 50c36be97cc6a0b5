/**
 * Binary records to columns, by the descriptions in the capture itself. Shared by every format whose events are raw ring
 * buffer or perf records.
 *
 *     table.add(parseEventFormat(text, 'pagemap'));
 *     builder.beginAt(hi, lo, cpu, table.pidOf(bytes, start, end), -1, comm, table.flagsOf(bytes, start, end));
 *     table.decode(bytes, start, end);
 */
import { freeText } from '../../events/fields.ts';
import { findRow } from '../../events/rows.ts';
import type { BatchBuilder } from '../builder.ts';
import type { KindState } from '../kind-table.ts';
import { recordFlags } from '../record-flags.ts';
import type { Environment } from './c-code.ts';
import type { EventFormat, RecordField } from './event-format.ts';
import { markerPlan } from './ftrace-record.ts';
import { genericPlan } from './generic-record.ts';
import type { Plan } from './plan.ts';
import type { PrintkFormats } from './printk-formats.ts';
import { isProbe, ProbePlan } from './probe-record.ts';
import { RecordBytes } from './record.ts';
import { rowPlan } from './row-record.ts';
import { ShortNotes } from './short-notes.ts';
import { SymbolIds } from './symbol-ids.ts';
import type { Symbols } from './symbols.ts';
import { TextOut } from './text-out.ts';

export interface RecordOptions {
  readonly isLittleEndian: boolean;
  readonly longSize: 4 | 8;
  readonly symbols?: Symbols;
  /** What tracefs `printk_formats` lists. */
  readonly printkFormats?: PrintkFormats;
}

/** Most ids without a description that get a kind of their own. */
const mostUnknown = 256;

/** Offset and size of a common field. */
type Place = readonly [offset: number, size: number];

/** Where the common fields are that are read from every record. */
interface CommonFields {
  readonly type: Place;
  readonly flags: Place;
  readonly pid: Place;
}

/** Where they are in every kernel since 2.6.33; what most of a capture's descriptions say counts. */
const usualCommon: CommonFields = { type: [0, 2], flags: [2, 1], pid: [4, 4] };

export class RecordTable {
  readonly #builder: BatchBuilder;
  readonly #environment: Environment;
  readonly #record: RecordBytes;
  readonly #formats = new Map<number, EventFormat>();
  #largestId = -1;
  /** By id. An array with large holes becomes a table of hashes, which took a tenth of all the time. */
  readonly #plans = new Array<Plan | undefined>(0x10000).fill(undefined);
  readonly #unknown = new Map<number, KindState>();
  #common = usualCommon;
  /** How many descriptions have the common fields at these places: one that is damaged is outvoted. */
  readonly #votes = new Map<string, number>();
  #mostVotes = 0;

  constructor(builder: BatchBuilder, options: RecordOptions) {
    this.#builder = builder;
    const { longSize, symbols, printkFormats } = options;
    const { strings } = builder.capture;
    this.#environment = {
      longSize,
      strings,
      names: new SymbolIds(strings, symbols, 'name', '0x'),
      places: new SymbolIds(strings, symbols, 'place', '0x'),
      callers: new SymbolIds(strings, symbols, 'place', ''),
      symbols,
      printkFormats,
      out: new TextOut(),
      spill: new TextOut(),
      shorts: new ShortNotes(builder.capture.accounting.oddities),
    };
    this.#record = new RecordBytes(options.isLittleEndian);
  }

  /** Takes a description; of two with one id the first holds. All are to be added before the first record is decoded. */
  add(format: EventFormat): void {
    if (format.id > 0xffff || this.#formats.has(format.id)) return;
    this.#formats.set(format.id, format);
    if (format.id > this.#largestId) this.#largestId = format.id;
    if (format.common.length > 0) this.#learnCommon(format.common);
  }

  /** The largest id that is described. */
  get largestId(): number {
    return this.#largestId;
  }

  /** The fields read from every record are where they are in every kernel since 2.6.33. */
  get hasUsualCommon(): boolean {
    return keyOf(this.#common) === keyOf(usualCommon);
  }

  /**
   * Whether records of this id are part of the event before them and no event (stacks of the kernel and of the task): text
   * traces show them as lines behind it. To be counted with `builder.comment()`, without `begin` and `decode`.
   */
  isAside(id: number): boolean {
    const format = this.#formats.get(id);
    return format?.system === 'ftrace' && (format.name === 'kernel_stack' || format.name === 'user_stack');
  }

  /** The record's `common_type`, its event's id; -1 when it is too short. */
  typeOf(bytes: Uint8Array, start: number, end: number): number {
    return this.#load(this.#common.type, bytes, start, end, false) ? this.#record.lo : -1;
  }

  /** The record's `common_pid`; -1 when it is too short. */
  pidOf(bytes: Uint8Array, start: number, end: number): number {
    return this.#load(this.#common.pid, bytes, start, end, true) ? this.#record.lo | 0 : -1;
  }

  /** Bits of `contextFlags` from `common_flags` (enum trace_flag_type, include/linux/trace_events.h). */
  flagsOf(bytes: Uint8Array, start: number, end: number): number {
    if (!this.#load(this.#common.flags, bytes, start, end, false)) return 0;
    return flagTable[this.#record.lo & 0xff]!;
  }

  /** Decodes the record `bytes[start..end)` as the event begun: exactly one event is stored, whatever the record holds. */
  decode(bytes: Uint8Array, start: number, end: number): void {
    this.decodeAs(this.typeOf(bytes, start, end), bytes, start, end);
  }

  /** As `decode`, where the record's type (`typeOf`) is known already. */
  decodeAs(id: number, bytes: Uint8Array, start: number, end: number): void {
    this.#record.set(bytes, start, end);
    const plan = this.planOf(id);
    if (plan) plan.decode(this.#record);
    else this.#undescribed(id, bytes, start, this.#record.end);
  }

  /** How records of this id are decoded; undefined when nothing describes them, and when there are too many kinds. */
  planOf(id: number): Plan | undefined {
    return this.#plans[id] ?? this.#plan(id);
  }

  /** Notes of records too short for their descriptions. */
  get shorts(): ShortNotes {
    return this.#environment.shorts;
  }

  /** The record that is `bytes[start..end)`, for a plan. */
  recordAt(bytes: Uint8Array, start: number, end: number): RecordBytes {
    this.#record.set(bytes, start, end);
    return this.#record;
  }

  #plan(id: number): Plan | undefined {
    const format = this.#formats.get(id);
    if (!format || this.#builder.kinds.isFull) return undefined;
    const plan = this.#newPlan(format);
    this.#plans[id] = plan;
    return plan;
  }

  #newPlan(format: EventFormat): Plan {
    const row = findRow(format.system, format.name);
    if (row) return rowPlan(row, format, this.#builder, this.#environment);
    if (isProbe(format)) return new ProbePlan(format, this.#builder, this.#environment);
    return (
      markerPlan(format, this.#builder, this.#environment) ?? genericPlan(format, this.#builder, this.#environment)
    );
  }

  /** A record that nothing describes: its bytes as hex. */
  #undescribed(id: number, bytes: Uint8Array, start: number, end: number): void {
    const state = this.#unknown.get(id) ?? this.#unknownKind(id);
    const hex = hexOf(bytes, start, end);
    this.#builder.fieldValues.setRange(0, 0, hex.length);
    this.#builder.values(state, hex);
  }

  /** Ids that a table before this one met count too: a perf.data through a pipe may describe its records anew. */
  #unknownKind(id: number): KindState {
    const { kinds } = this.#builder;
    const kind = (name: string) => ({ system: 'unknown', name, form: 'generic', fields: [freeText('bytes')] }) as const;
    const own = kind(`type_${id}`);
    if (id < 0 || (kinds.countOf('unknown') >= mostUnknown && !kinds.isDescribed(own, 'unknown')))
      return kinds.described(kind('types'), 'unknown others');
    const state = kinds.described(own, 'unknown');
    this.#unknown.set(id, state);
    return state;
  }

  #load([offset, size]: Place, bytes: Uint8Array, start: number, end: number, isSigned: boolean): boolean {
    this.#record.set(bytes, start, end);
    return this.#record.load(offset, size, isSigned);
  }

  #learnCommon(common: readonly RecordField[]): void {
    const place = (name: string, usual: Place): Place => {
      const field = common.find((one) => one.name === name);
      return field ? [field.offset, field.size] : usual;
    };
    const places: CommonFields = {
      type: place('common_type', usualCommon.type),
      flags: place('common_flags', usualCommon.flags),
      pid: place('common_pid', usualCommon.pid),
    };
    const key = keyOf(places);
    const votes = (this.#votes.get(key) ?? 0) + 1;
    this.#votes.set(key, votes);
    if (votes <= this.#mostVotes) return;
    this.#mostVotes = votes;
    this.#common = places;
  }
}

function keyOf({ type, flags, pid }: CommonFields): string {
  return [type, flags, pid].join();
}

/** `recordFlags` of every value that a byte has: one look-up for each record. */
const flagTable = Uint8Array.from({ length: 256 }, (_, flags) => recordFlags(flags));

const digits = new TextEncoder().encode('0123456789abcdef');

function hexOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const hex = new Uint8Array(Math.max(0, end - start) * 2);
  for (let i = start, at = 0; i < end; i++) {
    hex[at++] = digits[bytes[i]! >>> 4]!;
    hex[at++] = digits[bytes[i]! & 15]!;
  }
  return hex;
}
