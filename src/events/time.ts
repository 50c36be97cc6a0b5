/** Times as the capture printed them. */
import type { Capture, Clock } from './capture.ts';

/**
 * The absolute time of an event, exactly: the origin is a bigint, no decimal float is passed through. As seconds with
 * as many digits as the clock shows, or, for integer clocks and where `digits` are wanted, as the integer itself.
 */
export function stamp(capture: Capture, time: number, form: 'seconds' | 'digits' = 'seconds'): string {
  const value = capture.origin + BigInt(Math.round(time));
  return form === 'digits' ? value.toString() : stampOf(capture.clock, value);
}

/** An absolute time: seconds with as many digits as the clock shows, or the integer of an integer clock. */
export function stampOf(clock: Clock, value: bigint): string {
  if (clock.unit !== 'ns') return value.toString();
  const sign = value < 0n ? '-' : '';
  const digits = (value < 0n ? -value : value).toString().padStart(10, '0');
  const decimals = clock.resolution >= 1000 ? 6 : 9;
  return `${sign}${digits.slice(0, -9)}.${digits.slice(-9).slice(0, decimals)}`;
}
