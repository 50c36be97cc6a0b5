/**
 * A print format in parts: literal text, and conversions with the expression that each one prints.
 *
 *     "addr=%lx, pte=%lx order=%d", REC->addr, REC->pte, REC->order
 */
import { type Expression, parseExpression, unescapeText } from './c-expression.ts';

/** One `%` of a format string (lib/vsprintf.c format_decode()). */
export interface Conversion {
  readonly flags: string;
  /** -1 when not given, or given by an argument that is no constant. */
  readonly width: number;
  readonly precision: number;
  /** Bits of the integer printed. */
  readonly bits: 8 | 16 | 32 | 64;
  /** `d`, `u`, `x`, `X`, `o`, `c`, `s` or `p`. */
  readonly letter: string;
  /** What follows a `p`: `S`, `s`, `x`, `I4`, ... */
  readonly pointer: string;
  readonly value: Expression;
}

/** Literal text, or a conversion. */
export type Part = string | Conversion;

const conversionForm = /%([-+ #0]*)(\*|\d{1,4})?(?:\.(\*|\d{1,4}))?(hh|h|ll|l|L|z|t|j|q|Z)?([diuxXocspn%])/y;

/** A print format with more arguments is none: the largest of a kernel have some 60. */
const mostArguments = 512;

/** Parts of the format string and expressions of a description's `print`; undefined when it does not begin with a string. */
export function parsePrint(print: string, longSize: 4 | 8): Part[] | undefined {
  const [format, ...rest] = splitArguments(print);
  if (rest.length > mostArguments) return undefined;
  const literals = format?.match(/"(?:[^"\\]|\\.)*"/g);
  if (!literals) return undefined;
  const text = literals.map((literal) => unescapeText(literal.slice(1, -1))).join('');
  return parseFormat(
    text,
    rest.map((argument) => parseExpression(argument, longSize)),
    longSize,
  );
}

/** Parts of a format string with these arguments. */
export function parseFormat(text: string, values: readonly Expression[], longSize: 4 | 8): Part[] {
  const parts: Part[] = [];
  let literal = '';
  let next = 0;
  const take = (): Expression => values[next++] ?? { kind: 'unknown' };
  for (let at = 0; at < text.length; ) {
    if (text[at] !== '%') {
      const percent = text.indexOf('%', at);
      const end = percent < 0 ? text.length : percent;
      literal += text.slice(at, end);
      at = end;
      continue;
    }
    conversionForm.lastIndex = at;
    const match = conversionForm.exec(text);
    if (!match) {
      literal += '%';
      at++;
      continue;
    }
    at = conversionForm.lastIndex;
    const [, flags = '', width, precision, length = '', letter = ''] = match;
    if (letter === '%') {
      literal += '%';
      continue;
    }
    let isOpen = false;
    const constant = (given: string | undefined): number => {
      if (given !== '*') return given === undefined ? -1 : Number(given);
      const value = take();
      if (value.kind === 'number' && value.hi === 0 && value.lo < 4096) return value.lo;
      isOpen = true;
      return -1;
    };
    const givenWidth = constant(width);
    const givenPrecision = constant(precision);
    const value = take();
    let pointer = '';
    if (letter === 'p') {
      pointer = /^[A-Za-z0-9]*/.exec(text.slice(at, at + 8))?.[0] ?? '';
      at += pointer.length;
    }
    if (literal !== '') parts.push(literal);
    literal = '';
    parts.push({
      flags,
      width: givenWidth,
      precision: givenPrecision,
      bits: bitsOf(length, longSize),
      letter: letter === 'i' ? 'd' : letter,
      pointer,
      // How much of a text or of memory is printed is then not known.
      value: isOpen && /^[sp]$/.test(letter) ? { kind: 'unknown' } : value,
    });
  }
  if (literal !== '') parts.push(literal);
  return parts;
}

function bitsOf(length: string, longSize: 4 | 8): Conversion['bits'] {
  switch (length) {
    case 'hh':
      return 8;
    case 'h':
      return 16;
    case '':
      return 32;
    case 'll':
    case 'L':
    case 'q':
    case 'j':
      return 64;
  }
  return longSize === 8 ? 64 : 32;
}

/** Splits at the commas that are in no parenthesis, brace or literal. */
function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '"' || character === "'") {
      for (i++; i < text.length && text[i] !== character; i++) if (text[i] === '\\') i++;
    } else if (character === '(' || character === '{' || character === '[') depth++;
    else if (character === ')' || character === '}' || character === ']') depth--;
    else if (character === ',' && depth === 0) {
      parts.push(text.slice(from, i));
      from = i + 1;
    }
  }
  parts.push(text.slice(from));
  return parts.map((part) => part.trim());
}
