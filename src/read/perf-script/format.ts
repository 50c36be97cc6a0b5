/** `perf script` text as an input format. */
import { findRow } from '../../events/rows.ts';
import type { Detection, StreamFormat } from '../format.ts';
import { isRecord, newPerfLine, parsePerfLine, parseUntimedLine } from './line.ts';
import { PerfScriptReader } from './reader.ts';

export const perfScript: StreamFormat = {
  access: 'stream',
  id: 'perf-script',
  title: 'text of perf script',
  writtenBy: 'perf script, with or without --header, --ns, -F, call chains',
  recognisedBy: 'lines with a time and an event named system:name, or the header between # ========',
  page: 'perf-script',
  detect,
  open: (source, options) => new PerfScriptReader(source, options),
};

/**
 * What sets perf's lines apart from those of tracefs and trace-cmd report is the event's name: only perf writes the
 * system before it (`migrate:mm_migrate_pages:`).
 */
function detect(head: Uint8Array): Detection | undefined {
  const text = new TextDecoder('latin1').decode(head);
  if (/^# ========\n# captured on/.test(text)) return { sure: 0.99, saw: 'header of perf script' };
  const lines = text.split('\n', 400);
  // The last one may be cut by the end of what is looked at.
  if (lines.length > 1) lines.pop();
  const line = newPerfLine();
  const encoder = new TextEncoder();
  let events = 0;
  let records = 0;
  let others = 0;
  for (const one of lines) {
    if (one.trim() === '' || one.startsWith('#') || one.startsWith('\t')) continue;
    const bytes = encoder.encode(one);
    if (!parsePerfLine(bytes, 0, bytes.length, line)) {
      // Without a time, a word with two colons could be anything's: it must be an event that is known.
      if (parseUntimedLine(bytes, 0, bytes.length, line) && isKnown(bytes, line.nameStart, line.nameEnd)) events++;
      else if (isRecord(bytes, 0, bytes.length)) records++;
      else others++;
    } else if (isRecord(bytes, line.nameStart, line.nameEnd)) records++;
    else if (bytes.subarray(line.nameStart, line.nameEnd).includes(58)) events++;
    else others++;
  }
  const ours = events + records;
  if (ours === 0 || ours < others) return undefined;
  return {
    sure: 0.5 + 0.45 * (ours / (ours + others)),
    saw: events > 0 ? 'events named system:name' : 'records of perf',
  };
}

function isKnown(bytes: Uint8Array, start: number, end: number): boolean {
  const [system = '', name = ''] = new TextDecoder().decode(bytes.subarray(start, end)).split(':');
  return findRow(system, name) !== undefined;
}
