/** A field of a record as a typed column, where nothing but its description says what it is. */
import type { Field } from '../../events/kinds.ts';
import { writeArray } from './array-text.ts';
import { isText, type Scope } from './c-code.ts';
import type { Expression } from './c-expression.ts';
import { elementSize } from './c-type.ts';
import { internedText } from './conversion.ts';
import type { RecordField } from './event-format.ts';
import type { PlannedColumn } from './plan.ts';
import type { Part } from './print-format.ts';

/**
 * Numbers are numbers; 64 unsigned bits and pointers keep all their bits; characters are text up to the first zero byte;
 * arrays are `{0x1,0x2}`, bitmasks hex words from the highest on, structures and arrays of bytes hex.
 */
export function fieldColumn(
  field: RecordField,
  parts: readonly Part[],
  scope: Scope,
  name = field.name,
): PlannedColumn {
  const { offset, size, isSigned } = field;
  const isNumber =
    !field.isArray && field.location === 'inline' && (size === 1 || size === 2 || size === 4 || size === 8);
  if (isNumber) {
    const storage = field.isPointer || (size === 8 && !isSigned) ? 'u64' : 'number';
    const print = printsHex(field.name, parts) || field.isPointer ? 'hex' : 'decimal';
    return { field: { name, storage, print }, source: { from: 'load', load: { offset, size, isSigned } } };
  }
  // Characters to the end of the record are a text of their own in every event.
  if (isText(field) && (size > 0 || field.location !== 'inline')) {
    const id = internedText((record, out) => {
      if (!record.findText(field)) return false;
      out.add(record.bytes, record.dataStart, record.dataEnd);
      return true;
    }, scope);
    return { field: { name, storage: 'text', print: 'text' }, source: { from: 'text', id } };
  }
  const column: Field = { name, storage: 'bytes', print: 'text' };
  if (isText(field)) {
    return {
      field: column,
      source: {
        from: 'bytes',
        write: (record, out) => {
          if (!record.findText(field)) return false;
          out.add(record.bytes, record.dataStart, record.dataEnd);
          return true;
        },
      },
    };
  }
  const isMask = /\bcpumask/.test(field.element) || isPrintedAsBits(field.name, parts);
  const element = isMask ? scope.longSize : field.isArray ? elementSize(field, scope.longSize) : 0;
  const form = isMask ? 'bits' : element > 1 ? 'numbers' : 'hexRun';
  return {
    field: column,
    source: {
      from: 'bytes',
      write: (record, out) => record.find(field) && writeArray(record, out, form, element, isSigned),
    },
  };
}

/** The field behind casts. */
function fieldBehind(expression: Expression): string {
  let part = expression;
  while (part.kind === 'cast') part = part.of;
  return part.kind === 'field' ? part.name : '';
}

function printsHex(name: string, parts: readonly Part[]): boolean {
  return parts.some(
    (part) => typeof part !== 'string' && /^[xXp]$/.test(part.letter) && fieldBehind(part.value) === name,
  );
}

function isPrintedAsBits(name: string, parts: readonly Part[]): boolean {
  return parts.some((part) => {
    if (typeof part === 'string' || part.value.kind !== 'call') return false;
    const [first] = part.value.arguments;
    return (
      /^__get_(?:rel_)?(?:bitmask|cpumask)$/.test(part.value.name) && first?.kind === 'name' && first.name === name
    );
  });
}
