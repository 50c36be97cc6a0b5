/**
 * The C expressions of a print format: what an event's `TP_printk` became when the kernel was built
 * (include/trace/stages/stage3_trace_output.h), as text. Read into a tree; whatever is not understood is `unknown`, and
 * only the value that depends on it is lost.
 */
import { type CType, integer, isTypeWord, typeOfWords } from './c-type.ts';

export type BinaryOperator =
  | '*'
  | '/'
  | '%'
  | '+'
  | '-'
  | '<<'
  | '>>'
  | '<'
  | '>'
  | '<='
  | '>='
  | '=='
  | '!='
  | '&'
  | '^'
  | '|'
  | '&&'
  | '||';

export type Expression =
  | { readonly kind: 'number'; readonly hi: number; readonly lo: number; readonly type: CType }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'element'; readonly of: Expression; readonly index: Expression }
  | { readonly kind: 'unary'; readonly operator: '-' | '~' | '!' | '+'; readonly of: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'ternary'; readonly test: Expression; readonly yes: Expression; readonly no: Expression }
  | { readonly kind: 'cast'; readonly type: CType | undefined; readonly of: Expression }
  /** `__print_symbolic` and `__print_flags`; a `delimiter` makes it flags. */
  | {
      readonly kind: 'names';
      readonly of: Expression;
      readonly delimiter: Expression | undefined;
      readonly entries: readonly { readonly value: Expression; readonly name: Expression }[];
    }
  /** Any other function; an argument that is a field's bare name is a `name`. */
  | { readonly kind: 'call'; readonly name: string; readonly arguments: readonly Expression[] }
  /** A constant whose value the text does not give (an enum's), or memory of the kernel. */
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'unknown' };

const unknown: Expression = { kind: 'unknown' };

/** Deeper nesting is not understood; the gfp flags of kernels nest some 15 deep. */
const deepest = 120;

interface Token {
  readonly kind: 'number' | 'text' | 'word' | 'mark';
  readonly text: string;
}

/** C's binding powers; `?:` is below all. */
const powers: Readonly<Record<BinaryOperator, number>> = {
  '||': 1,
  '&&': 2,
  '|': 3,
  '^': 4,
  '&': 5,
  '==': 6,
  '!=': 6,
  '<': 7,
  '>': 7,
  '<=': 7,
  '>=': 7,
  '<<': 8,
  '>>': 8,
  '+': 9,
  '-': 9,
  '*': 10,
  '/': 10,
  '%': 10,
};

/** Reads one expression; `unknown` where it is none that we understand. */
export function parseExpression(text: string, longSize: 4 | 8): Expression {
  const tokens = tokenize(text);
  if (!tokens || tokens.length === 0) return unknown;
  const parser = new Parser(tokens, longSize);
  const expression = parser.ternary();
  return parser.isDone ? expression : unknown;
}

const tokenForm =
  /\s+|(0[xX][0-9a-fA-F]+|\d+)([uUlL]*)|([A-Za-z_$][\w$]*)|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)+)'|(->|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%<>=!~&|^?:()[\]{},.])/y;

function tokenize(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  tokenForm.lastIndex = 0;
  while (tokenForm.lastIndex < text.length) {
    const match = tokenForm.exec(text);
    if (!match) return undefined;
    const [, number, suffix = '', word, string, character, mark] = match;
    if (number !== undefined) tokens.push({ kind: 'number', text: number + suffix });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else if (string !== undefined) tokens.push({ kind: 'text', text: unescapeText(string) });
    else if (character !== undefined)
      tokens.push({ kind: 'number', text: String(unescapeText(character).charCodeAt(0)) });
    else if (mark !== undefined) tokens.push({ kind: 'mark', text: mark });
  }
  return tokens;
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  e: '\x1b',
};

