/**
 * One run, two buffers: the ring buffer's own text, trace-cmd's, perf's. What both recorded must be the same events in the
 * same order, with the same fields.
 *
 * Compared: for each CPU, the sequences of events whose names occur in both (a tool records the systems it was asked for),
 * from where one begins inside the other to the end of the shorter one. Of each event: name, task id, and every field that
 * both record. Not compared, each for its reason:
 *   - comm: ftrace prints a task's last name for all of its events (saved_cmdlines), perf the name at the time;
 *   - tgid and context flags: not every text has them;
 *   - hashed pointers (32 bits): the ring buffer's text may have them so, records have them raw. Raw ones are compared;
 *   - a return probe's caller, where one has a symbol and the other an address;
 *   - the time itself, since the clocks of two buffers differ. The difference is looked at instead: within a capture it
 *     drifts by milliseconds at most;
 *   - what an event reads through a pointer (a probe's `ref=+0x34(%x0)`, the counts of page_ref): each buffer's handler reads
 *     the memory itself, one after the other, and it may change in between. Such differences are counted, and must be rare.
 */
import type { PlainEvent } from './plain-events.ts';
import {
  type Agreement,
  add,
  blame,
  newAgreement,
  oneSidedFields,
  type Reading,
  recordedFields,
} from './same-buffer.ts';
import { fieldsOf, type Value } from './values.ts';

export const twoBuffersRules = {
  'read anew through a pointer': 'each buffer reads what a probe points to itself, and it changed in between',
  'a text and a number':
    'the kernel prints a name or a computed value where the record has a number (a table that the format cuts short)',
} as const;
export type TwoBuffersRule = keyof typeof twoBuffersRules;

export interface TwoBuffers extends Agreement<TwoBuffersRule> {
  /** CPUs that both have events of, and that could not be brought together. */
  unaligned: number;
  /** Smallest and largest difference of the two clocks, ns. */
  least: number;
  most: number;
}

interface Line {
  readonly time: bigint;
  /** Everything that must agree. */
  readonly must: string;
  /** What was read through pointers. */
  readonly may: string;
  /** Number of fields in the two. */
  readonly values: number;
}

const pointers = new Set(['folio', 'page']);

/** `%p` gives 32 bits of a hash (lib/vsprintf.c ptr_to_hashval()); kernel addresses have their upper bits set. */
function isHashed(events: readonly PlainEvent[]): boolean {
  return events.some((event) =>
    event.fields.some((field, i) => {
      const value = event.values[i];
      const isPointer = pointers.has(field.name) && event.form === 'catalogued' && typeof value === 'bigint';
      return isPointer && value !== 0n && value < 2n ** 32n;
    }),
  );
}

/** Number of fewest events of a CPU that must meet: too few are no proof of anything. */
const fewest = 40;

export function compareBuffers(a: Reading, b: Reading): TwoBuffers {
  const result: TwoBuffers = { ...newAgreement<TwoBuffersRule>(), unaligned: 0, least: Infinity, most: -Infinity };
  const left = leftOut(a, b, result);
  const nameOf = (event: PlainEvent): string => `${event.system}:${event.name}`;
  const inA = new Set(a.events.map(nameOf));
  const both = new Set(b.events.map(nameOf).filter((name) => inA.has(name)));
  for (const cpu of [...new Set(b.events.map((event) => event.cpu))].sort((x, y) => x - y)) {
    const choose = ({ events }: Reading): Line[] =>
      events.filter((event) => event.cpu === cpu && both.has(nameOf(event))).map((event) => lineOf(event, left));
    const one = choose(a);
    const other = choose(b);
    const shift = shiftOf(one, other);
    if (shift === undefined) {
      result.unaligned++;
      if (Math.min(one.length, other.length) >= fewest) {
        blame(result, `cpu ${cpu}: ${one.length} events of ${a.what} and ${other.length} of ${b.what} never meet`);
      }
      continue;
    }
    compareLines(one, other, shift, `${a.what} and ${b.what}, cpu ${cpu}`, result);
  }
  return result;
}

