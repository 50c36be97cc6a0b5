/** The assumptions that stand in for data: their names, how they are set, and how far each policy's answer moves with them. */
import { ScenarioError } from '../base/errors.ts';
import { nearest } from '../policies/nearest.ts';
import type { Policy } from '../policies/policy.ts';
import type { Metric, PolicyOutcome } from '../replay/outcome.ts';
import { type Assumptions, defaultAssumptions } from '../replay/parameters.ts';
import { Memory } from '../replay/recall.ts';
import { byPace, numbersFrom, replayDraws } from '../replay/replay.ts';
import { restaged, type Stage } from '../replay/stage.ts';
import type { Assumption, BlameRow, Move } from './comparison.ts';
import { mean } from './statistics.ts';

interface Named {
  readonly name: string;
  readonly unit: string;
  readonly why: string;
  /** Values that make sense, inclusive. */
  readonly least: number;
  readonly most: number;
  /** What moves with it; folios given up unless said. */
  readonly metric?: Metric;
  /** Whether anything in this capture hangs on it. */
  readonly matters: (stage: Stage, blame: readonly BlameRow[]) => boolean;
}

const blamed = (blame: readonly BlameRow[], ...wanted: readonly BlameRow['cause'][]) =>
  blame.some(({ cause, folios }) => wanted.includes(cause) && folios > 0.005);
const blocks = ({ evidence }: Stage) => evidence.deferred.hits + evidence.eager.hits > 0.5;
const hasAreas = ({ scenes }: Stage) => scenes.some(({ unit }) => unit.areas > 0);
const probability = { unit: 'probability', least: 0, most: 1 } as const;

/** Every assumption, by its key; one that is missing does not compile. */
export const assumptionNames: Readonly<Record<keyof Assumptions, Named>> = {
  persistent: {
    name: 'untold-reference-lasts',
    ...probability,
    why: 'a folio of which nobody can tell who held it is held for as long as its request lasts, else it lets go after the recorded attempts; even odds, as nothing speaks for either',
    matters: (_, blame) => blamed(blame, 'cannot tell'),
  },
  repeatHit: {
    name: 'blocked-again',
    ...probability,
    why: 'after a fault blocked an episode, the next one of that folio is blocked as well; no such pair was recorded',
    matters: (stage) => stage.evidence.repeat.trials === 0 && blocks(stage),
  },
  lateReference: {
    name: 'late-reference',
    ...probability,
    why: "a fault that blocks an episode takes its reference after the end of unmapping, so that a comparison there misses it: the mean over the draws, which are spread evenly around one half; no such fault's sleep was recorded",
    matters: (stage) => stage.evidence.late.trials === 0 && blocks(stage),
  },
  pinPersists: {
    name: 'pin-outlives-request',
    ...probability,
    why: 'a longterm pin is dropped by its owner, not by anything a migration policy does',
    matters: (_, blame) => blamed(blame, 'pin'),
  },
  untoldOdds: {
    name: 'untold-odds',
    unit: 'to 1',
    least: 0.001,
    most: 1000,
    why: 'odds of “cannot tell” against any one cause with evidence, before the evidence; even, as nothing speaks for either',
    matters: ({ history }) => history.failures.some(({ evidence }) => evidence.length > 0),
  },
  undoneByFault: {
    name: 'undone-by-fault',
    ...probability,
    why: 'of what can hold a folio in one episode and be gone in the next only a fault is woken by the undoing; share of such episodes that counts as blocked by one where rates are estimated',
    matters: ({ scenes }) =>
      scenes.some(({ unit }) =>
        unit.members.some(
          ({ failures, episodes }) => failures.length === 0 && episodes.some(({ outcome }) => outcome === 'undone'),
        ),
      ),
  },
  untoldFault: {
    name: 'untold-fault',
    ...probability,
    why: 'what held a folio that was put back and did not move, where nobody can tell and no sleep on a lock is recorded, was a fault asleep there: the mean, before what came of such folios is looked at; each draw takes all, some or none of them for faults',
    matters: ({ abduction }) => abduction.untold.chances.length > 1,
  },
  unseenPhase: {
    name: 'unseen-phase',
    unit: 'times at most',
    least: 1,
    most: 10_000,
    why: 'how many more faults find the window of an immediate TLB flush than that of a deferred one, where one kind was hardly recorded: each draw takes a number from 1 to this one, evenly over its logarithm',
    matters: ({ evidence }) =>
      Math.min(evidence.deferred.trials, evidence.eager.trials) < 1 &&
      evidence.deferred.hits + evidence.eager.hits > 0.5,
  },
  priorWeight: {
    name: 'prior-weight',
    unit: 'counts',
    least: 0.01,
    most: 100,
    why: "hits and misses that count as seen beforehand of every estimated chance: Jeffreys' prior",
    matters: ({ evidence }) => evidence.deferred.trials + evidence.eager.trials > 0,
  },
  passingOutlasts: {
    name: 'passing-holder-outlasts',
    unit: 'times the recorded attempts',
    least: 1,
    most: 100,
    why: 'how many move attempts a holder that lets go in the end is met by; it was met by all recorded ones',
    matters: (_, blame) =>
      blamed(blame, 'transient reference', 'writeback', 'lock contention', 'lock-blocked fault', 'cannot tell'),
  },
  backgroundPace: {
    name: 'background-pace',
    unit: 'times the recorded pace',
    least: 0,
    most: 1,
    why: 'how fast others go on filling batches while a CMA allocation is held up longer than recorded; nothing shows what would have been added in a time that the recording did not have',
    matters: hasAreas,
  },
  backgroundBeyond: {
    name: 'background-beyond',
    unit: 'times the request',
    least: 0,
    most: 100,
    why: 'how long after its recorded end a request that takes longer still meets what was recorded of others',
    matters: ({ scenes }) => scenes.some(({ background }) => background.length > 0),
  },
  addTimes: {
    name: 'add-times',
    unit: 'as exponent',
    least: 0.01,
    most: 100,
    why: 'an add of which only bounds are known is thrown evenly between them; 2 throws earlier, 0.5 later',
    matters: ({ adds }) => adds.spread > 0,
  },
  emptyList: {
    name: 'empty-list-folios',
    unit: 'folios',
    least: 1,
    most: 1024,
    why: 'folios of a list of which nothing but an empty call is left: one at least, dropped before',
    matters: ({ scenes }) =>
      scenes.some(({ unit }) => unit.members.some(({ latent, pfn }) => latent && Number.isNaN(pfn))),
  },
  entryTouches: {
    name: 'entry-touches',
    unit: 'times the recorded rate',
    least: 0,
    most: 100,
    metric: 'stall',
    why: 'how often tasks fall asleep on entries in a step of the migrator, against recorded steps that began with as many asleep; none where no such sleep can be seen',
    matters: ({ evidence }) => evidence.entryWaitRate > 0,
  },
  areaLimit: {
    name: 'area-limit',
    unit: 'areas',
    least: 1,
    most: 4096,
    why: 'areas that one CMA allocation tries at most, unless the recording tried more, or failed after as many as there were; where the bitmap ends no event says',
    matters: hasAreas,
  },
  stuckAreas: {
    name: 'stuck-areas',
    unit: 'areas',
    least: 1,
    most: 4096,
    why: 'areas in a row that got no further after which a CMA allocation is given up: what is in the way for good is in the way of each',
    matters: hasAreas,
  },
  outerLoops: {
    name: 'outer-loops',
    unit: 'rounds',
    least: 1,
    most: 100,
    why: 'rounds of a loop that the kernel does not bound (offlining, pinning), when none of them gets anywhere',
    matters: ({ scenes }) =>
      scenes.some(({ unit }) => unit.model === 'memory offline' || unit.model === 'longterm pin'),
  },
};

