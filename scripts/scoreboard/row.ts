/** What a row of the scoreboard is: a published result, and what the model says of it. One file a row beside this one. */

/**
 * What is concluded of a result. `as built`: the model was written from the very text that published it, so that the row
 * checks the model and is no evidence for it. `cannot be told`: what was published does not say enough to compute it.
 */
export type Verdict = 'agrees' | 'disagrees' | 'same direction' | 'as built' | 'cannot be told';

/** What the model says of the other side (B): an estimate with an interval, and the sentence around it. */
export interface ModelSays {
  readonly says: string;
  readonly low: number;
  readonly high: number;
  readonly estimate: number;
  readonly unit: string;
}

export interface ScoreRow {
  /** Short and stable: `move-pages-refcheck`. */
  readonly id: string;
  /** The published result as a question: what is compared, A against B. */
  readonly result: string;
  /** Where it was published: thread or commit page, with date. */
  readonly source: string;
  /** What was given with it: machine, load, configuration. */
  readonly given: string;
  /** The one parameter that was fixed from side A, with its value; empty when none was. */
  readonly fixed: string;
  /** Side B, by the model. The same seed gives the same numbers. */
  run(options: { readonly seed: number; readonly draws: number }): ModelSays;
  /** What was published of side B. */
  readonly published: string;
  judge(said: { readonly low: number; readonly high: number }): Verdict;
  /** Why the verdict is what it is, with every assumption that stands between the model and the publication. */
  readonly why: string;
}
