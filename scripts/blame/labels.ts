/**
 * The events that only a kernel built to say the answers has: what each attempt met, and what was in which batch. They are
 * scored against and never read by `src/`.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** One unmap or move of one folio, as the kernel itself counted it. */
export interface LabelAttempt {
  /** Clock of the capture, ns. */
  readonly time: number;
  readonly pid: number;
  readonly pfn: number;
  readonly of: 'unmap' | 'move';
  readonly returned: number;
  /** References beyond the expected ones. */
  readonly excess: number;
  readonly waiters: boolean;
}

/** What one frame was in, from its adds and flushes. */
interface Stay {
  readonly batch: string;
  readonly cpu: number;
  readonly from: number;
  until: number;
}

export interface Labels {
  readonly attempts: readonly LabelAttempt[];
  /** Whether adds to batches were recorded at all, so that none means none. */
  readonly batches: boolean;
  /** Batches that held a frame at a time. */
  held(pfn: number, time: number): readonly Stay[];
}

const line = /^\s*.+?-(\d+)\s+.*?\[(\d+)\]\s+\S+\s+(\d+)\.(\d+): fslab_(\w+): (.*)$/;

/**
 * Reads a label file; times are ns since `origin`, as the facts of the capture beside it have them.
 *
 * @throws Error of the file system, or of zlib.
 */
export function readLabels(path: string, origin: bigint): Labels {
  const attempts: LabelAttempt[] = [];
  const stays = new Map<number, Stay[]>();
  let batches = false;
  for (const text of gunzipSync(readFileSync(path)).toString().split('\n')) {
    const found = line.exec(text);
    if (found === null) continue;
    const [, pid, cpuText, seconds, fraction, name, rest] = found;
    const time = Number(BigInt(seconds!) * 1_000_000_000n + BigInt(fraction!.padEnd(9, '0')) - origin);
    const fields = new Map(rest!.split(' ').map((field) => field.split('=') as [string, string]));
    const number = (key: string) => Number(fields.get(key));
    const pfn = number('pfn');
    const cpu = Number(cpuText);
    if (name === 'batch_add') {
      batches = true;
      const of = stays.get(pfn) ?? [];
      of.push({ batch: fields.get('batch')!, cpu, from: time, until: Number.POSITIVE_INFINITY });
      stays.set(pfn, of);
    } else if (name === 'batch_flush') {
      const open = stays
        .get(pfn)
        ?.find(
          (stay) => stay.batch === fields.get('batch') && stay.cpu === cpu && stay.until === Number.POSITIVE_INFINITY,
        );
      if (open !== undefined) open.until = time;
    } else if (name === 'unmap' || name === 'move') {
      attempts.push({
        time,
        pid: Number(pid),
        pfn,
        of: name,
        returned: number('rc'),
        excess: number('ref') - number('expected'),
        waiters: number('waiters') === 1,
      });
    }
  }
  return {
    attempts,
    batches,
    held: (pfn, time) => (stays.get(pfn) ?? []).filter((stay) => stay.from <= time && time <= stay.until),
  };
}
