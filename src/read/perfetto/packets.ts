/**
 * The packets of a trace (protos/perfetto/trace/trace.proto), from chunks of any size:
 *
 *     0a  length varint  TracePacket     0a  length varint  TracePacket     ...
 *
 * Nothing but lengths says where a packet ends, so a damaged one would take all behind it along. Therefore every packet must
 * be a whole message with fields of the types they have; where one is not, reading goes on at the next place that is the
 * beginning of such a packet, surely is one (the tracing service puts the number of its sequence into every packet, but for
 * packed ones, which begin as zlib or zstd do) and is followed by another, or by the end.
 */
import { Wire } from './wire.ts';

/** Longest packet read. The service cuts at 4 MiB or less by default; protozero cannot write more than 256 MiB. */
const longestPacket = 64 << 20;

/** Longest packet at which reading goes on when bytes were damaged: it bounds the search. */
const longestFound = 1 << 20;

/** Most fields of a packet. None of TracePacket's repeats, so a packet has a dozen; this bounds what a false one costs. */
const mostFields = 256;

/** Wire types of TracePacket's fields that say a lot; of others any type will do. */
const packetTypes = new Map<number, number>([
  ...[1, 2, 4, 5, 6, 7, 9, 11, 12, 33, 34, 35, 36, 45, 50, 59, 60, 72, 89, 133].map((field) => [field, 2] as const),
  ...[3, 8, 10, 13, 41, 42, 58, 79, 87, 98].map((field) => [field, 0] as const),
]);

const wire = new Wire();
let isSure = false;
let hasKnown = false;

/** Whether the range is a packet; `isSure` tells whether it surely is one, `hasKnown` whether it has any field
 * of which the type is known. */
function isPacket(bytes: Uint8Array, start: number, end: number): boolean {
  wire.open(bytes, start, end);
  isSure = false;
  hasKnown = false;
  let count = 0;
  while (wire.next()) {
    const type = packetTypes.get(wire.field);
    if ((type !== undefined && type !== wire.type) || ++count > mostFields) return false;
    if (type !== undefined) hasKnown = true;
    if (wire.field === 10 || isPacked(bytes)) isSure = true;
  }
  return !wire.isBroken;
}

/** Whether the field read last is packed packets: packets that hold these have nothing else, but these begin as nothing else does. */
function isPacked(bytes: Uint8Array): boolean {
  if (wire.type !== 2 || wire.stop - wire.start < 4) return false;
  const at = wire.start;
  if (wire.field === 50) return bytes[at] === 0x78 && (0x7800 + bytes[at + 1]!) % 31 === 0;
  return wire.field === 133 && bytes[at] === 0x28 && bytes[at + 1] === 0xb5 && bytes[at + 2] === 0x2f;
}

/** Who takes the packets; ranges are valid during the call only. */
export interface PacketReader {
  packet(bytes: Uint8Array, start: number, end: number): void;
  /** Bytes that are no packet; the range is their beginning. */
  damaged(reason: string, bytes: Uint8Array, start: number, end: number): void;
}

type Step = 'done' | 'wait' | 'damaged';

export class Packets {
  readonly #reader: PacketReader;
  #bytes = new Uint8Array(1 << 16);
  #at = 0;
  #end = 0;
  /** The first bytes of the damage that is being left; empty where there is none. */
  #damage = new Uint8Array(0);
  #isSearching = false;
  #isLast = false;

  constructor(reader: PacketReader) {
    this.#reader = reader;
  }

  push(chunk: Uint8Array): void {
    // In bites, so that what is held is a bite and one packet, however large the chunk.
    for (let at = 0; at < chunk.length; at += 1 << 20) {
      this.#append(chunk.subarray(at, Math.min(chunk.length, at + (1 << 20))));
      this.#run();
    }
  }

  end(): void {
    this.#isLast = true;
    this.#run();
    if (this.#isSearching || this.#at < this.#end) {
      const rest = this.#isSearching ? this.#damage : this.#bytes.subarray(this.#at, this.#end);
      this.#reader.damaged(this.#isSearching ? noPacket : cutPacket, rest, 0, rest.length);
    }
    this.#isSearching = false;
    this.#at = this.#end;
  }

  #append(bite: Uint8Array): void {
    const held = this.#end - this.#at;
    if (this.#end + bite.length > this.#bytes.length) {
      const size = held + bite.length;
      const into = size > this.#bytes.length ? new Uint8Array(Math.max(size, this.#bytes.length * 2)) : this.#bytes;
      into.set(this.#bytes.subarray(this.#at, this.#end));
      this.#bytes = into;
      this.#at = 0;
      this.#end = held;
    }
    this.#bytes.set(bite, this.#end);
    this.#end += bite.length;
  }

