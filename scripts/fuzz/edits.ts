/**
 * Edits of one input: what storage, transfers, tools and adversaries do to a file. Each takes bytes and gives new ones;
 * they know no format but `places`, offsets at which a format keeps lengths, types and offsets.
 */
import type { Dice } from './dice.ts';
import { concatenate, packedPlaces, zlibBomb, zstdBomb } from './packings.ts';

export interface Material {
  /** Offsets of headers, lengths and offsets in the sample; empty where nothing is known of it. */
  readonly places: readonly number[];
  readonly isText: boolean;
  /** Another sample, for splices. */
  readonly other: Uint8Array;
}

export type Edit = (bytes: Uint8Array, dice: Dice, material: Material) => Uint8Array;

/** A header's place more often than not, else anywhere; the first kilobyte is a header in any format. */
function somewhere(bytes: Uint8Array, dice: Dice, material: Material): number {
  const { places } = material;
  if (places.length > 0 && !dice.oneIn(3)) return Math.min(bytes.length - 1, dice.pick(places) + dice.below(16));
  if (dice.oneIn(5)) return dice.below(Math.min(bytes.length, 1024));
  return dice.below(bytes.length);
}

function replaced(bytes: Uint8Array, from: number, to: number, by: Uint8Array): Uint8Array {
  return concatenate([bytes.subarray(0, from), by, bytes.subarray(to)]);
}

const flip: Edit = (bytes, dice, material) => {
  const copy = bytes.slice();
  for (let n = dice.oneIn(3) ? dice.size(30) : 1; n > 0; n--) {
    const at = somewhere(bytes, dice, material);
    copy[at] = copy[at]! ^ (1 << dice.below(8));
  }
  return copy;
};

const setBytes: Edit = (bytes, dice, material) => {
  const copy = bytes.slice();
  const at = somewhere(bytes, dice, material);
  const byte = dice.pick([0, 1, 9, 10, 13, 32, 34, 35, 44, 0x7f, 0x80, 0xc0, 0xff, dice.below(256)]);
  copy.fill(byte, at, at + (dice.oneIn(2) ? 1 : dice.size(200)));
  return copy;
};

/** Lengths, counts and offsets that lie, of every width and in both byte orders. */
const lie: Edit = (bytes, dice, material) => {
  const width = dice.pick([1, 2, 4, 4, 8, 8]);
  if (bytes.length < width) return bytes;
  const copy = bytes.slice();
  const view = new DataView(copy.buffer, copy.byteOffset, copy.byteLength);
  const step = material.places.length > 0 || dice.oneIn(4) ? 1 : Math.min(width, 4);
  const at = Math.min(Math.floor(somewhere(bytes, dice, material) / step) * step, bytes.length - width);
  const isLittle = !dice.oneIn(4);
  const before = readWord(view, at, width, isLittle);
  const size = BigInt(bytes.length);
  const near = BigInt(dice.below(64)) - 32n;
  const value = dice.pick([
    0n,
    1n,
    -1n,
    2n ** 15n,
    2n ** 16n - 1n,
    2n ** 31n - 1n,
    2n ** 31n,
    2n ** 32n,
    2n ** 53n,
    2n ** 63n - 1n,
    2n ** 63n,
    2n ** 64n - BigInt(dice.below(4096)),
    size,
    size + near,
    size - BigInt(at) + near,
    BigInt(at), // A reference to itself.
    BigInt(dice.below(bytes.length)),
    before + 1n,
    before - 1n,
    before + near,
    before * 2n,
    -before,
  ]);
  writeWord(view, at, width, isLittle, value);
  return copy;
};

/** A word of one place copied to another: references that go in circles, lengths of something else. */
const crossed: Edit = (bytes, dice, material) => {
  const width = dice.pick([2, 4, 8]);
  if (bytes.length < width) return bytes;
  const copy = bytes.slice();
  const from = Math.min(somewhere(bytes, dice, material), bytes.length - width);
  const to = Math.min(somewhere(bytes, dice, material), bytes.length - width);
  copy.set(bytes.subarray(from, from + width), to);
  return copy;
};

function readWord(view: DataView, at: number, width: number, isLittle: boolean): bigint {
  if (width === 1) return BigInt(view.getUint8(at));
  if (width === 2) return BigInt(view.getUint16(at, isLittle));
  return width === 4 ? BigInt(view.getUint32(at, isLittle)) : view.getBigUint64(at, isLittle);
}

function writeWord(view: DataView, at: number, width: number, isLittle: boolean, value: bigint): void {
  const word = BigInt.asUintN(width * 8, value);
  if (width === 1) view.setUint8(at, Number(word));
  else if (width === 2) view.setUint16(at, Number(word), isLittle);
  else if (width === 4) view.setUint32(at, Number(word), isLittle);
  else view.setBigUint64(at, word, isLittle);
}

