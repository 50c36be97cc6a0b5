/** Which file of a folder is what, by its name. */

/** Pages of one CPU of one buffer. */
export interface PageFile {
  readonly name: string;
  readonly cpu: number;
  /** The instance; empty for the top buffer. */
  readonly instance: string;
}

/**
 * Names of files with raw pages: that of tracefs (`per_cpu/cpu0/trace_pipe_raw`), what people call copies of it
 * (`raw_cpu0.bin`, `cpu0.raw`, `trace_pipe_raw.cpu0`), and what trace-cmd leaves behind when it is killed (`trace.dat.cpu0`).
 */
const pageNames: readonly RegExp[] = [
  /(?:^|\/)cpu(\d{1,5})\/trace_pipe_raw(?:\.bin)?$/,
  /(?:^|\/)(?:trace_pipe_)?raw[._-]?cpu[._-]?(\d{1,5})(?:\.(?:bin|raw|pages))?$/,
  /(?:^|\/)cpu[._-]?(\d{1,5})(?:[._-]trace_pipe_raw|[._-]raw)(?:\.bin)?$/,
  /(?:^|\/)cpu[._-]?(\d{1,5})\.(?:bin|pages)$/,
  /(?:^|\/)[^/]*\.dat\.cpu(\d{1,5})$/,
];

/** A CPU's number is less than this: no kernel has more (CONFIG_NR_CPUS). */
const cpuLimit = 16384;

/** The files with pages, by instance and CPU. */
export function pageFiles(names: readonly string[]): PageFile[] {
  const found: PageFile[] = [];
  for (const name of names) {
    for (const pattern of pageNames) {
      const cpu = Number(pattern.exec(name)?.[1] ?? Number.NaN);
      if (!(cpu < cpuLimit)) continue;
      found.push({ name, cpu, instance: /(?:^|\/)instances\/([^/]+)\//.exec(name)?.[1] ?? '' });
      break;
    }
  }
  return found.sort((a, b) => (a.instance === b.instance ? a.cpu - b.cpu : a.instance < b.instance ? -1 : 1));
}

/**
 * Whether a file with pages lies where a capture has it: at the top (below `per_cpu/cpuN`, and that below `instances/NAME`),
 * or so in the one folder that holds everything.
 */
export function isHere(name: string, names: readonly string[]): boolean {
  const home = name.replace(/(?:instances\/[^/]+\/)?(?:per_cpu\/)?(?:cpu\d+\/)?[^/]+$/, '');
  return home === '' || names.every((other) => other.startsWith(home));
}

/** The system of an event's description: `events/migrate/mm_migrate_pages/format`, or `migrate/mm_migrate_pages.format`. */
export function systemOf(name: string): string | undefined {
  return (/(?:^|\/)([^/]+)\/[^/]+\/format$/.exec(name) ?? /(?:^|\/)([^/]+)\/[^/]+\.format$/.exec(name))?.[1];
}

/** Whether it is a file of tracefs by this name, or a copy with `.txt` behind it. */
export function isNamed(name: string, wanted: string): boolean {
  const last = name.slice(name.lastIndexOf('/') + 1);
  return last === wanted || last === `${wanted}.txt`;
}

/** An archive that may hold the descriptions (`event_formats.tar.gz`, `events.tar`). */
export function isArchive(name: string): boolean {
  return /\.(?:tar|tar\.gz|tgz)$/.test(name);
}
