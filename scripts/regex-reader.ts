/**
 * What the readers are measured against: the way one would write it in an afternoon. readline for the lines, one
 * regular expression for a line's common columns, one for the fields of each event of the catalogue (made from the same
 * templates that the readers use), `key=value` pairs for the rest; numbers into growing columns, 64-bit values as two
 * halves (a double does not hold them), text interned in a Map.
 */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { IntegerColumn, NumberColumn } from '../src/base/columns.ts';
import type { EventRow } from '../src/events/catalog.ts';
import { rows } from '../src/events/rows.ts';

// comm-123 (  123) [000] d....  3.352716: event: text
const tracefsLine =
  /^ *(.+)-(\d+) +(?:\( *(\d+|-+)\) +)?\[(\d+)\] (?:([^ ]{4,5}) +)?(\d+)\.(\d{6,9}): ([A-Za-z_][\w.]*): ?(.*)$/;
// comm 123 [000]  3.352716:  system:event: text
const perfLine =
  /^ *(.+?) +(\d+)(?:\/(\d+))? +\[(\d+)\] +(?:([^ ]{4,5}) +)?(\d+)\.(\d{6,9}): +(?:\w+:)?([A-Za-z_][\w.]*): ?(.*)$/;

const groups: Readonly<Record<string, string>> = {
  d: '(-?\\d+)',
  x: '([0-9a-f]+)',
  '0x': '(0x[0-9a-f]+)',
  p: '(?:0x)?([0-9a-f]+|\\(null\\))',
  w: '(.*?)',
  f6: '(.{0,6}?)',
};

type How = 'decimal' | 'hex' | 'u64' | 'text';

interface Matcher {
  readonly pattern: RegExp;
  readonly hows: readonly How[];
}

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function matchersOf(row: EventRow): Matcher[] {
  return row.eras.map((era) => {
    const hows: How[] = [];
    let source = '';
    let from = 0;
    for (const match of era.text.matchAll(/\{([^{}:]+):([^{}]+)\}/g)) {
      const [whole, name, how = ''] = match;
      const storage = row.fields.find((field) => field.name === name)?.storage;
      hows.push(storage === 'u64' ? 'u64' : storage === 'text' ? 'text' : how === 'd' ? 'decimal' : 'hex');
      source += literal(era.text.slice(from, match.index)) + (groups[how] ?? '(.*?)');
      from = match.index + whole.length;
    }
    source += literal(era.text.slice(from));
    return { pattern: new RegExp(`^${source} *$`), hows };
  });
}

/** Reads a capture the plain way; gives the number of events whose common columns and fields it stored. */
export async function readWithRegex(path: string, format: 'tracefs' | 'perf-script'): Promise<number> {
  const line = format === 'tracefs' ? tracefsLine : perfLine;
  const matchers = new Map(rows.map((row) => [row.name, matchersOf(row)]));
  const ids = new Map<string, number>();
  const intern = (text: string): number => {
    const known = ids.get(text);
    if (known !== undefined) return known;
    ids.set(text, ids.size);
    return ids.size - 1;
  };
  const time = new NumberColumn();
  const [cpu, pid, tgid, comm, flags, kind] = Array.from({ length: 6 }, () => new IntegerColumn()) as [
    IntegerColumn,
    IntegerColumn,
    IntegerColumn,
    IntegerColumn,
    IntegerColumn,
    IntegerColumn,
  ];
  let columns = new Map<number, NumberColumn[]>();
  let first = Number.NaN;
  let events = 0;
  const u64 = (text: string, values: number[]): void => {
    const digits = text.startsWith('0x') ? text.slice(2) : text;
    values.push(
      digits.length > 8 ? Number.parseInt(digits.slice(0, -8), 16) : 0,
      Number.parseInt(digits.slice(-8), 16),
    );
  };
  const store = (id: number, values: readonly number[]): void => {
    let mine = columns.get(id);
    if (mine === undefined) {
      mine = values.map(() => new NumberColumn());
      columns.set(id, mine);
    }
    for (let i = 0; i < values.length; i++) mine[i]?.push(values[i]!);
  };
  const lines = createInterface({
    input: createReadStream(path, { highWaterMark: 1 << 20 }),
    crlfDelay: Number.POSITIVE_INFINITY,
  });
  for await (const text of lines) {
    const match = line.exec(text);
    if (match === null) continue;
    const ns = Number(match[6]) * 1e9 + Number(match[7]?.padEnd(9, '0'));
    if (events === 0) first = ns;
    events++;
    time.push(ns - first);
    comm.push(intern(match[1]!));
    pid.push(Number(match[2]));
    tgid.push(match[3] === undefined ? -1 : Number(match[3]));
    cpu.push(Number(match[4]));
    flags.push(match[5] === undefined ? 0 : intern(match[5]));
    const name = match[8]!;
    const id = intern(name);
    kind.push(id);
    const body = match[9]!;
    let done = false;
    for (const { pattern, hows } of matchers.get(name) ?? []) {
      const fields = pattern.exec(body);
      if (fields === null) continue;
      const values: number[] = [];
      for (let i = 0; i < hows.length; i++) {
        const value = fields[i + 1]!;
        const how = hows[i]!;
        if (how === 'decimal') values.push(Number(value));
        else if (how === 'hex') values.push(Number.parseInt(value, 16));
        else if (how === 'u64') u64(value, values);
        else values.push(intern(value));
      }
      store(id, values);
      done = true;
      break;
    }
    if (!done) {
      // A probe: `(function+0x0/0x180) name=value ...`.
      const values: number[] = [];
      for (const pair of body.matchAll(/(\w+)=("[^"]*"|\S+)/g)) {
        const value = pair[2]!;
        if (value.startsWith('0x')) u64(value, values);
        else values.push(/^-?\d+$/.test(value) ? Number(value) : intern(value));
      }
      store(id, values);
    }
    // A batch's worth of columns is let go of, as a reader's consumer would.
    if ((events & 0xffff) === 0) {
      columns = new Map();
      for (const column of [time, cpu, pid, tgid, comm, flags, kind]) column.length = 0;
    }
  }
  return events;
}
