/** The same recording as it would be with fewer sources: texts of captures with some kinds of line taken out. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { History } from '../../src/history/facts.ts';
import { workOut } from '../../src/history/history.ts';
import { readBytes } from '../../src/read/bytes.ts';
import type { ReadOptions } from '../../src/read/format.ts';

export const levels = ['stock', 'stock and probes off the move', 'stock and probes', 'with page_ref'] as const;
export type Level = (typeof levels)[number];

const probe = /\([\w.]+\+0x[0-9a-f]+\/0x[0-9a-f]+( <- [\w.]+)?\)/;
/** Probes whose arguments are the reference count and the flags that labels print as well. */
const onTheMove =
  /: (migrate_folio|buffer_migrate_folio|folio_migrate_mapping|move_to_new_folio|__folio_migrate_mapping)(_ret)?: \(/;
const pageRef = /: page_ref_\w+: /;

/** What of a text is left at a level. */
function keeps(level: Level, line: string): boolean {
  if (pageRef.test(line)) return level === 'with page_ref';
  if (level === 'stock') return !probe.test(line);
  return level !== 'stock and probes off the move' || !onTheMove.test(line);
}

/** Whether a level has anything that the one before it lacks. */
export function levelsOf(text: string): readonly Level[] {
  return levels.filter((level) => level !== 'with page_ref' || pageRef.test(text));
}

export function textOf(path: string): string {
  return gunzipSync(readFileSync(path)).toString();
}

/** Works out the history of what is left of a text at a level. */
export async function historyAt(text: string, level: Level, options: ReadOptions): Promise<History> {
  const lines = text.split('\n').filter((line) => keeps(level, line));
  async function* once(): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode(lines.join('\n'));
  }
  return workOut(await readBytes(level, once(), options));
}
