/**
 * What a capture itself says of an event's record: the text of tracefs `events/<system>/<event>/format`
 * (kernel/trace/trace_events.c f_show()), which trace.dat and perf.data carry.
 *
 *     name: mm_lru_activate
 *     ID: 443
 *     format:
 *     	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
 *     	...
 *     (blank)
 *     	field:struct folio * folio;	offset:8;	size:8;	signed:0;
 *     	field:unsigned long pfn;	offset:16;	size:8;	signed:0;
 *     (blank)
 *     print fmt: "folio=%p pfn=0x%lx", REC->folio, REC->pfn
 */

/** How a field's value is found: in the record itself, or elsewhere in it through 32 bits of length and offset. */
export type FieldLocation = 'inline' | '__data_loc' | '__rel_loc';

export interface RecordField {
  readonly name: string;
  /** As declared, without the name: `unsigned long`, `struct folio *`, `char[16]`, `__data_loc char[]`. */
  readonly type: string;
  /** Bytes from the record's beginning (its common fields). */
  readonly offset: number;
  readonly size: number;
  readonly isSigned: boolean;
  readonly location: FieldLocation;
  /** The type of one element of an array, else of the value: no qualifiers, no `[]` (`unsigned long`, `char`). */
  readonly element: string;
  readonly isArray: boolean;
  /** Elements of an array as declared; 0 where that is no number (`[]`, a macro), or it is no array. */
  readonly elements: number;
  readonly isPointer: boolean;
}

export interface EventFormat {
  readonly id: number;
  readonly system: string;
  readonly name: string;
  readonly common: readonly RecordField[];
  readonly fields: readonly RecordField[];
  /** The text behind `print fmt: `, as it is. */
  readonly print: string;
}

/** A description of more bytes is not one: the longest of a kernel (gfp flags several times over) has some 20 KiB. */
const longestFormat = 1 << 20;

/** A record's length is 28 bits (include/linux/ring_buffer.h); nothing in it lies behind. */
const farthest = 1 << 28;

/** A longer declaration is none, and matching it would take the square of its length. */
const longestDeclaration = 512;

/** Most fields that are taken from one description; system calls have 6, the largest events some 40. */
const mostFields = 512;

/**
 * Reads the description of one event; undefined when it has no name or no id (it is not one, or damaged).
 *
 * @param system the folder that the description was in: the text does not say it
 */
export function parseEventFormat(text: string, system: string): EventFormat | undefined {
  if (text.length > longestFormat) return undefined;
  let name = '';
  let id = -1;
  let print = '';
  const common: RecordField[] = [];
  const fields: RecordField[] = [];
  for (let at = 0; at < text.length; ) {
    let end = text.indexOf('\n', at);
    if (end < 0) end = text.length;
    const line = text.slice(at, end);
    if (line.startsWith('name:')) name = line.slice(5).trim();
    else if (line.startsWith('ID:')) id = smallNumber(line.slice(3).trim());
    else if (line.startsWith('print fmt:')) {
      print = line.slice('print fmt:'.length).trim();
      break;
    } else {
      const field = parseField(line);
      if (field?.name.startsWith('common_') && fields.length === 0) common.push(field);
      else if (field && fields.length < mostFields) fields.push(field);
    }
    at = end + 1;
  }
  if (name === '' || id < 0) return undefined;
  return { id, system, name, common, fields, print };
}

/** `field:unsigned long pfn;	offset:16;	size:8;	signed:0;`; other parts are passed over. */
function parseField(line: string): RecordField | undefined {
  const start = line.indexOf('field:');
  if (start < 0) return undefined;
  // A declaration may hold a colon but no semicolon; before 3.x some lines began with `field special:`.
  const [declaration = '', ...parts] = line.slice(start + 'field:'.length).split(';');
  let offset = -1;
  let size = -1;
  let signed: boolean | undefined;
  for (const part of parts) {
    const [key = '', value = ''] = part.trim().split(':');
    if (key === 'offset') offset = smallNumber(value);
    else if (key === 'size') size = smallNumber(value);
    else if (key === 'signed') signed = value.trim() === '1';
  }
  const declared = declaration.length > longestDeclaration ? undefined : parseDeclaration(declaration.trim());
  if (!declared || offset < 0 || size < 0 || offset + size > farthest) return undefined;
  const { element } = declared;
  return {
    ...declared,
    offset,
    size,
    isSigned: signed ?? /^(?:int|s\d+|__s\d+|long|short|char|pid_t)\b/.test(element),
  };
}

/** `__data_loc char[] name`, `unsigned long caller[8]`, `const struct page * page`, `int (*func)(void)`. */
function parseDeclaration(text: string): Omit<RecordField, 'offset' | 'size' | 'isSigned'> | undefined {
  const match =
    /^(.*?)([A-Za-z_$][\w$.]*)\s*(\[[^\]]*\])?$/.exec(text) ?? /^(.*?\(\s*\*\s*)([A-Za-z_]\w*)(\s*\).*)$/.exec(text);
  if (!match) return undefined;
  const [, before = '', name = '', behind = ''] = match;
  const isFunction = behind.startsWith(')') || /^\s*\)/.test(behind);
  const type = isFunction ? text : `${before.trim()}${behind}`;
  const location = /\b__data_loc\b/.test(before) ? '__data_loc' : /\b__rel_loc\b/.test(before) ? '__rel_loc' : 'inline';
  const bounds = /\[\s*(\d*)[^\]]*\]/.exec(isFunction ? '' : type);
  const element = before
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(/\b(?:__data_loc|__rel_loc|const|volatile|__user|__rcu|__percpu|extern|static)\b/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return {
    name,
    type,
    location,
    element,
    isArray: bounds !== null || (location !== 'inline' && !isFunction),
    elements: bounds ? Math.max(0, smallNumber(bounds[1] ?? '')) : 0,
    isPointer: isFunction || element.endsWith('*'),
  };
}

/** A decimal number below 2^31; -1 for anything else. */
function smallNumber(text: string): number {
  return /^\s*\d{1,10}\s*$/.test(text) && Number(text) < 2 ** 31 ? Number(text) : -1;
}
