/**
 * What the columns of a table of events are. The names are matched without regard to case; what the user's map says wins
 * over the documented defaults below; a name that is neither is taken for a field of the events.
 */

import { TraceError } from '../../base/errors.ts';
import { own } from '../../base/own.ts';
import { fieldOfColumn, firstColumns, reservedColumns, unguardText } from '../../events/table.ts';

export type TimeUnit = 'ns' | 'us' | 'ms' | 's' | 'clock' | 'auto';

/** What a column is for. */
export type Target =
  | { readonly to: 'time'; readonly unit: TimeUnit }
  | { readonly to: 'cpu' | 'pid' | 'tgid' | 'comm' | 'event' | 'probe' | 'context' }
  | { readonly to: 'field'; readonly name: string; readonly radix: 10 | 16 }
  | { readonly to: 'ignored' };

export interface Layout {
  readonly targets: readonly Target[];
  /** Every row is this event (`@event` of the map); empty when a column says it. */
  readonly event: string;
  /** The header is that of our own export, whose text cells carry a guard. */
  readonly isExport: boolean;
}

/** The documented defaults: column -> the names that it goes by, the first being ours. */
export const headerNames: Readonly<Record<string, readonly string[]>> = {
  time_ns: ['time_ns', 'timestamp_ns', 'ts_ns', 't_ns'],
  time_us: ['time_us', 'timestamp_us', 'ts_us', 't_us'],
  time_ms: ['time_ms', 'timestamp_ms', 'ts_ms', 't_ms'],
  time_s: ['time_s', 'timestamp_s', 'ts_s', 't_s', 'seconds'],
  clock_value: ['clock_value', 'clock', 'counter', 'cycles'],
  // Seconds when the first value has a point, else nanoseconds: the two ways in which tools print one.
  time: ['time', 'timestamp', 'ts'],
  cpu: ['cpu', 'cpu_id', 'cpuid', 'processor'],
  pid: ['pid', 'tid', 'thread'],
  tgid: ['tgid', 'process'],
  comm: ['comm', 'task', 'task_name', 'process_name', 'thread_name'],
  event: ['event', 'event_name', 'tracepoint'],
  probe: ['probe'],
  context: ['context'],
};

const timeUnits: Readonly<Record<string, TimeUnit>> = {
  time_ns: 'ns',
  time_us: 'us',
  time_ms: 'ms',
  time_s: 's',
  clock_value: 'clock',
  time: 'auto',
};

const defaultOf = new Map(
  Object.entries(headerNames).flatMap(([column, names]) => names.map((name) => [name, column])),
);

/** The target that a column's own name or a map's entry stands for. */
function targetOf(column: string): Target | undefined {
  const unit = own(timeUnits, column);
  if (unit !== undefined) return { to: 'time', unit };
  switch (column) {
    case 'cpu':
    case 'pid':
    case 'tgid':
    case 'comm':
    case 'event':
    case 'probe':
    case 'context':
      return { to: column };
    default:
      return undefined;
  }
}

/** `pfn`, `pfn hex`, `field.cpu`: a field, and how its digits are read when they have no `0x`. */
function fieldTarget(text: string): Target {
  const hex = / hex$/.test(text);
  return { to: 'field', name: fieldOfColumn(text.replace(/ (?:hex|decimal)$/, '')), radix: hex ? 16 : 10 };
}

/**
 * Understands a header.
 *
 * @param map header name -> column (`time_ns`, `pid`, ...), field (`pfn`, `pfn hex`), or `-` to leave the column out;
 *   `@event` names the event of every row where no column does
 * @throws TraceError `csv-header` when a required column is missing, two columns are the same one, or the map names a
 *   column that is not there
 */
