/**
 * Expressions of a print format compiled to functions, once for each event: running them makes nothing. A number is left in
 * `hi` and `lo` of the record, extended by its sign; text is appended to a buffer or known by its id. What cannot be told
 * from the record (the kernel's memory, constants that the text does not give) is "not known", and so is what depends on it.
 */
import type { StringTable } from '../../base/strings.ts';
import type { BinaryOperator, Expression } from './c-expression.ts';
import { type CType, common, elementSize, int, integer, promote, typeOfField } from './c-type.ts';
import { callCode } from './calls.ts';
import type { RecordField } from './event-format.ts';
import { add, compare, divide, multiply, settle, shift, subtract } from './int64.ts';
import { namesCode } from './names.ts';
import type { PrintkFormats } from './printk-formats.ts';
import type { RecordBytes } from './record.ts';
import type { ShortNotes } from './short-notes.ts';
import type { SymbolIds } from './symbol-ids.ts';
import type { Symbols } from './symbols.ts';
import type { TextOut } from './text-out.ts';

/** Leaves a number in the record; false when it is not known. */
export type Run = (record: RecordBytes) => boolean;
/** Appends text; false when it is not known. */
export type Write = (record: RecordBytes, out: TextOut) => boolean;

export interface NumberCode {
  readonly kind: 'number';
  readonly type: CType;
  readonly run: Run;
  readonly isConstant: boolean;
  /** Where the expression is a field and nothing else. */
  readonly field?: RecordField;
}

export interface TextCode {
  readonly kind: 'text';
  readonly write: Write;
  /** The text's id in the string table, where it need not be written for that; -1 when it is not known. */
  readonly id?: (record: RecordBytes) => number;
  /** No such text ends with a space. */
  readonly isTrimmed?: boolean;
  readonly field?: RecordField;
}

export type Code = NumberCode | TextCode;

/** What all events of a capture share. */
export interface Environment {
  readonly longSize: 4 | 8;
  readonly strings: StringTable;
  /** Addresses as `%ps` and `%pS` print them. */
  readonly names: SymbolIds;
  readonly places: SymbolIds;
  /** As `places`, but bare digits where there is no symbol: how tools print the caller of a probe's return. */
  readonly callers: SymbolIds;
  readonly symbols: Symbols | undefined;
  readonly printkFormats: PrintkFormats | undefined;
  /** Text being put together. */
  readonly out: TextOut;
  /** Text of the event's own columns, until the event is stored. */
  readonly spill: TextOut;
  readonly shorts: ShortNotes;
}

/** What expressions are compiled against, and what was met on the way. */
export interface Scope extends Environment {
  readonly fields: ReadonlyMap<string, RecordField>;
  /** Names of the fields that were used. */
  readonly used: Set<string>;
  /** Something in it is not known, at least for some records. */
  isUnsure: boolean;
}

/** Trees as deep as that are no expression of a kernel. */
const deepest = 400;

const encoder = new TextEncoder();

export function compile(expression: Expression, scope: Scope, depth = 0): Code {
  if (depth > deepest) return notKnown(scope);
  const inner = (part: Expression): Code => compile(part, scope, depth + 1);
  switch (expression.kind) {
    case 'number':
      return constant(expression.hi, expression.lo, expression.type);
    case 'text':
      return literal(expression.text, scope.strings);
    case 'field':
      return fieldCode(expression.name, scope);
    case 'element':
      return elementCode(expression.of, inner(expression.index), scope);
    case 'unary':
      return unaryCode(expression.operator, inner(expression.of), scope);
    case 'binary':
      return binaryCode(expression.operator, inner(expression.left), inner(expression.right), scope);
    case 'ternary':
      return ternaryCode(inner(expression.test), inner(expression.yes), inner(expression.no), scope);
    case 'cast':
      return castCode(expression.type, inner(expression.of), scope);
    case 'names':
      return namesCode(expression, inner, scope);
    case 'call':
      return callCode(expression.name, expression.arguments, inner, scope);
    case 'name':
      if (expression.name === 'true') return constant(0, 1, int);
      return expression.name === 'false' || expression.name === 'NULL' ? constant(0, 0, int) : notKnown(scope);
    case 'unknown':
      return notKnown(scope);
  }
}

export function notKnown(scope: Scope): NumberCode {
  scope.isUnsure = true;
  return { kind: 'number', type: integer(64, false), run: () => false, isConstant: false };
}

export function constant(hi: number, lo: number, type: CType): NumberCode {
  const run: Run = (record) => {
    record.hi = hi;
    record.lo = lo;
    return true;
  };
  return { kind: 'number', type, run, isConstant: true };
}

