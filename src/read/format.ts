/** What an input format is to the rest of the reading room: how its bytes are recognised, and how they become events. */
import type { EventBatch } from '../events/batch.ts';
import type { Capture, Zone } from '../events/capture.ts';
import type { FrontReader } from './text-ranges.ts';
import type { TracefsSeed } from './tracefs/reader.ts';

/** What a sidecar (`meta.json` beside a capture) says. Used without asking where the capture itself does not say. */
export interface Sidecar {
  readonly kernelRelease?: string;
  readonly kernelVersion?: string;
  readonly arch?: string;
  readonly pageSize?: number;
  readonly paBits?: number;
  readonly cpus?: number;
  readonly clock?: string;
  /** A name of the policies room; the sidecar's own names are mapped in one table of `sidecar.ts`. */
  readonly recordedPolicy?: string;
  readonly lruGen?: boolean;
  readonly preemption?: string;
  /** What emulated the machine, where it was emulated. */
  readonly emulator?: string;
  readonly zones?: readonly Zone[];
  /** Lines of tracefs `kprobe_events` (or `dynamic_events`) as they were when the capture was made. */
  readonly probeDefinitions?: readonly string[];
}

export interface ReadOptions {
  readonly sidecar?: Sidecar;
  /** Lines of `kprobe_events` given by the user; they win over the sidecar's. */
  readonly probeDefinitions?: readonly string[];
  /** CSV: header name -> `column` or `event field`, over the documented default. */
  readonly csvMap?: Readonly<Record<string, string>>;
  /** What the user says where the capture cannot; wins over the sidecar, and a contradiction is remarked. */
  readonly kernelVersion?: string;
  readonly pageSize?: number;
  readonly paBits?: number;
  readonly recordedPolicy?: string;
  /**
   * Batches are looked at one by one, and not kept: when the next is asked for, the columns of the one before it may be
   * filled again. Making new ones takes a fifth of all the time (docs/speed.md).
   */
  readonly lendsBatches?: boolean;
}

/** A reader takes the input's bytes in chunks of any size and gives back whole batches as they fill. */
export interface Reader {
  /** The books, filled as it goes. */
  readonly capture: Capture;
  push(chunk: Uint8Array): EventBatch[];
  /** The end of the input: the rest, possibly cut in the middle of a line (which is then a counted skip). */
  end(): EventBatch[];
  /** Takes back a batch that it gave out and that is not looked at any more. */
  giveBack?(batch: EventBatch): void;
}

/** Bytes of an input at any place. Reading never fails for want of bytes: it gives fewer. */
export interface ByteSource {
  readonly size: number;
  /**
   * Bytes `[offset, offset + length)`, fewer at the end of the input. The caller may keep what it is given. A caller that
   * reads much may lend `into`, of `length` bytes at least: then what it is given may be a part of that.
   */
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
}

/** What heads and tails of an input tell, read without its middle (`inspect --quick`). */
export interface Glance {
  /** Exact times of the first and the last event, as `Capture.origin` counts; undefined where no event was found. */
  readonly first: bigint | undefined;
  readonly last: bigint | undefined;
  /** How many events there are, and whether that was counted or reckoned from the sizes. */
  readonly events: number;
  readonly isCounted: boolean;
}

/** A reader that goes through its input by itself, from where it likes. */
export interface RandomReader {
  /** The books. What the capture says of itself is known when the reader has been opened. */
  readonly capture: Capture;
  /** All events in order; to be asked for once. */
  batches(): AsyncGenerator<EventBatch>;
  /** Takes back a batch that it gave out and that is not looked at any more. */
  giveBack?(batch: EventBatch): void;
  /** Instead of `batches`, not beside it. */
  glance?(): Promise<Glance>;
}

/** Files that make up one capture (a folder, a tar): names with `/` between parts, relative to the top. */
export interface FileSet {
  readonly names: readonly string[];
  /** @throws Error when there is no such name */
  open(name: string): Promise<ByteSource>;
}

export interface Detection {
  /** 0..1: how sure; the surest format wins. */
  readonly sure: number;
  /** What was seen, for the user (`header of the latency format`). */
  readonly saw: string;
}

interface FormatBase {
  /** `tracefs`, `perf-script`, `csv`. */
  readonly id: string;
  readonly title: string;
  /** Who writes it, in a line. */
  readonly writtenBy: string;
  /** How it is recognised, in a line. */
  readonly recognisedBy: string;
  /** Page of docs/formats. */
  readonly page: string;
}

/** Read from beginning to end: works on stdin. */
export interface StreamFormat extends FormatBase {
  readonly access: 'stream';
  /** Looks at the first bytes (up to 64 KiB), never at the file's name. */
  detect(head: Uint8Array): Detection | undefined;
  /** To be called before `open`, where there is one: loads what reads the format. */
  load?(): Promise<void>;
  open(source: string, options: ReadOptions): Reader;
  /** Where parts of an input can be read apart by several threads (text-parts.ts reads one). */
  openFront?(source: string, options: ReadOptions): FrontReader<TracefsSeed>;
}

/** Needs bytes from several places at once (CPUs one behind the other, an index at the end). Packed or piped input is set down first. */
export interface RandomFormat extends FormatBase {
  readonly access: 'random';
  detect(head: Uint8Array): Detection | undefined;
  /** Reads what is needed to know the capture: headers, descriptions of events. */
  openAt(source: string, input: ByteSource, options: ReadOptions): Promise<RandomReader>;
}

/** A folder, or a tar of one. */
export interface FolderFormat extends FormatBase {
  readonly access: 'folder';
  /** Looks at the names of files only. */
  detectFiles(names: readonly string[]): Detection | undefined;
  openFiles(source: string, files: FileSet, options: ReadOptions): Promise<RandomReader>;
}

export type Format = StreamFormat | RandomFormat | FolderFormat;
