/**
 * What kinds of event a capture holds, and how their fields are stored.
 *
 * A kind is found by the first event of its name: a row of the catalogue (`catalog.ts`), a probe on a kernel function
 * (`probes.ts`), or a generic event that nothing knows and whose text is kept. Rooms ask a kind for a column by field
 * name or by probe role; they never look at an event's text.
 */
import type { EventRow } from './catalog.ts';

/**
 * How a field's values are stored: `number` a float64 (NaN = not recorded), exact below 2^53; `u64` two uint32 columns
 * (page flags, raw pointers, page-table entries); `text` an interned string's id (-1 = not recorded); `bytes` a range
 * of the batch's arena, for text that is different in every event (markers, events that nothing knows).
 */
export type Storage = 'number' | 'u64' | 'text' | 'bytes';

export interface Field {
  /** The kernel's name for it, as the newest kernel prints it. */
  readonly name: string;
  readonly storage: Storage;
  /** How a value prints in exported text: decimal, `0x` hex, or as it is. */
  readonly print: 'decimal' | 'hex' | 'text';
}

/** A probe on a kernel function: what it means is decided by the function, not by the probe's name. */
export interface Probe {
  /** The function probed, as the kernel names it (`alloc_contig_range_noprof`). */
  readonly function: string;
  /** The function in the catalogue's terms, the same for every kernel version (`alloc_contig_range`); empty if unknown. */
  readonly meaning: string;
  readonly isReturn: boolean;
  /** Role of each field, aligned with `EventKind.fields`: `folio`, `src.refcount`, `return`, ...; empty if unknown. */
  readonly roles: readonly string[];
  /** Where the function's name comes from: the line itself, a probe definition, or (a guess) the event's name. */
  readonly source: 'line' | 'definition' | 'name';
}

export interface EventKind {
  /** Index into `Capture.kinds`. */
  readonly id: number;
  /** `migrate`, `fs`, ... where known (the catalogue, or the capture says so); else empty. */
  readonly system: string;
  readonly name: string;
  readonly form: 'catalogued' | 'probe' | 'generic';
  readonly fields: readonly Field[];
  readonly row?: EventRow;
  readonly probe?: Probe;
}

/** `system:name`, or the bare name where the system is not known. */
export function qualifiedName(kind: EventKind): string {
  return kind.system === '' ? kind.name : `${kind.system}:${kind.name}`;
}
