/** Which format an input is in, judged by its bytes alone; and, when it is none of ours, what was seen instead. */
import { TraceError } from '../base/errors.ts';
import type { Detection, FolderFormat, Format } from './format.ts';

/** How much of the beginning is looked at. */
export const headSize = 65536;

export interface Detected extends Detection {
  readonly format: Exclude<Format, FolderFormat>;
}

/** The surest of the formats, the first of equals; undefined when none knows the input. */
export function detectFormat(head: Uint8Array, formats: readonly Format[]): Detected | undefined {
  let best: Detected | undefined;
  for (const format of formats) {
    if (format.access === 'folder') continue;
    const detection = format.detect(head);
    if (detection !== undefined && (best === undefined || detection.sure > best.sure)) best = { format, ...detection };
  }
  return best;
}

/** The format of a set of files, by their names; undefined when they are no capture. */
export function detectFiles(names: readonly string[], formats: readonly Format[]): FolderFormat | undefined {
  let best: FolderFormat | undefined;
  let sure = 0;
  for (const format of formats) {
    const detection = format.access === 'folder' ? format.detectFiles(names) : undefined;
    if (format.access !== 'folder' || detection === undefined || detection.sure <= sure) continue;
    best = format;
    sure = detection.sure;
  }
  return best;
}

interface Stranger {
  readonly what: string;
  readonly hint?: string;
  readonly magic?: readonly number[];
  readonly pattern?: RegExp;
  readonly looks?: (head: Uint8Array) => boolean;
}

const text = (value: string): number[] => Array.from(value, (c) => c.charCodeAt(0));

/** The pages of one CPU: a time, and a number of bytes used that fits the page; what describes the events is not among them. */
function isRawPage(head: Uint8Array): boolean {
  if (head.length < 64) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  return [true, false].some((isLittle) => {
    const [low, high] = [view.getUint32(isLittle ? 8 : 12, isLittle), view.getUint32(isLittle ? 12 : 8, isLittle)];
    // kernel/trace/ring_buffer.c: bits 30 and 31 of the commit word tell of missed events.
    const used = low & 0x3fffffff;
    return high === 0 && used >= 8 && used <= 65536 - 16 && view.getUint32(isLittle ? 4 : 0, isLittle) < 2 ** 30;
  });
}