  #run(): void {
    while (this.#at < this.#end) {
      if (this.#isSearching) {
        if (!this.#search()) return;
        continue;
      }
      const step = this.#packet();
      if (step === 'wait') {
        // What the last length promises is not there: it may be a lie, so what follows it is searched.
        if (!this.#isLast || !this.#hasFollower()) return;
      }
      if (step !== 'done') {
        this.#damage = this.#bytes.slice(this.#at, Math.min(this.#end, this.#at + 120));
        this.#isSearching = true;
        this.#at++;
      }
    }
  }

  /** The packet at `#at`, given out when it is all there. */
  #packet(): Step {
    const bytes = this.#bytes;
    if (bytes[this.#at] !== 0x0a) return 'damaged';
    wire.open(bytes, this.#at + 1, this.#end);
    if (!wire.varint()) return this.#end - this.#at > 10 ? 'damaged' : 'wait';
    if (wire.hi !== 0 || wire.lo > longestPacket) return 'damaged';
    const start = wire.at;
    const stop = start + wire.lo;
    if (stop > this.#end) return 'wait';
    if (!isPacket(bytes, start, stop)) return 'damaged';
    this.#at = stop;
    this.#reader.packet(bytes, start, stop);
    return 'done';
  }

  /** Goes to the next place that is surely a packet; false when more bytes are needed to tell. */
  #search(): boolean {
    for (;;) {
      const found = this.#bytes.subarray(0, this.#end).indexOf(0x0a, this.#at);
      if (found < 0) {
        this.#at = this.#end;
        return false;
      }
      this.#at = found;
      const step = this.#candidate(found);
      if (step === 'wait') return false;
      if (step === 'done') {
        this.#reader.damaged(noPacket, this.#damage, 0, this.#damage.length);
        this.#isSearching = false;
        return true;
      }
      this.#at++;
    }
  }

  #candidate(place: number): Step {
    const bytes = this.#bytes;
    const whenShort = this.#isLast ? 'damaged' : 'wait';
    wire.open(bytes, place + 1, this.#end);
    if (!wire.varint()) return this.#end - place > 10 ? 'damaged' : whenShort;
    if (wire.hi !== 0 || wire.lo === 0 || wire.lo > longestFound) return 'damaged';
    const start = wire.at;
    const stop = start + wire.lo;
    // One byte more tells whether another packet follows.
    if (stop + (this.#isLast ? 0 : 1) > this.#end) return whenShort;
    if (stop < this.#end && bytes[stop] !== 0x0a) return 'damaged';
    return isPacket(bytes, start, stop) && isSure ? 'done' : 'damaged';
  }

  /** Whether a whole packet lies in what the last, too long one claims. */
  #hasFollower(): boolean {
    const bytes = this.#bytes.subarray(0, this.#end);
    for (let at = bytes.indexOf(0x0a, this.#at + 1); at >= 0; at = bytes.indexOf(0x0a, at + 1)) {
      if (this.#candidate(at) === 'done') return true;
    }
    return false;
  }
}

const noPacket = 'bytes that are no packet';
const cutPacket = 'the input ends in the middle of a packet';

/** How the beginning of an input looks: whole packets, those of them that surely are some, and what follows them. */
export interface Beginning {
  readonly packets: number;
  readonly sure: number;
  /** The rest is nothing, or goes on as the beginning of a packet. */
  readonly fits: boolean;
}

/** Looks at a beginning as at a trace, at most at `most` packets. */
export function countPackets(head: Uint8Array, most = Number.POSITIVE_INFINITY): Beginning {
  const cursor = new Wire();
  let packets = 0;
  let sure = 0;
  let at = 0;
  while (at < head.length && packets < most) {
    if (head[at] !== 0x0a) return { packets, fits: false, sure };
    cursor.open(head, at + 1, head.length);
    if (!cursor.varint()) return { packets, fits: head.length - at <= 10, sure };
    const start = cursor.at;
    if (cursor.hi !== 0 || cursor.lo > longestPacket) return { packets, fits: false, sure };
    const stop = start + cursor.lo;
    if (stop > head.length) return { packets, fits: beginsAsPacket(head, start), sure };
    if (!isPacket(head, start, stop) || !hasKnown) return { packets, fits: false, sure };
    packets++;
    if (isSure) sure++;
    at = stop;
  }
  return { packets, fits: true, sure };
}

/** Whether the fields of a packet that is not all there are those of packets, as far as they go. */
function beginsAsPacket(head: Uint8Array, start: number): boolean {
  const cursor = new Wire();
  cursor.open(head, start, head.length);
  while (cursor.next()) if (packetTypes.get(cursor.field) !== cursor.type) return false;
  // A message that is cut breaks off in its last field, which must be one that may be long.
  return !cursor.isBroken || (cursor.type === 2 && packetTypes.get(cursor.field) === 2);
}
