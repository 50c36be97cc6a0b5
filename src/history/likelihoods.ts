/**
 * How much a piece of evidence says. A weight is a likelihood ratio: how probable the evidence is if the cause is the
 * true one, over how probable it is if the cause has nothing to do with the failure ("cannot tell"). The second is measured
 * on the folios of the same capture that did move: they show how often the same thing is seen without failing anything.
 */

/**
 * Share of `hits` in `among`, never 0 and never 1 (Krichevsky and Trofimov 1981: half a hit and half a miss are added), so
 * that few observations give modest ratios.
 */
export function share(hits: number, among: number): number {
  return (hits + 0.5) / (among + 1);
}

/** Evidence that a true cause always leaves where it is recorded: one over how often the same is seen for nothing. */
export function certainMark(hits: number, among: number): number {
  return 1 / share(hits, among);
}

/**
 * A mark that a true cause leaves was looked for and not found. What remains is that its function slept somewhere that was not
 * probed; each mark seen in the capture speaks for the probes (the same half-count estimate over the marks seen).
 */
export function missingMark(seen: number): number {
  return share(0, seen);
}
