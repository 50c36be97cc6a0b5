/** Events as tracefs `trace` shows them (kernel/trace/trace.c print_trace_header(), trace_output.c trace_print_context()). */
import { releaseNumber } from '../../history/entries.ts';
import type { KernelEvent } from '../../replay/scenario/events.ts';
import { eventTexts } from './event-text.ts';

/** Time of the first moment of a scenario: clocks of captures do not begin at 0. */
export const startOfTime = 100_000_000_000n;

const header = (flags: boolean) =>
  flags
    ? `#                                _-----=> irqs-off/BH-disabled
#                               / _----=> need-resched
#                              | / _---=> hardirq/softirq
#                              || / _--=> preempt-depth
#                              ||| / _-=> migrate-disable
#                              |||| /     delay
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
#              | |         |   |||||     |         |
`
    : `#                                _-----=> irqs-off
#                               / _----=> need-resched
#                              | / _---=> hardirq/softirq
#                              || / _--=> preempt-depth
#                              ||| /     delay
#           TASK-PID     CPU#  ||||   TIMESTAMP  FUNCTION
#              | |         |   ||||      |         |
`;

/**
 * The text of `trace`, in pieces. Events that the release does not have are left out. Interrupts are shown as off where the
 * kernel has them off: while a batch is flushed.
 */
export function* ftraceText(
  events: Iterable<KernelEvent>,
  { cpus, kernel }: { readonly cpus: number; readonly kernel: string },
): Generator<string> {
  const textOf = eventTexts(kernel, 'kernel');
  // The fifth column, migrate-disable, came after 5.10; its release is not confirmed.
  const isWide = releaseNumber(kernel) >= 5014;
  let lines = '';
  let written = 0;
  for (const event of events) {
    const text = textOf(event);
    if (text === undefined) continue;
    written++;
    const off = event.system === 'pagemap' ? 'd' : '.';
    const { comm, pid, cpu, time, name } = event;
    const task = `${(pid === 0 ? '<idle>' : comm).padStart(16)}-${String(pid).padEnd(7)}`;
    const place = `[${String(cpu).padStart(3, '0')}] ${off}${isWide ? '....' : '...'} `;
    lines += `${task} ${place}${secondsText(time).padStart(12)}: ${name}: ${text}\n`;
  }
  yield `# tracer: nop\n#\n# entries-in-buffer/entries-written: ${written}/${written}   #P:${cpus}\n#\n${header(isWide)}`;
  for (let at = 0; at < lines.length; at += pieceLength) yield lines.slice(at, at + pieceLength);
}

/** Characters of a piece. */
const pieceLength = 1 << 20;

/** `100.001234`: seconds and microseconds. */
export function secondsText(time: number): string {
  const microseconds = (startOfTime + BigInt(Math.round(time))) / 1000n;
  return `${microseconds / 1_000_000n}.${String(microseconds % 1_000_000n).padStart(6, '0')}`;
}