/** Protobuf and time-stamp varints: too long, endless, in the place of one that was there. */
const varint: Edit = (bytes, dice, material) => {
  const at = somewhere(bytes, dice, material);
  const length = dice.pick([2, 5, 9, 10, 11, 20]);
  const lies = new Uint8Array(length).fill(dice.pick([0x80, 0xff]));
  if (!dice.oneIn(3)) lies[length - 1] = dice.pick([0, 1, 0x7f]);
  return replaced(bytes, at, Math.min(bytes.length, at + (dice.oneIn(2) ? 1 : length)), lies);
};

export const cut: Edit = (bytes, dice) => bytes.subarray(0, dice.oneIn(4) ? dice.below(200) : dice.below(bytes.length));

/** Where blocks begin and end: lines of text; pages, headers or any words of binary files. */
function blocks(bytes: Uint8Array, dice: Dice, material: Material): [number, number] {
  if (material.isText && !dice.oneIn(4)) {
    const from = bytes.indexOf(10, dice.below(bytes.length)) + 1;
    let to = from;
    for (let n = dice.size(8); n > 0 && to < bytes.length; n--) to = bytes.indexOf(10, to) + 1 || bytes.length;
    return [from, Math.max(from, to)];
  }
  if (material.places.length > 1 && dice.oneIn(2)) {
    const i = dice.below(material.places.length);
    const j = Math.min(material.places.length - 1, i + dice.size(4));
    return [Math.min(bytes.length, material.places[i]!), Math.min(bytes.length, material.places[j]!)];
  }
  const unit = dice.pick([1, 4, 8, 4096]);
  const from = Math.floor(dice.below(bytes.length) / unit) * unit;
  return [from, Math.min(bytes.length, from + unit * dice.size(unit === 4096 ? 2 : 64))];
}

const removed: Edit = (bytes, dice, material) => {
  const [from, to] = blocks(bytes, dice, material);
  return replaced(bytes, from, to, new Uint8Array(0));
};

const repeatedBlock: Edit = (bytes, dice, material) => {
  const [from, to] = blocks(bytes, dice, material);
  const block = bytes.subarray(from, to);
  return replaced(bytes, from, from, concatenate(Array.from({ length: dice.size(4) }, () => block)));
};

const swapped: Edit = (bytes, dice, material) => {
  const [a, b] = [blocks(bytes, dice, material), blocks(bytes, dice, material)].sort((x, y) => x[0] - y[0]);
  if (a === undefined || b === undefined || a[1] > b[0]) return bytes;
  return concatenate([
    bytes.subarray(0, a[0]),
    bytes.subarray(...b),
    bytes.subarray(a[1], b[0]),
    bytes.subarray(...a),
    bytes.subarray(b[1]),
  ]);
};

/** A block written over another: misdirected writes, pages from elsewhere. */
const overlaid: Edit = (bytes, dice, material) => {
  const [from, to] = blocks(bytes, dice, material);
  const copy = bytes.slice();
  const at = blocks(bytes, dice, material)[0];
  copy.set(bytes.subarray(from, Math.min(to, from + bytes.length - at)), at);
  return copy;
};

const spliced: Edit = (bytes, dice, material) => {
  const { other } = material;
  const at = dice.below(bytes.length);
  if (dice.oneIn(2)) return concatenate([bytes.subarray(0, at), other.subarray(dice.below(other.length))]);
  const from = dice.below(other.length);
  return replaced(bytes, at, at, other.subarray(from, from + dice.size(4096)));
};

const encoder = new TextEncoder();

const tokens = [
  '\n',
  '\r\n',
  '\0',
  ' ',
  ':',
  '"',
  '""',
  ',',
  '=',
  '(',
  '[000] ',
  '# tracer: function_graph\n',
  '# tracer: nop\n#\n# entries-in-buffer/entries-written: 18446744073709551615/18446744073709551615   #P:4294967295\n',
  'CPU:3 [LOST 278 EVENTS]\n',
  'CPU:99999999999 [LOST 18446744073709551615 EVENTS]\n',
  'CPU:3 [EVENTS DROPPED]\n',
  '##### CPU 2 buffer started ####\n',
  ' => cpu_startup_entry\n',
  '<stack trace>\n',
  'cpus=4\n',
  'cpus=18446744073709551615\n',
  'version = 6\n',
  '[FAILED TO PARSE] ',
  'tracing_mark_write: B|1|x\n',
  '-18446744073709551615',
  '1e999',
  'NaN',
  '0x',
  '0xffffffffffffffffffff',
  '\ufeff',
  '\u202e\u001b[31m',
  '=HYPERLINK("http://x")',
  '</script><script>',
  '../../../../etc/passwd',
  '__proto__',
  'constructor',
].map((text) => encoder.encode(text));

