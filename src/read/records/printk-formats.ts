/** Texts that the kernel keeps at an address and lists in tracefs `printk_formats`: formats of trace_printk(), strings of tracepoints. */

/** Text by address, in hex digits without leading zeros. */
export type PrintkFormats = ReadonlyMap<string, string>;

/** Most that are kept; a kernel with everything built in lists some thousands. */
const mostFormats = 65536;

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', '\\': '\\', '"': '"' };

/** Lines `0xffff800008f2d5c8 : "text of %s\n"` (kernel/trace/trace_printk.c t_show()). */
export function parsePrintkFormats(text: string): PrintkFormats {
  const formats = new Map<string, string>();
  for (const [, address = '', format = ''] of text.matchAll(/^[ \t]*0x0*([0-9a-f]{1,16}) : "(.*)"$/gm)) {
    if (formats.size >= mostFormats) break;
    formats.set(
      address,
      format.replace(/\\([nt\\"])/g, (_, letter: string) => escapes[letter] ?? ''),
    );
  }
  return formats;
}

/** A listed text by its address; undefined when none is listed. */
export function findPrintk(formats: PrintkFormats, hi: number, lo: number): string | undefined {
  return formats.get(hi === 0 ? lo.toString(16) : hi.toString(16) + lo.toString(16).padStart(8, '0'));
}
