/**
 * Our decoding of a binary capture against a reference decoder's of the same file, event by event and field by field.
 *
 * Both give events in the order of time. Compared of each: time to the nanosecond, CPU, task, its name, context flags
 * where the tool prints them, the event's name, and every field: those of the record (`trace-cmd report -R`) as numbers,
 * those printed as names (`mode=MIGRATE_SYNC`) as texts. A field of one side that the other does not have is a difference too.
 *
 * A difference is explained by a rule with a name and a reason (`rules`), or it is a fault.
 */

import { findRow } from '../../src/events/rows.ts';
import type { PlainEvent } from './plain-events.ts';
import { type Lines, pairsIn, type Said } from './reference.ts';

export interface Difference {
  /** Number of the event. */
  readonly event: number;
  readonly name: string;
  readonly field: string;
  readonly ours: string;
  readonly theirs: string;
}

export interface Differential {
  readonly events: number;
  /** Values compared, those of contexts included. */
  values: number;
  /** How many differ without a rule, and the first of them. */
  different: number;
  readonly unexplained: Difference[];
  /** How often each rule of `rules` explained a difference. */
  readonly explained: Map<RuleName, number>;
}

/** Why a difference is no fault of ours. */
export const rules = {
  'same time, other order':
    'events of several CPUs at one nanosecond have no order; trace-cmd and perf take them as their merge happens to find them',
  'name cut to 8': 'the latency format cuts the names of tasks to 8 characters (libtraceevent, print of "%8.8s")',
  'name forgotten': 'trace-cmd prints <...> for a task whose name it does not have; we say that it is not recorded',
  'failed to parse':
    'libtraceevent cannot evaluate the print format of this event on arm64 (vmemmap, in a format it takes for a pointer), says [FAILED TO PARSE] and prints the record; we print what the kernel would, names of gfp flags and the order that the format computes',
  'lazy resched':
    'since 6.13 bit 2 of common_flags is NEED_RESCHED_LAZY; libtraceevent 1.7 takes it for IRQS_NOSUPPORT of before, prints X where interrupts are on, and nothing where they are off; we count it as need-resched, as the letters l and B of the kernel text',
  'flags without names':
    'the names of page flags are a table that the format file cuts short: libtraceevent names the first and prints the rest of the 64 bits, we give the bits that the format masks, as a number',
  'printed otherwise': 'the event prints a value computed from the field; we keep, and compare, the one that it prints',
  'negative of 32 bits':
    'a 32-bit field is printed as unsigned; its bits are those of the negative number that we keep',
} as const;
export type RuleName = keyof typeof rules;

type Value = PlainEvent['values'][number];

/**
 * Which fields' digits are hex although no `0x` says so: a letter in any value of the field shows it, or in the field of
 * that name of another event where this one's are all digits.
 */
function hexNames(said: readonly Said[]): Set<string> {
  const letters = new Set<string>();
  const digits = new Map<string, string>();
  const others = new Set<string>();
  for (const { event, text } of said) {
    for (const [name, value] of pairsIn(text)) {
      const key = `${event} ${name}`;
      if (!/^[0-9a-f]+$/.test(value)) others.add(key);
      else if (/[a-f]/.test(value)) letters.add(key).add(name);
      else digits.set(key, name);
    }
  }
  const hex = new Set([...letters].filter((key) => key.includes(' ') && !others.has(key)));
  for (const [key, name] of digits) if (letters.has(name) && !others.has(key)) hex.add(key);
  return hex;
}

/** A printed number as 64 bits; undefined for what is none. */
function numberOf(text: string, isHex: boolean): bigint | undefined {
  if (text === '(nil)' || text === '(null)') return 0n;
  if (/^0x[0-9a-f]+$/i.test(text)) return BigInt(text);
  if (isHex) return BigInt(`0x${text}`);
  if (/^-?\d+$/.test(text)) return BigInt.asUintN(64, BigInt(text));
  return undefined;
}

