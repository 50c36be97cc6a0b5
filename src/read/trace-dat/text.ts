/**
 * A trace.dat of a latency tracer (`trace-cmd record -p wakeup`): instead of pages it holds the text of tracefs `trace`, which
 * the reader of that text reads. Its books are in lines.
 */
import type { EventBatch } from '../../events/batch.ts';
import { addNote, newCapture } from '../../events/capture.ts';
import { BatchBuilder } from '../builder.ts';
import type { ByteSource, RandomReader, ReadOptions } from '../format.ts';
import { type PageStream, plainPages } from '../ring-buffer/page-stream.ts';
import { tracefs } from '../tracefs/tracefs.ts';
import type { Head } from './head.ts';
import { mostUnpacked, packedPages } from './packed-pages.ts';

const window = 1 << 18;

export interface TextPart {
  readonly offset: number;
  readonly size: number;
  readonly isPacked: boolean;
}

/** Reads the beginning of the text, so that what it says of itself is known. */
export async function openText(
  source: string,
  input: ByteSource,
  head: Head,
  { offset, size, isPacked }: TextPart,
  options: ReadOptions,
): Promise<RandomReader> {
  // What packed text costs is counted apart: the books are those of its lines.
  const packing = new BatchBuilder(newCapture(source, 'trace-dat', 'bytes'));
  const claim = (from: number, to: number): boolean => from <= to;
  const part = { cpu: -1, offset, size, window, mostUnpacked: mostUnpacked(1), claim };
  const stream: PageStream = isPacked
    ? packedPages(input, { ...part, packing: head.packing, isLittleEndian: head.isLittleEndian }, packing)
    : plainPages(input, offset, size, window);
  const reader = tracefs.open(source, options);
  const first = await stream.next();
  const begun = first === undefined ? [] : reader.push(first.bytes);
  const { capture } = reader;
  capture.remarks.push(
    'this trace.dat holds no pages but the text of a latency tracer: lines were read, as of tracefs text',
  );
  async function* batches(): AsyncGenerator<EventBatch> {
    yield* begun;
    for (let next = await stream.next(); next !== undefined; next = await stream.next()) yield* reader.push(next.bytes);
    yield* reader.end();
    for (const { reason, firstPlace } of packing.capture.accounting.skips) {
      addNote(capture.accounting.skips, reason, firstPlace, '');
      capture.accounting.total++;
      capture.accounting.skipped++;
      capture.accounting.cutShort = true;
    }
    if (offset + size > input.size) capture.accounting.cutShort = true;
  }
  return { capture, batches };
}
