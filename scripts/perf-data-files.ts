/** Whole files and pipes of perf.data, made up, around the records of perf-data-encoder.ts. */
import { encodeAttr, Out, record, type TestAttr } from './perf-data-encoder.ts';

/** Text of a tracepoint's format file; fields are `type name`, size and whether they are signed. */
export function formatText(
  name: string,
  id: number,
  fields: readonly (readonly [declaration: string, size: number, isSigned: boolean])[],
  print: string,
): string {
  let offset = 8;
  const lines = fields.map(([declaration, size, isSigned]) => {
    const line = `\tfield:${declaration};\toffset:${offset};\tsize:${size};\tsigned:${isSigned ? 1 : 0};\n`;
    offset += size;
    return line;
  });
  return (
    `name: ${name}\nID: ${id}\nformat:\n` +
    '\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n' +
    '\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n' +
    '\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n' +
    '\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n' +
    `${lines.join('')}\nprint fmt: ${print}\n`
  );
}

const headerTexts = [
  [
    'header_page',
    '\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n',
  ],
  ['header_event', '# compressed entry header\n'],
] as const;

/** The beginning of a trace.dat 0.6, as perf stores it. */
export function tracingData(isLittle: boolean, systems: Readonly<Record<string, readonly string[]>>): Uint8Array {
  const out = new Out(isLittle).raw([0x17, 0x08, 0x44]).text('tracing', 7).text('0.6', 4);
  out
    .number(isLittle ? 0 : 1, 1)
    .number(8, 1)
    .u32(4096);
  for (const [name, text] of headerTexts)
    out
      .text(name, name.length + 1)
      .u64(text.length)
      .text(text, text.length);
  out.u32(0);
  const names = Object.entries(systems);
  out.u32(names.length);
  for (const [system, texts] of names) {
    out.text(system, system.length + 1).u32(texts.length);
    for (const text of texts) out.u64(text.length).text(text, text.length);
  }
  return out.u32(0).u32(0).u64(0).bytes();
}

/** HEADER_EVENT_DESC. */
export function eventDescriptions(isLittle: boolean, attrs: readonly TestAttr[]): Uint8Array {
  const out = new Out(isLittle).u32(attrs.length).u32(attrs[0]?.size ?? 128);
  for (const attr of attrs) {
    out.raw(encodeAttr(attr, isLittle)).u32(attr.ids.length).string(attr.name);
    for (const id of attr.ids) out.u64(id);
  }
  return out.bytes();
}

/** What a recording says of itself, by the number of the feature. */
export function usualFeatures(isLittle: boolean, attrs: readonly TestAttr[]): Map<number, Uint8Array> {
  const string = (value: string): Uint8Array => new Out(isLittle).string(value).bytes();
  const words = ['/usr/bin/perf', 'record', '-a', '-e', 'migrate:*'];
  const command = new Out(isLittle).u32(words.length);
  for (const word of words) command.string(word);
  return new Map([
    [3, string('bench')],
    [4, string('6.12.30')],
    [5, string('6.12.30')],
    [6, string('aarch64')],
    [7, new Out(isLittle).u32(8).u32(4).bytes()],
    [11, command.bytes()],
    [12, eventDescriptions(isLittle, attrs)],
  ]);
}

/** A file: header, ids, attributes, records, table of features, features. */
export function encodeFile(
  isLittle: boolean,
  attrs: readonly TestAttr[],
  records: readonly Uint8Array[],
  features: ReadonlyMap<number, Uint8Array>,
): Uint8Array {
  const attrSize = (attrs[0]?.size ?? 128) + 16;
  const ids = new Out(isLittle);
  const places: number[] = [];
  for (const attr of attrs) {
    places.push(104 + ids.length);
    for (const id of attr.ids) ids.u64(id);
  }
  const attrsAt = 104 + ids.length;
  const dataAt = attrsAt + attrs.length * attrSize;
  const dataSize = records.reduce((sum, one) => sum + one.length, 0);
  const numbers = [...features.keys()].sort((a, b) => a - b);
  const out = new Out(isLittle).raw(magic(isLittle)).u64(104).u64(attrSize);
  out
    .u64(attrsAt)
    .u64(attrs.length * attrSize)
    .u64(dataAt)
    .u64(dataSize)
    .u64(0)
    .u64(0);
  for (let word = 0; word < 4; word++) {
    out.u64(numbers.reduce((sum, bit) => (bit >> 6 === word ? sum | (1n << BigInt(bit & 63)) : sum), 0n));
  }
  out.raw(ids.bytes());
  attrs.forEach((attr, i) => {
    out
      .raw(encodeAttr(attr, isLittle))
      .u64(places[i]!)
      .u64(attr.ids.length * 8);
  });
  for (const one of records) out.raw(one);
  let offset = dataAt + dataSize + numbers.length * 16;
  for (const number of numbers) {
    const size = features.get(number)!.length;
    out.u64(offset).u64(size);
    offset += size;
  }
  for (const number of numbers) out.raw(features.get(number)!);
  return out.bytes();
}

/** What comes out of a pipe: everything is a record, the descriptions of tracepoints lie behind theirs. */
export function encodePipe(
  isLittle: boolean,
  attrs: readonly TestAttr[],
  records: readonly Uint8Array[],
  features: ReadonlyMap<number, Uint8Array>,
): Uint8Array {
  const out = new Out(isLittle).raw(magic(isLittle)).u64(16);
  for (const attr of attrs) {
    const body = new Out(isLittle).raw(encodeAttr(attr, isLittle));
    for (const id of attr.ids) body.u64(id);
    out.raw(record(isLittle, 64, body.bytes()));
  }
  for (const attr of attrs) {
    const size = Math.ceil((attr.name.length + 1) / 8) * 8;
    const body = new Out(isLittle)
      .u64(2)
      .u64(attr.ids[0] ?? 0)
      .text(attr.name, size);
    out.raw(record(isLittle, 78, body.bytes()));
  }
  for (const [number, bytes] of features) {
    if (number === 1) {
      const padded = Math.ceil(bytes.length / 8) * 8;
      out.raw(record(isLittle, 66, new Out(isLittle).u32(padded).bytes())).raw(bytes);
      for (let i = bytes.length; i < padded; i++) out.number(0, 1);
    } else out.raw(record(isLittle, 80, new Out(isLittle).u64(number).raw(bytes).bytes()));
  }
  for (const one of records) out.raw(one);
  return out.bytes();
}

function magic(isLittle: boolean): Uint8Array {
  const bytes = new TextEncoder().encode('PERFILE2');
  return isLittle ? bytes : bytes.reverse();
}

/** The beginning of a zstd frame of a stream: magic, no checksum, a window of 128 KiB. */
export const zstdHead = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38);

/** A zstd block that holds its bytes as they are; not the last. */
export function zstdBlock(bytes: Uint8Array): Uint8Array {
  return new Out(true)
    .number(bytes.length << 3, 3)
    .raw(bytes)
    .bytes();
}

/** PERF_RECORD_COMPRESSED, and COMPRESSED2 with its length and padding. */
export function compressed(isLittle: boolean, content: Uint8Array): Uint8Array {
  return record(isLittle, 81, content);
}

export function compressed2(isLittle: boolean, content: Uint8Array): Uint8Array {
  const body = new Out(isLittle).u64(content.length).raw(content);
  while (body.length % 8 !== 0) body.number(0, 1);
  return record(isLittle, 83, body.bytes());
}
