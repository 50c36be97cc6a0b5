/** The text of an event to values: by the catalogue's row of its name, else by the form that probes have. */
import type { StringTable } from '../base/strings.ts';
import { matchTemplate } from '../events/template.ts';
import type { FieldValues } from '../events/values.ts';
import { readFieldDump } from './field-dump.ts';
import type { KindState, KindTable, KnownSite, NamedKind } from './kind-table.ts';
import { newProbeSite, readProbeSite } from './probe-line.ts';
import { knownSite, rememberSite } from './probe-sites.ts';

export class EventText {
  readonly #kinds: KindTable;
  readonly #values: FieldValues;
  readonly #strings: StringTable;
  readonly #site = newProbeSite();

  /** @param values filled by what is decoded */
  constructor(kinds: KindTable, values: FieldValues, strings: StringTable) {
    this.#kinds = kinds;
    this.#values = values;
    this.#strings = strings;
  }

  /** Fills the values from `bytes[start..end)` and gives the kind; undefined when the text fits no form of this name. */
  decode(named: NamedKind, bytes: Uint8Array, start: number, end: number): KindState | undefined {
    const values = this.#values;
    if (named.row) {
      const { row, templates } = named;
      // A dump of the record ends with `)`, and its values would pass for the names that some events print.
      const isDump = end > start && bytes[end - 1] === 41;
      if (isDump && readFieldDump(row, bytes, start, end, values, this.#strings)) {
        return this.#kinds.catalogued(named, row);
      }
      for (const template of templates) {
        if (matchTemplate(template, bytes, start, end, values)) {
          return named.catalogued ?? this.#kinds.catalogued(named, row);
        }
      }
    }
    return this.#decodeProbe(named, bytes, start, end);
  }

  #decodeProbe(named: NamedKind, bytes: Uint8Array, start: number, end: number): KindState | undefined {
    const known = knownSite(named.sites, bytes, start, end) ?? this.#readSite(named, bytes, start, end);
    return known && this.behindSite(known, bytes, start, end) ? known.state : undefined;
  }

  /** Fills the values from what follows a parenthesis met before; false when the arguments have another form. */
  behindSite(site: KnownSite, bytes: Uint8Array, start: number, end: number): boolean {
    const template = site.state.templates[0];
    if (!template || !matchTemplate(template, bytes, start + site.bytes.length, end, this.#values)) return false;
    if (site.caller >= 0) this.#values.setTextId(0, site.caller);
    return true;
  }

  #readSite(named: NamedKind, bytes: Uint8Array, start: number, end: number): KnownSite | undefined {
    const site = this.#site;
    if (!readProbeSite(bytes, start, end, site)) return undefined;
    const state = this.#kinds.probe(named, bytes, site, end);
    if (!state) return undefined;
    const known: KnownSite = {
      bytes: bytes.slice(start, site.behind),
      state,
      caller: site.isReturn ? this.#strings.internBytes(bytes, site.callerStart, site.callerEnd) : -1,
    };
    rememberSite(named.sites, known);
    return known;
  }
}
