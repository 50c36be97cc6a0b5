/** What a trace clock's numbers are (kernel/trace/trace.c trace_clocks[], v6.12). */
import type { Clock } from '../../events/capture.ts';

/** Clocks that give an order, and no nanoseconds: a count of events, jiffies, cycles. */
const integerClocks = ['counter', 'uptime', 'x86-tsc', 'ppc-tb'];

/** The clock of this name; ns when it is not known, as most are. Stamps of the ring buffer are exact to the last digit. */
export function clockOf(name: string, isTranslated = false): Clock {
  const unit = integerClocks.includes(name) && !isTranslated ? 'integer' : 'ns';
  return name === '' ? { unit, resolution: 1 } : { unit, resolution: 1, name: { value: name, from: 'capture' } };
}
