/** What an input format is to the rest of the reading room: how its bytes are recognised, and how they become events. */
import type { EventBatch } from '../events/batch.ts';
import type { Capture, Zone } from '../events/capture.ts';

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
}

/** A reader takes the input's bytes in chunks of any size and gives back whole batches as they fill. */
export interface Reader {
  /** The books, filled as it goes. */
  readonly capture: Capture;
  push(chunk: Uint8Array): EventBatch[];
  /** The end of the input: the rest, possibly cut in the middle of a line (which is then a counted skip). */
  end(): EventBatch[];
}

export interface Detection {
  /** 0..1: how sure; the surest format wins. */
  readonly sure: number;
  /** What was seen, for the user (`header of the latency format`). */
  readonly saw: string;
}

export interface Format {
  /** `tracefs`, `perf-script`, `csv`. */
  readonly id: string;
  readonly title: string;
  /** Who writes it, in a line. */
  readonly writtenBy: string;
  /** How it is recognised, in a line. */
  readonly recognisedBy: string;
  /** Page of docs/formats. */
  readonly page: string;
  /** Looks at the first bytes (up to 64 KiB), never at the file's name. */
  detect(head: Uint8Array): Detection | undefined;
  open(source: string, options: ReadOptions): Reader;
}
