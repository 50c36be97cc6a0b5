/**
 * The columns in front of an event's text, as perf prints them: tools/perf/builtin-script.c
 * perf_sample__fprintf_start() and process_event(), 5.10 to 7.2.
 *
 *        kcompactd1    46 [002]     4.513348:      compaction:mm_compaction_kcompactd_sleep: nid=1
 *              comm   tid  cpu          time  [period] [system:]event                        text
 *
 * comm is padded to 16 ("%16s"), or not at all when call chains are printed ("%s"). `-F pid,tid` prints `46/46`, pid (the
 * process) first; `-F +misc` a word of letters behind the CPU. Any of comm, tid, cpu and time may be left out by -F; the event
 * must be there. A comm may hold spaces, slashes, brackets and digits, so the time is found first and the rest is read
 * backwards from it.
 */

const space = 32;
const colon = 58;

/** Where the parts of one line are; used again for every line. Ranges are positions in the chunk. */
export interface PerfLine {
  commStart: number;
  commEnd: number;
  /** Thread and process; -1 where the line does not say. */
  tid: number;
  pid: number;
  cpu: number;
  /** Behind the columns that tell who and where, before the spaces in front of the time. */
  taskEnd: number;
  seconds: number;
  nanoseconds: number;
  /** Of the time's fraction, 6 or 9; 0 where the line has no time. */
  digits: number;
  /** Where the point of the time stood in the line before: lines of one run have it in one column, or nearly. */
  column: number;
  /** What follows the time: an event's name, or `PERF_RECORD_...`. */
  nameStart: number;
  /** Behind the name, without its colon. */
  nameEnd: number;
  textStart: number;
}

export function newPerfLine(): PerfLine {
  return {
    commStart: 0,
    commEnd: 0,
    tid: -1,
    pid: -1,
    cpu: -1,
    taskEnd: 0,
    seconds: 0,
    nanoseconds: 0,
    digits: 6,
    column: 0,
    nameStart: 0,
    nameEnd: 0,
    textStart: 0,
  };
}

const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57;

/**
 * Reads the columns of the line `bytes[start..end)`; false when it is no event line. The time is looked for where the line before
 * had it (a fifth of the whole reader's time), then from the left.
 */
export function parsePerfLine(bytes: Uint8Array, start: number, end: number, line: PerfLine): boolean {
  const last = start + line.column;
  if (line.column > 0 && last < end && bytes[last] === 46 && readTime(bytes, start, last, end, line)) return true;
  for (let dot = start + 1; dot < end; dot++) {
    if (bytes[dot] !== 46 || !readTime(bytes, start, dot, end, line)) continue;
    line.column = dot - start;
    return true;
  }
  return false;
}

/** The time around the point at `dot`: `secs.frac:` behind a space (or at the start), 6 or 9 digits of fraction, then a space. */
function readTime(bytes: Uint8Array, start: number, dot: number, end: number, line: PerfLine): boolean {
  if (!isDigit(bytes[dot - 1]!)) return false;
  let behind = dot + 1;
  let fraction = 0;
  while (behind < end && isDigit(bytes[behind]!) && behind - dot < 11) fraction = fraction * 10 + bytes[behind++]! - 48;
  const digits = behind - dot - 1;
  if ((digits !== 6 && digits !== 9) || bytes[behind] !== colon || bytes[behind + 1] !== space) return false;
  let first = dot - 1;
  while (first > start && isDigit(bytes[first - 1]!)) first--;
  if (first > start && bytes[first - 1] !== space) return false;
  // No 64 bits have more digits, and of a few hundred the number is infinite.
  if (dot - first > 20) return false;
  if (!parseName(bytes, behind + 1, end, line)) return false;
  let seconds = 0;
  for (let i = first; i < dot; i++) seconds = seconds * 10 + bytes[i]! - 48;
  line.seconds = seconds;
  line.nanoseconds = digits === 6 ? fraction * 1000 : fraction;
  line.digits = digits;
  parseTask(bytes, start, first, line);
  return true;
}

