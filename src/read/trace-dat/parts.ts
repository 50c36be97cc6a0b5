/** What a trace.dat turned out to hold, whichever version said so. */
import { addNote, type Capture } from '../../events/capture.ts';
import type { Descriptions } from '../ring-buffer/descriptions.ts';
import type { CpuPart, Options } from './options.ts';

/** A ring buffer of the kernel: the top one (no name), or an instance's. */
export interface BufferPart {
  readonly name: string;
  /** Empty when the file does not say. */
  readonly clock: string;
  /** 0 when the file does not say: then it is as `header_page` tells. */
  readonly pageSize: number;
  readonly isPacked: boolean;
  readonly cpus: readonly CpuPart[];
  /** Where its text is, of a buffer that was recorded as text. */
  readonly text?: { readonly offset: number; readonly size: number };
}

export interface Parts {
  readonly descriptions: Descriptions;
  readonly options: Options;
  readonly buffers: readonly BufferPart[];
}

/** Damage that takes no bytes of its own: what the file points to is not there, or was counted already. */
export function noteDamage(capture: Capture, reason: string, at: number, isCut = false): void {
  addNote(capture.accounting.skips, reason, `byte ${at}`, '', 0);
  if (isCut) capture.accounting.cutShort = true;
}
