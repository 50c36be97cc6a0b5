/**
 * Kinds of events that come with their fields' names: GenericFtraceEvent, events that the trace describes itself, and
 * messages that nothing describes (named by number). Nearly all events of one name have the same fields in the same order;
 * each such shape is understood once.
 */
import type { EventRow } from '../../events/catalog.ts';
import type { Field, Probe } from '../../events/kinds.ts';
import { probeFields, type Shown } from '../../events/probe-definitions.ts';
import { findFunction } from '../../events/probes.ts';
import type { BatchBuilder } from '../builder.ts';
import type { KindState, NamedKind } from '../kind-table.ts';
import type { What } from './event-table.ts';
import { type Scratch, sorts } from './scratch.ts';
import { columnOf, type Setting, setNumber, setText, type Target, targetOf } from './targets.ts';
import { Wire } from './wire.ts';

interface Shape {
  readonly names: readonly Uint8Array[];
  /** What stands before each value in a GenericFtraceEvent, behind the length of its field. */
  readonly heads: readonly Uint8Array[];
  readonly sorts: readonly number[];
  readonly targets: readonly (Target | undefined)[];
  readonly state: KindState;
}

type Made = Pick<Shape, 'targets' | 'state'>;

/** Tags of GenericFtraceEvent.Field's values, by what they are; there are no bytes. */
const valueTags = [0x20, 0x28, 0x1a, 0x1a];

/** Most shapes of one name, and of all: beyond, events keep their values as text. */
const mostOfName = 16;
const most = 4096;

export class Shapes {
  readonly #builder: BatchBuilder;
  readonly #shapes = new Map<NamedKind, Shape[]>();
  #count = 0;
  #lastNamed: NamedKind | undefined;
  #lastShapes: Shape[] = [];
  readonly #wire = new Wire();

  constructor(builder: BatchBuilder) {
    this.#builder = builder;
  }

  /** Sets the values of the event in `scratch`; its kind, or undefined when it can have no columns. */
  decode(named: NamedKind, scratch: Scratch, bytes: Uint8Array, setting: Setting): KindState | undefined {
    const shape = this.#find(named, scratch);
    if (shape === undefined) return undefined;
    setting.values.clear(shape.state.kind.fields.length);
    const { targets } = shape;
    for (let i = 0; i < scratch.count; i++) {
      const target = targets[i];
      if (target === undefined) continue;
      if (scratch.sort[i]! >= sorts.text) setText(target, bytes, scratch.start[i]!, scratch.end[i]!, setting);
      else setNumber(target, scratch.hi[i]!, scratch.lo[i]!, setting);
    }
    return shape.state;
  }

  /**
   * Sets the values of a GenericFtraceEvent whose fields `bytes[from..to)` are written as those of the last event of its name
   * were; undefined when they are not, which says nothing of them. Half of the time of a trace of LRU events is saved by it:
   * names are compared in the same walk that finds the values.
   *
   *     12 len  0a len name  28 varint        a number without sign
   *     12 len  0a len name  20 varint        with sign
   *     12 len  0a len name  1a len text
   */
  quick(named: NamedKind, bytes: Uint8Array, from: number, to: number, setting: Setting): KindState | undefined {
    const shape = this.#shapesOf(named)[0];
    if (shape === undefined) return undefined;
    const { heads, targets, sorts: kinds } = shape;
    const wire = this.#wire;
    setting.values.clear(shape.state.kind.fields.length);
    let at = from;
    for (let i = 0; i < heads.length; i++) {
      const head = heads[i]!;
      if (at + 2 + head.length >= to || bytes[at] !== 0x12) return undefined;
      const length = bytes[at + 1]!;
      const start = at + 2;
      const stop = start + length;
      if (length > 0x7f || stop > to) return undefined;
      for (let k = 0; k < head.length; k++) if (bytes[start + k] !== head[k]) return undefined;
      wire.open(bytes, start + head.length, stop);
      if (!wire.varint()) return undefined;
      const target = targets[i];
      if (kinds[i]! >= sorts.text) {
        if (wire.hi !== 0 || wire.lo !== stop - wire.at) return undefined;
        if (target !== undefined) setText(target, bytes, wire.at, stop, setting);
      } else {
        if (wire.at !== stop) return undefined;
        if (target !== undefined) setNumber(target, wire.hi, wire.lo, setting);
      }
      at = stop;
    }
    return at === to ? shape.state : undefined;
  }

