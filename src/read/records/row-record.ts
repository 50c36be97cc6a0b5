/**
 * Events of the catalogue: the row's columns bound through the print format, so that a record gives what its text gives;
 * fields that no column holds follow as columns of their own.
 */
import type { EventRow } from '../../events/catalog.ts';
import type { Field } from '../../events/kinds.ts';
import type { BatchBuilder } from '../builder.ts';
import { type Binding, bindByKeys, bindEras } from './bind-row.ts';
import { compile, type Environment, isText, type Run, type Scope } from './c-code.ts';
import { typeOfField } from './c-type.ts';
import { internedText, literalNumber, type PrintedNumber, printedNumber, printedText } from './conversion.ts';
import type { EventFormat, RecordField } from './event-format.ts';
import { fieldColumn } from './field-column.ts';
import { groupOf, partsOf, scopeOf } from './generic-record.ts';
import { ColumnPlan, distinct, type PlannedColumn, type Source, titleOf } from './plan.ts';
import type { Part } from './print-format.ts';
import type { RecordBytes } from './record.ts';

/** How a row's column was found; `computed`: from what no record holds, so that it is not recorded (in all or some events). */
export type BoundBy = 'print format' | 'key' | 'name' | 'computed' | 'nothing';

export interface RowColumns {
  readonly columns: readonly PlannedColumn[];
  /** Aligned with the row's fields. */
  readonly boundBy: readonly BoundBy[];
}

const nothing: Source = { from: 'nothing' };

/** The columns of a catalogued event: the row's, then the record's others. */
export function bindRow(row: EventRow, format: EventFormat, environment: Environment): RowColumns {
  const parts = partsOf(format, environment);
  // The tracer prints its own records by other code than their print format (kernel/trace/trace_output.c trace_fn_trace()).
  const isTracer = row.system === 'ftrace';
  const inEra = isTracer ? undefined : bindEras(row, parts);
  const bindings = inEra ?? (isTracer ? new Map<string, Binding>() : bindByKeys(row, parts));
  const covered = new Set<string>();
  const boundBy: BoundBy[] = [];
  const sources = row.fields.map((field, i): Source => {
    const scope = scopeOf(format, environment);
    const binding = bindings.get(field.name);
    const source = binding ? boundSource(field, binding, scope) : undefined;
    if (source === undefined) {
      boundBy[i] = 'nothing';
      return nothing;
    }
    boundBy[i] = scope.isUnsure ? 'computed' : inEra ? 'print format' : 'key';
    if (!scope.isUnsure) for (const name of scope.used) covered.add(name);
    return source;
  });
  row.fields.forEach((field, i) => {
    if (boundBy[i] !== 'nothing') return;
    const inRecord = recordField(row, field, format);
    if (!inRecord || covered.has(inRecord.name)) return;
    const source = namedSource(row, field, inRecord, parts, scopeOf(format, environment));
    if (source.from === 'nothing') return;
    sources[i] = source;
    boundBy[i] = 'name';
    covered.add(inRecord.name);
  });
  const own = row.fields.map((field, i): PlannedColumn => ({ field, source: sources[i] ?? nothing }));
  const scope = scopeOf(format, environment);
  const taken = new Set(row.fields.map((field) => field.name));
  const others = format.fields
    .filter((field) => !covered.has(field.name))
    .map((field) => fieldColumn(field, parts, scope, taken.has(field.name) ? `raw_${field.name}` : field.name));
  return { columns: distinct([...own, ...others]), boundBy };
}

export function rowPlan(
  row: EventRow,
  format: EventFormat,
  builder: BatchBuilder,
  environment: Environment,
): ColumnPlan {
  const { columns } = bindRow(row, format, environment);
  const fields = columns.map((column) => column.field);
  return new ColumnPlan(builder, environment, titleOf(format), columns, () => {
    const { system, name } = row;
    // Without fields of its own it is the kind that text of the same name would be.
    if (fields.length === row.fields.length) return builder.kinds.catalogued(builder.kinds.findName(system, name), row);
    return builder.kinds.described({ system, name, form: 'catalogued', fields, row }, groupOf(format));
  });
}

/** The source of a column that the print format prints; undefined where the binding does not suit the column. */
export function boundSource(field: Field, binding: Binding, scope: Scope): Source | undefined {
  if (field.storage === 'text' || field.storage === 'bytes') {
    if (binding.how !== 'text') return undefined;
    const { id, write } = printedText(binding.parts, scope);
    return field.storage === 'text' ? textSource(id, scope) : { from: 'bytes', write };
  }
  const printed =
    binding.how === 'literal'
      ? literalNumber(binding.value)
      : binding.how === 'text'
        ? undefined
        : printedNumber(binding.conversion, scope);
  return printed && numberSource(printed);
}

export function numberSource({ load, run }: PrintedNumber): Source {
  return load ? { from: 'load', load } : { from: 'number', run };
}

/** The record's field of a column's name, or of a name that the row says is the same. */
function recordField(row: EventRow, column: Field, format: EventFormat): RecordField | undefined {
  return format.fields.find((field) => field.name === column.name || row.aliases?.[field.name] === column.name);
}

/** A column from the record's field of its name, where the print format does not tell. */
function namedSource(row: EventRow, column: Field, field: RecordField, parts: readonly Part[], scope: Scope): Source {
  const isNumber = field.location === 'inline' && typeOfField(field, scope.longSize) !== undefined;
  const { offset, size, isSigned } = field;
  if (column.storage === 'number' || column.storage === 'u64') {
    return isNumber ? { from: 'load', load: { offset, size, isSigned } } : nothing;
  }
  const printed = parts.find((part) => isOnly(part, field.name, scope));
  if (printed !== undefined) return textSource(printedText([printed], scope).id, scope);
  if (isText(field)) return fieldColumn(field, parts, scope).source;
  if (!isNumber) return nothing;
  const names = row.symbols?.[column.name] ?? [];
  const run: Run = (record) => record.load(offset, size, isSigned);
  const id = internedText((record, out) => {
    if (!run(record)) return false;
    const name = record.hi === 0 ? names[record.lo] : undefined;
    if (name !== undefined) out.addText(name);
    else {
      out.addText('0x');
      out.addHex(record.hi, record.lo);
    }
    return true;
  }, scope);
  return { from: 'text', id, by: { offset, size, isSigned } };
}

/** A text that was compiled against `scope`: by the one number that it was made from, where it was one. */
export function textSource(id: (record: RecordBytes) => number, scope: Scope): Source {
  const [name, ...others] = scope.used;
  const field = others.length === 0 && name !== undefined ? scope.fields.get(name) : undefined;
  const isNumber = field?.location === 'inline' && typeOfField(field, scope.longSize) !== undefined;
  return isNumber ? { from: 'text', id, by: field } : { from: 'text', id };
}

/** Whether a conversion prints text made from this field and nothing else. */
function isOnly(part: Part, name: string, scope: Scope): boolean {
  if (typeof part === 'string' || !(part.letter === 's' || /^[sSfFB]/.test(part.pointer))) return false;
  const trial: Scope = { ...scope, used: new Set(), isUnsure: false };
  compile(part.value, trial);
  return !trial.isUnsure && trial.used.size === 1 && trial.used.has(name);
}
