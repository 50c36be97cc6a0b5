/** What atrace and systrace write around the kernel's text. The page is docs/formats/systrace.md. */
import type { Detection, StreamFormat } from '../format.ts';
import { onDemand } from '../on-demand.ts';
import { detectTracefs } from '../tracefs/tracefs.ts';
import { beginsAsPage, findMarker, isZlib } from './marks.ts';

const reader = onDemand(() => import('./reader.ts'));

/** What the pages of systrace and of its viewer have in their first lines. */
const pageMarks = /trace-data|linuxPerfData|Android System Trace|trace-viewer|trace_viewer|tracing\.trace|catapult/;

export function detectSystrace(head: Uint8Array): Detection | undefined {
  if (beginsAsPage(head)) {
    const mark = pageMarks.exec(new TextDecoder('latin1').decode(head));
    return mark === null ? undefined : { sure: 0.995, saw: `a page of systrace ("${mark[0]}")` };
  }
  const found = findMarker(head);
  if (found === undefined) return undefined;
  if (isZlib(head, found.behind)) return { sure: 0.995, saw: '"TRACE:" and a zlib stream, as atrace -z writes it' };
  const text = detectTracefs(head.subarray(found.behind));
  return text === undefined ? undefined : { sure: Math.min(0.995, text.sure + 0.01), saw: `"TRACE:", and ${text.saw}` };
}

export const systrace: StreamFormat = {
  access: 'stream',
  id: 'systrace',
  title: 'text of atrace and systrace: plain, packed with zlib, or inside a page',
  writtenBy: 'adb shell atrace, atrace -z, systrace.py (*.html) on Android',
  recognisedBy: 'a line "TRACE:" before the text or a zlib stream; an HTML page with systrace\'s viewer',
  page: 'systrace',
  detect: detectSystrace,
  load: reader.load,
  open: (source, options) => reader.module.openSystrace(source, options),
};
