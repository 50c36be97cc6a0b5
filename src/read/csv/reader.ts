/** A table of events (CSV, TSV, or with semicolons) into events: our own export exactly, other dumps by documented names. */

import { TraceError } from '../../base/errors.ts';
import { own } from '../../base/own.ts';
import type { EventBatch } from '../../events/batch.ts';
import { type Capture, newCapture } from '../../events/capture.ts';
import type { Field } from '../../events/kinds.ts';
import { parseContext, parseProbeText, unguardText } from '../../events/table.ts';
import { BatchBuilder } from '../builder.ts';
import { printable } from '../detect.ts';
import type { Reader, ReadOptions } from '../format.ts';
import type { KindState, NamedKind } from '../kind-table.ts';
import { CellReader } from './cells.ts';
import { type Layout, readHeader, type TimeUnit } from './header.ts';
import { PlainReader } from './plain-reader.ts';
import type { Plan } from './plans.ts';
import type { CommonColumns } from './row-shape.ts';
import { type Row, RowReader } from './rows.ts';
import { TimeReader } from './times.ts';

/** Plans that are kept; a table with more kinds of events has each row's made for it. */
const mostPlans = 65536;

/** Most remarks on columns that an event has no field for: a table of many columns and events would have thousands. */
const mostRemarks = 100;

