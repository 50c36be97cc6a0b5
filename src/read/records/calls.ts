/** The functions that print formats call. */
import { writeArray } from './array-text.ts';
import { type Code, notKnown, type Scope, type TextCode, textOf } from './c-code.ts';
import type { Expression } from './c-expression.ts';
import { elementSize, int } from './c-type.ts';
import type { RecordField } from './event-format.ts';
import { settle } from './int64.ts';

/** The kernel's functions of print formats that read the record; others cannot be run here. */
export function callCode(
  name: string,
  list: readonly Expression[],
  inner: (part: Expression) => Code,
  scope: Scope,
): Code {
  const [first] = list;
  const field = first?.kind === 'name' ? scope.fields.get(first.name) : undefined;
  if (field && /^__get_(?:rel_)?/.test(name)) {
    const what = name.replace(/^__get_(?:rel_)?/, '');
    scope.used.add(field.name);
    if (what === 'str') return textOf(field);
    if (what === 'bitmask' || what === 'cpumask') return arrayText('bits', field, scope);
    if (what === 'dynamic_array_len') {
      return {
        kind: 'number',
        type: int,
        isConstant: false,
        run: (record) => {
          if (!record.find(field)) return false;
          settle(record, int, 0, record.dataEnd - record.dataStart);
          return true;
        },
      };
    }
    // An address in the record: only `%s` and the printing functions below can do something with it.
    if (what === 'dynamic_array' && field.element === 'char') return textOf(field);
    return notKnown(scope);
  }
  if (/^__print_(?:hex|hex_str|array|dynamic_array)$/.test(name) && first) {
    const array = arrayArgument(first, scope);
    for (const part of list.slice(1)) inner(part); // Marks the fields that lengths come from as used.
    if (!array) return notKnown(scope);
    scope.used.add(array.name);
    return arrayText(name === '__print_hex' ? 'hex' : name === '__print_hex_str' ? 'hexRun' : 'numbers', array, scope);
  }
  return notKnown(scope);
}

/** The field behind `REC->list`, `__get_dynamic_array(list)` or the name alone, casts aside. */
function arrayArgument(expression: Expression, scope: Scope): RecordField | undefined {
  let part = expression;
  for (let i = 0; part.kind === 'cast' && i < 8; i++) part = part.of;
  if (part.kind === 'call' && /^__get_(?:rel_)?dynamic_array$/.test(part.name) && part.arguments[0]) {
    part = part.arguments[0];
  }
  return part.kind === 'field' || part.kind === 'name' ? scope.fields.get(part.name) : undefined;
}

function arrayText(form: 'bits' | 'hex' | 'hexRun' | 'numbers', field: RecordField, scope: Scope): TextCode {
  const size = form === 'bits' ? scope.longSize : form === 'numbers' ? elementSize(field, scope.longSize) : 1;
  return {
    kind: 'text',
    write: (record, out) => record.find(field) && writeArray(record, out, form, size, field.isSigned),
  };
}
