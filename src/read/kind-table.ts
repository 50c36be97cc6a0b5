/**
 * The kinds of a capture by name, found from the bytes of an event's name without making a string for it, and for each
 * the compiled matchers of its text.
 */

import type { KindColumns } from '../events/batch.ts';
import type { Capture } from '../events/capture.ts';
import type { EventRow } from '../events/catalog.ts';
import { freeText } from '../events/fields.ts';
import type { EventKind } from '../events/kinds.ts';
import { type ProbeDefinition, parseProbeDefinition, probeFields, type Shown } from '../events/probe-definitions.ts';
import { findFunction } from '../events/probes.ts';
import { findRow } from '../events/rows.ts';
import { compileTemplate, type Template } from '../events/template.ts';
import type { ProbeSite } from './probe-line.ts';

/** A kind being filled. */
export interface KindState {
  readonly kind: EventKind;
  /** Matchers of the text, newest era first; of a probe, the one of its arguments; none for generic kinds. */
  readonly templates: readonly Template[];
  /** Columns of the batch being filled. */
  columns: KindColumns | undefined;
  capacity: number;
  /** Columns of a batch that nobody looks at any more. */
  spare: KindColumns | undefined;
  /** Rows in the last batch: the first guess for the next. */
  lastLength: number;
  /** Of a probe, the bytes of its function's name as lines write it; empty where they hold addresses. */
  readonly functionName: Uint8Array;
}

/** A parenthesis that was read, and the interned name of the caller in it; -1 for an entry, which has none. */
export interface KnownSite {
  readonly bytes: Uint8Array;
  readonly state: KindState;
  readonly caller: number;
}

/** One name as the input writes it (`mm_migrate_pages`, `fs:move`): its kind is decided by its first event. */
export interface NamedKind {
  readonly system: string;
  readonly name: string;
  readonly row: EventRow | undefined;
  /** Matchers of the row's eras; empty without a row. */
  readonly templates: readonly Template[];
  readonly definition: ProbeDefinition | undefined;
  /** Events that the catalogue's row decodes. */
  catalogued: KindState | undefined;
  /** Probes of this name: more than one when one event sits on several functions (kernel 5.5 and later). */
  readonly probes: KindState[];
  /** Parentheses of probe events, those met last: nearly always the next one is among them. */
  readonly sites: KnownSite[];
  generic: KindState | undefined;
}

/** Most functions that one event's name may sit on. */
export const mostFunctions = 64;

/** Most names that get a kind of their own; a kernel has about two thousand events. */
export const mostNames = 8192;

/**
 * Kinds beyond which no probe's function and no record's description gets one of its own: an event's kind is 16 bits, and
 * names (`mostNames`, of two kinds each) still get theirs.
 */
export const mostKinds = 16384;

export class KindTable {
  /** Stands for every name beyond the first 8192 (text that is no trace): such events keep their name in their text. */
  readonly other: NamedKind = {
    system: 'other',
    name: 'names',
    row: undefined,
    templates: [],
    definition: undefined,
    catalogued: undefined,
    probes: [],
    sites: [],
    generic: undefined,
  };
  readonly #capture: Capture;
  readonly #definitions: readonly ProbeDefinition[];
  #slots = new Int32Array(256).fill(-1);
  readonly #keys: Uint8Array[] = [];
  readonly #named: NamedKind[] = [];
  #lastKey: Uint8Array = new Uint8Array(0);
  #lastNamed: NamedKind = this.other;
  readonly #decoder = new TextDecoder();
  readonly states: KindState[] = [];
  /** Kinds of groups, by group and fields; and how many each group has. */
  readonly #described = new Map<string, KindState>();
  readonly #inGroup = new Map<string, number>();

  constructor(capture: Capture, probeDefinitions: readonly string[]) {
    this.#capture = capture;
    this.#definitions = probeDefinitions.map(parseProbeDefinition).filter((found) => found !== undefined);
  }

