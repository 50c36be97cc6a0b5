/** What a measure is: items with value, time, events and whose they are. */
import type { History, Observability } from '../history/facts.ts';
import type { Posterior } from '../replay/blame.ts';
import { type Owner, Owners } from './owners.ts';

export type Unit = 'ns' | 'share' | 'passes' | 'pages' | 'count';
export type Filter = 'of' | 'by' | 'cpu' | 'blamed';

/** Facts of one history, with what is worked out once for all rules. */
export class Facts {
  readonly history: History;
  readonly posteriors: readonly Posterior[];
  readonly owners: Owners;

  constructor(history: History, posteriors: readonly Posterior[]) {
    this.history = history;
    this.posteriors = posteriors;
    this.owners = new Owners(history);
  }
}

/** Items by their number. Times are relative to the capture's first event; NaN = not known. Events: -1 = none. */
export interface Items {
  readonly length: number;
  /** NaN where the capture cannot tell it; 1 and 0 of counted things. */
  value(i: number): number;
  start(i: number): number;
  end(i: number): number;
  firstEvent(i: number): number;
  lastEvent(i: number): number;
  owner(i: number): Owner;
  /** What it is, for a person: `folio 0x59cf9 of call 12`. */
  says(i: number): string;
}

export interface Measure {
  readonly name: string;
  readonly unit: Unit;
  /** What it counts, or what a value is of. */
  readonly says: string;
  /** The events behind it. */
  readonly source: string;
  readonly filters: readonly Filter[];
  /** Whether the capture can show it. */
  readonly needs: readonly (keyof Observability)[];
  /** Its values are 1 and 0: those with 1 are a part of all items. */
  readonly isPart?: true;
  items(facts: Facts): Items;
}

export interface Shape<Row> {
  readonly rows: (facts: Facts) => { readonly length: number; at(i: number): Row | undefined };
  readonly value: (row: Row) => number;
  readonly start: (row: Row) => number;
  readonly end?: (row: Row) => number;
  readonly events: (row: Row) => readonly [number, number];
  readonly owner: (row: Row, facts: Facts) => Owner;
  readonly item: (row: Row) => string;
}

type Description = Omit<Measure, 'items'>;

/** Measures of one sort of row differ by their value (and, some of them, by which rows they look at). */
export function measure<Row>(description: Description, shape: Shape<Row>): Measure {
  const { rows, value, start, end = start, events, owner, item } = shape;
  return {
    ...description,
    items(facts) {
      const all = rows(facts);
      const at = (i: number): Row => all.at(i)!;
      return {
        length: all.length,
        value: (i) => value(at(i)),
        start: (i) => start(at(i)),
        end: (i) => end(at(i)),
        firstEvent: (i) => events(at(i))[0],
        lastEvent: (i) => events(at(i))[1],
        owner: (i) => owner(at(i), facts),
        says: (i) => item(at(i)),
      };
    },
  };
}

export const hex = (pfn: number): string => (Number.isNaN(pfn) ? 'a folio' : `folio 0x${pfn.toString(16)}`);
export const lasted = ({ start, end }: { start: number; end: number }): number => end - start;
export const whether = (is: boolean): number => (is ? 1 : 0);

export const byRequest: readonly Filter[] = ['of', 'by', 'cpu'];
export const byTask: readonly Filter[] = ['by', 'cpu'];
