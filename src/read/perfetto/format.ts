/** Perfetto traces: ftrace events of Android and Linux devices in protocol buffers. The page is docs/formats/perfetto.md. */
import type { Detection, StreamFormat } from '../format.ts';
import { onDemand, withZstd } from '../on-demand.ts';
import { countPackets } from './packets.ts';

const reader = onDemand(() => withZstd(import('./reader.ts')));

/** A beginning without one whole packet must be at least this long to be taken for one: text may begin with a blank line. */
const longBeginning = 4096;

/** Whether these are the first bytes of a trace. Nothing marks one, so its packets must look like packets. */
export function detectPerfetto(head: Uint8Array): Detection | undefined {
  const { packets, sure, fits } = countPackets(head);
  if (sure === 0 && hasPacketsBehind(head))
    return { sure: 0.7, saw: 'packets of a Perfetto trace behind a damaged one' };
  if (packets === 0) {
    const saw = 'the beginning of a packet of a Perfetto trace';
    return fits && head.length >= longBeginning ? { sure: 0.4, saw } : undefined;
  }
  const saw = `${packets} packets of a Perfetto trace`;
  // Damage behind some of them does not make it another format.
  if (sure > 0) return { sure: fits || packets > 2 ? 0.98 : 0.8, saw };
  return fits ? { sure: packets > 1 ? 0.9 : 0.5, saw } : undefined;
}

/** Whether three packets that surely are some follow each other a little later: what is before them is noise, or damaged. */
function hasPacketsBehind(head: Uint8Array): boolean {
  const end = Math.min(head.length, 8192);
  for (let at = head.indexOf(0x0a, 1); at > 0 && at < end; at = head.indexOf(0x0a, at + 1)) {
    if (countPackets(head.subarray(at), 3).sure === 3) return true;
  }
  return false;
}

export const perfetto: StreamFormat = {
  access: 'stream',
  id: 'perfetto',
  title: 'Perfetto trace (protocol buffers)',
  writtenBy: 'perfetto and traced on Android and Linux: *.perfetto-trace, *.pftrace',
  recognisedBy: 'its first packets: 0a, a length, and fields of TracePacket with the types they have',
  page: 'perfetto',
  detect: detectPerfetto,
  load: reader.load,
  open: (source, options) => reader.module.openPerfetto(source, options),
};
