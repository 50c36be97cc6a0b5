/** Perf's records as they come out of a pipe (`perf record -o -`): a short header, then everything is a record. */
import type { EventBatch } from '../../events/batch.ts';
import { type Capture, newCapture } from '../../events/capture.ts';
import { BatchBuilder } from '../builder.ts';
import type { Reader, ReadOptions } from '../format.ts';
import { RecordDecoder } from './decoder.ts';
import { pipeHeaderSize, readMagic } from './magic.ts';

export class PerfPipeReader implements Reader {
  readonly capture: Capture;
  readonly #builder: BatchBuilder;
  #decoder: RecordDecoder | undefined;
  #head = new Uint8Array(0);

  constructor(source: string, options: ReadOptions) {
    this.capture = newCapture(source, 'perf-pipe', 'bytes');
    this.capture.variant = 'perf.data of a pipe';
    this.capture.clock = { unit: 'ns', resolution: 1 };
    this.#builder = newBuilder(this.capture, options);
  }

  push(given: Uint8Array): EventBatch[] {
    // A Buffer is a Uint8Array of another shape, and code that meets both is slower by a third.
    const chunk = new Uint8Array(given.buffer, given.byteOffset, given.length);
    if (this.#decoder !== undefined) this.#decoder.push(chunk);
    else this.#begin(chunk);
    return this.#builder.take();
  }

  #begin(chunk: Uint8Array): void {
    const bytes = new Uint8Array(this.#head.length + chunk.length);
    bytes.set(this.#head);
    bytes.set(chunk, this.#head.length);
    this.#head = bytes;
    const magic = readMagic(bytes);
    if (bytes.length < pipeHeaderSize || magic === undefined) return;
    if (!magic.isLittle) this.capture.variant += ', big endian';
    this.#builder.at = 0;
    this.#builder.units = pipeHeaderSize;
    this.#builder.comment();
    this.#decoder = new RecordDecoder(this.#builder, magic.isLittle, pipeHeaderSize);
    this.#head = new Uint8Array(0);
    this.#decoder.push(bytes.subarray(pipeHeaderSize));
  }

  giveBack(batch: EventBatch): void {
    this.#builder.giveBack(batch);
  }

  end(): EventBatch[] {
    if (this.#decoder !== undefined) this.#decoder.end();
    else if (this.#head.length > 0) {
      this.#builder.at = 0;
      this.#builder.units = this.#head.length;
      this.#builder.skip('the header is cut', this.#head, 0, this.#head.length);
    }
    return this.#builder.finish();
  }
}

/** A builder that knows the probes of the capture. */
export function newBuilder(capture: Capture, options: ReadOptions): BatchBuilder {
  return new BatchBuilder(capture, [...(options.probeDefinitions ?? []), ...(options.sidecar?.probeDefinitions ?? [])]);
}
