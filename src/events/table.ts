/**
 * Events as rows of a table: the names and notations that the writers of `write/` and the CSV reader share, so that what
 * is written reads back to equal events. docs/formats/csv.md describes them.
 */
import { contextFlags } from './batch.ts';
import type { EventKind, Field, Probe } from './kinds.ts';
import { findFunction } from './probes.ts';

/** Columns of every exported table, behind the time (`time_ns`, or `clock_value` for clocks that count no seconds). */
export const firstColumns = ['cpu', 'pid', 'tgid', 'comm', 'event'] as const;

/** Columns that a table has, after the fields, only when one of its events needs them. */
export const lastColumns = ['probe', 'context'] as const;

/** The columns that are not fields. */
export const reservedColumns: ReadonlySet<string> = new Set([
  'time_ns',
  'clock_value',
  ...firstColumns,
  ...lastColumns,
]);

/** Put before a field whose name is also one of our columns' (the argument `cpu` of a probe). C has no such names. */
const fieldPrefix = 'field.';

/** The column of a field. */
export function columnOfField(field: string): string {
  return reservedColumns.has(field) ? fieldPrefix + field : field;
}

/**
 * The columns of a kind's fields, aligned with them. Kernel structures have no field twice; a description in a capture may
 * claim one, and then the second is `name.2`: no value falls silently onto another.
 */
export function columnsOfKind({ fields }: Pick<EventKind, 'fields'>): string[] {
  const seen = new Set<string>();
  return fields.map(({ name }) => {
    const column = columnOfField(name);
    let distinct = column;
    for (let again = 2; seen.has(distinct); again++) distinct = `${column}.${again}`;
    seen.add(distinct);
    return distinct;
  });
}

/** The field of a column. */
export function fieldOfColumn(column: string): string {
  return column.startsWith(fieldPrefix) ? column.slice(fieldPrefix.length) : column;
}

/**
 * Characters that make a spreadsheet take a text for a formula when it begins with one of them (OWASP, "CSV Injection"; the
 * wide forms where East Asian input is taken for the narrow ones).
 */
const formula = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

/**
 * A text as a cell holds it. Without `raw`, what a spreadsheet would run as a formula gets a `'` before it. An empty cell
 * means "not recorded", so an empty text is written as a `'` alone; and a text that looks guarded already gets one more.
 */
export function guardText(text: string, raw: boolean): string {
  if (text === '') return "'";
  if (formula.test(text)) return raw ? text : `'${text}`;
  return looksGuarded(text) ? `'${text}` : text;
}

/** The text of a cell that `guardText` made, raw or not. */
export function unguardText(cell: string): string {
  return looksGuarded(cell) ? cell.slice(1) : cell;
}

function looksGuarded(text: string): boolean {
  return text.startsWith("'") && (text.length === 1 || text[1] === "'" || formula.test(text.slice(1)));
}

/** Letters of `contextFlags` in the `context` column. */
const contextLetters: Readonly<Record<keyof typeof contextFlags, string>> = {
  irqsOff: 'd',
  bhOff: 'b',
  needResched: 'N',
  hardirq: 'h',
  softirq: 's',
  nmi: 'Z',
};

/** The text of every value that the flags can have: there are few, and rows are many. */
const contextTexts: readonly string[] = Array.from({ length: 64 }, (_, flags) =>
  Object.entries(contextFlags)
    .filter(([, bit]) => (flags & bit) !== 0)
    .map(([name]) => contextLetters[name as keyof typeof contextFlags])
    .join(''),
);
const flagsOfText = new Map(contextTexts.map((text, flags) => [text, flags]));

/** `dN`: interrupts off, reschedule needed; empty when no flag is set. */
export function contextText(flags: number): string {
  return contextTexts[flags] ?? '';
}

/** The flags of a text that `contextText` made; 0 for any other. */
export function parseContext(text: string): number {
  return flagsOfText.get(text) ?? 0;
}

/** Storage and print of a field in one letter. */
const typeLetters: readonly (readonly [letter: string, storage: Field['storage'], print: Field['print']])[] = [
  ['d', 'number', 'decimal'],
  ['x', 'number', 'hex'],
  ['n', 'number', 'text'],
  ['D', 'u64', 'decimal'],
  ['X', 'u64', 'hex'],
  ['U', 'u64', 'text'],
  ['t', 'text', 'text'],
  ['b', 'bytes', 'text'],
];

/**
 * What a probe event is, in one cell: entry or return, the function, where its name is from, and each field's role and
 * type. `p:try_to_migrate:line folio=folio:X ref=folio.refcount:d`
 */
export function probeText(kind: EventKind, probe: Probe): string {
  const fields = kind.fields.map((field, i) => {
    const letter = typeLetters.find(([, storage, print]) => storage === field.storage && print === field.print);
    return ` ${field.name}=${probe.roles[i] ?? ''}:${letter?.[0] ?? 't'}`;
  });
  return `${probe.isReturn ? 'r' : 'p'}:${probe.function}:${probe.source}${fields.join('')}`;
}

/** Reads what `probeText` wrote; undefined when the text is something else. */
export function parseProbeText(text: string): { fields: Field[]; probe: Probe } | undefined {
  const [head = '', ...rest] = text.split(' ');
  const match = /^([pr]):([^:\s]*):(line|definition|name)$/.exec(head);
  if (match === null) return undefined;
  const fields: Field[] = [];
  const roles: string[] = [];
  for (const part of rest) {
    const [, name, role, letter] = /^([A-Za-z_][\w.]*)=([^:\s]*):(\w)$/.exec(part) ?? [];
    const type = typeLetters.find(([known]) => known === letter);
    if (name === undefined || role === undefined || type === undefined) return undefined;
    fields.push({ name, storage: type[1], print: type[2] });
    roles.push(role);
  }
  const name = match[2] ?? '';
  return {
    fields,
    probe: {
      function: name,
      meaning: findFunction(name)?.meaning ?? '',
      isReturn: match[1] === 'r',
      roles,
      source: match[3] as Probe['source'],
    },
  };
}
