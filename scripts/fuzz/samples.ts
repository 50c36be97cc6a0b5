/** What is mutated: a small piece of every bundled capture, in the format that its bytes are in; sidecars and probe lists too. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { addTo } from '../../src/base/groups.ts';
import { readBytes } from '../../src/read/bytes.ts';
import { detectFiles, detectFormat, headSize } from '../../src/read/detect.ts';
import { formats } from '../../src/read/formats.ts';
import { parseSidecar } from '../../src/read/sidecar.ts';
import { eventsToCsv } from '../../src/write/csv.ts';
import { shrink } from './shrink.ts';

export interface Sample {
  /** Id of the format, or `sidecar`, `probes`. */
  readonly format: string;
  /** Path below `traces/`. */
  readonly name: string;
  readonly shape: 'text' | 'binary' | 'folder';
  /** The plain bytes; of a folder, those of the file that is mutated. */
  readonly bytes: Uint8Array;
  /** A folder's files by name; the mutated one's bytes stand for it. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly file: string;
  /** Inputs of this size cost milliseconds: they are taken seldom. */
  readonly isBig: boolean;
}

/** Packed files beyond this size hold nothing that a smaller one does not. */
const mostPacked = 3_000_000;
const bigBytes = 150_000;

const none: ReadonlyMap<string, Uint8Array> = new Map();

/**
 * All samples below a folder, in the order of their names.
 *
 * @param only the ids of formats wanted; all without it
 */
export async function findSamples(top: string, only?: ReadonlySet<string>): Promise<Sample[]> {
  const samples: Sample[] = [];
  const wants = (format: string): boolean => only === undefined || only.has(format);
  const folders = new Map<string, string[]>();
  const names = readdirSync(top, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => statSync(join(top, name)).isFile())
    .sort();
  let tables = 0;
  let lists = 0;
  for (const name of names) {
    const folder = name.slice(0, name.lastIndexOf('/') + 1);
    addTo(folders, folder, name.slice(folder.length));
    const packed = new Uint8Array(readFileSync(join(top, name)));
    if (packed.length > mostPacked) continue;
    if (name.endsWith('meta.json')) {
      if (wants('sidecar')) samples.push(textSample('sidecar', name, packed));
      const list = parseSidecar(name, new TextDecoder().decode(packed)).probeDefinitions ?? [];
      if (wants('probes') && list.length > 0 && lists++ < 4) {
        samples.push(textSample('probes', `${name}: its probes`, new TextEncoder().encode(`${list.join('\n')}\n`)));
      }
      continue;
    }
    const plain = packed[0] === 0x1f && packed[1] === 0x8b ? new Uint8Array(gunzipSync(packed)) : packed;
    const found = detectFormat(plain.subarray(0, headSize), formats);
    if (found === undefined || found.sure <= 0.5) continue;
    const { id } = found.format;
    const isText = isTextual(plain);
    const shape = isText ? 'text' : 'binary';
    if (!wants(id) && !(isText && wants('csv') && tables < mostTables)) continue;
    const bytes = shrink(id, plain, isText);
    const isBig = bytes.length > bigBytes;
    const sample: Sample = { format: id, name, shape, bytes, files: none, file: '', isBig };
    if (wants(id)) samples.push(sample);
    if (isText && id !== 'csv' && wants('csv') && tables++ < mostTables) samples.push(await tableOf(sample));
  }
  for (const [folder, files] of folders) samples.push(...folderSamples(top, folder, files, wants));
  return samples;
}

/** CSV is what our own writer makes of the first few text samples: no tool of a bench prints it. */
const mostTables = 8;

async function tableOf(sample: Sample): Promise<Sample> {
  const open = await readBytes(sample.name, once(sample.bytes));
  let text = '';
  for await (const piece of eventsToCsv(open)) text += piece;
  return textSample('csv', `${sample.name} as CSV`, new TextEncoder().encode(text));
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function textSample(format: string, name: string, bytes: Uint8Array): Sample {
  return { format, name, shape: 'text', bytes, files: none, file: '', isBig: false };
}

/** One sample for each file of a folder format: it is mutated, the others stay. */
function folderSamples(
  top: string,
  folder: string,
  files: readonly string[],
  wants: (id: string) => boolean,
): Sample[] {
  const format = detectFiles(files, formats);
  if (format === undefined || !wants(format.id)) return [];
  const bytes = new Map(files.map((file) => [file, new Uint8Array(readFileSync(join(top, folder, file)))]));
  return files
    .filter(
      (file) => !/(?:\.txt|\.csv)?\.gz$|README|meta\.json|\.txt$/.test(file) && (bytes.get(file)?.length ?? 0) > 0,
    )
    .map((file) => ({
      format: format.id,
      name: `${folder}${file}`,
      shape: 'folder' as const,
      bytes: bytes.get(file)!,
      files: bytes,
      file,
      isBig: false,
    }));
}

/** No binary format goes without NUL bytes for four kilobytes, and no text has one. */
function isTextual(bytes: Uint8Array): boolean {
  return !bytes.subarray(0, 4096).includes(0);
}