/** The text of a C string literal. */
export function unescapeText(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|([\s\S]))/g, (_, octal, hex, letter) =>
    octal !== undefined
      ? String.fromCharCode(Number.parseInt(octal, 8) & 0xff)
      : hex !== undefined
        ? String.fromCharCode(Number.parseInt(hex, 16))
        : (escapes[letter] ?? letter),
  );
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #longSize: 4 | 8;
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], longSize: 4 | 8) {
    this.#tokens = tokens;
    this.#longSize = longSize;
  }

  get isDone(): boolean {
    return this.#at === this.#tokens.length;
  }

  ternary(): Expression {
    if (this.#depth >= deepest) return this.#giveUp();
    this.#depth++;
    let result = this.#binary(0);
    if (this.#take('?')) {
      const yes = this.ternary();
      if (this.#take(':')) result = { kind: 'ternary', test: result, yes, no: this.ternary() };
      else result = this.#giveUp();
    }
    this.#depth--;
    return result;
  }

  /** Nothing behind this place is read: the end is reached, and every caller's next mark is missing. */
  #giveUp(): Expression {
    this.#at = this.#tokens.length + 1;
    return unknown;
  }

  #binary(least: number): Expression {
    let left = this.#unary();
    for (;;) {
      const operator = this.#peekMark() as BinaryOperator;
      const power = Object.hasOwn(powers, operator) ? powers[operator] : 0;
      if (power === 0 || power <= least) return left;
      this.#at++;
      left = { kind: 'binary', operator, left, right: this.#binary(power) };
    }
  }

  #unary(): Expression {
    if (this.#depth >= deepest) return this.#giveUp();
    this.#depth++;
    const result = this.#unaryHere();
    this.#depth--;
    return result;
  }

  #unaryHere(): Expression {
    const mark = this.#peekMark();
    if (mark === '-' || mark === '~' || mark === '!' || mark === '+') {
      this.#at++;
      return { kind: 'unary', operator: mark, of: this.#unary() };
    }
    if (mark === '*' || mark === '&') {
      // Memory behind a pointer is not in the record.
      this.#at++;
      this.#unary();
      return unknown;
    }
    if (mark === '(') {
      const cast = this.#cast();
      if (cast) return { kind: 'cast', type: cast.type, of: this.#unary() };
    }
    return this.#postfix(this.#primary());
  }

  /** `(unsigned long)` and what else can only be a cast; nothing is taken when it is none. */
  #cast(): { type: CType | undefined } | undefined {
    const words: string[] = [];
    let at = this.#at + 1;
    for (; this.#tokens[at]?.kind === 'word'; at++) words.push(this.#tokens[at]!.text);
    let pointers = 0;
    for (; this.#isMark(at, '*'); at++) pointers++;
    if (words.length === 0 || words[0] === 'REC' || !this.#isMark(at, ')')) return undefined;
    const behind = this.#tokens[at + 1];
    const isOperand = behind !== undefined && (behind.kind !== 'mark' || behind.text === '(');
    const isSure = words.some(isTypeWord) || pointers > 0;
    if (!isSure && !(isOperand && behind.text !== '(')) return undefined;
    this.#at = at + 1;
    return { type: typeOfWords(words, pointers, this.#longSize) };
  }

  #postfix(start: Expression): Expression {
    let result = start;
    for (;;) {
      if (this.#take('[')) {
        const index = this.ternary();
        if (!this.#take(']')) return this.#giveUp();
        result = { kind: 'element', of: result, index };
      } else if (this.#take('->') || this.#take('.')) {
        // A member of something that is not the record.
        this.#at++;
        result = unknown;
      } else return result;
    }
  }

  #primary(): Expression {
    const token = this.#tokens[this.#at];
    if (token === undefined) return this.#giveUp();
    if (token.kind === 'number') {
      this.#at++;
      return numberOf(token.text, this.#longSize);
    }
    if (token.kind === 'text') {
      let text = '';
      for (; this.#tokens[this.#at]?.kind === 'text'; this.#at++) text += this.#tokens[this.#at]!.text;
      return { kind: 'text', text };
    }
    if (token.kind === 'word') return this.#word(token.text);
    if (token.text !== '(') return this.#giveUp();
    // `(REC)->field`, as macros write it.
    if (this.#tokens[this.#at + 1]?.text === 'REC' && this.#isMark(this.#at + 2, ')')) {
      this.#at += 2;
      return this.#word('REC');
    }
    this.#at++;
    const inner = this.ternary();
    return this.#take(')') ? inner : this.#giveUp();
  }

  #word(word: string): Expression {
    this.#at++;
    if (word === 'REC') {
      const name = this.#tokens[this.#at + 1];
      if (!this.#isMark(this.#at, '->') || name?.kind !== 'word') return this.#giveUp();
      this.#at += 2;
      return { kind: 'field', name: name.text };
    }
    if (!this.#isMark(this.#at, '(')) return { kind: 'name', name: word };
    if (/^__print_(?:symbolic|flags)/.test(word)) return this.#names(word.startsWith('__print_flags'));
    return this.#call(word);
  }

  /** `__print_flags(value, "|", {mask, "name"}, ...)`, `__print_symbolic(value, {number, "name"}, ...)`. */
  #names(isFlags: boolean): Expression {
    this.#at++;
    const of = this.ternary();
    let delimiter: Expression | undefined;
    if (isFlags) {
      if (!this.#take(',')) return this.#giveUp();
      delimiter = this.ternary();
    }
    const entries: { value: Expression; name: Expression }[] = [];
    while (this.#take(',')) {
      if (!this.#take('{')) return this.#giveUp();
      const value = this.ternary();
      if (!this.#take(',')) return this.#giveUp();
      const name = this.ternary();
      this.#take(',');
      if (!this.#take('}')) return this.#giveUp();
      entries.push({ value, name });
    }
    return this.#take(')') ? { kind: 'names', of, delimiter, entries } : this.#giveUp();
  }

  /** Arguments that are no expressions (`sizeof(struct page)`) are passed over. */
  #call(name: string): Expression {
    const open = this.#at;
    this.#at++;
    const isOurs = name.startsWith('__get_') || name.startsWith('__print_');
    const list: Expression[] = [];
    if (isOurs && !this.#isMark(this.#at, ')')) {
      do list.push(this.ternary());
      while (this.#take(','));
      if (this.#take(')')) return { kind: 'call', name, arguments: list };
    }
    this.#at = open;
    let depth = 0;
    do {
      if (this.#isMark(this.#at, '(')) depth++;
      else if (this.#isMark(this.#at, ')')) depth--;
      this.#at++;
      if (this.#at > this.#tokens.length) return this.#giveUp();
    } while (depth > 0);
    return { kind: 'call', name, arguments: [] };
  }

  #isMark(at: number, mark: string): boolean {
    const token = this.#tokens[at];
    return token?.kind === 'mark' && token.text === mark;
  }

  #peekMark(): string {
    const token = this.#tokens[this.#at];
    return token?.kind === 'mark' ? token.text : '';
  }

  #take(mark: string): boolean {
    if (!this.#isMark(this.#at, mark)) return false;
    this.#at++;
    return true;
  }
}

/** An integer constant and its type (C11 6.4.4.1). */
function numberOf(text: string, longSize: 4 | 8): Expression {
  const [, digits = '0', suffix = ''] = /^(0[xX][0-9a-fA-F]+|\d+)([uUlL]*)$/.exec(text) ?? [];
  if (digits.length > 24) return unknown;
  const isOctal = /^0[0-7]+$/.test(digits);
  const value = BigInt.asUintN(64, BigInt(isOctal ? `0o${digits.slice(1)}` : digits));
  const isDecimal = !/^0./.test(digits);
  const longs = (suffix.match(/[lL]/g) ?? []).length;
  const isUnsigned = /[uU]/.test(suffix);
  const least = longs > 1 || (longs === 1 && longSize === 8) ? 64 : 32;
  const fitsSigned = (bits: number): boolean => value < 1n << BigInt(bits - 1);
  const fitsUnsigned = (bits: number): boolean => value < 1n << BigInt(bits);
  const hi = Number(value >> 32n);
  const lo = Number(value & 0xffffffffn);
  for (const bits of [32, 64] as const) {
    if (bits < least) continue;
    if (!isUnsigned && fitsSigned(bits)) return { kind: 'number', hi, lo, type: integer(bits, true) };
    if ((isUnsigned || !isDecimal) && fitsUnsigned(bits)) {
      return { kind: 'number', hi, lo, type: integer(bits, false) };
    }
  }
  return { kind: 'number', hi, lo, type: integer(64, false) };
}
