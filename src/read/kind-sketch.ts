/** The kinds of one table in plain data, so that another thread's table can begin with them, or take them over. */
import type { EventKind } from '../events/kinds.ts';
import { type KindState, type KindTable, mostFunctions, mostKinds, mostNames, type NamedKind } from './kind-table.ts';

/** One kind; its id is its place in the list. */
interface KindSketch {
  readonly kind: Omit<EventKind, 'id' | 'row'>;
  /** Which name it belongs to: an index of `TableSketch.named`. */
  readonly named: number;
  /** Of a probe: how its arguments are matched, and its function's bytes. */
  readonly template: string;
  readonly functionName: Uint8Array;
  /** Rows in a batch, about: columns that grow while they are filled are copied again and again. */
  readonly rows: number;
}

export interface TableSketch {
  /** Names as the input writes them, in the order met. */
  readonly keys: readonly Uint8Array[];
  /** For each key, the place of the first key that means the same (`migrate:x` and `x`). */
  readonly named: readonly number[];
  readonly kinds: readonly KindSketch[];
}

/** A table in plain data; undefined when it has kinds that no name leads to (`KindTable.described`). */
export function sketchOf(table: KindTable): TableSketch | undefined {
  const { keys } = table;
  const places = new Map<NamedKind, number>();
  const named = keys.map((_key, i) => {
    const one = table.namedAt(i);
    const place = places.get(one) ?? i;
    places.set(one, place);
    return place;
  });
  const owners = new Map<KindState, number>();
  for (const [one, place] of places) {
    for (const state of [one.catalogued, one.generic, ...one.probes]) if (state) owners.set(state, place);
  }
  const kinds: KindSketch[] = [];
  for (const state of table.states) {
    const place = owners.get(state);
    if (place === undefined) return undefined;
    const { id: _id, row: _row, ...kind } = state.kind;
    const template = kind.form === 'probe' ? (state.templates[0]?.text ?? '') : '';
    kinds.push({ kind, named: place, template, functionName: state.functionName, rows: state.lastLength });
  }
  // A copy: a table that goes on meets more.
  return { keys: [...keys], named, kinds };
}

/**
 * Takes the kinds of a sketch into a table: names and kinds that are new to it are made in the sketch's order, which is
 * the order in which reading the same text here would have made them.
 *
 * @param seeded kinds at the sketch's beginning that came from this table itself
 * @returns for each kind of the sketch its id here; undefined when reading the text here would have given other kinds
 *   (a probe whose first event shows other arguments; text that only here is known for a probe's): then nothing but
 *   names were added, in the order of the text
 */
export function takeKinds(table: KindTable, sketch: TableSketch, seeded: number): Int32Array | undefined {
  const { keys } = sketch;
  if (keys.length >= mostNames || table.keys.length + keys.length > mostNames) return undefined;
  const own = new Map<number, NamedKind>();
  const taken = new Set<NamedKind>();
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    const one = table.find(key, 0, key.length);
    const place = sketch.named[i]!;
    const known = own.get(place);
    if (known === undefined ? taken.has(one) : known !== one) return undefined;
    own.set(place, one);
    taken.add(one);
  }
  const { kinds } = sketch;
  if (table.states.length + kinds.length >= mostKinds) return undefined;
  const namedOf = (index: number): NamedKind => own.get(kinds[index]!.named)!;
  const seededProbes = new Set<NamedKind>();
  const functions = new Map<NamedKind, number>();
  for (let i = 0; i < kinds.length; i++) {
    if (kinds[i]!.kind.form !== 'probe') continue;
    const named = namedOf(i);
    if (i < seeded) seededProbes.add(named);
    else {
      const count = (functions.get(named) ?? named.probes.length) + 1;
      if (count > mostFunctions) return undefined;
      functions.set(named, count);
    }
  }
  for (let i = 0; i < kinds.length; i++) {
    if (!isAlike(kinds[i]!, namedOf(i), seededProbes.has(namedOf(i)))) return undefined;
  }
  const ids = new Int32Array(kinds.length);
  for (let i = 0; i < kinds.length; i++) {
    const state = take(table, kinds[i]!, namedOf(i));
    state.lastLength = Math.max(state.lastLength, kinds[i]!.rows);
    ids[i] = state.kind.id;
  }
  return ids;
}

/** Whether the events of a kind would have become the same kind with what is known of their name here. */
function isAlike(sketch: KindSketch, named: NamedKind, knewProbes: boolean): boolean {
  const { kind } = sketch;
  if (kind.form === 'catalogued') return named.row !== undefined;
  if (kind.form === 'generic') {
    if (named.probes.length > 0 && !knewProbes) return false;
    return named.generic !== undefined || (named.system === kind.system && named.name === kind.name);
  }
  const known = probeOf(sketch, named);
  if (known === undefined) return true;
  const { id: _id, row: _row, ...here } = known.kind;
  return JSON.stringify(here) === JSON.stringify(kind);
}

function probeOf(sketch: KindSketch, named: NamedKind): KindState | undefined {
  return named.probes.find(
    (state) =>
      state.kind.probe?.isReturn === sketch.kind.probe?.isReturn &&
      state.functionName.length === sketch.functionName.length &&
      state.functionName.every((byte, i) => byte === sketch.functionName[i]),
  );
}

function take(table: KindTable, sketch: KindSketch, named: NamedKind): KindState {
  if (sketch.kind.form === 'catalogued') return table.catalogued(named, named.row!);
  if (sketch.kind.form === 'generic') return table.generic(named);
  return probeOf(sketch, named) ?? table.takeProbe(named, sketch.kind, sketch.template, sketch.functionName);
}
