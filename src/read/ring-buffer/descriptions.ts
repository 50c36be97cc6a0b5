/** What is told beside the pages of a ring buffer: their layout, their events, the names of tasks and addresses. */
import type { EventFormat } from '../records/event-format.ts';
import type { PageLayout } from './page-layout.ts';

/** Filled by whoever finds the parts; each may be missing. */
export class Descriptions {
  layout: PageLayout | undefined;
  readonly formats: EventFormat[] = [];
  /** The text of /proc/kallsyms. */
  kallsyms: Uint8Array | undefined;
  /** Formats of trace_printk() by address. */
  printkFormats: ReadonlyMap<string, string> = new Map();
  /** Lines of `saved_cmdlines`. */
  cmdlines = '';
  /** Lines of `saved_tgids`. */
  tgids = '';
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', '\\': '\\', '"': '"' };

/** `0xffff800008f2d5c8 : "text of %s\n"` (kernel/trace/trace_printk.c t_show()). */
export function parsePrintkFormats(text: string): ReadonlyMap<string, string> {
  const formats = new Map<string, string>();
  for (const [, address = '', format = ''] of text.matchAll(/^\s*(0x[0-9a-f]{1,16}) : "(.*)"$/gm)) {
    formats.set(
      address,
      format.replace(/\\([nt\\"])/g, (_, letter: string) => escapes[letter] ?? ''),
    );
  }
  return formats;
}