export function readHeader(
  source: string,
  line: number,
  cells: readonly string[],
  map: Readonly<Record<string, string>> = {},
): Layout {
  const names = cells.map((cell) => cell.trim());
  const place = `line ${line}`;
  const header = names.join(', ');
  const mapped = new Map(Object.entries(map));
  for (const name of mapped.keys()) {
    if (name !== '@event' && !names.includes(name)) {
      const cause = `the map names a column "${name}" that the header (${header}) does not have`;
      throw new TraceError('csv-header', { file: source, place }, cause, 'mend the map');
    }
  }
  if (mapped.size === 0 && isOwnExport(names)) {
    // Names of fields are the capture's, and guarded like every text of it.
    const targets = names.map(
      (name) => (reservedColumns.has(name) ? targetOf(name) : undefined) ?? fieldTarget(unguardText(name)),
    );
    checkOnce(source, place, names, targets);
    return { targets, event: '', isExport: true };
  }
  const lower = names.map((name) => name.toLowerCase());
  // A table with both: the tid is the thread (the kernel's pid) and the pid is the process (its tgid).
  const swapsPid = lower.includes('tid') && lower.includes('pid') && !lower.includes('tgid');
  const targets = names.map((name, i): Target => {
    const wish = mapped.get(name);
    if (wish !== undefined)
      return wish === '-' || wish === '' ? { to: 'ignored' } : (targetOf(wish) ?? fieldTarget(wish));
    const low = lower[i] ?? '';
    if (low === '') return { to: 'ignored' };
    if (swapsPid && low === 'pid') return { to: 'tgid' };
    const column = defaultOf.get(low);
    return (column === undefined ? undefined : targetOf(column)) ?? fieldTarget(name);
  });
  const event = mapped.get('@event') ?? '';
  checkOnce(source, place, names, targets);
  const missing: string[] = [];
  if (!targets.some((target) => target.to === 'time')) missing.push('a time (time_ns, time_s, or clock_value)');
  if (event === '' && !targets.some((target) => target.to === 'event')) missing.push('event');
  if (missing.length > 0) throw missingError(source, place, names, missing);
  return { targets, event, isExport: false };
}

/** Our own export, where every other name is a field's, whatever it sounds like. */
function isOwnExport(names: readonly string[]): boolean {
  return (
    (names[0] === 'time_ns' || names[0] === 'clock_value') && firstColumns.every((name, i) => names[i + 1] === name)
  );
}

/** The first columns of the records that the capture scripts' own workloads keep (mover.csv, poke.csv, ...). */
function isWorkloadRecord(names: readonly string[]): boolean {
  return names[0] === 'call' && names.includes('t0_ns') && names.includes('rc');
}

function missingError(source: string, place: string, names: readonly string[], missing: readonly string[]): TraceError {
  const cause = `missing column: ${missing.join(' and ')}; the header is: ${names.join(', ')}`;
  if (isWorkloadRecord(names)) {
    return new TraceError(
      'csv-header',
      { file: source, place },
      `this is the record that a workload keeps of its own calls, not a table of kernel events (${cause})`,
      'give the trace that was taken beside it (trace.txt)',
    );
  }
  return new TraceError(
    'csv-header',
    { file: source, place },
    cause,
    'name it with a map file: --map map.json holding {"header name": "time_ns", "other name": "event"}; {"@event": "mm_lru_insertion"} when every row is the same event',
  );
}

/** Two columns for one thing would silently overwrite each other. */
function checkOnce(source: string, place: string, names: readonly string[], targets: readonly Target[]): void {
  const seen = new Map<string, string>();
  targets.forEach((target, i) => {
    if (target.to === 'ignored') return;
    const key = target.to === 'field' ? `field ${target.name}` : target.to;
    const name = names[i] ?? '';
    const before = seen.get(key);
    if (before !== undefined) {
      throw new TraceError(
        'csv-header',
        { file: source, place },
        `columns "${before}" and "${name}" are both the ${key}`,
        `leave one out with a map file: --map map.json holding {"${name}": "-"}`,
      );
    }
    seen.set(key, name);
  });
}
