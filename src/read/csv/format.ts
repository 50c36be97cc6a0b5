/** Tables of events as an input format. */
import { firstColumns } from '../../events/table.ts';
import type { Detection, StreamFormat } from '../format.ts';
import { onDemand } from '../on-demand.ts';
import { findDelimiter } from './delimiter.ts';
import { headerNames } from './header.ts';

const reader = onDemand(() => import('./reader.ts'));

export const csv: StreamFormat = {
  access: 'stream',
  id: 'csv',
  title: 'table of events, CSV or TSV',
  writtenBy: 'folioscope events --format csv, and scripts that dump LRU and migration events one a row',
  recognisedBy: 'a header line of names between commas, semicolons or tabs, and rows cut the same way',
  page: 'csv',
  detect,
  load: reader.load,
  open: (source, options) => new reader.module.CsvReader(source, options),
};

/** A column's name, at most four words; an empty one happens. */
function isName(text: string): boolean {
  return text.length <= 64 && /^(?:[\w.:/()[\]-]+(?: [\w.:/()[\]-]+){0,3})?$/.test(text);
}

const knownNames = new Set(Object.values(headerNames).flat());

/** How the tables begin that `events` writes, whatever the fields behind are called. */
const ownHeader = new RegExp(`^(?:time_ns|clock_value),${firstColumns.join(',')}(?=[,\\r\\n]|$)`);

/** A header of names. With names that we know it is surely ours; without, it is a table, and its reader says what is missing. */
function detect(head: Uint8Array): Detection | undefined {
  let start = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
  // Comment lines and blank ones may stand before the header.
  while (start < head.length && (head[start] === 35 || head[start] === 10 || head[start] === 13)) {
    const end = head.indexOf(10, start);
    if (end < 0) return undefined;
    start = end + 1;
  }
  if (ownHeader.test(new TextDecoder().decode(head.subarray(start, start + 64)))) {
    return { sure: 0.99, saw: 'the header of our own export' };
  }
  const eol = head.indexOf(10, start);
  const end = eol < 0 ? head.length : eol;
  if (end === start || end - start > 16384) return undefined;
  const separator = String.fromCharCode(findDelimiter(head, start, end));
  const header = new TextDecoder().decode(head.subarray(start, end)).trimEnd();
  const names = header.split(separator).map((name) =>
    name
      .trim()
      .replace(/^"(.*)"$/, '$1')
      .toLowerCase(),
  );
  if (names.length < 2 || !names.every((name) => isName(name))) return undefined;
  // Names begin with a letter: a line of numbers, or of a log, is no header.
  if (!names.every((name) => name === '' || /^[a-z_]/.test(name))) return undefined;
  const known = names.filter((name) => knownNames.has(name));
  const hasTime = known.some((name) => /^(?:time|ts|t_|clock)/.test(name));
  const hasEvent = names.some((name) => headerNames['event']?.includes(name));
  if (hasTime && hasEvent) return { sure: 0.95, saw: `a header with ${known.join(', ')}` };
  // Prose has commas too: without such names, the line behind must be cut as often.
  const nextEnd = head.indexOf(10, end + 1);
  const next = head.subarray(end + 1, nextEnd < 0 ? head.length : nextEnd);
  if (next.length > 0 && new TextDecoder().decode(next).split(separator).length !== names.length) return undefined;
  return { sure: known.length > 0 ? 0.45 : 0.3, saw: 'a header line, without a time or an event' };
}
