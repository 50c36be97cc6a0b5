/** Events that have a message of their own: field numbers to columns, by the table of `event-table.ts`. */
import type { Field } from '../../events/kinds.ts';
import type { BatchBuilder } from '../builder.ts';
import type { KindState } from '../kind-table.ts';
import { type TypedEvent, typedEvents, type What } from './event-table.ts';
import { columnOf, type Setting, setNumber, setText, type Target, targetOf } from './targets.ts';
import { Wire } from './wire.ts';

export interface TypedPlan {
  readonly event: TypedEvent;
  readonly state: KindState;
  readonly targets: readonly (Target | undefined)[];
}

export class TypedPlans {
  readonly #builder: BatchBuilder;
  /** By the number of the event's field; null where the table has none. */
  readonly #plans: (TypedPlan | null)[] = [];
  readonly #wire = new Wire();
  /** Those whose unknown fields were told. */
  readonly #remarked = new Set<TypedPlan>();

  constructor(builder: BatchBuilder) {
    this.#builder = builder;
  }

  find(number: number): TypedPlan | undefined {
    if (number > 1023) return undefined;
    const known = this.#plans[number];
    if (known !== undefined) return known ?? undefined;
    const event = typedEvents.get(number);
    const plan = event === undefined ? null : this.#make(event);
    this.#plans[number] = plan;
    return plan ?? undefined;
  }

  /** Sets the values of a message; false when it is damaged. */
  decode(plan: TypedPlan, bytes: Uint8Array, start: number, end: number, setting: Setting): boolean {
    setting.values.clear(plan.state.kind.fields.length);
    const { targets } = plan;
    const wire = this.#wire;
    wire.open(bytes, start, end);
    while (wire.next()) {
      const target = targets[wire.field];
      if (target === undefined) {
        if (wire.field >= targets.length) this.#unknown(plan, wire.field);
      } else if (wire.type === 2) {
        if (!setText(target, bytes, wire.start, wire.stop, setting)) return false;
      } else setNumber(target, wire.hi, wire.lo, setting);
    }
    return !wire.isBroken;
  }

  #make(event: TypedEvent): TypedPlan {
    const { kinds, capture } = this.#builder;
    const named = kinds.findName(event.system, event.name);
    const { row } = named;
    const fields = row?.fields ?? event.fields.filter((field) => field !== undefined).map(fieldOf);
    const targets: (Target | undefined)[] = [undefined];
    for (const entry of event.fields) {
      const column =
        entry === undefined
          ? -1
          : row === undefined
            ? fields.findIndex((field) => field.name === entry.name)
            : columnOf(row, entry.name);
      const field = fields[column];
      targets.push(
        entry === undefined || field === undefined
          ? undefined
          : targetOf(field, column, entry.what, row, capture.strings),
      );
    }
    const state =
      row === undefined
        ? kinds.described({ system: event.system, name: event.name, form: 'generic', fields })
        : kinds.catalogued(named, row);
    return { event, state, targets };
  }

  /** Newer recorders may add fields; what is known of the event is read all the same. */
  #unknown(plan: TypedPlan, field: number): void {
    if (this.#remarked.has(plan)) return;
    this.#remarked.add(plan);
    this.#builder.capture.remarks.push(
      `${plan.event.name} has fields that are not known here (number ${field}), which are not read`,
    );
  }
}

const storages: Readonly<Record<What, readonly [Field['storage'], Field['print']]>> = {
  d: ['number', 'decimal'],
  x: ['number', 'hex'],
  p: ['u64', 'hex'],
  s: ['text', 'text'],
  f: ['text', 'text'],
  state: ['text', 'text'],
  dev: ['text', 'text'],
  offset: ['number', 'decimal'],
  limit: ['number', 'decimal'],
};

/** The column of an event that is in no catalogue. */
function fieldOf(entry: { readonly name: string; readonly what: What }): Field {
  const [storage, print] = storages[entry.what];
  return { name: entry.name, storage, print };
}