const bitsOf = (value: number | bigint): bigint => BigInt.asUintN(64, BigInt(value));

/** Letters of trace_pagemap_flags() by column (include/trace/events/pagemap.h): mapped, anon or file, swap cache, ... */
function lruFlags(text: string): number | undefined {
  if (!/^[M ][af][s ]?[b ]?[d ]?[B ]?$/.test(text)) return undefined;
  const values: Readonly<Record<string, number>> = { M: 1, a: 2, f: 4, s: 8, b: 16, d: 32, B: 64, ' ': 0 };
  return [...text].reduce((sum, letter) => sum | (values[letter] ?? 0), 0);
}

export interface Sides {
  readonly ours: readonly PlainEvent[];
  /** The tool's lines in our order's terms: one for each event. */
  readonly raw: Lines;
  /** The same with texts as the event prints them; the same lines where the tool prints only one form. */
  readonly printed: Lines;
  /** Lines of the latency format, where there are any. */
  readonly latency?: Lines | undefined;
  /** The kernel knows NEED_RESCHED_LAZY (6.13 and later). */
  readonly hasLazyResched?: boolean | undefined;
  /** Function and offset of an address, where the file has symbols. */
  readonly symbol?: ((address: bigint) => string) | undefined;
}

export function compareWithReference(sides: Sides): Differential {
  const { ours, raw, printed, latency } = sides;
  const result: Differential = { events: ours.length, values: 0, different: 0, unexplained: [], explained: new Map() };
  const differ = (difference: Difference): void => {
    result.different++;
    if (result.unexplained.length < 1000) result.unexplained.push(difference);
  };
  const count = (name: string, mine: number, theirs: number): void => {
    if (mine !== theirs) differ({ event: -1, name, field: 'events', ours: String(mine), theirs: String(theirs) });
  };
  count('raw', ours.length, raw.said.length);
  count('printed', ours.length, printed.said.length);
  if (latency !== undefined) count('latency', ours.length, latency.said.length);
  const order = align(ours, raw.said, result);
  const hex = hexNames(raw.said);
  for (let i = 0; i < Math.min(ours.length, raw.said.length); i++) {
    const at = order[i]!;
    const said = raw.said[at]!;
    const event = ours[i]!;
    compareContext(event, said, latency?.said[at], sides.hasLazyResched === true, i, result, differ);
    compareFields(event, said, printed.said[at] ?? said, hex, sides, i, result, differ);
  }
  return result;
}

/** Ours to theirs: the same place, but for events at one time, which are brought together by CPU and name. */
function align(ours: readonly PlainEvent[], theirs: readonly Said[], result: Differential): number[] {
  const length = Math.min(ours.length, theirs.length);
  const order = Array.from({ length }, (_, i) => i);
  for (let from = 0; from < length; ) {
    let to = from + 1;
    while (to < length && theirs[to]!.time === theirs[from]!.time) to++;
    if (to - from > 1) alignRun(ours, theirs, from, to, order, result);
    from = to;
  }
  return order;
}

function alignRun(
  ours: readonly PlainEvent[],
  theirs: readonly Said[],
  from: number,
  to: number,
  order: number[],
  result: Differential,
): void {
  const free = new Set(Array.from({ length: to - from }, (_, k) => from + k));
  for (let i = from; i < to; i++) {
    // Within one CPU the order is the buffer's: the first that fits is the one.
    const found = [...free].find((at) => theirs[at]!.cpu === ours[i]!.cpu);
    if (found === undefined) return;
    order[i] = found;
    free.delete(found);
    if (found !== i) explain(result, 'same time, other order');
  }
}

function explain(result: Differential, rule: RuleName): void {
  result.explained.set(rule, (result.explained.get(rule) ?? 0) + 1);
}

type Differ = (difference: Difference) => void;

