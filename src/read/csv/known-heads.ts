/**
 * Rows of a dump resemble those before them: the same task on the same CPU, the same event. What stands between a row's time
 * and its event, and the event itself, is compared four bytes at a time with what was read before.
 *
 *     76765299000,3,180,180,fsl-mover,migrate:set_migration_pte,,,
 *                 '---- context -----''------- event ---------'
 *
 * Readers make sure that `headRoom` bytes are there behind a row's time, of this row or not.
 */
import type { KnownPlan } from './row-shape.ts';

/** Contexts remembered: tasks times CPUs that are met within a short time. A power of two. */
const slots = 1024;

/** Words kept of a context or an event: 64 bytes. */
const mostWords = 16;

/** Bytes that may be looked at behind a row's time. */
export const headRoom = mostWords * 4 * 2 + 16;

/** Contexts read before, found by their bytes. Columns by slot. */
export class KnownContexts {
  // Ten digits do not fit in 32 bits; the builder says what is impossible.
  readonly cpu = new Float64Array(slots);
  readonly pid = new Float64Array(slots);
  readonly tgid = new Float64Array(slots);
  readonly comm = new Int32Array(slots);
  /** With the delimiter behind the last cell; -1 where nothing is kept. */
  readonly length = new Int32Array(slots).fill(-1);
  readonly #words = new Int32Array(slots * mostWords);
  /** What of the last word belongs to the context. */
  readonly #mask = new Int32Array(slots);

  /** The slot of the context at `at`; -1 when it was not met lately. */
  find(view: DataView, at: number): number {
    const slot = slotOf(view, at);
    const length = this.length[slot]!;
    if (length < 0) return -1;
    const words = this.#words;
    let kept = slot * mostWords;
    let from = at;
    for (const last = at + length - 4; from < last; from += 4)
      if (words[kept++] !== view.getInt32(from, true)) return -1;
    return ((words[kept]! ^ view.getInt32(from, true)) & this.#mask[slot]!) === 0 ? slot : -1;
  }

  /** Keeps a context in place of the one that its slot holds; one that is too long is not kept. */
  remember(
    view: DataView,
    at: number,
    length: number,
    who: { readonly cpu: number; readonly pid: number; readonly tgid: number; readonly comm: number },
  ): void {
    if (length > mostWords * 4) return;
    const slot = slotOf(view, at);
    this.length[slot] = length;
    for (let i = 0; i * 4 < length; i++) this.#words[slot * mostWords + i] = view.getInt32(at + i * 4, true);
    this.#mask[slot] = maskOf(length);
    this.cpu[slot] = who.cpu;
    this.pid[slot] = who.pid;
    this.tgid[slot] = who.tgid;
    this.comm[slot] = who.comm;
  }
}

/** Twelve bytes, in which CPU and pid are: a shorter context has a slot for each event that follows it. */
function slotOf(view: DataView, at: number): number {
  let hash = mix(0, view.getInt32(at, true));
  hash = mix(hash, view.getInt32(at + 4, true));
  hash = mix(hash, view.getInt32(at + 8, true));
  return (hash ^ (hash >>> 15)) & (slots - 1);
}

/** High bytes are brought down: a product alone moves bits upwards only. */
function mix(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x9e3779b1);
  return product ^ (product >>> 16);
}

/** Of the last word of so many bytes; nothing of none. */
function maskOf(length: number): number {
  const rest = length & 3;
  if (length === 0) return 0;
  return rest === 0 ? -1 : (1 << (rest * 8)) - 1;
}

/** The bytes of a cell, to compare with. */
export interface KnownCell {
  readonly length: number;
  readonly words: Int32Array;
  /** What of the last word belongs to the cell. */
  readonly mask: number;
}

/** A cell of these bytes. */
export function knownCell(bytes: Uint8Array): KnownCell {
  const padded = new Uint8Array(Math.max(1, (bytes.length + 3) >> 2) * 4);
  padded.set(bytes);
  const view = new DataView(padded.buffer);
  const words = Int32Array.from({ length: padded.length >> 2 }, (_, i) => view.getInt32(i * 4, true));
  return { length: bytes.length, words, mask: maskOf(bytes.length) };
}

/** Whether the cell at `at` is this one, up to a delimiter or the line's end. */
export function isCell(one: KnownCell, view: DataView, bytes: Uint8Array, at: number, isOrdinary: Uint8Array): boolean {
  const { words, length } = one;
  const last = words.length - 1;
  for (let i = 0; i < last; i++) if (words[i] !== view.getInt32(at + i * 4, true)) return false;
  if (((words[last]! ^ view.getInt32(at + last * 4, true)) & one.mask) !== 0) return false;
  return isOrdinary[bytes[at + length]!] === 0;
}

/** An event's cell. */
export interface KnownEvent extends KnownCell {
  /** Its row that was cut last: probes of one name may have several. */
  known: KnownPlan;
  /** The events that followed it last, and before that: the next is nearly always one of them. */
  next: KnownEvent | undefined;
  other: KnownEvent | undefined;
  /** Of the same hash. */
  readonly beside: KnownEvent | undefined;
}

/** Events remembered. */
const mostEvents = 4096;

const heads = 1024;

/** Events read before, found by their bytes. */
export class KnownEvents {
  readonly #heads = new Array<KnownEvent | undefined>(heads).fill(undefined);
  #count = 0;
  #last: KnownEvent | undefined;

  /** The event whose cell is at `at`, up to a delimiter or the line's end. */
  find(view: DataView, bytes: Uint8Array, at: number, isOrdinary: Uint8Array): KnownEvent | undefined {
    const last = this.#last;
    if (last !== undefined) {
      const { next, other } = last;
      if (next !== undefined && isCell(next, view, bytes, at, isOrdinary)) {
        this.#last = next;
        return next;
      }
      if (other !== undefined && isCell(other, view, bytes, at, isOrdinary)) {
        last.other = next;
        last.next = other;
        this.#last = other;
        return other;
      }
    }
    let end = at;
    let hash = 0;
    for (; isOrdinary[bytes[end]!] === 1; end++) hash = (Math.imul(hash, 31) + bytes[end]!) | 0;
    for (let one = this.#heads[headOf(hash)]; one !== undefined; one = one.beside) {
      if (one.length !== end - at || !isCell(one, view, bytes, at, isOrdinary)) continue;
      if (last !== undefined) {
        last.other = last.next;
        last.next = one;
      }
      this.#last = one;
      return one;
    }
    return undefined;
  }

  /** Keeps the cell of an event whose row was cut. */
  remember(view: DataView, bytes: Uint8Array, at: number, isOrdinary: Uint8Array, known: KnownPlan): void {
    const { length } = known.event;
    if (length > mostWords * 4) return;
    const found = this.find(view, bytes, at, isOrdinary);
    if (found !== undefined) {
      found.known = known;
      return;
    }
    if (this.#count === mostEvents) return;
    this.#count++;
    let hash = 0;
    for (let i = 0; i < length; i++) hash = (Math.imul(hash, 31) + known.event[i]!) | 0;
    const head = headOf(hash);
    const { words, mask } = knownCell(known.event);
    const beside = this.#heads[head];
    this.#heads[head] = { length, words, mask, known, next: undefined, other: undefined, beside };
  }
}

function headOf(hash: number): number {
  return (hash ^ (hash >>> 10)) & (heads - 1);
}
