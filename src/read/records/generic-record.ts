/** Events that neither the catalogue nor a probe explains: every field of the description is a typed column. */
import type { BatchBuilder } from '../builder.ts';
import type { Environment, Scope } from './c-code.ts';
import type { EventFormat, RecordField } from './event-format.ts';
import { fieldColumn } from './field-column.ts';
import { ColumnPlan, distinct, titleOf } from './plan.ts';
import { type Part, parsePrint } from './print-format.ts';

/** What the expressions of an event's print format are compiled against. */
export function scopeOf(format: EventFormat, environment: Environment): Scope {
  const fields = new Map<string, RecordField>();
  for (const field of [...format.common, ...format.fields]) if (!fields.has(field.name)) fields.set(field.name, field);
  return { ...environment, fields, used: new Set(), isUnsure: false };
}

/** The parts of an event's print format; none where it cannot be read. */
export function partsOf(format: EventFormat, environment: Environment): Part[] {
  return parsePrint(format.print, environment.longSize) ?? [];
}

/** What the kinds of a description are one of (`KindTable.described`). */
export function groupOf(format: EventFormat): string {
  return `record ${format.id}`;
}

export function genericPlan(format: EventFormat, builder: BatchBuilder, environment: Environment): ColumnPlan {
  const scope = scopeOf(format, environment);
  const parts = partsOf(format, environment);
  const columns = distinct(format.fields.map((field) => fieldColumn(field, parts, scope)));
  const fields = columns.map((column) => column.field);
  const { system, name } = format;
  return new ColumnPlan(builder, environment, titleOf(format), columns, () =>
    builder.kinds.described({ system, name, form: 'generic', fields }, groupOf(format)),
  );
}
