/** What the kernel says it lost in a CPU's buffer: `per_cpu/cpuN/stats` of tracefs, which trace.dat keeps. */
import type { Capture } from '../../events/capture.ts';

export interface CpuStats {
  /** The instance; empty for the top buffer. */
  readonly buffer: string;
  readonly cpu: number;
  /** Events written over before anybody read them. */
  readonly overrun: number;
  /** Events that found no room where none may be written over. */
  readonly dropped: number;
}

/**
 * Reads the texts, one for each CPU (kernel/trace/trace.c tracing_stats_read()). Before those of an instance trace-cmd puts
 * a text with its name (tracecmd/trace-record.c add_buffer_stat()).
 *
 *     CPU: 0
 *     entries: 0
 *     overrun: 12
 *     ...
 *     dropped events: 0
 */
export function parseCpuStats(texts: readonly string[]): CpuStats[] {
  const stats: CpuStats[] = [];
  let buffer = '';
  for (const text of texts) {
    buffer = /^[ \t]*\wuffer: (.*)$/m.exec(text)?.[1] ?? buffer;
    const cpu = /^CPU: (\d{1,5})$/m.exec(text)?.[1];
    if (cpu === undefined) continue;
    const count = (name: string): number => Number(new RegExp(`^${name}: (\\d{1,15})$`, 'm').exec(text)?.[1] ?? 0);
    // A commit overrun is an event lost between two others of one CPU, in nested interrupts.
    const overrun = count('overrun') + count('commit overrun');
    stats.push({ buffer, cpu: Number(cpu), overrun, dropped: count('dropped events') });
  }
  return stats;
}

/**
 * Adds losses that the pages do not tell of: an overrun that was followed by a read shows up in a page's header too, and
 * then it is the same loss.
 */
export function addStatLosses(capture: Capture, stats: readonly CpuStats[]): void {
  for (const { buffer, cpu, overrun, dropped } of stats) {
    const total = overrun + dropped;
    if (total === 0) continue;
    let told = 0;
    let isOpen = false;
    for (const loss of capture.losses) {
      if (loss.cpu !== cpu || loss.how !== 'lost') continue;
      if (Number.isNaN(loss.count)) isOpen = true;
      else told += loss.count;
    }
    const where =
      buffer === '' ? `CPU ${cpu}` : `CPU ${cpu} of buffer "${buffer.replace(/[^ -~]/g, '.').slice(0, 80)}"`;
    capture.remarks.push(`${where}: the kernel counted ${overrun} events written over and ${dropped} dropped`);
    if (total <= told || isOpen) continue;
    const how = overrun > 0 ? 'overwritten' : 'dropped';
    capture.losses.push({ cpu, count: total - told, start: Number.NaN, end: Number.NaN, how, place: 'CPU statistics' });
  }
}
