/**
 * Puts the text of a trace into what atrace and systrace make of it. Shares nothing with the reader of src/read/systrace.
 *
 *     node dist/scripts/make-systrace.js trace.txt.gz FOLDER      writes atrace.txt, atrace.z and page.html
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { deflateSync, gunzipSync } from 'node:zlib';

const noise = 'capturing trace... done\n';

/** What `adb shell atrace` prints. */
export function atraceText(trace: string): string {
  return `${noise}TRACE:\n${trace}`;
}

/** What `adb shell atrace -z` prints: the text as a zlib stream. */
export function atraceZlib(trace: string): Uint8Array {
  const packed = deflateSync(Buffer.from(trace));
  const words = Buffer.from(`${noise}TRACE:\n`);
  return Buffer.concat([words, packed]);
}

/** A viewer as long as a page's, in lines that begin like those of a trace now and then. */
function viewer(lines: number): string {
  return Array.from(
    { length: lines },
    (_, i) => `  .track${i} { color: #${(i % 4096).toString(16)}; } /* <...>-${i} */`,
  ).join('\n');
}

/** What systrace.py writes: the trace among lists of processes and other data, each in an element of its own. */
export function systracePage(trace: string): string {
  return `<!DOCTYPE html>
<html>
<head i18n-values="dir:textdirection;">
<meta http-equiv="Content-Type" content="text/html; charset=utf-8"/>
<title>Android System Trace</title>
<style>
${viewer(3000)}
</style>
</head>
<body>
<!-- BEGIN TRACE -->
  <script class="trace-data" type="application/text">
PROCESS DUMP
USER           PID  PPID     VSZ    RSS WCHAN            ADDR S NAME                        COMM
root             1     0   10632   2680 0                   0 S init                        init
  </script>
  <script class="trace-data" type="application/text">
{"traceEvents": []}
  </script>
  <script class="trace-data" type="application/text">
${trace}  </script>
<!-- END TRACE -->
</body>
</html>
`;
}

/** The page of systrace before 2014: the text is a string of JavaScript. */
export function oldSystracePage(trace: string): string {
  const lines = trace.replace(/\n/g, '\\n\\\n');
  return `<!DOCTYPE HTML>
<html>
<head>
<title>Android System Trace</title>
${viewer(200)}
  <script>
  var linuxPerfData = "\\
${lines}";
  </script>
</head>
</html>
`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [path = '', folder = ''] = process.argv.slice(2);
  const bytes = readFileSync(path);
  const trace = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  writeFileSync(join(folder, 'atrace.txt'), atraceText(trace));
  writeFileSync(join(folder, 'atrace.z'), atraceZlib(trace));
  writeFileSync(join(folder, 'page.html'), systracePage(trace));
}
