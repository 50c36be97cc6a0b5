/**
 * Two readings of one buffer: a binary capture and what its own tool printed of it, or two prints. They must be the same
 * events in the same order, with the same fields; what a print leaves out or rounds is explained by a rule with a reason.
 */
import type { Capture } from '../../src/events/capture.ts';
import type { PlainEvent } from './plain-events.ts';
import { fieldsOf, printsAs, sameValue, type Value } from './values.ts';

export const sameBufferRules = {
  'microseconds, cut': 'perf script cuts times to microseconds',
  'microseconds, rounded':
    'trace-cmd report and the kernel (kernel/trace/trace.c, ns2usecs()) round times to microseconds',
  'not described':
    'raw pages without the format file of an event: its context is compared, its record is kept as bytes',
  'same time, other order': 'events of several CPUs at one nanosecond have no order of their own',
  'name cut to 8': 'the latency format cuts names of tasks to 8 characters',
  'not printed': 'the text does not have what the record has (flags of the context, process ids, computed fields)',
  'an address, not a symbol': 'the text has the address of a probe or its caller, the other the function there',
  'the process, not the thread':
    'perf script -F with pid and without tid prints the process id, and nothing in its lines tells it from a thread id',
  'printed as text': 'an event that nothing knows: its fields are texts in one, numbers in the other, and read alike',
  'a number, not its name':
    'the tool prints the number of what the kernel names (`-R`, or a table that the format cuts short)',
  'the beginning only':
    'the text ends early, every line of it is an event or a comment: it was cut when it was made or bundled',
} as const;
export type SameBufferRule = keyof typeof sameBufferRules;

/** Fields that one format has no way to tell; any other field that only one side records is a difference. */
export const oneSidedFields: Readonly<Record<string, string>> = {
  'mm_page_alloc.page':
    'the kernel prints page= from pfn and vmemmap; the record has the pfn alone, and vmemmap is in no file',
  'mm_page_free.page': 'as mm_page_alloc.page',
  'mm_page_free_batched.page': 'as mm_page_alloc.page',
  'mm_page_free_batched.order':
    'the print format says order=0 always; the record, which trace-cmd prints instead, has no order',
};

export interface Reading {
  readonly what: string;
  readonly capture: Capture;
  readonly events: readonly PlainEvent[];
}

/** What of the context a reading has at all: of no event, and its text does not print it. */
type Context = Reading & { readonly has: Readonly<Record<'cpu' | 'pid' | 'tgid' | 'flags', boolean>> };

function withContext(reading: Reading): Context {
  const { events } = reading;
  const has = {
    cpu: events.some(({ cpu }) => cpu >= 0),
    pid: events.some(({ pid }) => pid >= 0),
    tgid: events.some(({ tgid }) => tgid >= 0),
    flags: events.some(({ flags }) => flags !== 0),
  };
  return { ...reading, has };
}

export interface Agreement<Rule extends string> {
  compared: number;
  values: number;
  readonly explained: Map<Rule, number>;
  /** `kind.field` that only one of the two records. */
  readonly oneSided: Map<string, number>;
  /** Names that stand for a number in a field, and the number for the names: one for one, all through a comparison. */
  readonly names: Map<string, string>;
  /** How many differ without a rule, and the first of them. */
  unexplained: number;
  readonly examples: string[];
}

export function newAgreement<Rule extends string>(): Agreement<Rule> {
  return {
    compared: 0,
    values: 0,
    explained: new Map(),
    oneSided: new Map(),
    names: new Map(),
    unexplained: 0,
    examples: [],
  };
}

