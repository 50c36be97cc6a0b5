/**
 * A catalogue row's columns through the print format: an era's template says where each field stands in the text, so what
 * the print format prints there is that field, whatever the record calls it and however it is computed.
 *
 *     template   nr_succeeded={nr_succeeded:d} ... mode={mode:w} reason={reason:w}
 *     print fmt  "nr_succeeded=%lu ... mode=%s reason=%s", REC->succeeded, ..., __print_symbolic(REC->mode, ...), ...
 */
import type { EventRow } from '../../events/catalog.ts';
import type { Conversion, Part } from './print-format.ts';

/** What stands in the print format where a template has a field. */
export type Binding =
  | { readonly how: 'number'; readonly conversion: Conversion }
  /** Digits in the format string itself. */
  | { readonly how: 'literal'; readonly value: number }
  /** The six letters of LRU flags, each printed from one bit of the same number. */
  | { readonly how: 'lruFlags'; readonly conversion: Conversion }
  | { readonly how: 'text'; readonly parts: readonly Part[] };

/** A character of the format string, or a conversion. */
type Piece = string | Conversion;

/** Longer formats are not matched: the longest of a kernel's mm events has some 300 characters. */
const longestFormat = 2048;

/** A format that takes more trials than that is made to take long; those of kernels take some hundred. */
const mostTrials = 200_000;

interface Placeholder {
  readonly field: string;
  readonly how: string;
}

/** Bindings by field name from the first era whose whole text the print format prints; undefined when none does. */
export function bindEras(row: EventRow, parts: readonly Part[]): Map<string, Binding> | undefined {
  for (const era of row.eras) {
    const bindings = bindTemplate(era.text, parts);
    if (bindings) return bindings;
  }
  return undefined;
}

/**
 * Where no era fits (a vendor's text): the fields whose `name=` stands directly before a conversion, as it does in one of the eras.
 */
export function bindByKeys(row: EventRow, parts: readonly Part[]): Map<string, Binding> {
  const found = new Map<string, Binding>();
  for (const era of row.eras) {
    const pieces = templatePieces(era.text);
    pieces.forEach((piece, i) => {
      const before = pieces[i - 1];
      if (typeof piece === 'string' || typeof before !== 'string' || found.has(piece.field)) return;
      const key = /\S+$/.exec(before)?.[0] ?? '';
      if (key === '') return;
      for (let k = 0; k + 1 < parts.length; k++) {
        const literal = parts[k];
        if (typeof literal !== 'string') continue;
        const prefix = literal.endsWith('0x') && piece.how !== 'w' ? literal.slice(0, -2) : literal;
        if (prefix !== key && !prefix.endsWith(` ${key}`)) continue;
        const from = prefix.length < literal.length ? ['0x', parts[k + 1]!] : [parts[k + 1]!];
        const rest = parts.slice(k + 2);
        const binding =
          piece.how === 'f6' ? takeWhole('f6', [...from, ...rest].slice(0, 6)) : takeWhole(piece.how, from);
        if (binding) found.set(piece.field, binding);
        return;
      }
    });
  }
  return found;
}

function takeWhole(how: string, parts: readonly Part[]): Binding | undefined {
  const symbols = symbolsOf(parts);
  const taken = how === 'w' ? undefined : takeValue(how, symbols, 0);
  if (how === 'w') return { how: 'text', parts };
  return taken && taken.end === symbols.length ? taken.binding : undefined;
}

