/**
 * The `name=value` pairs of an unknown event's text, in any of the forms that kernel events print them:
 *
 *     dev=8:0 comm=my task bytes=4096                a value goes on to the next name
 *     func="a b", ret=(-11)                          quoted strings are one value, commas between pairs are none
 *     nid: 0 objects to shrink: 12 prio:3            `name: value` and `name:value`
 *     order=0 flags= f  d                            an empty value is empty, padding is not part of it
 *     range=(0x1 ~ 0x2)                              what is in brackets belongs to the value
 *
 * A text that holds a `=` pair is read by `=` alone, since colons then stand inside values (`dev=8:0`, `name=a: b`). Without any,
 * colons part names from values. Words before the first pair are no pair.
 */

/** One pair, as written: values are not interpreted. */
export interface Pair {
  readonly name: string;
  readonly value: string;
}

/** A longer text is no event's: pairs are looked for in its beginning only. */
const longestText = 65536;

/** Most pairs of one text: an event has at most 128 fields. */
const mostPairs = 128;

/** The pairs in the order written, `[]` when there are none. A name may occur more than once. */
export function pairsOf(text: string): readonly Pair[] {
  const line = text.length > longestText ? text.slice(0, longestText) : text;
  const byEquals = read(line, '=');
  return byEquals.length > 0 ? byEquals : read(line, ':');
}

interface Found {
  readonly name: string;
  /** Where the name, and the value behind it, begin. */
  readonly start: number;
  readonly value: number;
}

function read(text: string, separator: '=' | ':'): Pair[] {
  const names = findNames(text, separator);
  return names.map(({ name, value }, i) => {
    const end = names[i + 1]?.start ?? text.length;
    return { name, value: trimValue(text.slice(value, end)) };
  });
}

/** Names outside of quotes and brackets: one walk over the text. */
function findNames(text: string, separator: '=' | ':'): Found[] {
  const found: Found[] = [];
  let depth = 0;
  let wordStart = -1;
  for (let i = 0; i < text.length && found.length < mostPairs; i++) {
    const c = text[i]!;
    if (c === separator && wordStart >= 0 && depth === 0 && isSeparated(text, i, separator)) {
      found.push({ name: text.slice(wordStart, i), start: wordStart, value: i + 1 });
      wordStart = -1;
      const quoted = quoteEnd(text, i + 1);
      if (quoted > 0) i = quoted - 1;
      continue;
    }
    if (c === '(' || c === '[' || c === '{') depth++;
    else if ((c === ')' || c === ']' || c === '}') && depth > 0) depth--;
    if (isNameStart(c) && wordStart < 0 && (i === 0 || /[\s,;(]/.test(text[i - 1]!))) wordStart = i;
    else if (!isNameStart(c) && !(c >= '0' && c <= '9') && c !== '.' && c !== '-') wordStart = -1;
  }
  return found;
}

/** `a==b` and `::` are no pairs, nor is `C:\\` or `x://`. */
function isSeparated(text: string, at: number, separator: string): boolean {
  const next = text[at + 1] ?? '';
  return next !== separator && (separator === '=' || !/[\\/]/.test(next)) && (separator === ':' || next !== '>');
}

function isNameStart(c: string): boolean {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c === '_';
}

/** Behind a quoted string that begins at `at` (spaces before it allowed); 0 when there is none. */
function quoteEnd(text: string, at: number): number {
  let i = at;
  while (text[i] === ' ') i++;
  if (text[i] !== '"') return 0;
  for (i++; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return i + 1;
  }
  return 0;
}

/** Without padding, the comma between pairs, and the quotes of a quoted string. */
function trimValue(written: string): string {
  // By hand: a pattern for spaces at the end takes the square of the spaces within.
  let end = written.length;
  while (end > 0 && ' \t\r\n,;'.includes(written[end - 1]!)) end--;
  const value = written.slice(0, end).trimStart();
  return value.length >= 2 && value.startsWith('"') && quoteEnd(value, 0) === value.length ? value.slice(1, -1) : value;
}