export class CsvReader implements Reader {
  readonly capture: Capture;
  readonly #builder: BatchBuilder;
  readonly #rows: RowReader;
  readonly #source: string;
  readonly #map: ReadOptions['csvMap'];
  readonly #encoder = new TextEncoder();
  #cells: CellReader;
  #layout: Layout | undefined;
  #time: TimeReader;
  #plain: PlainReader | undefined;
  /** Plans by event name and probe description. */
  readonly #plans = new Map<string, Plan | NamedKind>();
  /** Columns said to be of no use to an event. */
  #unusedColumns = 0;
  readonly #at: CommonColumns = {
    time: -1,
    cpu: -1,
    pid: -1,
    tgid: -1,
    comm: -1,
    event: -1,
    probe: -1,
    context: -1,
    text: -1,
  };

  /** @param judgesAll every row goes through csv-parse: for the test that it makes no difference */
  constructor(source: string, options: ReadOptions, judgesAll = false) {
    this.#source = source;
    this.#map = options.csvMap;
    this.capture = newCapture(source, 'csv', 'rows');
    this.#builder = new BatchBuilder(this.capture, []);
    this.#cells = new CellReader(this.#builder.fieldValues, this.capture.strings, false);
    this.#time = new TimeReader(this.capture, 'ns');
    this.#rows = new RowReader({
      comment: () => this.#builder.comment(),
      row: (row) => this.#any(row),
      plain: () => (judgesAll ? undefined : this.#plain),
    });
  }

  push(chunk: Uint8Array): EventBatch[] {
    this.#rows.push(chunk);
    this.#settleClock();
    return this.#builder.take();
  }

  giveBack(batch: EventBatch): void {
    this.#builder.giveBack(batch);
  }

  end(): EventBatch[] {
    this.#rows.end();
    this.#settleClock();
    return this.#builder.finish();
  }

  #any(row: Row): void {
    this.#builder.at = row.line;
    if (this.#layout === undefined) this.#header(row);
    else if (row.problem !== '') this.#skip(row.problem, row.line, row.text);
    else this.#row(row.cells, row.line, this.#layout);
  }

  #settleClock(): void {
    const { clock } = this.capture;
    const { resolution } = this.#time;
    if (clock.unit === 'ns' && clock.resolution !== resolution) this.capture.clock = { ...clock, resolution };
  }

  #header(row: Row): void {
    if (row.problem !== '') {
      const where = { file: this.#source, place: `line ${row.line}` };
      throw new TraceError('csv-header', where, `the header is no row of CSV: ${row.problem}`);
    }
    const layout = readHeader(this.#source, row.line, row.cells, this.#map);
    this.#layout = layout;
    this.#cells = new CellReader(this.#builder.fieldValues, this.capture.strings, layout.isExport);
    let unit: TimeUnit = 'ns';
    layout.targets.forEach((target, column) => {
      if (target.to === 'time') {
        this.#at.time = column;
        unit = target.unit;
      } else if (target.to === 'field') {
        if (target.name === 'text') this.#at.text = column;
      } else if (target.to !== 'ignored') this.#at[target.to] = column;
    });
    const separator = { 44: 'commas', 59: 'semicolons', 9: 'tabs' }[this.#rows.delimiter] ?? 'commas';
    this.capture.variant = `table with ${separator}, ${layout.isExport ? 'as exported' : 'a dump with mapped columns'}`;
    this.#time = new TimeReader(this.capture, unit);
    if ((unit as TimeUnit) === 'clock') this.capture.clock = { unit: 'integer', resolution: 1 };
    this.#plain = new PlainReader(this.#builder, layout, this.#at, this.#rows.delimiter, this.#time, (cells, line) =>
      this.#row(cells, line, layout),
    );
    this.#builder.comment();
  }

  /** The plan by which the row became an event, or undefined when it was skipped. */
  #row(cells: readonly string[], line: number, layout: Layout): Plan | NamedKind | undefined {
    const problem =
      cells.length === layout.targets.length
        ? this.#begin(cells, layout)
        : `a row does not have the header's ${layout.targets.length} columns`;
    if (typeof problem !== 'string') return problem;
    this.#skip(problem, line, cells.join(String.fromCharCode(this.#rows.delimiter)));
    return undefined;
  }

  /** Reads everything before anything is given to the builder: a bad cell makes a skipped row, not half an event. Its plan, or what is wrong. */
  #begin(cells: readonly string[], layout: Layout): Plan | NamedKind | string {
    const at = this.#at;
    const time = this.#time;
    const problem = time.read(cells[at.time] ?? '');
    if (problem !== undefined) return problem;
    const cpu = wholeNumber(cells[at.cpu]);
    if (cpu === undefined) return 'cpu is not a number';
    const pid = wholeNumber(cells[at.pid]);
    if (pid === undefined) return 'pid is not a number';
    const tgid = wholeNumber(cells[at.tgid]);
    if (tgid === undefined) return 'tgid is not a number';
    const named = (layout.event || (cells[at.event] ?? '')).trim();
    const event = layout.isExport ? unguardText(named) : named;
    if (event === '') return 'the event has no name';
    const plan = this.#plan(event, cells[at.probe] ?? '', cells, layout);
    if (plan === undefined) return 'the probe column is not of the form that it is exported in';
    const values = this.#builder.fieldValues;
    if ('state' in plan) {
      values.clear(plan.fields.length);
      this.#cells.restart();
      for (const { column, field, radix } of plan.cells) {
        const description = plan.fields[field]!;
        if (!this.#cells.read(cells[column]!, description, field, radix))
          return noNumber(description.name, cells[column]!);
      }
    }
    const comm = this.#text(cells[at.comm] ?? '', layout);
    const flags = at.context < 0 ? 0 : parseContext(cells[at.context] ?? '');
    const commId = comm === undefined ? -1 : this.capture.strings.intern(comm);
    this.#builder.begin(time.seconds, time.nanoseconds, cpu, pid, tgid, commId, flags);
    if ('state' in plan) {
      this.#builder.values(plan.state(), this.#cells.bytes);
    } else {
      const text = this.#encoder.encode(this.#genericText(cells, layout));
      this.#builder.generic(plan, text, 0, text.length);
    }
    return plan;
  }

  /** undefined where a text is not recorded. */
  #text(cell: string, layout: Layout): string | undefined {
    if (cell === '') return undefined;
    return layout.isExport ? unguardText(cell) : cell;
  }

  /** How rows of this event are read; a name alone when its text is kept as it is. */
  #plan(event: string, probe: string, cells: readonly string[], layout: Layout): Plan | NamedKind | undefined {
    const isText = this.#at.text >= 0 && cells[this.#at.text] !== '';
    // Either may hold anything, so the length says where the one ends.
    const key = isText ? `text ${event}` : `${event.length} ${event}${probe}`;
    const known = this.#plans.get(key);
    if (known !== undefined) return known;
    const colon = event.indexOf(':');
    const system = colon < 0 ? '' : event.slice(0, colon);
    const name = colon < 0 ? event : event.slice(colon + 1);
    const named = this.#builder.kinds.findName(system, name);
    let plan: Plan | NamedKind = named;
    if (probe !== '') {
      const described = parseProbeText(probe);
      if (described === undefined) return undefined;
      let state: KindState | undefined;
      const make = (): KindState => {
        state ??= this.#builder.kinds.described({ system, name, form: 'probe', ...described });
        return state;
      };
      plan = this.#planFields(event, described.fields, {}, cells, layout, make);
    } else if (!isText && named.row !== undefined) {
      const { row } = named;
      const make = (): KindState => this.#builder.kinds.catalogued(named, row);
      plan = this.#planFields(event, row.fields, row.aliases ?? {}, cells, layout, make);
    }
    if (this.#plans.size < mostPlans) this.#plans.set(key, plan);
    return plan;
  }

  #planFields(
    event: string,
    fields: readonly Field[],
    aliases: Readonly<Record<string, string>>,
    cells: readonly string[],
    layout: Layout,
    state: () => KindState,
  ): Plan {
    const chosen = new Map<number, Plan['cells'][number]>();
    const used = new Set<number>();
    const take = (column: number, name: string, radix: 10 | 16): void => {
      const field = fields.findIndex((one) => one.name === name);
      if (field < 0 || chosen.has(field)) return;
      chosen.set(field, { column, field, radix });
      used.add(column);
    };
    // The kernel's name first; an alias (`page` for `folio`) only where the name itself is no column.
    layout.targets.forEach((target, column) => {
      if (target.to === 'field') take(column, target.name, target.radix);
    });
    layout.targets.forEach((target, column) => {
      const alias = target.to === 'field' ? own(aliases, target.name) : undefined;
      if (target.to === 'field' && alias !== undefined && !layout.isExport) take(column, alias, target.radix);
    });
    layout.targets.forEach((target, column) => {
      if (target.to !== 'field' || used.has(column) || (cells[column] ?? '') === '') return;
      if (this.#unusedColumns++ >= mostRemarks) return;
      this.capture.remarks.push(
        `column "${printable(target.name, 40)}" is no field of ${printable(event, 80)}: not used`,
      );
    });
    return { fields, cells: [...chosen.values()], state };
  }

  /** The text of an event that the catalogue does not know: as exported, or its cells as `name=value`. */
  #genericText(cells: readonly string[], layout: Layout): string {
    const text = this.#at.text < 0 ? '' : (cells[this.#at.text] ?? '');
    if (text !== '') return layout.isExport ? unguardText(text) : text;
    const parts: string[] = [];
    layout.targets.forEach((target, column) => {
      const cell = cells[column] ?? '';
      if (target.to === 'field' && cell !== '')
        parts.push(`${target.name}=${layout.isExport ? unguardText(cell) : cell}`);
    });
    return parts.join(' ');
  }

  #skip(reason: string, line: number, text: string): void {
    const bytes = this.#encoder.encode(printable(text, 120));
    this.#builder.at = line;
    this.#builder.skip(reason, bytes, 0, bytes.length);
  }
}

/** -1 for an empty cell or no such column; undefined for what is no whole number. */
function wholeNumber(cell: string | undefined): number | undefined {
  if (cell === undefined || cell === '') return -1;
  return /^\s*-?\d{1,10}\s*$/.test(cell) ? Number(cell) : undefined;
}

/** Why a cell is no number. Hex digits without their prefix are the usual reason, and a map is the way out. */
function noNumber(field: string, cell: string): string {
  const isHex = /^[0-9a-f]+$/i.test(cell.trim());
  return `${field} is not a number${isHex ? `: hex needs 0x, or "${field} hex" in a map` : ''}`;
}