function compareLines(
  one: readonly Line[],
  other: readonly Line[],
  shift: number,
  where: string,
  result: TwoBuffers,
): void {
  for (let j = Math.max(0, -shift); j < Math.min(other.length, one.length - shift); j++) {
    const a = one[j + shift]!;
    const b = other[j]!;
    result.compared++;
    result.values += b.values + 2;
    if (a.must !== b.must) {
      blame(result, `${where}: event ${j + shift} and ${j}: "${a.must}" and "${b.must}"`);
      // What follows a missing event would all differ: one difference is told, not thousands.
      if (result.unexplained > 20) return;
    }
    if (a.may !== b.may) add(result.explained, 'read anew through a pointer');
    const apart = Number(a.time - b.time);
    result.least = Math.min(result.least, apart);
    result.most = Math.max(result.most, apart);
  }
}

/** Fields that are not compared: recorded by one side only, or a text here and a number there. */
function leftOut(a: Reading, b: Reading, result: TwoBuffers): Set<string> {
  const left = new Set<string>();
  const [inA, inB] = [recordedFields(a), recordedFields(b)];
  const names = new Set(b.events.map((event) => event.name));
  const shared = new Set(a.events.map((event) => event.name).filter((name) => names.has(name)));
  for (const key of new Set([...inA, ...inB])) {
    if (inA.has(key) && inB.has(key)) continue;
    left.add(key);
    if (!shared.has(key.slice(0, key.indexOf('.')))) continue;
    add(result.oneSided, key);
    if (oneSidedFields[key] === undefined) blame(result, `${key} is recorded by one of ${a.what} and ${b.what} only`);
  }
  const [ofA, ofB] = [storages(a), storages(b)];
  for (const [key, storage] of ofA) {
    const other = ofB.get(key);
    if (other === undefined || other === storage) continue;
    left.add(key);
    add(result.explained, 'a text and a number');
  }
  if (isHashed(a.events) || isHashed(b.events)) {
    for (const key of [...inA, ...inB]) if (pointers.has(key.slice(key.indexOf('.') + 1))) left.add(key);
  }
  return left;
}

/** What a field's values are: numbers, names, or texts with numbers in the place of names, anywhere in the capture. */
function storages({ events }: Reading): Map<string, 'number' | 'names' | 'digits'> {
  const kinds = new Map<string, 'number' | 'names' | 'digits'>();
  for (const event of events) {
    for (const [name, { value }] of fieldsOf(event)) {
      if (value === undefined) continue;
      const key = `${event.name}.${name}`;
      const isDigits = typeof value === 'string' && /(?:^|\|)0x[0-9a-f]+$/.test(value);
      if (typeof value !== 'string') kinds.set(key, 'number');
      else if (isDigits || !kinds.has(key)) kinds.set(key, isDigits ? 'digits' : 'names');
    }
  }
  return kinds;
}

function lineOf(event: PlainEvent, left: ReadonlySet<string>): Line {
  const must: string[] = [];
  const may: string[] = [];
  for (const [name, { value, role }] of fieldsOf(event)) {
    if (left.has(`${event.name}.${name}`) || role === 'caller') continue;
    const isReread = role.includes('.') || (event.system === 'page_ref' && /count$/.test(name));
    (isReread ? may : must).push(`${name}=${plain(value)}`);
  }
  return {
    time: event.time,
    must: `${event.system}:${event.name} ${event.pid} ${event.probe?.meaning ?? ''} ${must.sort().join(' ')}`,
    may: may.sort().join(' '),
    values: must.length + may.length,
  };
}

function plain(value: Value): string {
  if (typeof value === 'number' || typeof value === 'bigint') return String(BigInt.asUintN(64, BigInt(value)));
  return value === undefined ? '' : value.trimEnd();
}

/**
 * How far `b` is shifted against `a`: by the first `window` lines of `b` that occur exactly once in `a`. undefined when the two have
 * nothing of that length in common.
 */
export function shiftOf(
  a: readonly { readonly must: string }[],
  b: readonly { readonly must: string }[],
  window = 12,
): number | undefined {
  const at = (lines: readonly { readonly must: string }[], i: number): string =>
    lines
      .slice(i, i + window)
      .map((line) => line.must)
      .join('\n');
  const places = new Map<string, number>();
  for (let i = 0; i + window <= a.length; i++) {
    const key = at(a, i);
    places.set(key, places.has(key) ? -1 : i);
  }
  for (let j = 0; j + window <= b.length; j++) {
    const i = places.get(at(b, j)) ?? -1;
    if (i >= 0) return i - j;
  }
  return undefined;
}
