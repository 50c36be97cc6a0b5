/** What a reader must know of a comparison beside its numbers, a sentence each. */
import { timesGivenUp } from '../replay/demand.ts';
import type { Stage } from '../replay/stage.ts';
import type { Multiplicity } from './comparison.ts';
import type { Widening } from './loss.ts';

export function plural(n: number, one: string): string {
  return `${n} ${one}${n === 1 ? '' : 's'}`;
}

/**
 * `isWholeSpan`: the simultaneous bands are as wide as the draws; `usual`: how many draws a small capture gets; `stoppedOf`: how
 * many there were to be when the work was stopped.
 */
export function remarksOf(
  stage: Stage,
  facts: {
    readonly multiplicity: Multiplicity;
    readonly isWholeSpan: boolean;
    readonly draws: number;
    readonly usual: number;
    readonly asked: number | undefined;
    readonly stoppedOf: number | undefined;
    readonly widening: Widening;
    readonly isBounded: boolean;
  },
): string[] {
  const { history, scenes } = stage;
  const { capture } = history;
  const percent = (share: number) => `${(100 * share).toFixed(share > 0.99 ? 2 : 1).replace(/\.?0+$/, '')} %`;
  const remarks: string[] = [
    'Intervals are about this recording under another policy; how much one run differs from the next is in none of them.',
  ];
  if (facts.stoppedOf !== undefined) {
    remarks.push(
      `Stopped: ${facts.draws} of ${facts.stoppedOf} draws were made of every policy, and not every assumption was changed. Run it again for the rest.`,
    );
  }
  const { policies, level } = facts.multiplicity;
  if (policies > 1) {
    remarks.push(
      `Differences of ${policies} policies hold together with ${percent(level)}, metric by metric: ${facts.multiplicity.method}${facts.isWholeSpan ? `; of ${facts.draws} draws that is the whole span, so a single draw can decide whether a band leaves zero out: --draws asks for more` : ''}.`,
    );
  }
  if (facts.isBounded) {
    remarks.push(
      'Bounded answers are bounds and no estimates: besides the draws they span replays with every add to a batch as early, as late, as much and as little in the way as the capture allows, and with references nobody can tell the holder of gone at once or never.',
    );
  }
  if (facts.asked === undefined && facts.stoppedOf === undefined && facts.draws < facts.usual) {
    remarks.push(`A capture of this size gets ${facts.draws} draws; --draws asks for more.`);
  }
  if (capture.clock.unit !== 'ns') {
    remarks.push(
      `${capture.clock.unit === 'integer' ? 'The clock counts, so the capture gives orders but no durations' : 'The capture has no times'}: times under entries and stalls cannot be told.`,
    );
  }
  const { doubted, lostShare } = facts.widening;
  if (doubted.requests > 0) {
    const why = capture.losses.length > 0 ? 'lost events during, or begins or ends within,' : 'begins or ends within';
    remarks.push(
      `The capture ${why} ${doubted.requests} of ${plural(scenes.length, 'request')}; ${plural(doubted.folios, 'folio')} of them, which could have ended either way, widen each policy's intervals of failed and moved folios.`,
    );
  } else if (capture.losses.length > 0) {
    remarks.push('The kernel lost events, but while none of the replayed requests ran.');
  }
  if (lostShare > 0) {
    remarks.push(
      `Lost events are ${percent(lostShare)} of those recorded. Adds, episodes and whole requests are hidden among them, so every interval is widened by what that share of requests may hold, and one more.`,
    );
  }
  const alone = scenes.filter(({ unit }) => unit.alone).length;
  if (alone > 0) {
    remarks.push(
      alone === 1
        ? `One of ${plural(scenes.length, 'request')} is a call that stands alone because the capture does not show who asked for it: its caller's own retries are not re-run.`
        : `${alone} of ${plural(scenes.length, 'request')} are calls that stand alone because the capture does not show who asked for them: their callers' own retries are not re-run.`,
    );
  }
  const splits = history.requests.filter(({ kind }) => kind === 'thp split');
  if (splits.length > 0) {
    const inferred = splits.filter(({ certainty }) => certainty === 'inferred').length;
    const unseen =
      inferred > 0
        ? ` ${inferred} of them are known by their entries alone: those that failed before they had any are not seen.`
        : '';
    remarks.push(
      `Each of ${plural(splits.length, 'attempt')} to split a huge page is replayed alone: whether whoever wanted it would try again is not re-run.${unseen}`,
    );
  }
  const ranges = history.requests.filter(({ kind }) => kind === 'migrate_vma');
  const empty = ranges.filter(({ withoutCalls }) => withoutCalls?.folios.length === 0).length;
  if (empty > 0) {
    remarks.push(
      `${empty} of ${plural(ranges.length, 'request')} of migrate_vma show no folio and are not replayed: what collection leaves out (its lock was not to be had, or nothing was there) has no event, in the others as well.`,
    );
  }
  const latent = scenes.reduce(
    (sum, { unit }) => sum + unit.members.filter((member) => member.latent && !Number.isNaN(member.pfn)).length,
    0,
  );
  if (latent > 0) {
    remarks.push(
      `${plural(latent, 'folio')} of wanted ranges, in LRU batches meanwhile and in no recorded list (reclaimed as clean page cache, or freed), ${latent === 1 ? 'counts' : 'count'} only where a policy leaves them in the way.`,
    );
  }
  const failures = history.failures.length;
  const tries = stage.recorded.decisions.contiguousTries;
  const givenUp = scenes.reduce(
    (sum, { unit }) => sum + unit.members.reduce((times, member) => times + timesGivenUp(unit, member, tries), 0),
    0,
  );
  if (failures !== givenUp) {
    remarks.push(
      `${plural(failures, 'failure')} of single calls ${failures === 1 ? 'is' : 'are'} ${plural(givenUp, 'folio')} given up by a request, which is what replays count: a contiguous allocation tries a list up to ${tries} times.`,
    );
  }
  const { seen, exact, spread } = stage.adds;
  if (spread > 0) {
    remarks.push(
      `Of ${plural(seen + exact + spread, 'add')} to LRU batches the time of ${seen} was seen, of ${exact} follows exactly, and of ${spread} is only known to lie between two flushes of their CPU, where it is thrown uniformly.`,
    );
  }
  if (history.observed.entryWaits === 'unknown' && history.observed.lockWaits === 'unknown') {
    remarks.push('Stalls cannot be told: the capture shows no task going to sleep on a folio or on a migration entry.');
  }
  return remarks;
}
