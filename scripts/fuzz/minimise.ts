/** Makes a failing input smaller while it fails in the same way. */
import type { Verdict } from './judge.ts';
import type { Mutant } from './mutate.ts';

const mostTrials = 150;

/** The kind of a failure: its words without its numbers, its stack without what lies above the place. */
export function kindOf(failure: string): string {
  return failure
    .split('\n')
    .slice(0, 2)
    .join(' ')
    .replace(/"[^"]*"/g, '""')
    .replace(/\d+/g, 'N')
    .slice(0, 200);
}

/** Leaves out ever smaller pieces (Zeller's ddmin, a fixed number of trials). */
export async function minimise(
  mutant: Mutant,
  failure: string,
  judge: (mutant: Mutant) => Promise<Verdict>,
): Promise<Uint8Array> {
  const kind = kindOf(failure);
  let best = mutant.bytes;
  let trials = 0;
  for (let piece = Math.ceil(best.length / 2); piece >= 1 && trials < mostTrials; piece = Math.floor(piece / 2)) {
    for (let at = 0; at < best.length && trials < mostTrials; ) {
      const bytes = new Uint8Array(best.length - Math.min(piece, best.length - at));
      bytes.set(best.subarray(0, at));
      bytes.set(best.subarray(at + piece), at);
      trials++;
      const plain = mutant.plain === mutant.bytes ? bytes : undefined;
      const verdict = await judge({ ...mutant, bytes, plain, unpacked: mutant.unpacked });
      if (verdict.failure !== undefined && kindOf(verdict.failure) === kind) best = bytes;
      else at += piece;
    }
  }
  return best;
}
