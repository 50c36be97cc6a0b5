/** Which files of a folder tell of which buffer: captures of one run in several formats. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The buffer that a file was made from. */
export type Buffer = 'ring buffer' | 'trace-cmd' | 'perf';

export interface Member {
  readonly path: string;
  readonly buffer: Buffer;
  /** `trace.dat`, `report -l`, `perf script -F +sym`: for tables. */
  readonly what: string;
}

/** Names without `.gz`; the first of a buffer is the one that says most, to which the others are held. */
const known: readonly { readonly file: string; readonly buffer: Buffer; readonly what: string }[] = [
  { file: 'trace.txt', buffer: 'ring buffer', what: 'trace' },
  { file: 'trace.dat', buffer: 'trace-cmd', what: 'trace.dat' },
  { file: 'report.txt', buffer: 'trace-cmd', what: 'report' },
  { file: 'report_raw.txt', buffer: 'trace-cmd', what: 'report -R' },
  { file: 'report_latency.txt', buffer: 'trace-cmd', what: 'report -l' },
  { file: 'perf.data', buffer: 'perf', what: 'perf.data' },
  { file: 'perf_script_ns.txt', buffer: 'perf', what: 'perf script --ns' },
  { file: 'perf_script.txt', buffer: 'perf', what: 'perf script' },
  { file: 'perf_script_F1.txt', buffer: 'perf', what: 'perf script -F' },
  { file: 'perf_script_header.txt', buffer: 'perf', what: 'perf script --header' },
  { file: 'perf_script_sym.txt', buffer: 'perf', what: 'perf script -F +sym' },
  { file: 'perf_script_tasks.txt', buffer: 'perf', what: 'perf script --show-task-events' },
];

/** The captures of one folder, by buffer and in the order of `known`. */
export function membersOf(folder: string): Member[] {
  const members: Member[] = [];
  if (existsSync(join(folder, 'raw_cpu0.bin')))
    members.push({ path: folder, buffer: 'ring buffer', what: 'raw pages' });
  for (const { file, buffer, what } of known) {
    const path = [`${file}.gz`, file].map((name) => join(folder, name)).find((name) => existsSync(name));
    if (path !== undefined) members.push({ path, buffer, what });
  }
  return members;
}

/** Folders below `top` with two members at least, sorted. */
export function foldersWithSeveral(top: string): string[] {
  const folders = new Set(
    readdirSync(top, { recursive: true, encoding: 'utf8' }).map((path) => join(top, dirname(path))),
  );
  return [...folders].filter((folder) => membersOf(folder).length > 1).sort();
}
