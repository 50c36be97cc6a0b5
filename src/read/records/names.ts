/**
 * `__print_symbolic` and `__print_flags`: numbers that the kernel prints as names (kernel/trace/trace_output.c
 * trace_print_symbols_seq(), trace_print_flags_seq(), 6.12). Each distinct number's text is made once. Where a description
 * names constants without their values (`1UL << PG_locked` of the page_ref events), a number keeps its digits.
 */
import type { Code, Scope, TextCode } from './c-code.ts';
import { notKnown } from './c-code.ts';
import type { Expression } from './c-expression.ts';
import { integer } from './c-type.ts';
import { settle } from './int64.ts';
import { RecordBytes } from './record.ts';

interface Entry {
  readonly hi: number;
  readonly lo: number;
  readonly name: string;
  /** The text gives no value for it (`PG_locked`). */
  readonly isUnknown: boolean;
}

/** Numbers below this are looked up in a list. */
const smallNumbers = 256;

/** Most numbers whose texts are remembered; flags of hostile records could be any. */
const mostKnown = 4096;

export function namesCode(
  expression: Extract<Expression, { kind: 'names' }>,
  inner: (part: Expression) => Code,
  scope: Scope,
): Code {
  const of = inner(expression.of);
  const delimiter = expression.delimiter?.kind === 'text' ? expression.delimiter.text : undefined;
  if (of.kind === 'text') return notKnown(scope);
  const { isUnsure } = scope;
  const entries: Entry[] = [];
  for (const { value, name } of expression.entries) {
    // A null name ends the list (`{ 0, NULL }`).
    if (name.kind !== 'text') break;
    entries.push(entryOf(inner(value), name.text, scope.longSize));
  }
  // A number whose name cannot be told is written as the kernel writes one that has no name: nothing of it is lost.
  scope.isUnsure = isUnsure;
  const { run } = of;
  const word = integer(scope.longSize === 8 ? 64 : 32, false);
  const ids = new Map<number, number>();
  /** Ids of small numbers, which nearly all are: a third of the time of the map. -1 = not met yet. */
  const small = new Int32Array(smallNumbers).fill(-1);
  const texts = new Map<number, Uint8Array>();
  const isCut = of.type.bits < 64 && word.bits === 32;
  const isFlags = expression.delimiter !== undefined;

  /** Interned text of the value in the record; -1 when it has none. */
  const id = (record: RecordBytes): number => {
    if (!run(record)) return -1;
    // The kernel takes the value as an unsigned long; `__print_flags_u64` and 32-bit kernels take 64 bits.
    if (isCut) settle(record, word, record.hi, record.lo);
    const { hi, lo } = record;
    const isNarrow = hi === 0;
    if (isNarrow && lo < smallNumbers && small[lo]! >= 0) return small[lo]!;
    const known = isNarrow ? ids.get(lo) : undefined;
    if (known !== undefined) return known;
    const text = isFlags ? flagNames(entries, delimiter ?? '', hi, lo) : symbolName(entries, hi, lo);
    const made = scope.strings.intern(text);
    if (isNarrow && lo < smallNumbers) small[lo] = made;
    else if (isNarrow && ids.size < mostKnown) ids.set(lo, made);
    return made;
  };
  const code: TextCode = {
    kind: 'text',
    id,
    isTrimmed: !entries.some((entry) => entry.name.endsWith(' ')) && !(delimiter ?? '').endsWith(' '),
    write: (record, out) => {
      const made = id(record);
      if (made < 0) return false;
      let bytes = texts.get(made);
      if (!bytes) {
        bytes = scope.strings.bytes(made);
        if (texts.size < mostKnown) texts.set(made, bytes);
      }
      out.addAll(bytes);
      return true;
    },
  };
  return code;
}

function entryOf(code: Code, name: string, longSize: 4 | 8): Entry {
  const none = new RecordBytes(true);
  if (code.kind === 'text' || !code.run(none)) return { hi: 0, lo: 0, name, isUnknown: true };
  if (code.type.bits < 64) settle(none, integer(longSize === 8 ? 64 : 32, false), none.hi, none.lo);
  return { hi: none.hi, lo: none.lo, name, isUnknown: false };
}

function symbolName(entries: readonly Entry[], hi: number, lo: number): string {
  for (const entry of entries) {
    if (entry.isUnknown) break; // It may be this one.
    if (entry.hi === hi && entry.lo === lo) return entry.name;
  }
  return hexText(hi, lo);
}

function flagNames(entries: readonly Entry[], delimiter: string, hi: number, lo: number): string {
  let restHi = hi;
  let restLo = lo;
  const names: string[] = [];
  for (const entry of entries) {
    if (restHi === 0 && restLo === 0) break;
    if (entry.isUnknown) return hexText(hi, lo);
    if ((restHi & entry.hi) >>> 0 !== entry.hi || (restLo & entry.lo) >>> 0 !== entry.lo) continue;
    names.push(entry.name);
    restHi = (restHi & ~entry.hi) >>> 0;
    restLo = (restLo & ~entry.lo) >>> 0;
  }
  if (restHi !== 0 || restLo !== 0) names.push(hexText(restHi, restLo));
  return names.join(delimiter);
}

function hexText(hi: number, lo: number): string {
  return hi === 0 ? `0x${lo.toString(16)}` : `0x${hi.toString(16)}${lo.toString(16).padStart(8, '0')}`;
}
