/**
 * The columns of parts on their way from thread to thread: copied into memory that both have, and out of it.
 *
 * To hand them over (transfer) would copy nothing, but it detaches the buffers, and once a thread has detached one, its
 * engine (V8) asks at every access to any typed array whether the memory is still there: that makes a reader slower by a
 * fifth. Copying takes a thirtieth of a part's time, here and there together.
 */
import type { Column } from '../events/batch.ts';
import type { Part } from './text-ranges.ts';

/** A part whose columns lie in shared memory. */
export interface SharedPart {
  readonly part: Part;
  readonly memory: SharedArrayBuffer;
  /** Batch `i` lies in bytes `[places[i], places[i + 1])`. */
  readonly places: readonly number[];
}

type Numbers = Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;

/** What is to become of the rows of a column. */
type Move = <A extends Numbers>(array: A, length: number) => A;

/** Copies the columns of a part into `memory`, or into more of it when that is too small. */
export function toShared(part: Part, memory: SharedArrayBuffer | undefined): SharedPart {
  let size = 0;
  const count: Move = (array, length) => {
    size = aligned(size + length * array.BYTES_PER_ELEMENT);
    return array;
  };
  for (const batch of part.batches) move(batch, count);
  // A quarter more: the next part may be a little larger.
  const shared = memory !== undefined && memory.byteLength >= size ? memory : new SharedArrayBuffer(size + (size >> 2));
  let at = 0;
  const places = [0];
  const copy: Move = (array, length) => {
    const there = viewOf(array, shared, at, length);
    there.set(length === array.length ? array : array.subarray(0, length));
    at = aligned(at + length * array.BYTES_PER_ELEMENT);
    return there;
  };
  const batches = part.batches.map((batch) => {
    const moved = move(batch, copy);
    places.push(at);
    return moved;
  });
  return { part: { ...part, batches }, memory: shared, places };
}

/**
 * The part in memory of this thread, so that the shared one may be used again.
 *
 * @param spares memory for batches that nobody looks at any more; what is large enough of it is used
 * @returns the part, and the memory that it is in
 */
export function fromShared({ part, memory, places }: SharedPart, spares: Uint8Array[]) {
  const taken: Uint8Array[] = [];
  const batches = part.batches.map((batch, i) => {
    const from = places[i]!;
    const size = places[i + 1]! - from;
    const spare = spares.pop();
    const bytes = spare !== undefined && spare.length >= size ? spare : new Uint8Array(size);
    bytes.set(new Uint8Array(memory, from, size));
    taken.push(bytes);
    return move(batch, (array) => viewOf(array, bytes.buffer, array.byteOffset - from, array.length));
  });
  return { part: { ...part, batches }, taken };
}

function move(batch: Part['batches'][number], how: Move): Part['batches'][number] {
  const { length } = batch;
  return {
    length,
    ordinal: how(batch.ordinal, length),
    time: how(batch.time, length),
    cpu: how(batch.cpu, length),
    pid: how(batch.pid, length),
    tgid: how(batch.tgid, length),
    comm: how(batch.comm, length),
    flags: how(batch.flags, length),
    kind: how(batch.kind, length),
    row: how(batch.row, length),
    fields: batch.fields.map(({ kind, length, columns }) => ({
      kind,
      length,
      columns: columns.map((column) => moveColumn(column, length, how)),
    })),
    arena: how(batch.arena, batch.arena.length),
  };
}

function moveColumn(column: Column, length: number, how: Move): Column {
  switch (column.storage) {
    case 'number':
      return { storage: 'number', values: how(column.values, length) };
    case 'text':
      return { storage: 'text', values: how(column.values, length) };
    case 'u64': {
      const { hi, lo } = column.values;
      return {
        storage: 'u64',
        values: { hi: how(hi, length), lo: how(lo, length) },
        present: how(column.present, length),
      };
    }
    case 'bytes':
      return { storage: 'bytes', start: how(column.start, length), end: how(column.end, length) };
  }
}

function viewOf<A extends Numbers>(like: A, buffer: ArrayBufferLike, at: number, length: number): A {
  const View = like.constructor as new (buffer: ArrayBufferLike, at: number, length: number) => A;
  return new View(buffer, at, length);
}

/** Numbers of eight bytes begin at multiples of eight. */
function aligned(at: number): number {
  return (at + 7) & ~7;
}
