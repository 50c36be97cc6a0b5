/**
 * What a trace.dat says of its events and its kernel. The parts are the same in version 6, one behind the other, and in
 * version 7, each in a section (lib/trace-cmd/trace-input.c read_header_files(), read_ftrace_files(), read_event_files(),
 * read_proc_kallsyms(), read_ftrace_printk(), read_and_parse_cmdlines(), trace-cmd 3.1).
 */
import { parseEventFormat } from '../records/event-format.ts';
import { parsePrintkFormats } from '../records/printk-formats.ts';
import type { Descriptions } from '../ring-buffer/descriptions.ts';
import { parsePageLayout } from '../ring-buffer/page-layout.ts';
import type { Scroll } from './scroll.ts';

/** Reads one part into the descriptions. @throws TraceError `damaged`; what came before the damage is kept */
export type ReadPart = (scroll: Scroll, into: Descriptions) => Promise<void>;

const latin = new TextDecoder('latin1');
const utf8 = new TextDecoder();

async function block(scroll: Scroll, what: string): Promise<Uint8Array> {
  return scroll.bytes(await scroll.u64(`the size of ${what}`), what);
}

/** `header_page` and `header_event`, each a name, a size and a text. */
export const readHeaderInfo: ReadPart = async (scroll, into) => {
  const place = scroll.at;
  if (latin.decode(await scroll.bytes(12, 'header_page')) !== 'header_page\0') {
    scroll.fail('has no header_page where it should be', place);
  }
  const page = latin.decode(await block(scroll, 'header_page'));
  into.layout = parsePageLayout(page, scroll.isLittleEndian);
  if (into.layout === undefined) scroll.fail('has a header_page of pages that the kernel does not make', place);
  const second = scroll.at;
  if (latin.decode(await scroll.bytes(13, 'header_event')) !== 'header_event\0') {
    scroll.fail('has no header_event where it should be', second);
  }
  const event = latin.decode(await block(scroll, 'header_event'));
  // Until 2.6.30 an event's head had 2 bits of type and 3 of length.
  if (!/type_len\s*:\s*5 bits/.test(event)) scroll.fail('has events of a kind older than Linux 2.6.31', second);
};

/** Events of the tracers themselves (`ftrace:function`, `ftrace:print`, ...). */
export const readFtraceFormats: ReadPart = async (scroll, into) => {
  const count = await scroll.u32('the number of ftrace events');
  await readFormats(scroll, into, 'ftrace', count);
};

/** All other events, system by system. */
export const readEventFormats: ReadPart = async (scroll, into) => {
  const systems = await scroll.u32('the number of event systems');
  for (let i = 0; i < systems; i++) {
    const system = await scroll.string('the name of an event system');
    await readFormats(scroll, into, system, await scroll.u32(`the number of events of ${system}`));
  }
};

async function readFormats(scroll: Scroll, into: Descriptions, system: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const format = parseEventFormat(utf8.decode(await block(scroll, 'an event format')), system);
    if (format !== undefined) into.formats.push(format);
  }
}

/** The text of /proc/kallsyms. */
export const readKallsyms: ReadPart = async (scroll, into) => {
  const size = await scroll.u32('the size of kallsyms');
  // A copy: what it is cut from may be much larger.
  into.kallsyms = (await scroll.bytes(size, 'kallsyms')).slice();
};

/** The text of tracefs `printk_formats`. */
export const readPrintk: ReadPart = async (scroll, into) => {
  const size = await scroll.u32('the size of printk_formats');
  into.printkFormats = parsePrintkFormats(utf8.decode(await scroll.bytes(size, 'printk_formats')));
};

/** The text of tracefs `saved_cmdlines`. */
export const readCmdlines: ReadPart = async (scroll, into) => {
  into.cmdlines = utf8.decode(await block(scroll, 'saved_cmdlines'));
};
