/**
 * Offsets at which formats keep what steers a reader (lengths, counts, types, offsets), found by walking whole samples, so
 * that edits hit them. Written from the formats' documents, not from our readers.
 */

type Walk = (bytes: Uint8Array, view: DataView) => number[];

const byFormat: Readonly<Record<string, Walk>> = {
  'trace-dat': traceDat,
  'perf-data': perfData,
  'perf-pipe': perfPipe,
  perfetto: protobuf,
  'raw-pages': pages,
};

/** Empty for text, whose structure is its lines, and for formats that nobody walks here. */
export function placesOf(format: string, bytes: Uint8Array): readonly number[] {
  const walk = byFormat[format];
  if (walk === undefined) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return walk(bytes, view).filter((at) => at >= 0 && at < bytes.length);
  } catch (error) {
    // A sample of another byte order or word size leads behind its end: then any place is as good as another.
    if (error instanceof RangeError) return [];
    throw error;
  }
}

const latin = new TextDecoder('latin1');

/** trace-cmd.dat.v6(5) and trace-cmd.dat.v7(5). */
function traceDat(bytes: Uint8Array, view: DataView): number[] {
  const version = latin.decode(bytes.subarray(10, 12));
  const isLittle = bytes[12] === 0;
  const places = [0, 10, 12, 13, 14];
  return version.startsWith('7') ? traceDat7(bytes, view, isLittle, places) : traceDat6(bytes, view, isLittle, places);
}

function traceDat6(bytes: Uint8Array, view: DataView, isLittle: boolean, places: number[]): number[] {
  let at = 18;
  const size8 = (): void => {
    places.push(at);
    at += 8 + Number(view.getBigUint64(at, isLittle));
  };
  for (let i = 0; i < 2; i++) {
    at = bytes.indexOf(0, at) + 1; // header_page, header_event
    size8();
  }
  const count = (): number => {
    places.push(at);
    at += 4;
    return view.getUint32(at - 4, isLittle);
  };
  for (let left = count(); left > 0; left--) size8();
  for (let systems = count(); systems > 0; systems--) {
    at = bytes.indexOf(0, at) + 1;
    for (let left = count(); left > 0; left--) size8();
  }
  for (let i = 0; i < 2; i++) {
    places.push(at);
    at += 4 + view.getUint32(at, isLittle); // kallsyms, printk formats
  }
  size8(); // saved_cmdlines
  const cpus = count();
  if (latin.decode(bytes.subarray(at, at + 7)) === 'options') {
    at += 10;
    while (view.getUint16(at, isLittle) !== 0) {
      places.push(at);
      at += 6 + view.getUint32(at + 2, isLittle);
    }
    places.push(at);
    at += 2;
  }
  places.push(at);
  at += 10; // flyrecord
  for (let cpu = 0; cpu < cpus; cpu++, at += 16) {
    places.push(at, at + 8);
    const offset = Number(view.getBigUint64(at, isLittle));
    const size = Number(view.getBigUint64(at + 8, isLittle));
    for (let page = offset; page < offset + size; page += 4096) places.push(page, page + 8, page + 16, page + 20);
  }
  return places;
}

function traceDat7(bytes: Uint8Array, view: DataView, isLittle: boolean, places: number[]): number[] {
  const name = bytes.indexOf(0, 18) + 1;
  const at = bytes.indexOf(0, name) + 1;
  places.push(at);
  let section = Number(view.getBigUint64(at, isLittle));
  const seen = new Set<number>();
  while (section > 0 && !seen.has(section)) {
    seen.add(section);
    places.push(section, section + 8);
    let option = section + 16;
    let next = 0;
    for (;;) {
      places.push(option);
      const id = view.getUint16(option, isLittle);
      const size = view.getUint32(option + 2, isLittle);
      if (size >= 8) {
        const target = Number(view.getBigUint64(option + 6, isLittle));
        places.push(option + 6);
        if (target > 0 && target + 32 < bytes.length)
          places.push(target, target + 8, target + 16, target + 20, target + 24);
        if (id === 0) next = target;
      }
      if (id === 3) for (let k = option + 6; k < option + 6 + size; k += 4) places.push(k);
      if (id === 0) break;
      option += 6 + size;
    }
    section = next;
  }
  return places;
}

