/**
 * For the tests of this room: traces of a few lines. Named like a test because it needs the readers, which the room does not.
 */
import { readBytes } from '../read/bytes.ts';
import type { ReadOptions } from '../read/format.ts';
import type { History } from './facts.ts';
import { workOut } from './history.ts';

/** `cpu task time event`, one a line, as tracefs text of a kernel. */
export async function told(lines: string, kernelVersion = '6.12.117', options: ReadOptions = {}): Promise<History> {
  const text = lines
    .trim()
    .split('\n')
    .map((line) => {
      if (line.startsWith('CPU:')) return line;
      const [cpu, task, time, ...event] = line.trim().split(' ');
      return `  ${task} [00${cpu}] ..... ${time}: ${event.join(' ')}`;
    });
  const bytes = new TextEncoder().encode(`# tracer: nop\n#\n${text.join('\n')}\n`);
  async function* once(): AsyncGenerator<Uint8Array> {
    yield bytes;
  }
  return workOut(
    await readBytes('tiny', once(), kernelVersion === '' ? options : { kernelVersion, pageSize: 4096, ...options }),
  );
}

export const start = 'mm_migrate_pages_start: mode=MIGRATE_SYNC reason=syscall_or_cpuset';
export const contigStart = 'mm_migrate_pages_start: mode=MIGRATE_SYNC reason=contig_range';
export const end = (succeeded: number, failed: number, reason = 'syscall_or_cpuset', thp = 0): string =>
  `mm_migrate_pages: nr_succeeded=${succeeded} nr_failed=${failed} nr_thp_succeeded=${thp} nr_thp_failed=0 nr_thp_split=0 nr_split=0 mode=MIGRATE_SYNC reason=${reason}`;
export const set = (address: number, pfn: number, order = 0): string =>
  `set_migration_pte: addr=${address.toString(16)}, pte=${(pfn * 4096 + 0x780).toString(16)} order=${order}`;
export const remove = (address: number, pfn: number): string =>
  `remove_migration_pte: addr=${address.toString(16)}, pte=e8${(pfn * 4096 + 0xf43).toString(16).padStart(14, '0').slice(2)} order=0`;
export const insertion = (pfn: number): string =>
  `mm_lru_insertion: folio=${pointer(pfn)} pfn=0x${pfn.toString(16)} lru=0 flags=Ma b  `;
export const pointer = (pfn: number): string => `fffffdff${(0xc0000000 + pfn * 64).toString(16)}`;
export const folio = (pfn: number, references: number, flags = '0x119', name = 'folio'): string =>
  `${name}=0x${pointer(pfn)} ref=${references} mapc=-1 flags=${flags} mapping=0xffff00004034f468 index=0x6`;
export const moving = (pfn: number, to: number, references: number, flags?: string): string =>
  `migrate_folio: (migrate_folio+0x0/0x40) mapping_arg=0x0 dst=0x${pointer(to)} ${folio(pfn, references, flags, 'src')}`;
export const moved = (returned: number): string =>
  `migrate_folio_ret: (move_to_new_folio+0x60/0x140 <- migrate_folio) ret=${returned}`;
export const disable = 'lru_cache_disable: (lru_cache_disable+0x0/0x88)';
export const disabled = 'lru_cache_disable_ret: (__arm64_sys_move_pages+0x110/0x7c0 <- lru_cache_disable)';
export const drain = (cpu: number): string => `lru_add_drain_cpu: (lru_add_drain_cpu+0x0/0x160) cpu=${cpu}`;
/** Three lines that show the frames of pointers. */
export const calibration = [1, 2, 3].map((pfn) => `3 a-9 0.00000${pfn} ${insertion(pfn)}`).join('\n');
export const many = (count: number, cpu: number, task: string, from: number, step: number, pfn: number): string =>
  Array.from({ length: count }, (_, i) => `${cpu} ${task} ${(from + i * step).toFixed(6)} ${insertion(pfn + i)}`).join(
    '\n',
  );
