/**
 * Probes on functions (kprobes, return probes, fprobes, uprobes): records with `__probe_ip`, or `__probe_func` and
 * `__probe_ret_ip`, then the arguments (kernel/trace/trace_kprobe.c, trace_fprobe.c, trace_uprobe.c). They become the
 * kinds that the text of such events becomes (`KindTable.probe`): one for each function that the event sits on.
 */
import type { Field } from '../../events/kinds.ts';
import { probeFields, type Shown } from '../../events/probe-definitions.ts';
import { findFunction } from '../../events/probes.ts';
import type { BatchBuilder } from '../builder.ts';
import { type Binding, bindTemplate } from './bind-row.ts';
import { type Environment, isText } from './c-code.ts';
import { printedNumber, printedText } from './conversion.ts';
import type { EventFormat, RecordField } from './event-format.ts';
import { fieldColumn } from './field-column.ts';
import { genericPlan, groupOf, partsOf, scopeOf } from './generic-record.ts';
import { ColumnPlan, distinct, type Plan, type PlannedColumn, type Source, titleOf } from './plan.ts';
import type { Conversion, Part } from './print-format.ts';
import type { RecordBytes } from './record.ts';
import { numberSource, textSource } from './row-record.ts';

/** Most functions of one event that get a kind of their own, as for text. */
const mostFunctions = 64;

/** Names of addresses that are remembered. */
const mostPlaces = 4096;

export function isProbe(format: EventFormat): boolean {
  return format.fields.some((field) => field.name === '__probe_ip' || field.name === '__probe_func');
}

export class ProbePlan implements Plan {
  readonly #format: EventFormat;
  readonly #builder: BatchBuilder;
  readonly #environment: Environment;
  readonly #parts: readonly Part[];
  readonly #isReturn: boolean;
  readonly #site: RecordField | undefined;
  readonly #byFunction = new Map<string, ColumnPlan>();
  /** By the id of the name at the address. */
  readonly #byName = new Map<number, Plan>();
  #others: Plan | undefined;
  #last: Plan | undefined;
  // No address yet. Kept as a float from the start: halves of addresses do not fit into the small integers of the engine, and
  // objects whose field changes from one to the other become two kinds to it.
  #lastHi = Number.NaN;
  #lastLo = Number.NaN;

  constructor(format: EventFormat, builder: BatchBuilder, environment: Environment) {
    this.#format = format;
    this.#builder = builder;
    this.#environment = environment;
    this.#parts = partsOf(format, environment);
    this.#isReturn = format.fields.some((field) => field.name === '__probe_ret_ip');
    this.#site = format.fields.find((field) => field.name === (this.#isReturn ? '__probe_func' : '__probe_ip'));
  }

  decode(record: RecordBytes): void {
    const site = this.#site;
    const isThere = site?.location === 'inline' && record.load(site.offset, site.size, false);
    const hi = isThere ? record.hi : 0;
    const lo = isThere ? record.lo : 0;
    if (this.#last === undefined || hi !== this.#lastHi || lo !== this.#lastLo) {
      this.#last = this.planAt(hi, lo);
      this.#lastHi = hi;
      this.#lastLo = lo;
    }
    this.#last.decode(record);
  }

  /** Where in a record the address of the probed function stands, in 8 bytes; -1 where it does not. */
  get siteOffset(): number {
    const site = this.#site;
    return site?.location === 'inline' && site.size === 8 ? site.offset : -1;
  }

  /** How records of the function at this address are decoded. */
  planAt(hi: number, lo: number): Plan {
    const { names, symbols, strings } = this.#environment;
    if (!symbols || symbols.count === 0) return this.#planOf('');
    const id = names.id(hi, lo);
    const known = this.#byName.get(id);
    if (known) return known;
    const text = strings.text(id);
    const plan = this.#planOf(text.startsWith('0x') ? '' : (/^[\w.$]+/.exec(text)?.[0] ?? ''));
    if (this.#byName.size < mostPlaces) this.#byName.set(id, plan);
    return plan;
  }

  #planOf(inRecord: string): Plan {
    const known = this.#byFunction.get(inRecord);
    if (known) return known;
    const plan = this.#newPlan(inRecord);
    if (plan === undefined) {
      this.#others ??= genericPlan(this.#format, this.#builder, this.#environment);
      return this.#others;
    }
    this.#byFunction.set(inRecord, plan);
    return plan;
  }