function compareContext(
  event: PlainEvent,
  said: Said,
  latency: Said | undefined,
  hasLazy: boolean,
  i: number,
  result: Differential,
  differ: Differ,
): void {
  const name = event.name;
  const same = (field: string, ours: unknown, theirs: unknown): void => {
    result.values++;
    if (ours !== theirs) differ({ event: i, name, field, ours: String(ours), theirs: String(theirs) });
  };
  same('time', event.time, said.time);
  same('cpu', event.cpu, said.cpu);
  same('pid', event.pid, said.pid);
  if (said.tgid !== undefined) same('tgid', event.tgid, said.tgid);
  const [system, bare] = said.event.includes(':') ? said.event.split(':') : [event.system, said.event];
  same('event', `${event.system}:${name}`, `${system}:${bare}`);
  if (said.comm === '<...>' && event.comm === undefined) explain(result, 'name forgotten');
  else same('comm', event.comm, said.comm);
  if (latency === undefined) return;
  same('time (-l)', event.time, latency.time);
  if (latency.comm !== said.comm) explain(result, 'name cut to 8');
  compareFlags(event, latency.flags, hasLazy, i, result, differ);
}

/** `d.h1.`: interrupts off, need-resched, hard and soft interrupt, then depths (libtraceevent tep_data_latency_format). */
function compareFlags(
  event: PlainEvent,
  text: string,
  hasLazy: boolean,
  i: number,
  result: Differential,
  differ: Differ,
): void {
  const { flags, name } = event;
  const isHard = (flags & 8) !== 0;
  const isSoft = (flags & 16) !== 0;
  const depth = isHard && isSoft ? 'H' : isHard ? 'h' : isSoft ? 's' : '.';
  const needs = (flags & 4) !== 0 ? 'N' : '.';
  const irqs = (flags & 1) !== 0 ? 'd' : '.';
  result.values += 3;
  if (text.startsWith(irqs + needs + depth)) return;
  // With the lazy bit alone: X instead of the dot for interrupts, or behind `d` nothing.
  if (hasLazy && needs === 'N' && text[0] === (irqs === 'd' ? 'd' : 'X') && text[2] === depth) {
    explain(result, 'lazy resched');
  } else differ({ event: i, name, field: 'flags', ours: irqs + needs + depth, theirs: text });
}

function compareFields(
  event: PlainEvent,
  said: Said,
  printed: Said,
  hex: ReadonlySet<string>,
  sides: Sides,
  i: number,
  result: Differential,
  differ: Differ,
): void {
  const raw = pairsIn(said.text);
  const cooked = printed === said ? raw : pairsIn(printed.text);
  const aliases = findRow(event.system, event.name)?.aliases ?? {};
  const seen = new Set<string>();
  event.fields.forEach((field, at) => {
    const value = event.values[at];
    if (event.probe?.roles[at] === 'caller') {
      compareCaller(event, value, raw, said, sides, i, result, differ);
      return;
    }
    const names = [field.name, ...Object.keys(aliases).filter((alias) => aliases[alias] === field.name)];
    const key = names.find((name) => raw.has(name));
    const text = names.map((name) => cooked.get(name)).find((found) => found !== undefined);
    if (key !== undefined) seen.add(key);
    result.values++;
    const isHex = key !== undefined && hex.has(`${said.event} ${key}`);
    // What the event computes as it prints is in no field of the record.
    const theirs = key === undefined ? text : raw.get(key);
    if (theirs === undefined ? value === undefined : isSame(value, theirs, isHex, text)) return;
    const rule = ruleFor(value, theirs, isHex, printed.text);
    if (rule !== undefined) explain(result, rule);
    else {
      const absent = '(no such field)';
      differ({
        event: i,
        name: event.name,
        field: field.name,
        ours: String(value ?? absent),
        theirs: theirs ?? absent,
      });
    }
  });
  compareProbed(event, raw, said, sides, i, result, differ);
  for (const [name, value] of raw) {
    if (seen.has(name) || name.startsWith('__probe_')) continue;
    if (computed[name] !== undefined && cooked.has(computed[name])) {
      explain(result, 'printed otherwise');
      continue;
    }
    differ({ event: i, name: event.name, field: name, ours: '(no such field)', theirs: value });
  }
}

