/**
 * What failures of one kind of requester say of each other. The folios that fail one requester in one capture meet the same
 * tasks, the same batches and the same drains, so that their causes are draws from one mixture: an unexplained one among many
 * that a batch held was probably held by a batch as well. The mixture is estimated from the capture itself (empirical Bayes:
 * expectation maximisation for mixture proportions, Dempster, Laird and Rubin 1977), leaving out the folio in question.
 */
import { causes, type Failure, type History } from '../history/facts.ts';

const cannotTell = causes.indexOf('cannot tell');
/** The failure's own even prior counts as much as one other folio. */
const OWN = 1;
const ROUNDS = 100;
const SETTLED = 1e-9;

/** What is the same for all failures of a folio: they are one observation of the mixture, however often it failed. */
interface Group {
  readonly members: { readonly failure: number; readonly unit: number }[];
  readonly units: number[][];
}

/** Products of the evidence by cause, for one failure. `own`: with what is assumed and says nothing of other failures. */
export interface Weights {
  readonly counted: Float64Array;
  readonly own: Float64Array;
  /** Causes that any evidence but a missing mark speaks about, and "cannot tell". */
  readonly supported: Uint8Array;
}

/** @param untoldOdds prior odds of "cannot tell" against any one cause with evidence */
export function weightsOf({ evidence }: Failure, untoldOdds: number): Weights {
  const counted = new Float64Array(causes.length).fill(1);
  const own = new Float64Array(causes.length).fill(1);
  const supported = new Uint8Array(causes.length);
  supported[cannotTell] = 1;
  counted[cannotTell] = untoldOdds;
  own[cannotTell] = untoldOdds;
  for (const { cause, weight, assumed, missing } of evidence) {
    const i = causes.indexOf(cause);
    if (missing !== true) supported[i] = 1;
    own[i]! *= weight;
    if (assumed !== true) counted[i]! *= weight;
  }
  return { counted, own, supported };
}

/** Folios by who wanted them moved: failures of one frame, or of one request where frames are not known, are one unit. */
function groupsOf({ calls, requests, failures }: History): Group[] {
  const groups = new Map<string, Group & { readonly unitOf: Map<string, number> }>();
  failures.forEach((failure, i) => {
    const call = calls[failure.call];
    const request = requests[call?.request ?? failure.request ?? -1];
    const kind = `${request?.kind ?? ''} ${call?.reason ?? ''} ${call?.mode ?? ''}`;
    const unit = Number.isNaN(failure.pfn) ? `request ${request?.id ?? `call ${failure.call}`}` : String(failure.pfn);
    const group = groups.get(kind) ?? { members: [], units: [], unitOf: new Map<string, number>() };
    groups.set(kind, group);
    const at = group.unitOf.get(unit) ?? group.units.length;
    group.unitOf.set(unit, at);
    if (at === group.units.length) group.units.push([]);
    group.units[at]!.push(group.members.length);
    group.members.push({ failure: i, unit: at });
  });
  return [...groups.values()];
}

/** The posterior of each failure of a history, each under the mixture that all other folios of its kind of requester show. */
export function pooledPosteriors(history: History, untoldOdds: number): Float64Array[] {
  const posteriors: Float64Array[] = new Array(history.failures.length);
  for (const group of groupsOf(history)) {
    const weights = group.members.map(({ failure }) => weightsOf(history.failures[failure]!, untoldOdds));
    const shares = group.units.map(() => new Float64Array(causes.length));
    const total = new Float64Array(causes.length);
    const among = new Float64Array(causes.length);
    /** The mixture without one unit, on top of the failure's own even prior. */
    const priorOf = (member: number, unit: number): Float64Array => {
      const { supported } = weights[member]!;
      const each = OWN / supported.reduce((sum, one) => sum + one, 0);
      for (let i = 0; i < causes.length; i++) {
        among[i] = supported[i]! * each + Math.max(0, total[i]! - shares[unit]![i]!);
      }
      return among;
    };
    for (let round = 0; round < ROUNDS; round++) {
      let moved = 0;
      group.units.forEach((members, unit) => {
        const share = new Float64Array(causes.length);
        for (const member of members) {
          const posterior = normalised(priorOf(member, unit), weights[member]!.counted);
          for (let i = 0; i < causes.length; i++) share[i]! += posterior[i]! / members.length;
        }
        for (let i = 0; i < causes.length; i++) {
          moved = Math.max(moved, Math.abs(share[i]! - shares[unit]![i]!));
          total[i]! += share[i]! - shares[unit]![i]!;
        }
        shares[unit] = share;
      });
      if (moved < SETTLED) break;
    }
    group.members.forEach(({ failure, unit }, member) => {
      posteriors[failure] = normalised(priorOf(member, unit), weights[member]!.own);
    });
  }
  return posteriors;
}

function normalised(prior: Float64Array, weight: Float64Array): Float64Array {
  const posterior = prior.map((p, i) => p * weight[i]!);
  const sum = posterior.reduce((all, one) => all + one, 0);
  return posterior.map((one) => one / sum);
}

/** For one failure alone: an even prior over what its evidence speaks about. */
export function alonePosterior(failure: Failure, untoldOdds: number): Float64Array {
  const { own, supported } = weightsOf(failure, untoldOdds);
  return normalised(Float64Array.from(supported), own);
}
