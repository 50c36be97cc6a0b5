/** The text of `trace-cmd report` as an input format. */
import type { Detection, StreamFormat } from '../format.ts';
import { newReportLine, parseReportLine, prefixOf } from './line.ts';
import { TraceCmdReportReader } from './reader.ts';

export const traceCmdReport: StreamFormat = {
  access: 'stream',
  id: 'trace-cmd-report',
  title: 'text of trace-cmd report',
  writtenBy: 'trace-cmd report, with or without -R, -l, -t, --ts-diff',
  recognisedBy: 'a first line "cpus=4", or lines "comm-pid [cpu] seconds: event:" with the event padded to 20 columns',
  page: 'trace-cmd-report',
  detect,
  open: (source, options) => new TraceCmdReportReader(source, options),
};

/**
 * trace-cmd prints how many CPUs there are first (2.9 the file's version before that). Without these lines its events look
 * like those of the kernel's own text but for the padding behind the event's name, and `seconds.microseconds` with -l.
 */
function detect(head: Uint8Array): Detection | undefined {
  const text = new TextDecoder('latin1').decode(head);
  const start = /^(?:version = \d+\s+)?(?:CPU \d+ is empty\s+)*(?: *\S+: | *)cpus=\d+[ \r]*$/m.exec(
    text.slice(0, 8192),
  );
  // A latency tracer's text is copied as it is behind the line (read_latency()): then it is the kernel's own format.
  if (start !== null && /^\s*# tracer: /.test(text.slice(start.index + start[0].length, 65536))) return undefined;
  if (start?.index === 0) return { sure: 0.995, saw: 'cpus= in front, as trace-cmd report prints it' };
  return byLines(head, text);
}

function byLines(head: Uint8Array, text: string): Detection | undefined {
  const line = newReportLine();
  let lines = 0;
  let fitting = 0;
  let padded = 0;
  let unpadded = 0;
  let at = 0;
  let prefix = 0;
  while (at < head.length && lines < 400) {
    let end = head.indexOf(10, at);
    if (end < 0) {
      // The last line may be cut by the end of what is looked at.
      if (lines > 0) break;
      end = head.length;
    }
    const isOther = end === at || head[at] === 35 || /^(?:=> |CPU:\d+ \[)/.test(text.slice(at, at + 16));
    if (!isOther) {
      lines++;
      let isEvent = parseReportLine(head, at, end, prefix, line);
      if (!isEvent && prefix === 0) {
        prefix = prefixOf(head, at, end, line);
        isEvent = prefix > 0 && parseReportLine(head, at, end, prefix, line);
      }
      if (isEvent) {
        fitting++;
        if (line.isPadded) padded++;
        else if (line.nameEnd - line.nameStart < 20) unpadded++;
      }
    }
    at = end + 1;
  }
  if (padded === 0 || unpadded * 4 > padded || fitting * 2 < lines) return undefined;
  return {
    sure: 0.95 * (fitting / lines),
    saw: `${fitting} of the first ${lines} lines with the event padded as trace-cmd report does`,
  };
}
