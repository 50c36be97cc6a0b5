/**
 * Which events a user wants: by name, by time and by number. Times are compared as exact integers of the capture's own clock, so
 * `--from 12.345678` begins with the very event that is printed with it.
 */
import { ScenarioError } from '../base/errors.ts';
import type { Capture, Clock } from '../events/capture.ts';
import { type EventKind, qualifiedName } from '../events/kinds.ts';

export interface EventFilter {
  /** Globs (`*`, `?`) on `system:name`, or on the bare name; an event that fits one of them is kept. */
  readonly names?: readonly string[];
  /** First and last time kept: seconds as printed (`12.345678`), or from the first event (`+1.5s`, `+200ms`, `+10us`, `+5ns`). */
  readonly from?: string;
  readonly to?: string;
  /** Numbers of events in the capture, from 0, and ranges of them: `12,40-60`. */
  readonly ordinals?: string;
}

/** A bound as written, in ns (or clock units, for integer clocks); `relative` counts from the first event. */
interface Bound {
  readonly relative: boolean;
  /** Nanoseconds when the clock has them. */
  readonly ns: bigint;
  /** The plain integer, for clocks that have no seconds; undefined when it was written with a fraction or a unit. */
  readonly units: bigint | undefined;
  readonly text: string;
}

export interface ParsedFilter {
  readonly names: readonly RegExp[];
  readonly from: Bound | undefined;
  readonly to: Bound | undefined;
  /** First and last of each range, in order, none touching another; absent = all events. */
  readonly ordinals?: { readonly first: Float64Array; readonly last: Float64Array };
}

const unitDigits: Readonly<Record<string, number>> = { s: 9, ms: 6, us: 3, ns: 0 };

function parseBound(option: string, text: string): Bound {
  const match = /^(\+?)(\d+)(?:\.(\d+))?(s|ms|us|ns)?$/.exec(text.trim());
  const digits = unitDigits[match?.[4] ?? 's'] ?? 9;
  const fraction = match?.[3] ?? '';
  if (match === null || fraction.length > digits) {
    throw new ScenarioError(
      'bad-time',
      `${option}: "${text}" is not a time`,
      'write seconds as the capture prints them (12.345678), or a time from its first event (+1.5s, +200ms, +10us, +5ns)',
    );
  }
  const [, plus, whole = '0', , unit] = match;
  return {
    relative: plus === '+',
    ns: BigInt(whole + fraction.padEnd(digits, '0')),
    units: fraction === '' && unit === undefined ? BigInt(whole) : undefined,
    text,
  };
}

/** A glob as a pattern over the whole name. */
function globPattern(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${source}$`);
}

function parseOrdinals(text: string): NonNullable<ParsedFilter['ordinals']> {
  const ranges = text.split(',').map((part) => {
    const match = /^\s*(\d{1,15})(?:-(\d{1,15}))?\s*$/.exec(part);
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (match === null || last < first) {
      throw new ScenarioError(
        'bad-ordinals',
        `--ordinals: "${part}" is no number of an event and no range of them`,
        'write numbers from 0 and ranges of them: 12,40-60',
      );
    }
    return { first, last };
  });
  ranges.sort((a, b) => a.first - b.first);
  const merged: { first: number; last: number }[] = [];
  for (const range of ranges) {
    const before = merged.at(-1);
    if (before !== undefined && range.first <= before.last + 1) before.last = Math.max(before.last, range.last);
    else merged.push({ ...range });
  }
  return {
    first: Float64Array.from(merged, ({ first }) => first),
    last: Float64Array.from(merged, ({ last }) => last),
  };
}

/** Numbers of events, ascending and each once, as a filter has them: what follows on each other is a range. */
export function ordinalsText(ordinals: ArrayLike<number>): string {
  const parts: string[] = [];
  for (let i = 0; i < ordinals.length; ) {
    const first = ordinals[i]!;
    let last = first;
    for (i++; i < ordinals.length && ordinals[i] === last + 1; i++) last++;
    parts.push(first === last ? String(first) : `${first}-${last}`);
  }
  return parts.join(',');
}

/** Whether the event of this number is wanted. */
export function wantsOrdinal({ ordinals }: ParsedFilter, ordinal: number): boolean {
  if (ordinals === undefined) return true;
  const { first, last } = ordinals;
  let low = 0;
  let high = first.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (first[middle]! <= ordinal) low = middle + 1;
    else high = middle;
  }
  return low > 0 && ordinal <= last[low - 1]!;
}

/**
 * Understands a filter before anything is read.
 *
 * @throws ScenarioError `bad-time` for a time that is none, `bad-range` when the end is before the start, `bad-ordinals` for
 * numbers that are none
 */
export function parseFilter(filter: EventFilter = {}): ParsedFilter {
  const from = filter.from === undefined ? undefined : parseBound('--from', filter.from);
  const to = filter.to === undefined ? undefined : parseBound('--to', filter.to);
  if (from !== undefined && to !== undefined && from.relative === to.relative && to.ns < from.ns) {
    throw new ScenarioError('bad-range', `--to ${to.text} is before --from ${from.text}`, 'exchange them');
  }
  const names = (filter.names ?? []).map(globPattern);
  return { names, from, to, ...(filter.ordinals === undefined ? {} : { ordinals: parseOrdinals(filter.ordinals) }) };
}

/** Whether a kind of event is wanted. */
export function wantsKind(filter: ParsedFilter, kind: EventKind): boolean {
  if (filter.names.length === 0) return true;
  return filter.names.some((name) => name.test(kind.name) || name.test(qualifiedName(kind)));
}

/** The names of a filter that no event of a capture that was read fits: mistyped, or not recorded. */
export function unmatched(filter: EventFilter, { kinds }: Pick<Capture, 'kinds'>): string[] {
  return (filter.names ?? []).filter((name) => {
    const parsed = parseFilter({ names: [name] });
    return !kinds.some((kind) => wantsKind(parsed, kind));
  });
}

/**
 * The bounds as times relative to the first event, both inclusive; infinite where nothing was asked.
 *
 * @throws ScenarioError `bad-time` when the capture's clock counts no seconds and the bound is written in them, or has no time
 */
export function boundsOf(filter: ParsedFilter, clock: Clock, origin: bigint): { from: number; to: number } {
  const place = (bound: Bound): number => {
    if (clock.unit === 'none') {
      throw new ScenarioError('bad-time', `"${bound.text}": this capture has no times`, 'leave out --from and --to');
    }
    const value = clock.unit === 'ns' ? bound.ns : bound.units;
    if (value === undefined) {
      throw new ScenarioError(
        'bad-time',
        `"${bound.text}": this capture's clock (${clock.name?.value ?? 'unnamed'}) counts no seconds`,
        'write clock values as the capture prints them (1234567), or from its first event (+1000)',
      );
    }
    return Number(bound.relative ? value : value - origin);
  };
  return {
    from: filter.from === undefined ? Number.NEGATIVE_INFINITY : place(filter.from),
    to: filter.to === undefined ? Number.POSITIVE_INFINITY : place(filter.to),
  };
}

/**
 * One time that a user wrote, relative to the first event.
 *
 * @throws ScenarioError `bad-time` as `parseFilter` and `boundsOf` do
 */
export function timeOf(option: string, text: string, { clock, origin }: Pick<Capture, 'clock' | 'origin'>): number {
  return boundsOf({ names: [], from: parseBound(option, text), to: undefined }, clock, origin).from;
}