/**
 * Reads a line without a time (-F without time): the event is then the first word `system:event:`. What stands before it is read
 * backwards from it.
 */
export function parseUntimedLine(bytes: Uint8Array, start: number, end: number, line: PerfLine): boolean {
  let at = start;
  while (at < end) {
    while (at < end && bytes[at] === space) at++;
    const first = at;
    while (at < end && bytes[at] !== space) at++;
    if (!isEventName(bytes, first, at)) continue;
    line.nameStart = first;
    line.nameEnd = at - 1;
    line.textStart = skipSpaces(bytes, at, end);
    line.seconds = 0;
    line.nanoseconds = 0;
    line.digits = 0;
    parseTask(bytes, start, behindPeriod(bytes, start, first), line);
    return true;
  }
  return false;
}

/** `migrate:set_migration_pte:` */
function isEventName(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 4 || bytes[end - 1] !== colon) return false;
  let colons = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    const letter = byte | 32;
    if (byte === colon) {
      if (i === start || bytes[i - 1] === colon) return false;
      colons++;
    } else if (!((letter >= 97 && letter <= 122) || byte === 95 || (isDigit(byte) && i > start))) return false;
  }
  return colons === 2;
}

/** Where the task's columns end: before the event, or before the period in front of it (`[000]          1  m:x:`). */
function behindPeriod(bytes: Uint8Array, start: number, name: number): number {
  const stop = skipSpacesBack(bytes, start, name);
  const first = digitsBack(bytes, start, stop);
  const before = skipSpacesBack(bytes, start, first);
  return first < stop && before < first && bytes[before - 1] === 93 ? before : name;
}

/** The event's name behind the time: an optional period (-F period), then a word that ends in a colon. */
function parseName(bytes: Uint8Array, from: number, end: number, line: PerfLine): boolean {
  let at = from;
  for (let words = 0; words < 2; words++) {
    while (at < end && bytes[at] === space) at++;
    const first = at;
    let onlyDigits = true;
    while (at < end && bytes[at] !== space) {
      if (!isDigit(bytes[at]!)) onlyDigits = false;
      at++;
    }
    if (at === first) return false;
    if (onlyDigits) continue;
    line.nameStart = first;
    if (bytes[at - 1] === colon) {
      line.nameEnd = at - 1;
      // Behind one space, or (-F +flags) in a column of its own; no event's text begins with a space.
      line.textStart = skipSpaces(bytes, at, end);
      return line.nameEnd > first;
    }
    // PERF_RECORD_COMM: ends in a colon, PERF_RECORD_FORK(1:1):(0:0) and PERF_RECORD_LOST do not.
    if (!isRecord(bytes, first, at)) return false;
    line.nameEnd = at;
    line.textStart = at < end ? at + 1 : at;
    return true;
  }
  return false;
}

const recordPrefix = new TextEncoder().encode('PERF_RECORD_');

/** Whether a name is one of perf's own records (task, mmap, lost events), not an event. */
export function isRecord(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start <= recordPrefix.length) return false;
  for (let i = 0; i < recordPrefix.length; i++) if (bytes[start + i] !== recordPrefix[i]) return false;
  return true;
}