  /** The plan of one function; undefined when it is one too many. Those of descriptions before this one count too (`RecordTable.#unknownKind`). */
  #newPlan(inRecord: string): ColumnPlan | undefined {
    if (this.#byFunction.size >= mostFunctions || this.#builder.kinds.isFull) return undefined;
    const { system, name } = this.#format;
    const isReturn = this.#isReturn;
    const { definition } = this.#builder.kinds.findName(system, name);
    const guess = name.replace(/_(?:ret|return|exit|entry)$/, '');
    const shown = this.#arguments();
    const { fields, probe } = probeFields({
      function: inRecord || (definition?.function ?? (findFunction(guess) ? guess : '')),
      isReturn,
      source: inRecord !== '' ? 'line' : definition ? 'definition' : 'name',
      arguments: shown,
      definition: definition?.isReturn === isReturn ? definition : undefined,
    });
    const first = isReturn ? 1 : 0;
    const planned = fields.map(
      (field, i): PlannedColumn => ({
        field,
        source: i < first ? this.#caller() : this.#argumentSource(field, shown[i - first]!),
      }),
    );
    const columns = distinct(planned);
    const kind = {
      system,
      name,
      form: 'probe',
      fields: columns.map((column) => column.field),
      probe: { ...probe, roles: probe.roles.slice(0, columns.length) },
    } as const;
    const { kinds } = this.#builder;
    const group = groupOf(this.#format);
    if (kinds.countOf(group) >= mostFunctions && !kinds.isDescribed(kind, group)) return undefined;
    return new ColumnPlan(this.#builder, this.#environment, titleOf(this.#format), columns, () =>
      kinds.described(kind, group),
    );
  }

  #caller(): Source {
    const field = this.#format.fields.find((one) => one.name === '__probe_ret_ip');
    if (field?.location !== 'inline') return { from: 'nothing' };
    const { offset, size } = field;
    const { callers } = this.#environment;
    return {
      from: 'text',
      id: (record) => (record.load(offset, size, false) ? callers.id(record.hi, record.lo) : -1),
      by: { offset, size, isSigned: false },
    };
  }

  /** The arguments, and how the print format shows each: `0x%Lx`, `%d`, `\"%s\"`, `%pS`, `{%d,%d}`. */
  #arguments(): ShownArgument[] {
    const fields = this.#format.fields.filter((field) => !/^__probe_(?:ip|func|ret_ip)$/.test(field.name));
    const template = `({__site:v})${fields.map(({ name }) => ` ${name}={${name}:v}`).join('')}`;
    const bindings = bindTemplate(template, this.#parts);
    return fields.map((field) => shownArgument(field, bindings?.get(field.name)));
  }

  #argumentSource(column: Field, { field, number, parts }: ShownArgument): Source {
    const scope = scopeOf(this.#format, this.#environment);
    if (column.storage === 'text') {
      if (parts === undefined) {
        const own = fieldColumn(field, this.#parts, scope);
        return own.source.from === 'text' ? faultless(own.source, field) : { from: 'nothing' };
      }
      const { id } = printedText(parts, scope);
      return faultless(textSource(id, scope), field);
    }
    if (number) {
      const printed = printedNumber(number, scope);
      return printed ? numberSource(printed) : { from: 'nothing' };
    }
    const own = parts === undefined ? fieldColumn(field, this.#parts, scope) : undefined;
    return own?.source.from === 'load' ? own.source : { from: 'nothing' };
  }
}

interface ShownArgument {
  readonly name: string;
  readonly shown: Shown;
  readonly field: RecordField;
  /** The one conversion that prints it, where that is a number. */
  readonly number: Conversion | undefined;
  /** What prints it, without the quotes around a string; undefined where the print format does not tell. */
  readonly parts: readonly Part[] | undefined;
}

function shownArgument(field: RecordField, binding: Binding | undefined): ShownArgument {
  const { name } = field;
  if (binding?.how !== 'text') {
    const isNumber = !field.isArray && field.location === 'inline';
    const shown = !isNumber ? 'text' : field.isSigned ? 'decimal' : 'hex';
    return { name, shown, field, number: undefined, parts: undefined };
  }
  const { parts } = binding;
  const [first, second] = parts;
  const behind = first === '0x' ? second : first;
  const isAlone = parts.length === (first === '0x' ? 2 : 1);
  const isNumber = isAlone && behind !== undefined && typeof behind !== 'string' && /^[duxX]$/.test(behind.letter);
  if (isNumber) {
    const isHex = first === '0x' || behind.flags.includes('#');
    return { name, shown: isHex ? 'hex' : 'decimal', field, number: behind, parts };
  }
  const isQuoted = parts.length === 3 && parts[0] === '"' && parts[2] === '"';
  return { name, shown: 'text', field, number: undefined, parts: isQuoted ? parts.slice(1, 2) : parts };
}

/** A string of no bytes at all, not even a zero, is memory that could not be read: its text is `(fault)`. */
function faultless(source: Source, field: RecordField): Source {
  if (source.from !== 'text' || !isText(field) || field.location === 'inline') return source;
  return {
    from: 'text',
    id: (record) => (record.find(field) && record.dataEnd > record.dataStart ? source.id(record) : -1),
  };
}
