/**
 * Records that the tracer itself writes (kernel/trace/trace_entries.h): markers and trace_printk(). Their text traces show
 * the function that wrote them where events have their name (`tracing_mark_write: B|734|work`), and so does this.
 */
import { freeText, u64 } from '../../events/fields.ts';
import type { BatchBuilder } from '../builder.ts';
import type { KindState, NamedKind } from '../kind-table.ts';
import { bprintParts, writeBprint } from './bprint.ts';
import type { Environment } from './c-code.ts';
import type { EventFormat, RecordField } from './event-format.ts';
import { genericPlan, groupOf } from './generic-record.ts';
import type { Plan } from './plan.ts';
import type { Part } from './print-format.ts';
import { findPrintk } from './printk-formats.ts';
import type { RecordBytes } from './record.ts';

/** Addresses whose formats are remembered. */
const mostFormats = 4096;

/** The kernel packs at most 1024 bytes (kernel/trace/trace.c TRACE_BUF_SIZE); formats that make more of them are not from it. */
const longestMessage = 4096;

/** The plan of `print`, `bputs` and `bprint`; undefined for other events, and for descriptions that lack their fields. */
export function markerPlan(format: EventFormat, builder: BatchBuilder, environment: Environment): Plan | undefined {
  const ip = format.fields.find((field) => field.name === 'ip' && field.location === 'inline');
  const content = format.fields.find((field) => field.name === contents[format.name]);
  if (format.system !== 'ftrace' || !ip || !content || content.location !== 'inline') return undefined;
  return new MarkerPlan(format, ip, content, builder, environment);
}

const contents: Readonly<Record<string, string>> = { print: 'buf', bputs: 'str', bprint: 'fmt' };

class MarkerPlan implements Plan {
  readonly #format: EventFormat;
  readonly #ip: RecordField;
  readonly #content: RecordField;
  readonly #builder: BatchBuilder;
  readonly #environment: Environment;
  /** By the id of the writing function's name. */
  readonly #named = new Map<number, NamedKind>();
  readonly #formats = new Map<string, readonly Part[] | undefined>();
  #nameless: KindState | undefined;
  #plain: Plan | undefined;

  constructor(
    format: EventFormat,
    ip: RecordField,
    content: RecordField,
    builder: BatchBuilder,
    environment: Environment,
  ) {
    this.#format = format;
    this.#ip = ip;
    this.#content = content;
    this.#builder = builder;
    this.#environment = environment;
  }

  decode(record: RecordBytes): void {
    const { out } = this.#environment;
    out.length = 0;
    if (!this.#write(record) || record.isCut(out)) {
      // Its text cannot be put together: the fields are kept as they are.
      this.#plain ??= genericPlan(this.#format, this.#builder, this.#environment);
      this.#plain.decode(record);
      return;
    }
    const end = out.length > 0 && out.bytes[out.length - 1] === 10 ? out.length - 1 : out.length;
    const isThere = record.load(this.#ip.offset, this.#ip.size, false);
    const { hi, lo } = record;
    const named = isThere ? this.#writer(hi, lo) : undefined;
    if (named) {
      this.#builder.generic(named, out.bytes, 0, end);
      return;
    }
    const { system, name } = this.#format;
    this.#nameless ??= this.#builder.kinds.described(
      { system, name, form: 'generic', fields: [freeText('text'), u64('ip')] },
      groupOf(this.#format),
    );
    const { fieldValues } = this.#builder;
    fieldValues.clear(2);
    fieldValues.setRange(0, 0, end);
    if (isThere) fieldValues.setU64(1, hi, lo);
    this.#builder.values(this.#nameless, out.bytes);
  }

  /** The kind named after the function at an address; undefined where it is in no symbol. */
  #writer(hi: number, lo: number): NamedKind | undefined {
    const { names, symbols, strings } = this.#environment;
    if (!symbols || symbols.count === 0) return undefined;
    const id = names.id(hi, lo);
    const known = this.#named.get(id);
    if (known) return known;
    const name = /^[\w.$]+/.exec(strings.text(id))?.[0] ?? '';
    if (name === '' || name.startsWith('0x')) return undefined;
    const named = this.#builder.kinds.findName('', name);
    this.#named.set(id, named);
    return named;
  }

  /** Puts the text into `out`. */
  #write(record: RecordBytes): boolean {
    const content = this.#content;
    const { out, printkFormats } = this.#environment;
    if (this.#format.name === 'print') {
      if (!record.findText(content)) return false;
      out.add(record.bytes, record.dataStart, record.dataEnd);
      return true;
    }
    if (!printkFormats || !record.load(content.offset, content.size, false)) return false;
    const text = findPrintk(printkFormats, record.hi, record.lo);
    if (text === undefined) return false;
    if (this.#format.name === 'bputs') {
      out.addString(text);
      return true;
    }
    const packed = this.#format.fields.find((field) => field.name === 'buf');
    const parts = this.#partsOf(text);
    return (
      parts !== undefined &&
      packed !== undefined &&
      writeBprint(record, out, parts, packed.offset, this.#environment) &&
      out.length <= 4 * record.length + longestMessage
    );
  }

  #partsOf(text: string): readonly Part[] | undefined {
    const known = this.#formats.get(text);
    if (known || this.#formats.has(text)) return known;
    const parts = bprintParts(text, this.#environment.longSize);
    if (this.#formats.size < mostFormats) this.#formats.set(text, parts);
    return parts;
  }
}