/** tools/perf/Documentation/perf.data-file-format.txt: the header, attributes, data, features. */
function perfData(bytes: Uint8Array, view: DataView): number[] {
  const places = [8, 16, 24, 32, 40, 48, 72, 80];
  const isLittle = bytes[0] === 0x50; // PERFILE2, or 2ELIFREP.
  const u64 = (at: number): number => Number(view.getBigUint64(at, isLittle));
  const attrSize = u64(16);
  if (attrSize > 4096) return places;
  const [attrs, attrsSize, data, dataSize] = [u64(24), u64(32), u64(40), u64(48)];
  for (let at = attrs; at < attrs + attrsSize && places.length < 4000; at += attrSize) {
    for (let k = 0; k < attrSize; k += 8) places.push(at + k);
  }
  records(view, data, data + dataSize, isLittle, places);
  for (let at = data + dataSize; at + 16 <= view.byteLength && at < data + dataSize + 64 * 16; at += 16) {
    const offset = u64(at);
    if (offset < data + dataSize || offset > view.byteLength) break;
    places.push(at, at + 8, offset, offset + 4, offset + 8, offset + 16);
  }
  return places;
}

function perfPipe(bytes: Uint8Array, view: DataView): number[] {
  const places = [8];
  records(view, 16, view.byteLength, bytes[0] === 0x50, places);
  return places;
}

function records(view: DataView, from: number, to: number, isLittle: boolean, places: number[]): void {
  for (let at = from; at + 8 <= Math.min(to, view.byteLength); ) {
    const size = view.getUint16(at + 6, isLittle);
    if (size < 8) return;
    places.push(at, at + 4, at + 6, at + 8);
    for (let k = 16; k < Math.min(size, 96); k += 8) places.push(at + k);
    at += size;
  }
}

/** Tags and lengths of messages, as deep as length-delimited fields look like messages (protobuf.dev, encoding). */
function protobuf(bytes: Uint8Array): number[] {
  const places: number[] = [];
  walkMessage(bytes, 0, bytes.length, 0, places);
  return places;
}

function walkMessage(bytes: Uint8Array, from: number, to: number, depth: number, places: number[]): boolean {
  let at = from;
  const mine: number[] = [];
  while (at < to) {
    mine.push(at);
    const [tag, behind] = varint(bytes, at, to);
    if (behind < 0 || tag >> 3 === 0) return false;
    at = behind;
    const type = tag & 7;
    if (type === 0) at = varint(bytes, at, to)[1];
    else if (type === 1) at += 8;
    else if (type === 5) at += 4;
    else if (type === 2) {
      const [length, start] = varint(bytes, at, to);
      if (start < 0 || start + length > to) return false;
      mine.push(at);
      if (depth < 6) walkMessage(bytes, start, start + length, depth + 1, mine);
      at = start + length;
    } else return false;
    if (at < 0 || at > to) return false;
  }
  if (places.length < 200_000) places.push(...mine.slice(0, 50_000));
  return true;
}

function varint(bytes: Uint8Array, at: number, to: number): [number, number] {
  let value = 0;
  let scale = 1;
  for (let i = at; i < to && i < at + 10; i++) {
    value += (bytes[i]! & 127) * scale;
    if (bytes[i]! < 128) return [value, i + 1];
    scale *= 128;
  }
  return [0, -1];
}

/** Sub-buffers of 4096 bytes: time, commit, the first events. */
function pages(bytes: Uint8Array): number[] {
  const places: number[] = [];
  for (let page = 0; page < bytes.length; page += 4096) places.push(page, page + 8, page + 16, page + 20, page + 24);
  return places;
}