/** comm, pid/tid and [cpu], read backwards from the time that begins at `time`. */
function parseTask(bytes: Uint8Array, start: number, time: number, line: PerfLine): void {
  line.cpu = -1;
  line.tid = -1;
  line.pid = -1;
  line.taskEnd = skipSpacesBack(bytes, start, time);
  let at = skipMiscBack(bytes, start, line.taskEnd);
  if (at > start && bytes[at - 1] === 93) {
    const first = digitsBack(bytes, start, at - 1);
    if (first > start && first < at - 1 && bytes[first - 1] === 91) {
      line.cpu = numberAt(bytes, first, at - 1);
      at = skipSpacesBack(bytes, start, first - 1);
    }
  }
  const tid = digitsBack(bytes, start, at);
  if (tid < at) {
    const before = tid === start ? space : bytes[tid - 1];
    // With a slash before it, it is `pid/tid` when digits and a space precede the slash, else the end of a comm (`kworker/3`).
    const pid = before === 47 ? digitsBack(bytes, start, tid - 1) : tid;
    if (before === space || (pid < tid - 1 && (pid === start || bytes[pid - 1] === space))) {
      line.tid = numberAt(bytes, tid, at);
      if (before === 47) line.pid = numberAt(bytes, pid, tid - 1);
      at = pid;
    }
  }
  let first = start;
  while (first < at && bytes[first] === space) first++;
  line.commStart = first;
  const trimmed = skipSpacesBack(bytes, first, at);
  // Padded to sixteen, a comm (at most fifteen) has a space before it, and the spaces behind it are its own.
  const padded = start + 16;
  const isPadded = bytes[start] === space && at > padded && bytes[padded] === space && trimmed <= padded;
  line.commEnd = isPadded && trimmed > first ? padded : trimmed;
}

/** `-F +misc`: where a sample came from, as a word of a few letters behind the CPU (perf_sample__fprintf_start()). */
function skipMiscBack(bytes: Uint8Array, start: number, from: number): number {
  let at = from;
  while (at > start && bytes[at - 1]! >= 65 && bytes[at - 1]! <= 90 && from - at < 8) at--;
  const before = skipSpacesBack(bytes, start, at);
  return at < from && before < at && bytes[before - 1] === 93 ? before : from;
}

function skipSpaces(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] === space) at++;
  return at;
}

function skipSpacesBack(bytes: Uint8Array, start: number, from: number): number {
  let at = from;
  while (at > start && bytes[at - 1] === space) at--;
  return at;
}

/** Where the digits that end at `at` begin; `at` when there are none. */
function digitsBack(bytes: Uint8Array, start: number, at: number): number {
  let from = at;
  while (from > start && isDigit(bytes[from - 1]!)) from--;
  return from;
}

function numberAt(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) value = value * 10 + bytes[i]! - 48;
  return value;
}

const hexDigits = /^[0-9a-f]+$/;

/**
 * Where an event's own text ends. `-F ip,sym` without a call chain puts address and symbol behind it in the same line
 * (sample__fprintf_sym(), tools/perf/util/evsel_fprintf.c): ` ffff8000082c8100 lru_add_fn+0x170`, and with dso or srcline
 * more in brackets.
 */
export function textEnd(bytes: Uint8Array, start: number, end: number, decoder: TextDecoder): number {
  // Cheap first: a symbol ends in a hex digit or a bracket. An address alone (-F ip) cannot be told from an argument.
  const last = bytes[end - 1]!;
  if (end - start < 18 || (last !== 41 && last !== 93 && !(isDigit(last) || (last >= 97 && last <= 102)))) return end;
  // Sixteen hex digits with a space before them, at most 200 characters from the end.
  for (let at = end - 16; at > start && end - at < 200; at--) {
    if (bytes[at - 1] !== space) continue;
    const tail = decoder.decode(bytes.subarray(at, end));
    const [address = '', symbol = '', ...more] = tail.split(' ');
    if (address.length !== 16 || !hexDigits.test(address)) continue;
    const isSymbol = symbol === '[unknown]' || /^[\w.$]+\+0x[0-9a-f]+$/.test(symbol);
    if (isSymbol && more.every((word) => word.startsWith('(') || word.endsWith(')'))) return at - 1;
  }
  return end;
}

/**
 * Where a text ends that an address alone may follow (-F ip without sym): ` ffff8000082c8100`, behind a space of its own. Whether it is
 * one, and not the event's last value, only the event's form can tell.
 */
export function addressStart(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 18 || bytes[end - 17] !== space) return end;
  for (let i = end - 16; i < end; i++) {
    const byte = bytes[i]!;
    if (!isDigit(byte) && !(byte >= 97 && byte <= 102)) return end;
  }
  return end - 17;
}
