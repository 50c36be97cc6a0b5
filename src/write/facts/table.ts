/**
 * Facts of a history as tables for other tools: what a column is called, holds and means, said once. docs/exports.md is made
 * of these descriptions, and the writers of CSV, Parquet and Arrow follow them.
 */
import type { History } from '../../history/facts.ts';
import { blameOf, type Posterior } from '../../replay/blame.ts';

/** A history with the blame of its failures, worked out once. */
export interface Facts {
  readonly history: History;
  /** In the order of the history's failures. */
  readonly posteriors: readonly Posterior[];
}

export function factsOf(history: History): Facts {
  return { history, posteriors: blameOf(history) };
}

/** `time`: absolute, in the clock of the capture; `name`: a text out of few; otherwise as stored. */
export type FactType = 'time' | 'int32' | 'int64' | 'float64' | 'name' | 'text';

/** What is said of a column in the documentation. */
export interface ColumnDescription {
  readonly name: string;
  readonly type: FactType;
  /** Empty where the value has none. */
  readonly unit: string;
  readonly says: string;
  /** What it means that there is no value; empty where there always is one. */
  readonly absent: string;
}

/** A value of a column: NaN and the empty text stand for none. */
export type Cell = number | string;

export interface FactColumn<Row> extends ColumnDescription {
  readonly at: (row: Row, facts: Facts) => Cell;
}

/** Rows by their number. */
export interface Rows<Row> {
  readonly length: number;
  at(i: number): Row | undefined;
}

/** A table of some history. */
export interface OpenTable {
  readonly length: number;
  /** A reader for each column, in order: the value in a row. */
  readonly cells: readonly ((row: number) => Cell)[];
}

export interface FactTable {
  /** Also the name of its file. */
  readonly name: string;
  /** What a row is. */
  readonly says: string;
  readonly columns: readonly ColumnDescription[];
  open(facts: Facts): OpenTable;
}

export function factTable<Row>(
  name: string,
  says: string,
  rows: (facts: Facts) => Rows<Row>,
  columns: readonly FactColumn<Row>[],
): FactTable {
  return {
    name,
    says,
    columns,
    open(facts) {
      const all = rows(facts);
      return {
        length: all.length,
        cells: columns.map(
          ({ at }) =>
            (row) =>
              at(all.at(row)!, facts),
        ),
      };
    },
  };
}

type Make = <Row>(
  name: string,
  says: string,
  at: (row: Row, facts: Facts) => Cell,
  absent?: string,
  unit?: string,
) => FactColumn<Row>;

const of =
  (type: FactType, usualUnit: string): Make =>
  (name, says, at, absent = '', unit = usualUnit) => ({ name, type, unit, says, absent, at });

/** An absolute time. A table's times and those of the events are on one axis. */
export const time: Make = of('time', 'ns');
/** A small whole number. */
export const int: Make = of('int32', '');
/** A page frame number, or an address. */
export const frame: Make = of('int64', 'frame');
/** The number of an event in the capture, from 0. */
export const ordinal: Make = of('int64', 'event');
export const real: Make = of('float64', '');
export const named: Make = of('name', '');
export const text: Make = of('text', '');

/** -1 stands for none in facts. */
export const orNone = (value: number): number => (value < 0 ? Number.NaN : value);
export const yesNo = (value: boolean): string => (value ? 'yes' : 'no');
