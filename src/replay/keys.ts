/**
 * What keys the luck of a capture's requests, folios and adds: when they were by the recording's own clock, and their frames.
 * One more or one less of them, or a capture that begins later, leaves the luck of all others alone.
 */
import { keyOf } from '../base/random.ts';
import type { Capture } from '../events/capture.ts';

/** A key of something at a time (as the history has it, from the first event on) that two more numbers tell from others. */
export type TimeKey = (time: number, what: number, of?: number) => number;

export function timeKeyOf({ origin }: Capture): TimeKey {
  const high = Number(origin >> 32n);
  const low = Number(origin & 0xffff_ffffn);
  return (time, what, of = 0) => {
    const sum = low + time;
    const carry = Math.floor(sum / 2 ** 32);
    return keyOf(high + carry, sum - carry * 2 ** 32, what, of);
  };
}

/** Tells things apart that have one key: each after the first gets a key made of it and of its place among them. */
export function toldApart(): (key: number) => number {
  const met = new Map<number, number>();
  return (key) => {
    const before = met.get(key) ?? 0;
    met.set(key, before + 1);
    return before === 0 ? key : keyOf(key, before);
  };
}

/** The key of a folio within a unit; those without a known frame have one among them. */
export function memberKeyOf(unit: number, pfn: number): number {
  return keyOf(unit, Number.isNaN(pfn) ? -1 : pfn);
}
