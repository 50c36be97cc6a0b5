/** What is told beside the pages of a ring buffer: their layout, their events, the names of tasks and addresses. */
import type { EventFormat } from '../records/event-format.ts';
import type { PrintkFormats } from '../records/printk-formats.ts';
import type { PageLayout } from './page-layout.ts';

/** Filled by whoever finds the parts; each may be missing. */
export class Descriptions {
  layout: PageLayout | undefined;
  readonly formats: EventFormat[] = [];
  /** The text of /proc/kallsyms. */
  kallsyms: Uint8Array | undefined;
  /** Formats of trace_printk() by address. */
  printkFormats: PrintkFormats = new Map();
  /** Lines of `saved_cmdlines`. */
  cmdlines = '';
  /** Lines of `saved_tgids`. */
  tgids = '';
}
