/** The context of an event as its record holds it, whatever format the record came in. */
import { contextFlags } from '../events/batch.ts';

/**
 * Bits of `contextFlags` of a value of `common_flags` (enum trace_flag_type, include/linux/trace_events.h): 0x01 irqs off, 0x04
 * and 0x20 a reschedule asked for, 0x02 the same lazily (6.13 and later; before, an architecture without irq flags, which none
 * has that has our events), 0x08 hard irq, 0x10 soft irq, 0x40 NMI, 0x80 bottom halves off.
 */
export function recordFlags(flags: number): number {
  let bits = 0;
  if (flags & 0x01) bits |= contextFlags.irqsOff;
  if (flags & 0x26) bits |= contextFlags.needResched;
  if (flags & 0x08) bits |= contextFlags.hardirq;
  if (flags & 0x10) bits |= contextFlags.softirq;
  if (flags & 0x40) bits |= contextFlags.nmi;
  if (flags & 0x80) bits |= contextFlags.bhOff;
  return bits;
}
