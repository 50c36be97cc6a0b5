/** Lines that begin with `#`: what the kernel's header says about a capture (kernel/trace/trace.c print_trace_header()). */

import type { BatchBuilder } from '../builder.ts';
import { learn } from '../facts.ts';

const printer = new TextDecoder('latin1');

/** Reads one such line; lines without a fact in them are only comments. */
export function readHeaderLine(bytes: Uint8Array, start: number, end: number, builder: BatchBuilder): void {
  if (end - start > 300) return;
  const text = printer.decode(bytes.subarray(start, end));
  const { capture } = builder;

  // ##### CPU 2 buffer started ####   (test_cpu_buff_start(): what that CPU did before was overwritten)
  const started = /^##### CPU (\d+) buffer started ####/.exec(text);
  if (started) {
    builder.lost(Number(started[1]), Number.NaN, 'buffer started');
    return;
  }
  // # entries-in-buffer/entries-written: 2224/61000   #P:4
  const entries = /^# entries-in-buffer\/entries-written: (\d+)\/(\d+)\s+#P:(\d+)/.exec(text);
  if (entries) {
    const [, inBuffer, written, cpus] = entries.map(Number) as [number, number, number, number];
    capture.header = { entries: inBuffer, written };
    learn(capture, 'cpus', cpus, 'capture');
    if (written > inBuffer) builder.lost(-1, written - inBuffer, 'overwritten');
    return;
  }
  // # nop latency trace v1.1.5 on 6.12.117+deb12-arm64
  const release = /^# \S+ latency trace v[\d.]+ on (\S+)/.exec(text);
  if (release?.[1]) learn(capture, 'kernelRelease', release[1], 'capture');
  // # latency: 0 us, #8323/8323, CPU#0 | (M:desktop VP:0, KP:0, SP:0 HP:0 #P:4)
  const latency = /^# latency: .*#(\d+)\/(\d+), CPU#\d+ \| \(M:(\S+) .*#P:(\d+)\)/.exec(text);
  if (latency) {
    const inBuffer = Number(latency[1]);
    const written = Number(latency[2]);
    capture.header = { entries: inBuffer, written };
    learn(capture, 'cpus', Number(latency[4]), 'capture');
    if (written > inBuffer) builder.lost(-1, written - inBuffer, 'overwritten');
  }
}