/** Literals and placeholders of `Era.text`, and of probes' `{name:v}`. */
function templatePieces(text: string): (string | Placeholder)[] {
  const pieces: (string | Placeholder)[] = [];
  let from = 0;
  for (const match of text.matchAll(/\{([^{}:]+):(\w+)\}/g)) {
    if (match.index > from) pieces.push(text.slice(from, match.index));
    pieces.push({ field: match[1] ?? '', how: match[2] ?? '' });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push(text.slice(from));
  return pieces;
}

function symbolsOf(parts: readonly Part[]): Piece[] {
  return parts.flatMap((part): readonly Piece[] => (typeof part === 'string' ? [...part] : [part]));
}

/** Bindings of one template; undefined when the print format prints something else. */
export function bindTemplate(template: string, parts: readonly Part[]): Map<string, Binding> | undefined {
  const pieces = templatePieces(template);
  const symbols = symbolsOf(parts);
  while (symbols.length > 0 && /^\s$/.test(symbolText(symbols.at(-1)))) symbols.pop();
  if (symbols.length > longestFormat) return undefined;
  const bindings = new Map<string, Binding>();
  const failed = new Set<number>();
  let trials = 0;

  const match = (piece: number, at: number): boolean => {
    if (piece === pieces.length) return at === symbols.length;
    if (++trials > mostTrials) return false;
    const state = piece * (longestFormat + 1) + at;
    if (failed.has(state)) return false;
    if (matchPiece(piece, at)) return true;
    failed.add(state);
    return false;
  };

  const matchPiece = (piece: number, at: number): boolean => {
    const wanted = pieces[piece]!;
    if (typeof wanted === 'string') {
      const isLast = piece === pieces.length - 1;
      const text = isLast ? wanted.trimEnd() : wanted;
      for (let i = 0; i < text.length; i++) if (symbols[at + i] !== text[i]) return false;
      return match(piece + 1, at + text.length);
    }
    if (wanted.how === 'w' || wanted.how === 'v') {
      // Text goes on to the literal that follows, where it first stands: as the text's own reader has it.
      for (let end = at; end <= symbols.length; end++) {
        if (!match(piece + 1, end)) continue;
        bindings.set(wanted.field, { how: 'text', parts: joined(symbols.slice(at, end)) });
        return true;
      }
      return false;
    }
    const taken = takeValue(wanted.how, symbols, at);
    if (!taken || !match(piece + 1, taken.end)) return false;
    bindings.set(wanted.field, taken.binding);
    return true;
  };

  return match(0, 0) ? bindings : undefined;
}

function symbolText(symbol: Piece | undefined): string {
  return typeof symbol === 'string' ? symbol : '';
}

function joined(symbols: readonly Piece[]): Part[] {
  const parts: Part[] = [];
  for (const symbol of symbols) {
    const last = parts.at(-1);
    if (typeof symbol === 'string' && typeof last === 'string') parts[parts.length - 1] = last + symbol;
    else parts.push(symbol);
  }
  return parts;
}

/** The value of a notation (events/catalog.ts `Era.text`) at a place of the format. */
function takeValue(how: string, symbols: readonly Piece[], at: number): { binding: Binding; end: number } | undefined {
  const symbol = symbols[at];
  if (how === 'd') {
    if (isConversion(symbol, 'du')) return numberAt(symbol, at + 1);
    let end = at;
    while (/^\d$/.test(symbolText(symbols[end])) && end - at < 9) end++;
    const digits = symbols.slice(at, end).join('');
    return digits === '' ? undefined : { binding: { how: 'literal', value: Number(digits) }, end };
  }
  if (how === 'x')
    return isConversion(symbol, 'xX') && !symbol.flags.includes('#') ? numberAt(symbol, at + 1) : undefined;
  const isPrefixed = symbol === '0' && symbols[at + 1] === 'x';
  const behind = isPrefixed ? symbols[at + 2] : symbol;
  if (how === '0x') {
    if (!isConversion(behind, 'xX') || behind.flags.includes('#') === isPrefixed) return undefined;
    return numberAt(behind, isPrefixed ? at + 3 : at + 1);
  }
  if (how === 'p') {
    const isPointer = isConversion(behind, 'p') && /^[xK]?$/.test(behind.pointer);
    return isPointer || isConversion(behind, 'x') ? numberAt(behind, isPrefixed ? at + 3 : at + 1) : undefined;
  }
  if (how === 'f6') {
    const letters = symbols.slice(at, at + 6);
    const flags = letters.map(bitLetter);
    const first = flags[0];
    if (first === undefined || flags.length < 6 || flags.some((flag) => flag !== first)) return undefined;
    const value = { kind: 'field', name: first } as const;
    const whole: Conversion = {
      flags: '',
      width: -1,
      precision: -1,
      bits: 64,
      letter: 'x',
      pointer: '',
      value,
    };
    return { binding: { how: 'lruFlags', conversion: whole }, end: at + 6 };
  }
  return undefined;
}

function isConversion(symbol: Piece | undefined, letters: string): symbol is Conversion {
  return symbol !== undefined && typeof symbol !== 'string' && letters.includes(symbol.letter);
}

function numberAt(conversion: Conversion, end: number): { binding: Binding; end: number } {
  return { binding: { how: 'number', conversion }, end };
}

/** The field of `REC->flags & 0x0001u ? "M" : " "`; undefined for another expression. */
function bitLetter(symbol: Piece): string | undefined {
  if (typeof symbol === 'string' || symbol.letter !== 's' || symbol.value.kind !== 'ternary') return undefined;
  const { test } = symbol.value;
  return test.kind === 'binary' && test.operator === '&' && test.left.kind === 'field' ? test.left.name : undefined;
}