/** Fields of which the event prints something else: `ofs` is `index` in bytes, `dev` is `s_dev` in two halves. */
const computed: Readonly<Record<string, string>> = { index: 'ofs', s_dev: 'dev', fin_pfn: 'ret' };

function isSame(value: Value, theirs: string, isHex: boolean, printed: string | undefined): boolean {
  if (value === undefined) return false;
  if (typeof value === 'string') return value === theirs || value === printed || value === printed?.trimEnd();
  const number = numberOf(theirs, isHex) ?? lruFlags(theirs);
  return number !== undefined && bitsOf(value) === BigInt(number);
}

function ruleFor(value: Value, theirs: string | undefined, isHex: boolean, printed: string): RuleName | undefined {
  if (printed.startsWith('[FAILED TO PARSE]') && (theirs === undefined || typeof value === 'string')) {
    return 'failed to parse';
  }
  const number = theirs === undefined ? undefined : numberOf(theirs, isHex);
  if (number === undefined) return undefined;
  if (typeof value === 'number' && value < 0 && BigInt.asUintN(32, BigInt(value)) === number)
    return 'negative of 32 bits';
  // NR_PAGEFLAGS is 22 to 26, by configuration.
  const isMasked =
    typeof value === 'string' && /^0x[0-9a-f]+$/.test(value) && BigInt.asUintN(26, number) === BigInt(value);
  return isMasked ? 'flags without names' : undefined;
}

/** `__probe_ip=ffff8000082c8e20` with -R, `(ffff8000082c8e20)` printed. */
function probedAddress(raw: ReadonlyMap<string, string>, text: string): bigint | undefined {
  const named = raw.get('__probe_ip') ?? raw.get('__probe_func') ?? /^\((?:0x)?([0-9a-f]+)/.exec(text)?.[1];
  return named === undefined ? undefined : BigInt(`0x${named.replace(/^0x/, '')}`);
}

function callerAddress(raw: ReadonlyMap<string, string>, text: string): bigint | undefined {
  const named = raw.get('__probe_ret_ip') ?? /^\((?:0x)?[0-9a-f]+ <- (?:0x)?([0-9a-f]+)\)/.exec(text)?.[1];
  return named === undefined ? undefined : BigInt(`0x${named.replace(/^0x/, '')}`);
}

/** The function that we say was probed is the one at the address. */
function compareProbed(
  event: PlainEvent,
  raw: ReadonlyMap<string, string>,
  said: Said,
  sides: Sides,
  i: number,
  result: Differential,
  differ: Differ,
): void {
  const address = probedAddress(raw, said.text);
  if (event.probe === undefined || address === undefined || sides.symbol === undefined) return;
  if (event.probe.source !== 'line') return;
  result.values++;
  const theirs = sides.symbol(address);
  const name = theirs.replace(/\+0x[0-9a-f]+$/, '');
  if (event.probe.function !== name)
    differ({ event: i, name: event.name, field: 'function', ours: event.probe.function, theirs });
}

function compareCaller(
  event: PlainEvent,
  value: Value,
  raw: ReadonlyMap<string, string>,
  said: Said,
  sides: Sides,
  i: number,
  result: Differential,
  differ: Differ,
): void {
  const address = callerAddress(raw, said.text);
  result.values++;
  const theirs = address === undefined ? '(no caller)' : (sides.symbol?.(address) ?? `0x${address.toString(16)}`);
  // We add the function's size (`migrate_pages+0x1c/0x40`) as the kernel does; the tool has no sizes.
  const ours = String(value).replace(/\/0x[0-9a-f]+$/, '');
  if (ours !== theirs && ours.replace(/^0x/, '') !== address?.toString(16)) {
    differ({ event: i, name: event.name, field: 'caller', ours, theirs });
  }
}