  #shapesOf(named: NamedKind): Shape[] {
    if (named !== this.#lastNamed) {
      let shapes = this.#shapes.get(named);
      if (shapes === undefined) {
        shapes = [];
        this.#shapes.set(named, shapes);
      }
      this.#lastShapes = shapes;
      this.#lastNamed = named;
    }
    return this.#lastShapes;
  }

  #find(named: NamedKind, scratch: Scratch): Shape | undefined {
    const shapes = this.#shapesOf(named);
    for (let i = 0; i < shapes.length; i++) {
      const shape = shapes[i]!;
      if (!fits(shape, scratch)) continue;
      // The next event of this name is looked for here first.
      shapes[i] = shapes[0]!;
      shapes[0] = shape;
      return shape;
    }
    if (named === this.#builder.kinds.other || scratch.more > 0) return undefined;
    if (shapes.length === mostOfName || this.#count === most) return undefined;
    this.#count++;
    const shape = this.#make(named, scratch);
    shapes.unshift(shape);
    return shape;
  }

  #make(named: NamedKind, scratch: Scratch): Shape {
    const names = distinctNames(scratch);
    const { row } = named;
    const made =
      (row === undefined ? undefined : this.#catalogued(named, row, names, scratch)) ??
      this.#probe(named, names, scratch) ??
      this.#described(named, names, scratch);
    const nameBytes = Array.from({ length: scratch.count }, (_, i) =>
      scratch.nameBytes[i]!.slice(scratch.nameStart[i]!, scratch.nameEnd[i]!),
    );
    return {
      names: nameBytes,
      heads: nameBytes.map((name, i) => headOf(name, scratch.sort[i]!)),
      sorts: Array.from(scratch.sort.subarray(0, scratch.count)),
      ...made,
    };
  }

  /** An event of the catalogue: its row's columns, and behind them what a vendor added. */
  #catalogued(named: NamedKind, row: EventRow, names: readonly string[], scratch: Scratch): Made | undefined {
    const { kinds, capture } = this.#builder;
    const extras: Field[] = [];
    let mapped = 0;
    const taken = new Set<number>();
    const targets = names.map((name, i) => {
      let column = columnOf(row, name);
      if (column >= 0 && !taken.has(column)) {
        mapped++;
        taken.add(column);
      } else {
        column = row.fields.length + extras.length;
        extras.push(ownField(name, scratch, i));
      }
      const field = row.fields[column] ?? extras[column - row.fields.length]!;
      return targetOf(field, column, scratch.sort[i] === sorts.signed ? 'd' : 'x', row, capture.strings);
    });
    // A text where the catalogue has a number: this is not the event that the catalogue means.
    if (mapped === 0 || targets.some((target, i) => target.takes === 'number' && scratch.sort[i]! >= sorts.text)) {
      return undefined;
    }
    const state =
      extras.length === 0
        ? kinds.catalogued(named, row)
        : kinds.described({
            system: row.system,
            name: row.name,
            form: 'catalogued',
            fields: [...row.fields, ...extras],
            row,
          });
    return { targets, state };
  }

  /** A probe on a kernel function, told by the fields that only probes have (kernel/trace/trace_probe.h), or by its definition. */
  #probe(named: NamedKind, names: readonly string[], scratch: Scratch): Made | undefined {
    const { kinds, capture } = this.#builder;
    const { definition } = named;
    const isReturn = names.includes('__probe_ret_ip');
    if (!isReturn && !names.includes('__probe_ip') && definition === undefined) return undefined;
    const inner = names
      .map((name, i) => ({ name, i }))
      .filter(({ name }) => !name.startsWith('__probe_'))
      .map(({ name, i }) => ({ name, i, shown: shownAs(scratch.sort[i]!) }));
    const guess = named.name.replace(/_(?:ret|return|exit|entry)$/, '');
    const isOwn = definition?.isReturn === isReturn;
    const { fields, probe } = probeFields({
      function: definition?.function ?? (findFunction(guess) ? guess : ''),
      isReturn,
      source: definition === undefined ? 'name' : 'definition',
      arguments: inner,
      definition: isOwn ? definition : undefined,
    });
    const first = isReturn ? 1 : 0;
    const targets = names.map((name, i): Target | undefined => {
      if (name === '__probe_ret_ip') return { column: 0, how: 'function', takes: 'text', names: [] };
      const place = inner.findIndex((one) => one.i === i);
      const field = fields[first + place];
      if (place < 0 || field === undefined) return undefined;
      const what: What = scratch.sort[i] === sorts.signed ? 'd' : 'x';
      return targetOf(field, first + place, what, undefined, capture.strings);
    });
    if (targets.some((target, i) => target?.takes === 'number' && scratch.sort[i]! >= sorts.text)) return undefined;
    const system = named.row !== undefined && definition === undefined ? '' : named.system;
    return { targets, state: kinds.described({ system, name: named.name, form: 'probe', fields, probe }) };
  }

  /** An event that nothing knows: all its fields, typed as they come. */
  #described(named: NamedKind, names: readonly string[], scratch: Scratch): Made {
    const { kinds, capture } = this.#builder;
    const fields = names.map((name, i) => ownField(name, scratch, i));
    const { system, name } = named;
    return {
      targets: fields.map((field, i) => targetOf(field, i, 'x', undefined, capture.strings)),
      state: kinds.described({ system, name, form: 'generic', fields }),
    };
  }
}

