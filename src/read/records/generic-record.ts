/** Events that neither the catalogue nor a probe explains: every field of the description is a typed column. */
import type { Field } from '../../events/kinds.ts';
import { maxFields } from '../../events/values.ts';
import type { BatchBuilder } from '../builder.ts';
import type { KindState } from '../kind-table.ts';
import type { EventFormat, RecordField } from './event-format.ts';
import type { Plan } from './plan.ts';

/** The column of a field that is a plain number. */
export function columnOf(field: RecordField): Field {
  const wide = field.size === 8 && !field.isSigned;
  return { name: field.name, storage: wide ? 'u64' : 'number', print: wide ? 'hex' : 'decimal' };
}

export function genericPlan(format: EventFormat, builder: BatchBuilder, _options: unknown): Plan {
  const fields = format.fields.filter((field) => !field.isArray).slice(0, maxFields);
  let state: KindState | undefined;
  return {
    decode(record) {
      state ??= builder.kinds.described({
        system: format.system,
        name: format.name,
        form: 'generic',
        fields: fields.map(columnOf),
      });
      const values = builder.fieldValues;
      values.clear(fields.length);
      for (let i = 0; i < fields.length; i++) {
        const field = fields[i]!;
        if (record.load(field.offset, field.size, field.isSigned)) values.setU64(i, record.hi, record.lo);
      }
      builder.values(state, record.bytes);
    },
  };
}