function literal(text: string, strings: StringTable): TextCode {
  const bytes = encoder.encode(text);
  let id = -1;
  return {
    kind: 'text',
    write: (_, out) => {
      out.addAll(bytes);
      return true;
    },
    id: () => {
      if (id < 0) id = strings.intern(text);
      return id;
    },
    isTrimmed: !text.endsWith(' '),
  };
}

function fieldCode(name: string, scope: Scope): Code {
  const field = scope.fields.get(name);
  if (!field) return notKnown(scope);
  scope.used.add(name);
  const type = typeOfField(field, scope.longSize);
  if (type && field.location === 'inline') {
    const { offset, size, isSigned } = field;
    return { kind: 'number', type, run: (record) => record.load(offset, size, isSigned), isConstant: false, field };
  }
  return isText(field) ? textOf(field) : notKnown(scope);
}

/** Whether a field holds characters. */
export function isText(field: RecordField): boolean {
  return field.isArray && (field.element === 'char' || field.element === 'signed char');
}

/** The characters of a field, up to the first zero byte. */
export function textOf(field: RecordField): TextCode {
  return {
    kind: 'text',
    field,
    write: (record, out) => {
      if (!record.findText(field)) return false;
      out.add(record.bytes, record.dataStart, record.dataEnd);
      return true;
    },
  };
}

function elementCode(of: Expression, index: Code, scope: Scope): Code {
  const field = of.kind === 'field' ? scope.fields.get(of.name) : undefined;
  const size = field?.isArray && field.location === 'inline' ? elementSize(field, scope.longSize) : 0;
  if (!field || index.kind !== 'number' || (size !== 1 && size !== 2 && size !== 4 && size !== 8))
    return notKnown(scope);
  scope.used.add(field.name);
  const type = integer((size * 8) as CType['bits'], field.isSigned);
  const { run } = index;
  const most = field.size === 0 ? Number.POSITIVE_INFINITY : field.size / size;
  return {
    kind: 'number',
    type,
    isConstant: false,
    run: (record) =>
      run(record) &&
      record.hi === 0 &&
      record.lo < most &&
      record.load(field.offset + record.lo * size, size, field.isSigned),
  };
}

function unaryCode(operator: '-' | '~' | '!' | '+', of: Code, scope: Scope): Code {
  if (of.kind === 'text') return notKnown(scope);
  const { run, isConstant } = of;
  const type = operator === '!' ? int : promote(of.type);
  return {
    kind: 'number',
    type,
    isConstant,
    run: (record) => {
      if (!run(record)) return false;
      if (operator === '-') subtract(record, type, 0, 0, record.hi, record.lo);
      else if (operator === '~') settle(record, type, ~record.hi, ~record.lo);
      else if (operator === '!') settle(record, type, 0, record.hi === 0 && record.lo === 0 ? 1 : 0);
      else settle(record, type, record.hi, record.lo);
      return true;
    },
  };
}

function castCode(type: CType | undefined, of: Code, scope: Scope): Code {
  // `(char *)__get_str(x)` is that text; a cast to a type that is not known changes nothing that 64 bits can tell.
  if (of.kind === 'text') return type?.stride === 0 ? notKnown(scope) : of;
  if (type === undefined) return of;
  const { run, isConstant } = of;
  const isSame = type.bits === of.type.bits && type.isSigned === of.type.isSigned;
  const cast: Run = (record) => {
    if (!run(record)) return false;
    settle(record, type, record.hi, record.lo);
    return true;
  };
  return {
    kind: 'number',
    type,
    isConstant,
    run: isSame ? run : cast,
    ...(isSame && of.field ? { field: of.field } : {}),
  };
}

function ternaryCode(test: Code, yes: Code, no: Code, scope: Scope): Code {
  if (test.kind === 'text') return notKnown(scope);
  const { run } = test;
  if (yes.kind === 'number' && no.kind === 'number') {
    const type = common(yes.type, no.type);
    const choose: Run = (record) => {
      if (!run(record)) return false;
      const chosen = record.hi !== 0 || record.lo !== 0 ? yes : no;
      if (!chosen.run(record)) return false;
      settle(record, type, record.hi, record.lo);
      return true;
    };
    return { kind: 'number', type, run: choose, isConstant: test.isConstant && yes.isConstant && no.isConstant };
  }
  const texts = [yes, no].map((code) => (code.kind === 'text' ? code : code.isConstant ? nullText(scope) : undefined));
  const [left, right] = texts;
  if (!left || !right) return notKnown(scope);
  const leftId = left.id;
  const rightId = right.id;
  return {
    kind: 'text',
    write: (record, out) => {
      if (!run(record)) return false;
      return (record.hi !== 0 || record.lo !== 0 ? left : right).write(record, out);
    },
    isTrimmed: left.isTrimmed === true && right.isTrimmed === true,
    ...(leftId && rightId
      ? { id: (record) => (run(record) ? (record.hi !== 0 || record.lo !== 0 ? leftId : rightId)(record) : -1) }
      : {}),
  };
}