  /** The name in `bytes[start..end)`, `system:name` or bare. */
  find(bytes: Uint8Array, start: number, end: number): NamedKind {
    const length = end - start;
    // Events come in runs of one kind: comparing with the last name is one walk, hashing and then comparing two.
    const last = this.#lastKey;
    if (last.length === length) {
      let i = 0;
      while (i < length && last[i] === bytes[start + i]) i++;
      if (i === length) return this.#lastNamed;
    }
    const hash = hashOf(bytes, start, length);
    const mask = this.#slots.length - 1;
    let slot = (hash ^ (hash >>> 9)) & mask;
    for (;;) {
      const index = this.#slots[slot]!;
      if (index < 0) break;
      const key = this.#keys[index]!;
      if (key.length === length) {
        let i = 0;
        while (i < length && key[i] === bytes[start + i]) i++;
        if (i === length) {
          this.#lastKey = key;
          this.#lastNamed = this.#named[index]!;
          return this.#lastNamed;
        }
      }
      slot = (slot + 1) & mask;
    }
    return this.#add(bytes.slice(start, end), slot);
  }

  /** The name in text form, for readers of typed input. */
  findName(system: string, name: string): NamedKind {
    const key = new TextEncoder().encode(system === '' ? name : `${system}:${name}`);
    return this.find(key, 0, key.length);
  }

  /** The names met, as the input writes them, in the order met. */
  get keys(): readonly Uint8Array[] {
    return this.#keys;
  }

  /** What the name at a place of `keys` means. */
  namedAt(place: number): NamedKind {
    return this.#named[place]!;
  }

  #add(key: Uint8Array, slot: number): NamedKind {
    if (this.#keys.length >= mostNames) return this.other;
    const text = this.#decoder.decode(key);
    const colon = text.indexOf(':');
    const written = colon > 0 ? text.slice(0, colon) : '';
    const name = colon > 0 ? text.slice(colon + 1) : text;
    const definition = this.#definitions.find(
      (one) => one.name === name && (written === '' || one.system === '' || one.system === written),
    );
    const row = findRow(written, name);
    // One kind for one name: `migrate:x` and `x` share it when both occur.
    const shared = this.#named.find(
      (one) => one.name === name && (one.system === written || (row !== undefined && one.row === row)),
    );
    const named = shared ?? {
      system: written || (definition?.system ?? row?.system ?? ''),
      name,
      row,
      templates: row ? templatesOf(row) : [],
      definition,
      catalogued: undefined,
      probes: [],
      sites: [],
      generic: undefined,
    };
    this.#slots[slot] = this.#keys.length;
    this.#keys.push(key);
    this.#named.push(named);
    if (this.#keys.length * 2 > this.#slots.length) this.#rehash();
    return named;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    this.#keys.forEach((key, index) => {
      const hash = hashOf(key, 0, key.length);
      let slot = (hash ^ (hash >>> 9)) & mask;
      while (slots[slot]! >= 0) slot = (slot + 1) & mask;
      slots[slot] = index;
    });
    this.#slots = slots;
  }

  /** The kind that a catalogue row describes; made only when an event was decoded, so that no kind is without events. */
  catalogued(named: NamedKind, row: EventRow): KindState {
    named.catalogued ??= this.#newState(
      { system: row.system, name: row.name, form: 'catalogued', fields: row.fields, row },
      templatesOf(row),
    );
    return named.catalogued;
  }

  /** The kind that keeps only text. */
  generic(named: NamedKind): KindState {
    named.generic ??= this.#newState(
      { system: named.system, name: named.name, form: 'generic', fields: [freeText('text')] },
      [],
    );
    return named.generic;
  }

  /**
   * The kind of a probe, made from the first event: its function from the line, else the definition, else (a guess) the
   * event's name, and the arguments that the line shows. Undefined for the 65th function of one name, and when there are
   * too many kinds.
   */
  probe(named: NamedKind, bytes: Uint8Array, site: ProbeSite, end: number): KindState | undefined {
    for (const state of named.probes) {
      if (state.kind.probe?.isReturn === site.isReturn && isName(state.functionName, bytes, site)) return state;
    }
    if (named.probes.length === mostFunctions || this.isFull) return undefined;
    const inLine = this.#decoder.decode(bytes.subarray(site.functionStart, site.functionEnd));
    const { definition } = named;
    const guess = named.name.replace(/_(?:ret|return|exit|entry)$/, '');
    const source = inLine !== '' ? 'line' : definition ? 'definition' : 'name';
    const shown = shownArguments(this.#decoder.decode(bytes.subarray(site.behind, end)));
    const { fields, probe } = probeFields({
      function: inLine || (definition?.function ?? (findFunction(guess) ? guess : '')),
      isReturn: site.isReturn,
      source,
      arguments: shown,
      definition: definition?.isReturn === site.isReturn ? definition : undefined,
    });
    const template = shown.map((argument) => ` ${argument.name}={${argument.name}:v}`).join('');
    const state = this.#newState(
      {
        system: named.row && !definition ? '' : named.system,
        name: named.name,
        form: 'probe',
        fields,
        probe,
      },
      [compileTemplate(template, fields)],
      bytes.slice(site.functionStart, site.functionEnd),
    );
    named.probes.push(state);
    return state;
  }

  /** A probe's kind as another table has it (kind-sketch.ts). */
  takeProbe(named: NamedKind, kind: Omit<EventKind, 'id'>, template: string, functionName: Uint8Array): KindState {
    const state = this.#newState(kind, [compileTemplate(template, kind.fields)], functionName);
    named.probes.push(state);
    return state;
  }

  /**
   * A kind that the input itself describes, field by field (a table with typed columns): no text is matched for it.
   *
   * @param group what the kind is one of (the number of a record's description): within it, kinds with the same fields are
   *   the same kind, also when the input describes its records anew (perf.data through a pipe). Without it, each call
   *   makes a kind.
   */
  described(kind: Omit<EventKind, 'id'>, group?: string): KindState {
    if (group === undefined) return this.#newState(kind, []);
    const key = describedKey(kind, group);
    let state = this.#described.get(key);
    if (state === undefined) {
      state = this.#newState(kind, []);
      this.#described.set(key, state);
      this.#inGroup.set(group, this.countOf(group) + 1);
    }
    return state;
  }

  /** There are `mostKinds` kinds. */
  get isFull(): boolean {
    return this.states.length >= mostKinds;
  }

  /** Whether `described` has made this kind. */
  isDescribed(kind: Omit<EventKind, 'id'>, group: string): boolean {
    return this.#described.has(describedKey(kind, group));
  }

  /** Kinds of a group. */
  countOf(group: string): number {
    return this.#inGroup.get(group) ?? 0;
  }

  #newState(kind: Omit<EventKind, 'id'>, templates: readonly Template[], functionName = noBytes): KindState {
    const whole: EventKind = { id: this.#capture.kinds.length, ...kind };
    this.#capture.kinds.push(whole);
    const state = {
      kind: whole,
      templates,
      columns: undefined,
      capacity: 0,
      spare: undefined,
      lastLength: 0,
      functionName,
    };
    this.states.push(state);
    return state;
  }
}

