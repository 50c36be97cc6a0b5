/** How rows of an event that was met before are read from left to right, without cutting them first (known-rows.ts). */
import type { KindState, NamedKind } from '../kind-table.ts';
import type { Layout } from './header.ts';
import { type KnownCell, knownCell } from './known-heads.ts';
import type { Plan } from './plans.ts';

/** Where the common columns are; -1 for those that the table has not. */
export interface CommonColumns {
  time: number;
  cpu: number;
  pid: number;
  tgid: number;
  comm: number;
  event: number;
  probe: number;
  context: number;
  text: number;
}

/** What the cells that decide on a row's plan looked like, byte for byte, and that plan. */
export interface KnownPlan {
  readonly event: Uint8Array;
  readonly probe: Uint8Array;
  readonly hasText: boolean;
  readonly plan: Plan | NamedKind;
  /** Made when it is first needed; 'none' where rows are to be cut. */
  shape: RowShape | 'none' | undefined;
}

/** What is done with the cell of a column. */
export const steps = {
  /** The event has no use for it. */
  skip: 0,
  number: 1,
  u64: 2,
  text: 3,
  bytes: 4,
  /** A cell of an event that keeps text: `name=value`. */
  append: 5,
  /** The text of such an event, as it is. */
  keep: 6,
  /** The same bytes as in the row from which the plan was made. */
  probe: 7,
  context: 8,
  /** Empty, as in that row. */
  empty: 9,
  /** Not empty, as in that row, and of no further use. */
  some: 10,
} as const;

export interface RowShape {
  /** Undefined for events that keep text. */
  readonly state: KindState | undefined;
  readonly plan: Plan | NamedKind;
  /** `steps` of the columns behind the event's. */
  readonly codes: Uint8Array;
  /** Of each: how many cells from it on may be empty, the field it is read to, the name of `append`, whether digits alone are hex. */
  readonly empties: Uint16Array;
  readonly fields: Uint8Array;
  readonly names: readonly Uint8Array[];
  readonly isHex: Uint8Array;
  /** Fields of text, in the order in which they are interned. */
  readonly texts: readonly number[];
  readonly probe: KnownCell;
}

const nothing = new Uint8Array(0);

/**
 * Whether rows of such a table can be read so: the time first, then what says who and where, then the event, and
 * everything that depends on it behind. So have all that we know, our own export too.
 */
export function isReadInOrder(layout: Layout, columns: CommonColumns): boolean {
  const { time, event, probe, context } = columns;
  if (time !== 0 || event < 0 || layout.event !== '') return false;
  return layout.targets.every(({ to }, column) => {
    const isBehind = to === 'field' || to === 'ignored' || column === probe || column === context;
    return isBehind === column > event;
  });
}

/** The shape of rows of a plan by which a row became an event; undefined where such rows are to be cut. */
export function shapeOf(known: KnownPlan, layout: Layout, columns: CommonColumns): RowShape | undefined {
  const { plan, hasText, probe } = known;
  const isKept = !('state' in plan);
  const codes: number[] = [];
  const fields: number[] = [];
  const names: Uint8Array[] = [];
  const isHex: number[] = [];
  const add = (code: number, field = 0, name: Uint8Array = nothing, radix = 10): void => {
    codes.push(code);
    fields.push(field);
    names.push(name);
    isHex.push(radix === 16 ? 1 : 0);
  };
  for (let column = columns.event + 1; column < layout.targets.length; column++) {
    const target = layout.targets[column]!;
    const cell = isKept ? undefined : plan.cells.find((one) => one.column === column);
    if (target.to === 'probe') add(steps.probe);
    else if (target.to === 'context') add(steps.context);
    else if (target.to !== 'field') add(steps.skip);
    else if (column === columns.text) {
      // Its text and a field of that name in one: so rare that it is not worth a step.
      if (cell !== undefined) return undefined;
      if (!hasText) add(steps.empty);
      else add(isKept ? steps.keep : steps.some);
    } else if (isKept) {
      if (hasText) add(steps.skip);
      else add(steps.append, 0, new TextEncoder().encode(` ${target.name}=`));
    } else if (cell !== undefined) add(steps[plan.fields[cell.field]!.storage], cell.field, nothing, cell.radix);
    else add(steps.skip);
  }
  return {
    state: isKept ? undefined : plan.state(),
    plan,
    codes: Uint8Array.from(codes),
    empties: emptiesOf(codes, probe),
    fields: Uint8Array.from(fields),
    names,
    isHex: Uint8Array.from(isHex),
    texts: isKept
      ? []
      : plan.cells.filter(({ field }) => plan.fields[field]!.storage === 'text').map(({ field }) => field),
    probe: knownCell(probe),
  };
}

function emptiesOf(codes: readonly number[], probe: Uint8Array): Uint16Array {
  const empties = new Uint16Array(codes.length);
  let count = 0;
  for (let i = codes.length - 1; i >= 0; i--) {
    const code = codes[i];
    const isNeeded = code === steps.keep || code === steps.some || (code === steps.probe && probe.length > 0);
    count = isNeeded ? 0 : count + 1;
    empties[i] = count;
  }
  return empties;
}
