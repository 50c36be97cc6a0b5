/** What a policy is: one choice per axis, nothing hidden, with where it comes from and what a trace must show to judge it. */
import type { Decisions } from '../model/decisions.ts';

/** Letters of the axes (docs/policies.md). */
export type Axis = 'A' | 'B' | 'C' | 'D' | 'E' | 'F' | 'G' | 'H' | 'I' | 'J' | 'K' | 'L' | 'M' | 'N' | 'O' | 'P' | 'Q';

/** Axes that say how a mismatch of references is found and met. */
export const retryAxes: readonly Axis[] = ['A', 'B', 'C', 'D', 'E', 'O', 'P'];

/** Axes that say what rests in batches. */
export const batchAxes: readonly Axis[] = ['G', 'H', 'I', 'J', 'K', 'L', 'N', 'Q'];

/** A fact of history that a policy's effect cannot be worked out without. */
export type Need = 'calls' | 'episodes' | 'batch flushes' | 'requests';

export interface Policy {
  readonly name: string;
  /** One line for a table. */
  readonly title: string;
  readonly kind: 'kernel' | 'thread' | 'bound' | 'user';
  /** Commit, stable release, thread: where it was real or proposed. */
  readonly source: string;
  /** Name of the policy it is laid over; empty for a kernel. */
  readonly over: string;
  /** The chosen alternative of each axis that is modelled, by its name. */
  readonly choices: Readonly<Partial<Record<Axis, string>>>;
  /** What it changes against what it is laid over, a sentence each. */
  readonly changes: readonly string[];
  readonly needs: readonly Need[];
  readonly decisions: Decisions;
}
