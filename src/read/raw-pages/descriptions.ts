/** The descriptions that lie beside raw pages, in files of their own or in an archive. */
import { Gunzip } from 'fflate';
import type { FileSet } from '../format.ts';
import { parseEventFormat } from '../records/event-format.ts';
import { parsePrintkFormats } from '../records/printk-formats.ts';
import { Descriptions } from '../ring-buffer/descriptions.ts';
import { MemorySource } from '../sources.ts';
import { tarFiles } from '../tar.ts';
import { isArchive, isNamed, systemOf } from './names.ts';

/** A longer text is none of these: kallsyms, the longest, has some 20 MiB where everything is built in. */
const longestText = 64 * 2 ** 20;

/** What an archive of descriptions may take, packed and unpacked: a kernel's have some 10 MiB. */
const mostPacked = 32 * 2 ** 20;
const mostUnpacked = 128 * 2 ** 20;

export interface Beside {
  readonly descriptions: Descriptions;
  /** `header_page`, whose layout cannot be read before the byte order is known. */
  header: string;
  /** Lines of `kprobe_events` or `dynamic_events`. */
  readonly probes: string[];
  /** The clock in brackets of `trace_clock`. */
  clock: string;
  readonly remarks: string[];
}

/** Reads all that is there; what is missing stays empty. */
export async function readBeside(source: string, files: FileSet): Promise<Beside> {
  const beside: Beside = { descriptions: new Descriptions(), header: '', probes: [], clock: '', remarks: [] };
  await readSet(files, beside);
  for (const name of files.names) {
    if (beside.header !== '' && beside.descriptions.formats.length > 0) break;
    if (isArchive(name)) await readArchive(source, files, name, beside);
  }
  return beside;
}

async function readSet(files: FileSet, beside: Beside): Promise<void> {
  const { descriptions } = beside;
  for (const name of files.names) {
    const system = systemOf(name);
    if (system !== undefined) {
      const format = parseEventFormat(await textOf(files, name), system);
      if (format === undefined) beside.remarks.push(`${name.slice(0, 200)} describes no event`);
      else descriptions.formats.push(format);
    } else if (isNamed(name, 'header_page')) beside.header ||= await textOf(files, name);
    else if (isNamed(name, 'saved_cmdlines')) descriptions.cmdlines += await textOf(files, name);
    else if (isNamed(name, 'saved_tgids')) descriptions.tgids += await textOf(files, name);
    else if (isNamed(name, 'printk_formats'))
      descriptions.printkFormats = parsePrintkFormats(await textOf(files, name));
    else if (isNamed(name, 'kallsyms')) descriptions.kallsyms ??= await bytesOf(files, name);
    else if (isNamed(name, 'trace_clock')) beside.clock ||= /\[([^\]\s]+)\]/.exec(await textOf(files, name))?.[1] ?? '';
    else if (isNamed(name, 'kprobe_events') || isNamed(name, 'dynamic_events')) {
      for (const line of (await textOf(files, name)).split('\n')) if (/^[a-z]/.test(line)) beside.probes.push(line);
    }
  }
}

async function bytesOf(files: FileSet, name: string): Promise<Uint8Array> {
  const file = await files.open(name);
  return file.read(0, Math.min(file.size, longestText));
}

async function textOf(files: FileSet, name: string): Promise<string> {
  return new TextDecoder().decode(await bytesOf(files, name));
}

/** An archive that is none, or too large, is left out: it may be anything that lies beside the pages. */
async function readArchive(source: string, files: FileSet, name: string, beside: Beside): Promise<void> {
  const file = await files.open(name);
  if (file.size > mostPacked) return;
  const packed = await file.read(0, file.size);
  const isPacked = packed[0] === 0x1f && packed[1] === 0x8b;
  try {
    const archive = isPacked ? gunzip(packed) : packed;
    await readSet(await tarFiles(`${source}/${name}`, new MemorySource([archive])), beside);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    beside.remarks.push(`${name.slice(0, 200)} was left out: ${error.message.slice(0, 200)}`);
  }
}

/** Unpacks what is small enough. @throws Error when it is damaged or grows too large */
function gunzip(packed: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let size = 0;
  const stream = new Gunzip((part) => {
    size += part.length;
    if (size > mostUnpacked) throw new Error('it unpacks to more than descriptions have');
    parts.push(part);
  });
  // Small bites bound what one of them can give back.
  for (let at = 0; at < packed.length; at += 65536) {
    stream.push(packed.subarray(at, at + 65536), at + 65536 >= packed.length);
  }
  const out = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