/** `0a len name tag`. A name of more than 127 bytes has a longer length, and is never written so: its head fits nothing. */
function headOf(name: Uint8Array, sort: number): Uint8Array {
  const head = new Uint8Array(name.length + 3);
  head[0] = 0x0a;
  head[1] = name.length;
  head.set(name, 2);
  head[name.length + 2] = valueTags[sort]!;
  return head;
}

/** A probe that Perfetto set by itself (KprobeEvent): it tells the function, and nothing of its arguments. */
export function ownProbe(name: string, isReturn: boolean): { fields: Field[]; probe: Probe } {
  return probeFields({ function: name, isReturn, source: 'name', arguments: [], definition: undefined });
}

function fits(shape: Shape, scratch: Scratch): boolean {
  const { names } = shape;
  const { count } = scratch;
  if (names.length !== count) return false;
  for (let i = 0; i < count; i++) {
    const name = names[i]!;
    const start = scratch.nameStart[i]!;
    if (shape.sorts[i] !== scratch.sort[i] || name.length !== scratch.nameEnd[i]! - start) return false;
    const bytes = scratch.nameBytes[i]!;
    for (let k = 0; k < name.length; k++) if (name[k] !== bytes[start + k]) return false;
  }
  return true;
}

/** Names of the fields; one that comes again gets a number, so that each has a column. */
function distinctNames(scratch: Scratch): string[] {
  const seen = new Set<string>();
  return Array.from({ length: scratch.count }, (_, i) => {
    const name = scratch.name(i) || `field_${i + 1}`;
    let distinct = name;
    for (let again = 2; seen.has(distinct); again++) distinct = `${name}_${again}`;
    seen.add(distinct);
    return distinct;
  });
}

/** Unsigned values may be pointers, counts or flags, and nothing tells which: all 64 bits are kept, large ones shown in hex. */
function ownField(name: string, scratch: Scratch, i: number): Field {
  switch (scratch.sort[i]) {
    case sorts.signed:
      return { name, storage: 'number', print: 'decimal' };
    case sorts.unsigned:
      return { name, storage: 'u64', print: scratch.hi[i] === 0 ? 'decimal' : 'hex' };
    case sorts.text:
      return { name, storage: 'text', print: 'text' };
    default:
      return { name, storage: 'bytes', print: 'text' };
  }
}

function shownAs(sort: number): Shown {
  return sort === sorts.signed ? 'decimal' : sort === sorts.unsigned ? 'hex' : 'text';
}
