/** Reads raw pages of the ring buffer, with the descriptions of their events from the files beside them. */
import { TraceError } from '../../base/errors.ts';
import { type Capture, newCapture } from '../../events/capture.ts';
import { BatchBuilder } from '../builder.ts';
import type { ByteSource, FileSet, RandomReader, ReadOptions } from '../format.ts';
import { clockOf } from '../ring-buffer/clock.ts';
import { CpuCursor } from '../ring-buffer/cpu-cursor.ts';
import { ringEvents } from '../ring-buffer/events.ts';
import { Glancer } from '../ring-buffer/glance.ts';
import { remarkInstances } from '../ring-buffer/instances.ts';
import { type PageLayout, parsePageLayout } from '../ring-buffer/page-layout.ts';
import { PagePool } from '../ring-buffer/page-pool.ts';
import { type PageStream, plainPages, windowSize } from '../ring-buffer/page-stream.ts';
import { SubBuffer } from '../ring-buffer/sub-buffer.ts';
import { type Beside, readBeside } from './descriptions.ts';
import { type PageFile, pageFiles } from './names.ts';

interface OpenPages extends PageFile {
  readonly file: ByteSource;
  /** Where it begins when all are taken for one input. */
  readonly start: number;
}

/** @throws TraceError `no-formats`, `ambiguous`, `damaged` */
export async function openRawPages(source: string, files: FileSet, options: ReadOptions): Promise<RandomReader> {
  const pages = pageFiles(files.names);
  pages.forEach((page, i) => {
    const before = pages[i - 1];
    if (before?.cpu !== page.cpu || before.instance !== page.instance) return;
    const cause = `has pages of CPU ${page.cpu} twice: ${clean(before.name)} and ${clean(page.name)}`;
    throw new TraceError('ambiguous', { file: source }, cause, 'put one capture into a folder of its own');
  });
  const beside = await readBeside(source, files);
  refuseUndescribed(source, beside);
  const opened: OpenPages[] = [];
  let start = 0;
  for (const page of pages) {
    const file = await files.open(page.name);
    opened.push({ ...page, file, start });
    start += file.size;
  }
  const layout = await layoutOf(source, beside.header, opened);
  beside.descriptions.layout = layout;
  const capture = newCapture(source, 'raw-pages', 'bytes');
  capture.variant = `raw ring-buffer pages of ${opened.length} ${opened.length === 1 ? 'CPU' : 'CPUs'}${layout.isLittleEndian ? '' : ', big endian'}`;
  capture.clock = clockOf(beside.clock);
  capture.remarks.push(...beside.remarks);
  const named = options.probeDefinitions ?? options.sidecar?.probeDefinitions ?? beside.probes;
  const builder = new BatchBuilder(capture, named);
  return {
    capture,
    batches: async function* () {
      const pool = PagePool.of(opened.length, layout.pageSize, start);
      const window = windowSize(opened.length, layout.pageSize);
      const cursors = opened.map(
        ({ cpu, file, start }) =>
          new CpuCursor(cpu, movedBy(start, plainPages(file, 0, file.size, window)), layout, builder, { pool }),
      );
      const machine = { isLittleEndian: layout.isLittleEndian, longSize: layout.longSize };
      yield* ringEvents(cursors, pool, builder, beside.descriptions, machine);
      remarkInstances(
        capture,
        opened.map(({ instance }, i) => ({ name: instance, events: cursors[i]!.events })),
      );
      remarkDescriptions(capture);
    },
    giveBack: (batch) => builder.giveBack(batch),
    glance: async () => {
      const glancer = new Glancer();
      for (const { file } of opened) await glancer.look({ input: file, offset: 0, size: file.size, layout });
      return glancer.result((time) => time);
    },
  };
}

/** Ids of events are given anew at each start of the kernel, so descriptions may be missing, or be those of another start. */
function remarkDescriptions(capture: Capture): void {
  const unknown = capture.kinds.filter(({ system, form }) => system === 'unknown' && form === 'generic').length;
  if (unknown > 0)
    capture.remarks.push(
      `${unknown} kinds of records have no description beside the pages (probes have theirs in events/kprobes/*/format): their bytes are kept`,
    );
  if (capture.accounting.oddities.length > 0)
    capture.remarks.push(
      'some records do not fit their descriptions: these may be of another kernel, or of another start of it',
    );
}

function clean(name: string): string {
  return name.slice(0, 200).replace(/[^ -~]/g, '.');
}

function refuseUndescribed(source: string, { header, descriptions }: Beside): void {
  const missing = [
    ...(header === '' ? ['events/header_page'] : []),
    ...(descriptions.formats.length === 0 ? ['events/*/*/format'] : []),
  ];
  if (missing.length === 0) return;
  const cause = `has raw pages, but not what describes their events (${missing.join(', ')})`;
  // Files of tracefs say that their size is 0, and tar believes it (seen with GNU tar on 6.18).
  const copy = 'for f in events/header_page events/*/*/format; do mkdir -p DIR/$(dirname $f); cat $f > DIR/$f; done';
  const hint = `copy them from the device that was traced, before it is started again: cd /sys/kernel/tracing; ${copy} (tar packs files of tracefs as empty ones)`;
  throw new TraceError('no-formats', { file: source }, cause, hint);
}

/** Pages do not say their byte order: it is the one in which they make sense. */
async function layoutOf(source: string, header: string, pages: readonly OpenPages[]): Promise<PageLayout> {
  const [little, big] = [parsePageLayout(header, true), parsePageLayout(header, false)];
  if (little === undefined || big === undefined) {
    const cause = 'has a header_page of pages that the kernel does not make';
    throw new TraceError('damaged', { file: source }, cause, 'copy events/header_page again');
  }
  let balance = 0;
  for (const { file } of pages) {
    const bytes = await file.read(0, little.pageSize);
    balance += records(bytes, little) - records(bytes, big);
  }
  return balance < 0 ? big : little;
}

function records(bytes: Uint8Array, layout: PageLayout): number {
  const page = new SubBuffer();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  page.read(view, 0, bytes.length, layout, { hi: 0, lo: 0 });
  return page.count;
}

/** A stream whose places are those of all files together. */
function movedBy(start: number, stream: PageStream): PageStream {
  return {
    next: async () => {
      const window = await stream.next();
      return window === undefined ? undefined : { ...window, at: window.at + start };
    },
  };
}