function describedKey({ system, name, form, fields, probe }: Omit<EventKind, 'id'>, group: string): string {
  return `${group} ${JSON.stringify([system, name, form, fields, probe])}`;
}

const compiled = new WeakMap<EventRow, readonly Template[]>();

/** The matchers of a row's eras, newest first. */
export function templatesOf(row: EventRow): readonly Template[] {
  let templates = compiled.get(row);
  if (!templates) {
    templates = row.eras.map((era) => compileTemplate(era.text, row.fields, era.widths));
    compiled.set(row, templates);
  }
  return templates;
}

/** A few bytes tell kernel events apart; the comparison that follows reads all of them anyhow. */
function hashOf(bytes: Uint8Array, start: number, length: number): number {
  if (length < 4) return length;
  const end = start + length;
  const middle = start + (length >> 1);
  const ends = (bytes[start]! << 16) ^ (bytes[end - 1]! << 8) ^ bytes[end - 3]! ^ (bytes[end - 4]! << 20);
  return Math.imul(ends ^ (bytes[middle]! << 4) ^ (bytes[middle - 1]! << 12) ^ (length << 24), 0x9e3779b1);
}

const noBytes: Uint8Array = new Uint8Array(0);

function isName(name: Uint8Array, bytes: Uint8Array, site: ProbeSite): boolean {
  const length = site.functionEnd - site.functionStart;
  if (name.length !== length) return false;
  for (let i = 0; i < length; i++) if (name[i] !== bytes[site.functionStart + i]) return false;
  return true;
}

/** Names of ` name=value` arguments, and what the values look like. A quoted string may hold anything. */
function shownArguments(text: string): { name: string; shown: Shown }[] {
  return [...text.matchAll(/ ([A-Za-z_]\w*)=("(?:[^"]*)"|\S*)/g)].map(([, name = '', value = '']) => ({
    name,
    shown: /^0x[0-9a-f]+$/.test(value) ? 'hex' : /^-?\d+$/.test(value) ? 'decimal' : 'text',
  }));
}
