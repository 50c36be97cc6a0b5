/**
 * Stretches in which a task puts migration entries in place without migrate_pages, from probes on their ends:
 * split_huge_page() (mm/huge_memory.c unmap_folio() to remap_page()), and migrate_vma_setup() to migrate_vma_finalize()
 * of a driver (mm/migrate_device.c; migrate_device_range() begins the same without a VMA).
 */
import { countLeading } from '../../base/sorted.ts';
import type { CallFinder } from '../calls.ts';
import type { Log } from '../log.ts';
import { marks } from './log.ts';

export interface Stretch {
  readonly kind: 'migrate_vma' | 'thp split';
  readonly pid: number;
  /** Interned name of the task. */
  readonly comm: number;
  readonly cpu: number;
  readonly start: number;
  readonly startOrdinal: number;
  /** Of its last own event; NaN and infinite while it is open: to the task's next stretch or the capture's end. */
  end: number;
  endOrdinal: number;
  /** What a split, or migrate_vma_setup(), returned; NaN when that was not seen. */
  returned: number;
  /** `thp split`: low 52 bits of the pointer to the folio, or to one of its pages (up to 6.1). */
  readonly pointer: number;
  /** `migrate_vma`: when each of its steps was seen to begin and to be over. */
  readonly steps: Map<number, number>;
}

/** What each mark of migrate_vma says of the stretch: the first and the last are its ends. */
const steps: readonly number[] = [
  marks.vmaSetup,
  marks.vmaSetup + 1,
  marks.vmaPages,
  marks.vmaPages + 1,
  marks.vmaFinalize,
  marks.vmaFinalize + 1,
];

/** Stretches in the order of their starts. Splits inside a call of migrate_pages or inside migrate_vma are part of those. */
export function stretchesOf(log: Log, calls: CallFinder): Stretch[] {
  const found: Stretch[] = [];
  const open = new Map<number, Stretch>();
  const begin = (row: number, kind: Stretch['kind']): void => {
    const stretch: Stretch = {
      kind,
      pid: log.pid.data[row]!,
      comm: log.comm.data[row]!,
      cpu: log.cpu.data[row]!,
      start: log.time.data[row]!,
      startOrdinal: log.ordinal.data[row]!,
      end: NaN,
      endOrdinal: Number.POSITIVE_INFINITY,
      returned: NaN,
      pointer: kind === 'thp split' ? log.value(0, row) : NaN,
      steps: new Map(),
    };
    found.push(stretch);
    open.set(stretch.pid, stretch);
  };
  const close = (stretch: Stretch, row: number): void => {
    stretch.end = log.time.data[row]!;
    stretch.endOrdinal = log.ordinal.data[row]!;
    open.delete(stretch.pid);
  };
  for (let row = 0; row < log.length; row++) {
    const tag = log.tag.data[row]!;
    const under = open.get(log.pid.data[row]!);
    if (tag === marks.splitStart) {
      // One probed function calls another; and a split inside something else is no request of its own.
      const isInner = under !== undefined && (under.kind === 'migrate_vma' || under.pointer === log.value(0, row));
      if (isInner || calls.at(log.pid.data[row]!, log.ordinal.data[row]!) >= 0) continue;
      if (under !== undefined) under.endOrdinal = log.ordinal.data[row]! - 1;
      begin(row, 'thp split');
    } else if (tag === marks.splitEnd) {
      if (under?.kind !== 'thp split') continue;
      under.returned = log.value(2, row);
      close(under, row);
    } else if (steps.includes(tag)) {
      if (tag === marks.vmaSetup) {
        if (under !== undefined) under.endOrdinal = log.ordinal.data[row]! - 1;
        begin(row, 'migrate_vma');
      }
      const stretch = open.get(log.pid.data[row]!);
      if (stretch?.kind !== 'migrate_vma') continue;
      stretch.steps.set(tag, log.time.data[row]!);
      if (tag === marks.vmaSetup + 1) stretch.returned = log.value(2, row);
      if (tag === marks.vmaFinalize + 1) close(stretch, row);
    }
  }
  return found;
}

/** Finds the stretch that a task was in at an event. */
export class StretchFinder {
  readonly #byPid = new Map<number, Stretch[]>();

  constructor(stretches: readonly Stretch[]) {
    for (const stretch of stretches) {
      const list = this.#byPid.get(stretch.pid);
      if (list === undefined) this.#byPid.set(stretch.pid, [stretch]);
      else list.push(stretch);
    }
  }

  at(pid: number, ordinal: number): Stretch | undefined {
    const list = this.#byPid.get(pid);
    if (list === undefined) return undefined;
    const stretch = list[countLeading(list.length, (i) => list[i]!.startOrdinal <= ordinal) - 1];
    return stretch !== undefined && ordinal <= stretch.endOrdinal ? stretch : undefined;
  }
}