const keys = Object.keys(assumptionNames) as (keyof Assumptions)[];

/**
 * Reads `NAME=VALUE`.
 *
 * @throws ScenarioError for a name that there is not (with the list of them) and for a value that makes no sense.
 */
export function parseAssumption(text: string): Partial<Assumptions> {
  const [name = '', value = ''] = text.split(/=(.*)/s);
  const key = keys.find((one) => assumptionNames[one].name === name);
  if (key === undefined) {
    const all = keys.map((one) => assumptionNames[one].name);
    const [near] = nearest(name, all);
    throw new ScenarioError(
      'option/assume',
      `--assume ${text}: there is no assumption ${name === '' ? 'without a name' : name}${near === undefined ? '' : `; did you mean ${near}?`}`,
      `they are ${all.join(', ')}`,
    );
  }
  const { least, most, unit } = assumptionNames[key];
  const number = Number(value);
  if (value.trim() === '' || !(number >= least && number <= most)) {
    throw new ScenarioError(
      'option/assume',
      `--assume ${text}: ${name} is a number from ${least} to ${most} (${unit}), usually ${defaultAssumptions[key]}`,
    );
  }
  return { [key]: number };
}

/** Share of the usual draws that each end of an assumption gets, and how few it gets at least. */
const share = 12;
const fewest = 4;
/** Played in all draws of an end together, about: what is compared is a sum over so much that further draws tell little. */
const enough = 60_000;

/** How many draws each end of an assumption gets of a comparison with so many, each of which plays so much (`sizeOf`). */
export function endDraws(draws: number, size: number): number {
  const wanted = Math.min(Math.round(draws / share), Math.ceil(enough / size));
  return Math.min(draws, Math.max(fewest, wanted));
}

