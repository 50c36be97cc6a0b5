/** How one value of a message becomes one column's value: decided once for a kind, done for every event. */
import { own } from '../../base/own.ts';
import type { StringTable } from '../../base/strings.ts';
import type { EventRow } from '../../events/catalog.ts';
import type { Field } from '../../events/kinds.ts';
import type { FieldValues } from '../../events/values.ts';
import type { What } from './event-table.ts';

/** What is done with a number. Texts only ever become text. */
type How = 'value' | 'symbol' | 'text' | 'hex' | 'function' | 'state' | 'device' | 'offset' | 'limit';

export interface Target {
  readonly column: number;
  readonly how: How;
  /** The column takes texts as they are, interned or (text that is different in every event) not. */
  readonly takes: 'number' | 'text' | 'bytes';
  /** Interned names of numbers, by number. */
  readonly names: readonly number[];
}

/** What the values of one event are set with. */
export interface Setting {
  readonly values: FieldValues;
  readonly strings: StringTable;
  /** Interned names of kernel symbols by the numbers that the sequence of the event gives them. */
  symbols: ReadonlyMap<number, number>;
  /** Bytes of a page; 0 while the trace has not said. */
  pageSize: number;
}

const hows: Partial<Record<What, How>> = {
  f: 'function',
  state: 'state',
  dev: 'device',
  offset: 'offset',
  limit: 'limit',
};

/** The target of a value in column `column`, which is `field`. */
export function targetOf(field: Field, column: number, what: What, row: EventRow | undefined, strings: StringTable) {
  const takes = field.storage === 'text' ? 'text' : field.storage === 'bytes' ? 'bytes' : 'number';
  const names = own(row?.symbols, field.name)?.map((name) => strings.intern(name)) ?? [];
  let how: How = hows[what] ?? 'value';
  if (how === 'value' && takes === 'text') how = names.length > 0 ? 'symbol' : what === 'd' ? 'text' : 'hex';
  return { column, how, takes, names } satisfies Target;
}

/** The column of a row that a field of the record lands in; -1 when it has none. */
export function columnOf(row: EventRow, name: string): number {
  const wanted = own(row.aliases, name) ?? name;
  return row.fields.findIndex((field) => field.name === wanted);
}

/** Sets a number of 64 bits. */
export function setNumber(target: Target, hi: number, lo: number, setting: Setting): void {
  const { values, strings } = setting;
  const { column } = target;
  switch (target.how) {
    case 'value':
      if (target.takes === 'number') values.setU64(column, hi, lo);
      else values.setTextId(column, strings.intern(decimalText(hi, lo)));
      return;
    case 'symbol': {
      const name = hi === 0 ? target.names[lo] : undefined;
      values.setTextId(column, name ?? strings.intern(decimalText(hi, lo)));
      return;
    }
    case 'text':
      values.setTextId(column, strings.intern(decimalText(hi, lo)));
      return;
    case 'hex':
      values.setTextId(column, strings.intern(hexText(hi, lo)));
      return;
    case 'function': {
      const name = hi === 0 ? setting.symbols.get(lo) : undefined;
      values.setTextId(column, name ?? strings.intern(hexText(hi, lo)));
      return;
    }
    case 'state':
      values.setTextId(column, strings.intern(stateText(hi, lo)));
      return;
    case 'device':
      values.setTextId(column, strings.intern(deviceText(hi, lo)));
      return;
    case 'offset':
      // The text has bytes, the message pages; without the size of a page the bytes are not known.
      if (setting.pageSize > 0) values.setNumber(column, (hi * 2 ** 32 + lo) * setting.pageSize);
      return;
    case 'limit':
      // The text has 1 << defer_shift (include/trace/events/compaction.h mm_compaction_defer_template).
      if (hi === 0 && lo < 31) values.setNumber(column, 2 ** lo);
      return;
  }
}

/** Sets a text; false when the column holds numbers. */
export function setText(target: Target, bytes: Uint8Array, start: number, end: number, setting: Setting): boolean {
  if (target.takes === 'number') return false;
  if (target.takes === 'bytes') setting.values.setRange(target.column, start, end);
  else setting.values.setTextId(target.column, setting.strings.internBytes(bytes, start, end));
  return true;
}

export function hexText(hi: number, lo: number): string {
  return hi === 0 ? `0x${lo.toString(16)}` : `0x${hi.toString(16)}${lo.toString(16).padStart(8, '0')}`;
}

function decimalText(hi: number, lo: number): string {
  return hi === 0 ? String(lo) : BigInt.asIntN(64, (BigInt(hi) << 32n) | BigInt(lo)).toString();
}

const stateLetters = ['S', 'D', 'T', 't', 'X', 'Z', 'P', 'I'];

/** prev_state as the text has it (include/trace/events/sched.h sched_switch, 4.14 and later): bits, `+` when preempted. */
export function stateText(hi: number, lo: number): string {
  if (hi !== 0 || lo > 0x1ff) return hexText(hi, lo);
  const letters = stateLetters.filter((_, bit) => (lo & (1 << bit)) !== 0).join('|');
  return `${letters === '' ? 'R' : letters}${lo & 0x100 ? '+' : ''}`;
}

/** `major:minor` of a dev_t as user space has it, which is how Perfetto writes it (glibc gnu_dev_makedev()). */
function deviceText(hi: number, lo: number): string {
  const major = ((lo >>> 8) & 0xfff) + (hi & 0xfffff000);
  const minor = (lo & 0xff) | ((lo >>> 12) & 0xfff00);
  return `${major}:${minor}`;
}
