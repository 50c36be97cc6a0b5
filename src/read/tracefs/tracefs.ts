/** Text of the kernel's ring buffer: tracefs `trace` and `trace_pipe`. The page is docs/formats/tracefs.md. */
import type { Detection, StreamFormat } from '../format.ts';
import { chooseLayout } from './layout.ts';
import { openTracefs } from './reader.ts';

/** Whether these are the first bytes of a trace, and what says so. */
export function detectTracefs(head: Uint8Array): Detection | undefined {
  // trace-cmd report prints lines like the default layout, but other text behind them; it says how many CPUs first. (Of a
  // latency tracer's file it prints the kernel's text behind that line.)
  if (/^cpus=\d+[ \r]*\n(?!#)/m.test(new TextDecoder('latin1').decode(head.subarray(0, 4096)))) return undefined;
  const vote = chooseLayout(head);
  if (vote.hasHeader) return { sure: 0.99, saw: `header of the kernel's tracer, ${vote.layout.title}` };
  if (vote.fitting === 0 || vote.fitting * 2 < vote.lines) return undefined;
  const share = vote.fitting / vote.lines;
  const saw = `${vote.fitting} of the first ${vote.lines} lines in the ${vote.layout.title} of trace_pipe`;
  // A name and a colon, or three numbers, begin many kinds of text: another format that is surer wins.
  const weak = vote.layout.id === 'bare' || vote.layout.id === 'raw' || vote.layout.id === 'graph';
  return { sure: share * (weak ? 0.3 : 0.9), saw };
}

export const tracefs: StreamFormat = {
  access: 'stream',
  id: 'tracefs',
  title: 'text of the ring buffer (tracefs trace, trace_pipe)',
  writtenBy: 'the kernel: cat /sys/kernel/tracing/trace, or trace_pipe',
  recognisedBy: 'the header "# tracer:", or lines "comm-pid [cpu] flags seconds: event: fields"',
  page: 'tracefs',
  detect: detectTracefs,
  open: openTracefs,
  openFront: openTracefs,
};