/** An assumption, halved or doubled as far as its value makes sense. */
export interface End {
  readonly key: keyof Assumptions;
  readonly which: 'halved' | 'doubled';
  readonly changed: number;
}

/** The ends that are other than the value itself, of assumptions on which something in this capture hangs. */
export function endsOf(stage: Stage, blame: readonly BlameRow[]): End[] {
  return keys.flatMap((key) => {
    const { least, most, matters } = assumptionNames[key];
    if (!matters(stage, blame)) return [];
    const value = stage.assumed[key];
    const within = (wanted: number) => Math.min(most, Math.max(least, wanted));
    const ends: End[] = [
      { key, which: 'halved', changed: within(value / 2) },
      { key, which: 'doubled', changed: within(value * 2) },
    ];
    return ends.filter(({ changed }) => changed !== value);
  });
}

/** What some draws gave of what moves with an assumption, at each end: by policy, in the order of the numbers of the draws. */
export type EndsPart = readonly { readonly numbers: readonly number[]; readonly values: readonly number[][] }[];

/** What plays ends of assumptions, in draws of the paces asked for. */
export function endsPlayer(
  stage: Stage,
  policies: readonly Policy[],
  ends: readonly End[],
  { draws, seed }: { readonly draws: number; readonly seed: number },
): (paces: readonly number[]) => EndsPart {
  const stages: Stage[] = [];
  const stageAt = (i: number): Stage => {
    const { key, changed } = ends[i]!;
    stages[i] ??= restaged(stage, { [key]: changed }, Math.min(draws, stage.variants.length));
    return stages[i];
  };
  return (paces) => {
    const parts = ends.map(() => ({ numbers: [] as number[], values: policies.map((): number[] => []) }));
    for (const pace of paces) {
      // Most ends leave most requests as they are.
      const memory = new Memory();
      ends.forEach(({ key }, i) => {
        const there = stageAt(i);
        const numbers = byPace(numbersFrom(0, draws), there).get(pace) ?? [];
        const { metric = 'failedFolios' } = assumptionNames[key];
        const { outcomes } = replayDraws(there, policies, numbers, { seed, memory });
        const { numbers: all, values } = parts[i]!;
        all.push(...numbers);
        outcomes.forEach(({ totals }, p) => {
          values[p]!.push(...totals[metric]);
        });
      });
    }
    return parts;
  };
}

/** By end and policy, the mean over all draws of what was played in parts. */
export function meansOfEnds(parts: readonly EndsPart[]): number[][] {
  return (parts[0] ?? []).map((_, end) => {
    const own = parts.map((part) => part[end]!);
    const numbers = own.flatMap((part) => part.numbers);
    const order = numbers.map((_, i) => i).sort((a, b) => numbers[a]! - numbers[b]!);
    return own[0]!.values.map((_, p) => {
      const values = own.flatMap((part) => part.values[p]!);
      return mean(Float64Array.from(order, (i) => values[i]!));
    });
  });
}

function meansOf(outcomes: readonly PolicyOutcome[], key: keyof Assumptions, draws: number): number[] {
  const { metric = 'failedFolios' } = assumptionNames[key];
  return outcomes.map(({ totals }) => mean(totals[metric].subarray(0, draws)));
}

/**
 * A row for each assumption: how far the mean of its metric moves under each policy when it is halved and doubled, as far as
 * its value makes sense. `outcomes`: of these policies, as it is; the same first draws of each are compared. `ends`: means at
 * those that were played.
 */
export function assumptionRows(
  stage: Stage,
  policies: readonly Policy[],
  outcomes: readonly PolicyOutcome[],
  blame: readonly BlameRow[],
  ends: ReadonlyMap<End, readonly number[]>,
  endDraws: number,
): Assumption[] {
  return keys.map((key) => {
    const { name, unit, why, metric = 'failedFolios', matters } = assumptionNames[key];
    const asItIs = meansOf(outcomes, key, endDraws);
    const at = (which: End['which']) => [...ends].find(([end]) => end.key === key && end.which === which)?.[1];
    const [halved, doubled] = [at('halved'), at('doubled')];
    const moves: Move[] = matters(stage, blame)
      ? policies.map(({ name: policy }, i) => ({
          policy,
          asItIs: asItIs[i]!,
          halved: halved?.[i] ?? Number.NaN,
          doubled: doubled?.[i] ?? Number.NaN,
        }))
      : [];
    const [first] = [...moves].sort((a, b) => reach(b) - reach(a));
    const value = stage.assumed[key];
    return { name, value, usual: defaultAssumptions[key], unit, why, metric, moves, most: first };
  });
}

/** How far the answer moves at most. */
function reach({ asItIs, halved, doubled }: Move): number {
  const far = (value: number) => (Number.isNaN(value) ? 0 : Math.abs(value - asItIs));
  return Math.max(far(halved), far(doubled));
}
