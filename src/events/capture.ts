/**
 * What a capture says about itself, and the books kept while it is read: what was decoded, what was skipped and why,
 * and what the kernel says it lost. Filled by a reader as it goes; complete when the last batch has been given out.
 */
import { StringTable } from '../base/strings.ts';
import type { EventKind } from './kinds.ts';

/** Where a fact about a capture comes from, best first. */
export type Provenance = 'capture' | 'sidecar' | 'option' | 'default';

export interface Known<T> {
  readonly value: T;
  readonly from: Provenance;
}

/** A skipped (or otherwise noted) class of input, with the first place it was met. */
export interface Note {
  readonly reason: string;
  /** In units of the accounting (bytes of a binary file); of an oddity, events. */
  count: number;
  /** `line 12`, `byte 8192`. */
  readonly firstPlace: string;
  /** The beginning of the first such line, made printable. */
  readonly firstText: string;
}

/**
 * Every unit of the input (a line of text, a row of CSV, a byte or record of a binary file) is exactly one of these.
 * `decoded + generic + comment + skipped === total` is an invariant, checked by `balance`.
 */
export interface Accounting {
  unit: 'lines' | 'rows' | 'bytes' | 'records';
  total: number;
  /** Events of the catalogue and of known probes, fields in columns. */
  decoded: number;
  /** Events that are not in the catalogue, kept with their text or, of binary captures, with their fields and types. */
  generic: number;
  /** Headers, comments, stack lines that belong to an event, blank lines, loss lines: understood, no event. */
  comment: number;
  skipped: number;
  /**
   * The input ended before its end (a packed stream that is cut or damaged): what is missing after the last unit is not
   * known, so no share of it can be given.
   */
  cutShort?: boolean;
  /** Why units were skipped. */
  readonly skips: Note[];
  /** What is odd in events that were kept all the same: a text that fits no known era, a number that no kernel has. */
  readonly oddities: Note[];
}

/** True when every unit is accounted for exactly once. */
export function balance(books: Accounting): boolean {
  const skips = books.skips.reduce((sum, note) => sum + note.count, 0);
  return books.decoded + books.generic + books.comment + books.skipped === books.total && skips === books.skipped;
}

export function emptyAccounting(unit: Accounting['unit']): Accounting {
  return { unit, total: 0, decoded: 0, generic: 0, comment: 0, skipped: 0, skips: [], oddities: [] };
}

/** Counts a note under its reason; the first place and text stay. */
export function addNote(notes: Note[], reason: string, place: string, text: string, units = 1): void {
  const known = notes.find((note) => note.reason === reason);
  if (known) known.count += units;
  else notes.push({ reason, count: units, firstPlace: place, firstText: text });
}

/** Events that the kernel or the recording tool lost. Times are in the capture's own time; NaN = not known. */
export interface Loss {
  /** -1 = not known. */
  readonly cpu: number;
  /** NaN when the capture says that events were lost but not how many. */
  readonly count: number;
  /** The last event of that CPU before the gap, and the first after it. */
  readonly start: number;
  readonly end: number;
  /** `lost` in the stream, `overwritten` ring buffer (from the header), `buffer started` late, `dropped` by the tool. */
  readonly how: 'lost' | 'overwritten' | 'buffer started' | 'dropped';
  readonly place: string;
}

/** Ranges of page frames: what memory zones and nodes the sidecar knows. */
export interface Zone {
  readonly node: number;
  readonly zone: string;
  readonly startPfn: number;
  readonly spanned: number;
}

export interface Clock {
  /** `ns`: time is nanoseconds. `integer`: clock units that give an order but no duration (counter, uptime). `none`: no time at all. */
  readonly unit: 'ns' | 'integer' | 'none';
  /** Smallest step that the text shows, ns: 1000 for seconds.microseconds. 1 for integer clocks. */
  readonly resolution: number;
  /** `local`, `mono`, ... where known. */
  readonly name?: Known<string>;
}

export interface Capture {
  /** As the user named it. */
  readonly source: string;
  /** Id of the input format, and what in particular (`tracefs text, latency format`). */
  format: string;
  variant: string;
  readonly strings: StringTable;
  readonly kinds: EventKind[];
  /** Exact time of the first event: nanoseconds (or clock units) as printed. */
  origin: bigint;
  clock: Clock;
  /** Kernel release (`6.1.0-56-arm64`) and the version it was built from (`6.1.192`), where known. */
  kernelRelease?: Known<string>;
  kernelVersion?: Known<string>;
  arch?: Known<string>;
  /** The tool that wrote it and its version (`trace-cmd 3.1.6`, `perf version 6.1.187`), and the command line of the recording. */
  tool?: Known<string>;
  command?: Known<string>;
  pageSize?: Known<number>;
  /** Physical address bits of the kernel's configuration. */
  paBits?: Known<number>;
  cpus?: Known<number>;
  /** The policy that the recording kernel ran, a name of the policies room. */
  recordedPolicy?: Known<string>;
  /** The kernel's LRU generations were on (second reads fill no activate batch). */
  lruGen?: Known<boolean>;
  preemption?: Known<string>;
  /** What emulated the machine; then counts and orders are the kernel's, and durations are no device's. */
  emulator?: Known<string>;
  zones: readonly Zone[];
  /** Entries in the buffer and entries written, as a tracefs header counts them. */
  header?: { readonly entries: number; readonly written: number };
  /** Time of the last event, relative to the first. */
  end: number;
  events: number;
  /** Times at which an event is earlier than the one before it in the input. */
  inversions: number;
  readonly accounting: Accounting;
  readonly losses: Loss[];
  /** Facts about the capture that a reader should know (a sidecar that disagrees, assumptions made). */
  readonly remarks: string[];
}

/** A capture about which nothing is known yet. */
export function newCapture(source: string, format: string, unit: Accounting['unit']): Capture {
  return {
    source,
    format,
    variant: format,
    strings: new StringTable(),
    kinds: [],
    origin: 0n,
    clock: { unit: 'ns', resolution: 1000 },
    zones: [],
    end: 0,
    events: 0,
    inversions: 0,
    accounting: emptyAccounting(unit),
    losses: [],
    remarks: [],
  };
}

/** A capture being read: its books so far and the batches still to come. Iterate `batches` to the end, once. */
export interface OpenCapture {
  readonly capture: Capture;
  readonly batches: AsyncIterable<import('./batch.ts').EventBatch>;
  /** Lets go of the input when its batches are not read to the end. */
  readonly close?: () => Promise<void>;
}