/** `%s` of a null pointer (lib/vsprintf.c string()). */
function nullText(scope: Scope): TextCode {
  return literal('(null)', scope.strings);
}

function binaryCode(operator: BinaryOperator, left: Code, right: Code, scope: Scope): Code {
  if (left.kind === 'text' || right.kind === 'text') return notKnown(scope);
  const isConstant = left.isConstant && right.isConstant;
  const a = left.run;
  const b = right.run;
  if (operator === '&&' || operator === '||') {
    const stops = operator === '||';
    const run: Run = (record) => {
      if (!a(record)) return false;
      if ((record.hi !== 0 || record.lo !== 0) !== stops && !b(record)) return false;
      settle(record, int, 0, record.hi !== 0 || record.lo !== 0 ? 1 : 0);
      return true;
    };
    return { kind: 'number', type: int, run, isConstant };
  }
  const isShift = operator === '<<' || operator === '>>';
  const type = isShift ? promote(left.type) : common(left.type, right.type);
  // Pointers move by the size of what they point to, which no description tells.
  if ((operator === '+' || operator === '-') && type.stride !== 0 && type.stride !== 1) return notKnown(scope);
  const apply = operation(operator, type);
  const isComparison = ['<', '>', '<=', '>=', '==', '!='].includes(operator);
  return {
    kind: 'number',
    type: isComparison ? int : type,
    isConstant,
    run: (record) => {
      if (!a(record)) return false;
      // Converted to the common type: what is narrower is extended already, but a negative number may become unsigned.
      settle(record, type, record.hi, record.lo);
      const aHi = record.hi;
      const aLo = record.lo;
      if (!b(record)) return false;
      if (!isShift) settle(record, type, record.hi, record.lo);
      return apply(record, aHi, aLo, record.hi, record.lo);
    },
  };
}

type Operation = (record: RecordBytes, aHi: number, aLo: number, bHi: number, bLo: number) => boolean;

function operation(operator: BinaryOperator, type: CType): Operation {
  const done =
    (act: (...values: Parameters<Operation>) => void): Operation =>
    (record, aHi, aLo, bHi, bLo) => {
      act(record, aHi, aLo, bHi, bLo);
      return true;
    };
  const holds = (test: (order: number) => boolean): Operation =>
    done((record, aHi, aLo, bHi, bLo) =>
      settle(record, int, 0, test(compare(aHi, aLo, bHi, bLo, type.isSigned)) ? 1 : 0),
    );
  switch (operator) {
    case '&':
      return done((record, aHi, aLo, bHi, bLo) => settle(record, type, aHi & bHi, aLo & bLo));
    case '|':
      return done((record, aHi, aLo, bHi, bLo) => settle(record, type, aHi | bHi, aLo | bLo));
    case '^':
      return done((record, aHi, aLo, bHi, bLo) => settle(record, type, aHi ^ bHi, aLo ^ bLo));
    case '+':
      return done((record, aHi, aLo, bHi, bLo) => add(record, type, aHi, aLo, bHi, bLo));
    case '-':
      return done((record, aHi, aLo, bHi, bLo) => subtract(record, type, aHi, aLo, bHi, bLo));
    case '*':
      return done((record, aHi, aLo, bHi, bLo) => multiply(record, type, aHi, aLo, bHi, bLo));
    case '/':
      return (record, aHi, aLo, bHi, bLo) => divide(record, type, aHi, aLo, bHi, bLo, false);
    case '%':
      return (record, aHi, aLo, bHi, bLo) => divide(record, type, aHi, aLo, bHi, bLo, true);
    case '<<':
      return (record, aHi, aLo, bHi, bLo) => bHi === 0 && shift(record, type, aHi, aLo, bLo, true);
    case '>>':
      return (record, aHi, aLo, bHi, bLo) => bHi === 0 && shift(record, type, aHi, aLo, bLo, false);
    case '==':
      return holds((order) => order === 0);
    case '!=':
      return holds((order) => order !== 0);
    case '<':
      return holds((order) => order < 0);
    case '>':
      return holds((order) => order > 0);
    case '<=':
      return holds((order) => order <= 0);
    case '>=':
      return holds((order) => order >= 0);
    default:
      return () => false; // `&&` and `||` are handled where the right side may not run.
  }
}
