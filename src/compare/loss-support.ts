/** For tests only: a tracefs text with events taken out and marked as the kernel marks those that it lost. */
import { uniform } from '../base/random.ts';

/** Which events go: a share of them, each by its own luck, or one run of that share. */
export interface Taken {
  readonly how: 'at random' | 'in a burst';
  readonly share: number;
  readonly seed: number;
}

const event = /^.{16,}?\[(\d{3,})\]\s/;

/** The text without them, with `CPU:1 [LOST 3 EVENTS]` before the next event of each CPU (kernel/trace/trace.c). */
export function withLoss(text: string, { how, share, seed }: Taken): string {
  const lines = text.split('\n');
  const events = lines.reduce((n, line) => n + (line.startsWith('#') || !event.test(line) ? 0 : 1), 0);
  const length = Math.round(share * events);
  const first = Math.floor(uniform(seed, 'bootstrap', 0) * (events - length));
  const isLost = (n: number) =>
    how === 'in a burst' ? n >= first && n < first + length : uniform(seed, 'bootstrap', 1 + n) < share;
  const lost = new Map<string, number>();
  const kept: string[] = [];
  let n = 0;
  for (const line of lines) {
    const cpu = line.startsWith('#') ? undefined : event.exec(line)?.[1];
    if (cpu === undefined) {
      kept.push(line);
      continue;
    }
    if (isLost(n++)) {
      lost.set(cpu, (lost.get(cpu) ?? 0) + 1);
      continue;
    }
    const missing = lost.get(cpu);
    if (missing !== undefined) kept.push(`CPU:${Number(cpu)} [LOST ${missing} EVENTS]`);
    lost.delete(cpu);
    kept.push(line);
  }
  return kept.join('\n');
}
