/** Events as `perf script` prints samples of tracepoints (tools/perf/builtin-script.c, default fields). */
import type { KernelEvent } from '../../replay/scenario/events.ts';
import { eventTexts } from './event-text.ts';
import { secondsText } from './ftrace.ts';

/** The text of `perf script`, a piece every event. Events that the release does not have are left out. */
export function* perfScriptText(
  events: Iterable<KernelEvent>,
  { kernel }: { readonly kernel: string },
): Generator<string> {
  const textOf = eventTexts(kernel, 'tool');
  for (const event of events) {
    const text = textOf(event);
    if (text === undefined) continue;
    const { comm, pid, cpu, time, system, name, probe } = event;
    const task = `${(pid === 0 ? 'swapper' : comm).padStart(16)} ${String(pid).padStart(7)}`;
    const place = `[${String(cpu).padStart(3, '0')}] ${secondsText(time).padStart(12)}`;
    const title = `${probe === undefined ? system : 'probe'}:${name}`;
    yield `${task} ${place}: ${title.padStart(30)}: ${text}\n`;
  }
}