/** Things that people give to a trace tool by mistake, or before we can read them. The first that fits is named. */
const strangers: readonly Stranger[] = [
  { what: 'a PNG image', magic: [0x89, ...text('PNG')] },
  { what: 'a JPEG image', magic: [0xff, 0xd8, 0xff] },
  { what: 'a GIF image', magic: text('GIF8') },
  { what: 'a PDF document', magic: text('%PDF') },
  { what: 'an ELF program or core file', magic: [0x7f, ...text('ELF')] },
  { what: 'an SQLite database', magic: text('SQLite format 3') },
  { what: 'a Parquet table', magic: text('PAR1') },
  { what: 'an Arrow table', magic: text('ARROW1') },
  { what: 'UTF-16 text', magic: [0xff, 0xfe], hint: 'turn it into UTF-8 first: iconv -f UTF-16 -t UTF-8 FILE' },
  { what: 'UTF-16 text', magic: [0xfe, 0xff], hint: 'turn it into UTF-8 first: iconv -f UTF-16 -t UTF-8 FILE' },
  {
    what: 'the output of a histogram trigger: counts, not events',
    // kernel/trace/trace_events_hist.c hist_show(), event_hist_trigger_print()
    pattern: /^# event histogram\n#\n# trigger info: hist:/,
    hint: 'record the events themselves: cat /sys/kernel/tracing/trace',
  },
  {
    what: 'text of perf script without the names of its events',
    pattern: /^ *\S.*? +\d+(?:\/\d+)? +\[\d{3,}\] +\d+\.(?:\d{6}|\d{9}): \S/m,
    hint: 'run perf script without -F, or with event and trace among the fields',
  },
  {
    what: 'a dump of records (perf script -D)',
    pattern: /^0x[0-9a-f]+(?:@\S+)? \[0x[0-9a-f]+\]: (?:event: \d+|PERF_RECORD_)/m,
    hint: 'give the perf.data itself',
  },
  {
    what: 'a sidecar (meta.json), not a capture',
    pattern: /^\s*\{[\s\S]{0,200}"schema":\s*"folioscope-lab-capture/,
    hint: 'give the capture beside it, which it is used with',
  },
  { what: 'a kernel log', pattern: /^(?:<\d+>)?\[ *\d+\.\d{6}\] .*\n(?:<\d+>)?\[ *\d+\.\d{6}\] /m },
  {
    what: 'a list of probe definitions, not a capture',
    pattern: /^[prf]\d*:[\w.-]+\/[\w.-]+ \S/,
    hint: 'give it beside the capture that it belongs to: --probes FILE',
  },
  {
    what: 'perhaps the ring-buffer pages of one CPU: nothing in them says which events they hold',
    looks: isRawPage,
    hint: "put the files of all CPUs into a folder, with the device's events/ beside them, and give the folder (docs/formats/raw-pages.md)",
  },
  { what: 'JSON', pattern: /^\s*[{[]\s*["[{\d\]}]/ },
  { what: 'a web page', pattern: /^\s*<(?:!doctype|html)/i },
];

/** What the first bytes look like, as the end of the sentence "this is ...". */
export function describeBytes(head: Uint8Array): { what: string; hint: string } {
  if (head.length === 0) return { what: 'empty', hint: '' };
  if (head.every((byte) => byte === 0)) {
    return {
      what: 'only NUL bytes: what a file holds when its space was reserved and its data never written',
      hint: 'copy the capture from the device again, after sync',
    };
  }
  const start = new TextDecoder('latin1').decode(head.subarray(0, 4096));
  for (const { what, hint, magic, pattern, looks } of strangers) {
    if (
      magic?.every((byte, i) => head[i] === byte) === true ||
      pattern?.test(start) === true ||
      looks?.(head) === true
    ) {
      return { what, hint: hint ?? '' };
    }
  }
  let control = 0;
  const seen = Math.min(head.length, 4096);
  for (let i = 0; i < seen; i++) {
    const byte = head[i]!;
    if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13 && byte !== 27) control++;
  }
  if (control * 50 > seen) {
    const bytes = Array.from(head.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    return { what: `binary data of a kind that is not known here (it begins ${bytes})`, hint: '' };
  }
  return { what: `text whose first line is "${firstLine(head)}"`, hint: '' };
}

/** The first line that is not blank, at most 80 characters, with nothing in it that could steer a terminal. */
export function firstLine(head: Uint8Array): string {
  const lines = new TextDecoder().decode(head.subarray(0, 4096)).split('\n');
  return printable(lines.find((line) => line.trim() !== '') ?? '', 80);
}

/** Text cut to `limit` characters, control characters replaced: it may be printed on a terminal. */
export function printable(value: string, limit: number): string {
  const clean = value.replace(/\r$/, '').replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd');
  return clean.length > limit ? `${clean.slice(0, limit - 1)}…` : clean;
}

/** The error for an input in none of the formats: what was seen, what is read, and the way out where there is one. */
export function unknownFormat(
  source: string,
  head: Uint8Array,
  packings: readonly string[],
  formats: readonly Format[],
): TraceError {
  const { what, hint } = describeBytes(head);
  const inside = packings.map((packing) => `${packing} of `).join('');
  const known = formats.map((format) => format.id).join(', ');
  return new TraceError(
    'unknown-format',
    { file: source },
    `is not a capture in a known format: this is ${inside}${what}`,
    hint === '' ? `formats read: ${known}; folioscope formats says how each is recognised` : hint,
  );
}
