/** Claims against truths: who was confused with whom, and how often a claim of so much was right. */
import { type Cause, causes } from '../../src/history/facts.ts';
import type { Posterior } from '../../src/replay/blame.ts';
import { likeliest } from '../../src/replay/blame.ts';
import { fits } from './truth.ts';

/** One failed folio whose true class is known. */
export interface Scored {
  readonly truth: string;
  readonly posterior: Posterior;
}

/** Upper ends of the bins of claimed probability. */
export const bins = [0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1] as const;

export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly claims: number;
  /** Mean of the claimed probabilities. */
  readonly claimed: number;
  /** Claims that were right. */
  readonly right: number;
}

/** Every probability above zero given to a named cause is a claim; "cannot tell" claims nothing. */
export function reliability(scored: readonly Scored[]): Bin[] {
  const rows = bins.map((to, i) => ({ from: bins[i - 1] ?? 0, to, claims: 0, claimed: 0, right: 0 }));
  for (const { truth, posterior } of scored) {
    for (const [i, cause] of causes.entries()) {
      const p = posterior[i]!;
      if (cause === 'cannot tell' || !(p > 0)) continue;
      const right = fits(cause, truth);
      if (right === undefined) continue;
      const row = rows.find(({ to }) => p <= to + 1e-12)!;
      row.claims++;
      row.claimed += p;
      if (right) row.right++;
    }
  }
  return rows.filter(({ claims }) => claims > 0).map((row) => ({ ...row, claimed: row.claimed / row.claims }));
}

/** Claims of at least `least` of a named cause, and how many were right. */
export function firm(scored: readonly Scored[], least = 0.9): { claims: number; right: number } {
  let claims = 0;
  let right = 0;
  for (const { truth, posterior } of scored) {
    const cause = likeliest(posterior);
    const isRight = fits(cause, truth);
    if (cause === 'cannot tell' || isRight === undefined || posterior[causes.indexOf(cause)]! < least) continue;
    claims++;
    if (isRight) right++;
  }
  return { claims, right };
}

/** By true class: how many have each cause as their likeliest. */
export function confusion(scored: readonly Scored[]): Map<string, Map<Cause, number>> {
  const table = new Map<string, Map<Cause, number>>();
  for (const { truth, posterior } of scored) {
    const row = table.get(truth) ?? new Map<Cause, number>();
    const cause = likeliest(posterior);
    row.set(cause, (row.get(cause) ?? 0) + 1);
    table.set(truth, row);
  }
  return table;
}

/** Mean probability that was given to what is true, "cannot tell" counting for nothing named. */
export function meanOnTruth(scored: readonly Scored[]): number {
  let sum = 0;
  for (const { truth, posterior } of scored) {
    causes.forEach((cause, i) => {
      if (fits(cause, truth)) sum += posterior[i]!;
    });
  }
  return sum / scored.length;
}
