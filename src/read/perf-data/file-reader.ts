/** A perf.data file: what its header says, then its records. */
import type { EventBatch } from '../../events/batch.ts';
import { type Capture, newCapture } from '../../events/capture.ts';
import type { BatchBuilder } from '../builder.ts';
import type { ByteSource, Glance, RandomReader, ReadOptions } from '../format.ts';
import { RecordDecoder } from './decoder.ts';
import { settleClock } from './features.ts';
import { glanceAt } from './glance.ts';
import { newBuilder } from './pipe-reader.ts';
import { Regions } from './regions.ts';
import { type FileHeader, readAttrs, readFeatures, readHeader } from './sections.ts';

/** Bytes read at a time. */
const chunkSize = 1 << 20;

/** Where the records are, in the file as it is. */
interface Extent {
  readonly start: number;
  readonly end: number;
}

/** Opens a file: its header, attributes and features are read. */
export async function openPerfData(source: string, input: ByteSource, options: ReadOptions): Promise<RandomReader> {
  const header = await readHeader(source, input);
  const capture = newCapture(source, 'perf-data', 'bytes');
  capture.variant = 'perf.data file';
  capture.clock = { unit: 'ns', resolution: 1 };
  if (!header.isLittle) capture.variant += ', big endian';
  const builder = newBuilder(capture, options);
  const extent = extentOf(header, input, capture);
  const decoder = new RecordDecoder(builder, header.isLittle, extent.start);
  const regions = new Regions(input.size);
  regions.add(0, header.size);
  await readAttrs(input, header, decoder, regions, capture.remarks);
  settleClock(capture, decoder.attrs);
  if (header.data.size > 0) await readFeatures(input, header, decoder, regions, capture.remarks);
  if (decoder.facts.packing >= 0) capture.variant += ', compressed';
  return new PerfDataReader(builder, decoder, regions, input, extent);
}

/** The records. perf fills in their size when it ends: a size of 0 is a recording that did not end in order. */
function extentOf(header: FileHeader, input: ByteSource, capture: Capture): Extent {
  const { offset, size } = header.data;
  const start = Math.min(offset, input.size);
  if (size === 0) {
    capture.remarks.push(
      'perf record did not end in order: the size of the records is not filled in, they are read up to the end of the file; ' +
        'the descriptions of tracepoints, which perf writes last, are missing',
    );
    return { start, end: input.size };
  }
  if (offset + size > input.size) {
    capture.accounting.cutShort = true;
    capture.remarks.push(
      `the file is cut: the header says that its records end at byte ${offset + size}, the file ends at ${input.size}; ` +
        'the descriptions of tracepoints, which come behind them, are missing',
    );
  }
  return { start, end: Math.min(offset + size, input.size) };
}

class PerfDataReader implements RandomReader {
  readonly #builder: BatchBuilder;
  readonly #decoder: RecordDecoder;
  readonly #regions: Regions;
  readonly #input: ByteSource;
  readonly #extent: Extent;

  constructor(builder: BatchBuilder, decoder: RecordDecoder, regions: Regions, input: ByteSource, extent: Extent) {
    this.#builder = builder;
    this.#decoder = decoder;
    this.#regions = regions;
    this.#input = input;
    this.#extent = extent;
  }

  get capture(): Capture {
    return this.#builder.capture;
  }

  async *batches(): AsyncGenerator<EventBatch> {
    const { start, end } = this.#extent;
    this.#regions.book(this.#builder, start, end);
    // The decoder copies what it is given, so two blocks that take turns serve for all of the file: memory that is new each
    // time costs a tenth.
    const blocks = [new Uint8Array(chunkSize), new Uint8Array(chunkSize)];
    const read = (at: number) => {
      blocks.reverse();
      return this.#input.read(at, Math.min(chunkSize, end - at), blocks[0]);
    };
    let next = start < end ? read(start) : undefined;
    for (let at = start; at < end && next !== undefined; ) {
      const chunk = await next;
      at += chunk.length;
      // A file that became shorter while it is read: what is missing is not of the input.
      if (chunk.length === 0) break;
      next = at < end ? read(at) : undefined;
      this.#decoder.push(chunk);
      yield* this.#builder.take();
    }
    this.#decoder.end();
    yield* this.#builder.finish();
  }

  giveBack(batch: EventBatch): void {
    this.#builder.giveBack(batch);
  }

  glance(): Promise<Glance> {
    return glanceAt(this.#input, this.#extent.start, this.#extent.end, this.#decoder);
  }
}