const inserted: Edit = (bytes, dice, material) => {
  const at = somewhere(bytes, dice, material);
  const junk = dice.oneIn(2) ? dice.pick(tokens) : Uint8Array.from({ length: dice.size(300) }, () => dice.below(256));
  return replaced(bytes, at, dice.oneIn(2) ? at : Math.min(bytes.length, at + junk.length), junk);
};

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57;

/** Another number where one is printed; in binary files too, whose descriptions of events are text. */
const digits: Edit = (bytes, dice) => {
  let from = dice.below(bytes.length);
  for (let i = 0; i < 4096 && !isDigit(bytes[from]); i++) from = (from + 1) % bytes.length;
  if (!isDigit(bytes[from])) return bytes;
  let to = from;
  while (isDigit(bytes[to])) to++;
  const number = dice.pick([
    '0',
    '-1',
    '4294967295',
    '4294967296',
    '9007199254740993',
    '9223372036854775807',
    '18446744073709551615',
    '18446744073709551616',
    '99999999999999999999999999',
    '1'.repeat(dice.size(400)),
    `0x${'f'.repeat(16)}`,
    String(dice.below(2 ** 31)),
  ]);
  return replaced(bytes, from, to, encoder.encode(number));
};

const isLetter = (byte: number | undefined): boolean =>
  byte === 95 || (byte !== undefined && (byte | 32) >= 97 && (byte | 32) <= 122);

/** Another name for a field, an event or a task: that of something every object has, one from elsewhere in the input, none. */
const renamed: Edit = (bytes, dice) => {
  const nameAt = (place: number): readonly [from: number, to: number] => {
    let from = place;
    for (let i = 0; i < 4096 && !isLetter(bytes[from]); i++) from = (from + 1) % bytes.length;
    while (from > 0 && isLetter(bytes[from - 1])) from--;
    let to = from;
    while (isLetter(bytes[to])) to++;
    return [from, to];
  };
  const [from, to] = nameAt(dice.below(bytes.length));
  const [otherFrom, otherTo] = nameAt(dice.below(bytes.length));
  const name = dice.pick([
    encoder.encode('constructor'),
    encoder.encode('__proto__'),
    encoder.encode('toString'),
    encoder.encode('x'.repeat(dice.size(400))),
    bytes.slice(otherFrom, otherTo),
    new Uint8Array(0),
  ]);
  return replaced(bytes, from, to, name);
};

/** More behind the end: zeros that were reserved, the file once more, something else. */
const appended: Edit = (bytes, dice, material) =>
  concatenate([
    bytes,
    dice.pick([new Uint8Array(dice.size(8192)), bytes, material.other, bytes.subarray(dice.below(bytes.length))]),
  ]);

/** A packed section becomes a bomb of the same or a smaller size, in its place: the lengths around it stay true. */
const bombed: Edit = (bytes, dice, material) => {
  const places = packedPlaces(bytes);
  if (places.length === 0) return flip(bytes, dice, material);
  const at = dice.pick(places);
  const room = bytes.length - at;
  const bomb =
    bytes[at] === 0x78
      ? zlibBomb(dice.pick([1, 8, 32]) << 20)
      : zstdBomb(Math.max(1, Math.min(dice.pick([8, 64, 512]), Math.floor((room - 8) / 4))), 0);
  const copy = bytes.slice();
  copy.set(bomb.subarray(0, room), at);
  return copy;
};

/** Every edit with how often it is drawn. */
export const edits: readonly { readonly name: string; readonly weight: number; readonly edit: Edit }[] = [
  { name: 'flip', weight: 16, edit: flip },
  { name: 'set', weight: 8, edit: setBytes },
  { name: 'lie', weight: 22, edit: lie },
  { name: 'crossed', weight: 8, edit: crossed },
  { name: 'varint', weight: 4, edit: varint },
  { name: 'removed', weight: 8, edit: removed },
  { name: 'repeated', weight: 6, edit: repeatedBlock },
  { name: 'swapped', weight: 5, edit: swapped },
  { name: 'overlaid', weight: 4, edit: overlaid },
  { name: 'spliced', weight: 5, edit: spliced },
  { name: 'inserted', weight: 8, edit: inserted },
  { name: 'digits', weight: 8, edit: digits },
  { name: 'renamed', weight: 6, edit: renamed },
  { name: 'appended', weight: 3, edit: appended },
  { name: 'bombed', weight: 1, edit: bombed },
];