export function add<K>(counts: Map<K, number>, key: K, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

export function blame(agreement: Agreement<string>, example: string): void {
  agreement.unexplained++;
  if (agreement.examples.length < 12) agreement.examples.push(example);
}

/** The smallest step of a reading's times, ns. */
const stepOf = (reading: Reading): bigint => BigInt(reading.capture.clock.resolution);

/** Most lines of a shortened text that are no events: its head. */
const mostComments = 1000;

/** Holds `b` to `a`, which says most of the two. */
export function compareSame(a: Reading, b: Reading): Agreement<SameBufferRule> {
  const agreement = newAgreement<SameBufferRule>();
  const length = Math.min(a.events.length, b.events.length);
  const { unit, skipped, comment } = b.capture.accounting;
  const isBeginning = unit === 'lines' && skipped === 0 && comment < mostComments;
  if (isBeginning && b.events.length > 0 && b.events.length < a.events.length)
    add(agreement.explained, 'the beginning only');
  else if (a.events.length !== b.events.length) {
    blame(agreement, `${a.events.length} events in ${a.what}, ${b.events.length} in ${b.what}`);
  }
  const order = alignTies(a.events, b.events, length, agreement);
  const recorded = [a, b].map(recordedFields);
  const [first, second] = [withContext(a), withContext(b)];
  for (let i = 0; i < length; i++) {
    const one = a.events[i]!;
    const other = b.events[order[i]!]!;
    compareContext(one, other, first, second, i, agreement);
    if (one.system !== 'unknown') compareFields(one, other, recorded, i, agreement);
    agreement.compared++;
  }
  return agreement;
}

/** `kind.field` that a reading has a value of, somewhere. */
export function recordedFields(reading: Pick<Reading, 'events'>): Set<string> {
  const recorded = new Set<string>();
  for (const event of reading.events) {
    for (const [name, { value }] of fieldsOf(event)) if (value !== undefined) recorded.add(`${event.name}.${name}`);
  }
  return recorded;
}

/** Events at one time are brought together by CPU: within one the order is the buffer's. */
function alignTies(
  a: readonly PlainEvent[],
  b: readonly PlainEvent[],
  length: number,
  agreement: Agreement<SameBufferRule>,
): number[] {
  const order = Array.from({ length }, (_, i) => i);
  for (let from = 0; from < length; ) {
    let to = from + 1;
    while (to < length && a[to]!.time === a[from]!.time) to++;
    const free = Array.from({ length: to - from }, (_, k) => from + k);
    for (let i = from; i < to && to - from > 1; i++) {
      const k = free.findIndex((at) => b[at]!.cpu === a[i]!.cpu);
      if (k < 0) break;
      const [at = i] = free.splice(k, 1);
      order[i] = at;
      if (at !== i) add(agreement.explained, 'same time, other order');
    }
    from = to;
  }
  return order;
}

function compareContext(
  one: PlainEvent,
  other: PlainEvent,
  a: Context,
  b: Context,
  i: number,
  agreement: Agreement<SameBufferRule>,
): void {
  const name = `event ${i}, ${one.system}:${one.name}`;
  agreement.values += 6;
  compareTimes(one.time, other.time, a, b, name, agreement);
  for (const key of ['cpu', 'pid', 'tgid'] as const) {
    if (one[key] === other[key]) continue;
    if (!a.has[key] || !b.has[key]) add(agreement.explained, 'not printed');
    else if (key === 'pid' && other.pid === one.tgid && !b.has.tgid) {
      add(agreement.explained, 'the process, not the thread');
    } else blame(agreement, `${name}: ${key} ${one[key]} and ${other[key]}`);
  }
  if (one.system === 'unknown') add(agreement.explained, 'not described');
  else if (one.name !== other.name || (one.system !== other.system && one.system !== '' && other.system !== '')) {
    blame(agreement, `${name}: ${other.system}:${other.name}`);
  }
  if (one.comm !== other.comm) {
    if (one.comm === undefined || other.comm === undefined) add(agreement.explained, 'not printed');
    else if (one.comm.slice(0, 8) === other.comm || other.comm.slice(0, 8) === one.comm) {
      add(agreement.explained, 'name cut to 8');
    } else blame(agreement, `${name}: task ${one.comm} and ${other.comm}`);
  }
  if (one.flags !== other.flags) {
    if (!a.has.flags || !b.has.flags) add(agreement.explained, 'not printed');
    else blame(agreement, `${name}: flags ${one.flags} and ${other.flags}`);
  }
}

/** Exactly the microsecond that the tool prints of the nanosecond, when one of the two has nanoseconds. */
function compareTimes(
  one: bigint,
  other: bigint,
  a: Reading,
  b: Reading,
  name: string,
  agreement: Agreement<SameBufferRule>,
): void {
  if (one === other) return;
  const [fine, coarse, printed] = stepOf(a) <= stepOf(b) ? [one, other, b] : [other, one, a];
  const step = stepOf(printed);
  const isCut = printed.capture.format === 'perf-script';
  const wanted = isCut ? fine - (fine % step) : ((fine + step / 2n) / step) * step;
  if (coarse === wanted) add(agreement.explained, isCut ? 'microseconds, cut' : 'microseconds, rounded');
  else blame(agreement, `${name}: time ${one} and ${other}`);
}

function compareFields(
  one: PlainEvent,
  other: PlainEvent,
  recorded: readonly Set<string>[],
  i: number,
  agreement: Agreement<SameBufferRule>,
): void {
  const ours = fieldsOf(one);
  const theirs = fieldsOf(other);
  for (const field of new Set([...ours.keys(), ...theirs.keys()])) {
    const a = ours.get(field);
    const b = theirs.get(field);
    agreement.values++;
    if (sameValue(a?.value, b?.value)) continue;
    const rule = ruleFor(one, field, a, b, recorded, agreement);
    if (rule !== undefined) add(agreement.explained, rule);
    else
      blame(agreement, `event ${i}, ${one.system}:${one.name}: ${field} ${String(a?.value)} and ${String(b?.value)}`);
  }
}

type Side = { readonly value: Value; readonly role: string } | undefined;

function ruleFor(
  event: PlainEvent,
  field: string,
  a: Side,
  b: Side,
  recorded: readonly Set<string>[],
  agreement: Agreement<SameBufferRule>,
): SameBufferRule | undefined {
  const key = `${event.name}.${field}`;
  const isOneSided = !recorded[0]!.has(key) || !recorded[1]!.has(key);
  if (isOneSided) {
    add(agreement.oneSided, key);
    return oneSidedFields[key] === undefined ? undefined : 'not printed';
  }
  if ((a?.role === 'caller' || b?.role === 'caller') && isAddress(a?.value) !== isAddress(b?.value)) {
    return 'an address, not a symbol';
  }
  const { names } = agreement;
  if (isNumberOfNames(a?.value, b?.value)) return isOneForOne(names, key, a?.value, b?.value);
  if (isNumberOfNames(b?.value, a?.value)) return isOneForOne(names, key, b?.value, a?.value);
  if (printsAs(a?.value, b?.value) || printsAs(b?.value, a?.value)) return 'printed as text';
  return undefined;
}

/** `0x400dc0` of `GFP_KERNEL_ACCOUNT|__GFP_ZERO`, `locked|0x512c` of `0x512d`: flags of which not all have a name in the file. */
function isNumberOfNames(names: Value, digits: Value): boolean {
  if (typeof names !== 'string' || typeof digits !== 'string' || !/^0x[0-9a-f]+$/.test(digits)) return false;
  return /^[A-Za-z_][\w|]*$/.test(names);
}

/** Whether these names always stand for this number, and it for them: else what differs is the value. */
function isOneForOne(
  known: Map<string, string>,
  key: string,
  names: Value,
  digits: Value,
): 'a number, not its name' | undefined {
  for (const [from, to] of [
    [`${key}=${String(names)}`, String(digits)],
    [`${key}=${String(digits)}`, String(names)],
  ] as const) {
    if ((known.get(from) ?? to) !== to) return undefined;
    known.set(from, to);
  }
  return 'a number, not its name';
}

function isAddress(value: Value): boolean {
  return typeof value !== 'string' || /^(?:0x)?[0-9a-f]+$/.test(value);
}
