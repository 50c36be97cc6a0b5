/**
 * What a capture can answer before anything is simulated: for each axis of choice, whether it shows what the axis depends
 * on, shows only limits of it, leaves it to a named assumption, or cannot answer. From a history alone.
 */
import { type Cause, causes, type History } from '../history/facts.ts';
import { axes } from '../policies/axes/axes.ts';
import { type Axis, retryAxes } from '../policies/policy.ts';
import { addsOf } from '../replay/adds.ts';
import { blameOf } from '../replay/blame.ts';
import type { Answer, AxisAnswer } from './comparison.ts';
import { hasUnexplained, needs } from './needs.ts';
import { isBefore518, type Probed, probeCommand } from './record.ts';

/** One thing that speaks for an answer; the worst of an axis is its answer. */
interface Ground {
  readonly answer: Answer;
  readonly why: string;
  /** Names of assumptions (`--assume`) that stand in for data. */
  readonly assumes?: readonly string[];
  /** What would show it. */
  readonly probes?: readonly Probed[];
  readonly events?: readonly string[];
}

/** The better an answer, the lower. */
export const rankOf: Readonly<Record<Answer, number>> = { observed: 0, bounded: 1, assumed: 2, 'cannot answer': 3 };

/** From this share of failures on of which nobody can tell the holder, an answer hangs on what is assumed of them. */
const untoldShare = 0.2;
/** Up to this share of adds without an own time, batches count as seen. */
const spreadShare = 0.005;

/** The answer of each axis, A to Q. */
export function identify(history: History): AxisAnswer[] {
  const signs = signsOf(history);
  return axes.map(({ axis, question, needs: needed }) => {
    const missing = needed.filter((need) => !needs[need].has(history));
    const grounds: Ground[] =
      missing.length > 0
        ? missing.map((need) => ({
            answer: 'cannot answer',
            why: `it lacks ${needs[need].missing}`,
            events: needs[need].events,
          }))
        : groundsOf(axis, history, signs);
    return summed(axis, question, grounds, history);
  });
}

function summed(axis: Axis, question: string, grounds: readonly Ground[], history: History): AxisAnswer {
  const worst = grounds.reduce((a, b) => (rankOf[b.answer] > rankOf[a.answer] ? b : a));
  const lacking = grounds.filter(({ answer }) => answer !== 'observed');
  const wanted = lacking.flatMap(({ probes = [] }) => probes);
  const events = [...needs.calls.events, ...lacking.flatMap(({ events = [] }) => events)];
  const isUseful = wanted.length > 0 || events.length > needs.calls.events.length;
  return {
    axis,
    question,
    answer: worst.answer,
    why: grounds.map(({ why }) => why).join('; '),
    assumes: [...new Set(grounds.flatMap(({ assumes = [] }) => assumes))],
    record: isUseful
      ? isBefore518(history) && events.some((event) => event.includes('migration_pte'))
        ? 'no event of this kernel shows them (they came with about 5.18): record on a later one'
        : probeCommand(history, [...new Set(wanted)], events)
      : '',
  };
}

/** What is counted once for all axes. */
interface Signs {
  /** Episodes of folios that were put back, and those that came after such a one of the same folio and request. */
  readonly undone: number;
  readonly repeats: number;
  /** Episodes whose TLB flush was deferred, and those whose was not. */
  readonly deferred: number;
  readonly eager: number;
  /** First undone episodes with a recorded sleep on the folio's lock. */
  readonly sleepers: number;
  /** Failures, expected share of which nobody can tell the holder, and share held by what let go or may have. */
  readonly failures: number;
  readonly untold: number;
  readonly passing: number;
  readonly pinned: number;
  readonly batched: number;
  /** Share of adds to batches that are only bounded. */
  readonly spread: number;
  readonly adds: number;
  readonly largest: number;
}

const passingCauses: readonly Cause[] = ['transient reference', 'writeback', 'lock contention'];
const batchCauses: readonly Cause[] = ['add batch', 'activate batch', 'deactivate batch', 'mlock batch'];

function signsOf(history: History): Signs {
  const { episodes, calls, failures, waits } = history;
  let undone = 0;
  let repeats = 0;
  let sleepers = 0;
  const slept = new Set(waits.filter(({ on }) => on === 'lock').map(({ pfn }) => pfn));
  const last = new Map<string, boolean>();
  for (const { call, sourcePfn, outcome, index } of episodes) {
    if (call < 0 || outcome === 'open') continue;
    const { request } = calls[call]!;
    const key = `${request >= 0 ? request : -1 - call} ${sourcePfn}`;
    if (last.get(key) === true) repeats++;
    last.set(key, outcome === 'undone');
    if (outcome !== 'undone') continue;
    undone++;
    if (index === 0 && slept.has(sourcePfn)) sleepers++;
  }
  const blame = blameOf(history);
  const expected = (among: readonly Cause[]) =>
    blame.reduce((sum, posterior) => sum + among.reduce((p, cause) => p + posterior[causes.indexOf(cause)]!, 0), 0);
  const { seen, exact, spread } = addsOf(history);
  const adds = seen + exact + spread;
  return {
    undone,
    repeats,
    sleepers,
    deferred: episodes.filter(({ deferredFlush }) => deferredFlush === 'yes').length,
    eager: episodes.filter(({ deferredFlush }) => deferredFlush === 'no').length,
    failures: failures.length,
    untold: expected(['cannot tell']),
    passing: expected(passingCauses),
    pinned: expected(['pin']),
    batched: expected(batchCauses),
    spread: adds === 0 ? 0 : spread / adds,
    adds,
    largest: calls.reduce((most, { folios }) => folios.reduce((order, one) => Math.max(order, one.order), most), 0),
  };
}

function groundsOf(axis: Axis, history: History, signs: Signs): Ground[] {
  const { calls, requests } = history;
  const contiguous = requests.some(({ kind }) => kind === 'contiguous allocation' || kind === 'cma');
  const pins =
    requests.some(({ kind }) => kind === 'longterm pin') || calls.some(({ reason }) => reason === 'longterm_pin');
  const nothing = (what: string): Ground[] => [{ answer: 'observed', why: `nothing here asks it: ${what}` }];
  switch (axis) {
    case 'F':
      return entryWaitGrounds(history);
    case 'G':
      return [...batchGrounds(history, signs), ...timingGrounds(history, signs)];
    case 'I':
      if (!pins) return nothing('no longterm pin migrates');
      return [
        ...batchGrounds(history, signs),
        ...mlockGrounds(history),
        { answer: 'assumed', why: 'no event says which folios are mlocked, and a replay takes none to be' },
      ];
    case 'J':
      return mlockGrounds(history);
    case 'M':
      // Entries that are removed and were never seen set are what migrate_vma collected, or parts of a split page.
      return hasUnexplained(history)
        ? [
            {
              answer: 'cannot answer',
              why: 'migrate_vma may have collected folios, and no event shows how it locks them',
              probes: ['migrate_vma'],
            },
          ]
        : collectGrounds(history);
    case 'O':
      return contiguous ? retryGrounds(axis, history, signs) : nothing('no contiguous allocation migrates');
    case 'Q':
      return signs.largest > 0
        ? [
            ...batchGrounds(history, signs),
            { answer: 'bounded', why: 'no event prints the order of a folio that others add to a batch' },
          ]
        : [
            {
              answer: 'cannot answer',
              why: 'no large folio was asked for, and no event prints the order of what others add',
            },
          ];
    default:
      return retryAxes.includes(axis) ? retryGrounds(axis, history, signs) : batchGrounds(history, signs);
  }
}

/** What migrate_vma locked when it collected it is seen; what it left out is not. */
function collectGrounds({ requests }: History): Ground[] {
  const ranges = requests.filter(({ kind }) => kind === 'migrate_vma');
  if (ranges.length === 0) return [{ answer: 'observed', why: 'nothing here asks it: no sign of migrate_vma' }];
  const empty = ranges.filter(({ withoutCalls }) => withoutCalls?.folios.length === 0).length;
  return [
    {
      answer: 'bounded',
      why: `what migrate_vma could not lock when it collected leaves no event, as in all of ${empty} of its ${ranges.length} requests, so only what it did lock is replayed`,
    },
  ];
}

/** How a mismatch is found and met: how often a retry helps. */
function retryGrounds(axis: Axis, { observed, episodes }: History, signs: Signs): Ground[] {
  const grounds: Ground[] = [];
  if (observed.episodes === 'unknown') {
    grounds.push({
      answer: 'assumed',
      why: 'it shows no episodes, so nothing says how often a retry helps',
      assumes: ['blocked-again'],
      events: needs.episodes.events,
    });
  } else if (signs.undone === 0) {
    grounds.push({ answer: 'observed', why: `none of ${episodes.length} episodes was undone` });
  } else if (signs.repeats === 0) {
    grounds.push({
      answer: 'assumed',
      why: 'no folio was tried again after it had been put back',
      assumes: ['blocked-again'],
    });
  } else {
    grounds.push({
      answer: 'observed',
      why: `how often a retry helps is estimated from ${signs.repeats} second and later episodes of this capture`,
    });
  }
  if (signs.undone > 0 && (axis === 'A' || axis === 'E') && signs.sleepers === 0) {
    grounds.push({
      answer: 'assumed',
      why:
        observed.lockWaits === 'unknown'
          ? 'it shows no sleep on a folio lock, so nothing says when the reference of a fault came'
          : 'none of the sleeps on folio locks is that of a fault that kept a folio from moving',
      assumes: ['late-reference'],
      probes: observed.lockWaits === 'unknown' ? ['lock waits'] : [],
    });
  }
  if (axis === 'D' && signs.undone > 0 && (signs.deferred === 0 || signs.eager === 0)) {
    const [seen, unseen] = signs.deferred > 0 ? ['deferred', 'immediate'] : ['immediate', 'deferred'];
    grounds.push({
      answer: 'assumed',
      why: `all its episodes flush TLBs in the ${seen} way, and nothing says how often a fault finds the ${unseen} one's window`,
      assumes: ['unseen-phase'],
    });
  }
  if (axis === 'C' && signs.passing >= 0.5) {
    grounds.push({
      answer: 'assumed',
      why: `how long what held ${signs.passing.toFixed(1)} folios outlasted the recorded attempts is not seen`,
      assumes: ['passing-holder-outlasts'],
    });
  }
  return [...grounds, ...untoldGrounds(observed, signs)];
}

/** Failures of which nobody can tell the holder: any policy's answer hangs on whether it would have let go. */
function untoldGrounds(observed: History['observed'], signs: Signs): Ground[] {
  if (signs.failures === 0 || signs.untold / signs.failures <= untoldShare) return [];
  return [
    {
      answer: 'assumed',
      why: `nobody can tell who held ${Math.round((100 * signs.untold) / signs.failures)} % of the folios that failed`,
      assumes: ['untold-reference-lasts', 'untold-odds'],
      probes: observed.references === 'unknown' ? ['references'] : [],
    },
  ];
}

/** What rests in batches, and when. */
function batchGrounds(history: History, signs: Signs): Ground[] {
  const { observed, requests } = history;
  if (observed.batchFlushes === 'unknown')
    return [
      {
        answer: 'cannot answer',
        why: `it lacks ${needs['batch flushes'].missing}`,
        events: needs['batch flushes'].events,
      },
    ];
  const isRange = requests.some(({ kind }) => kind === 'contiguous allocation' || kind === 'cma');
  // A request that meets what it did not meet takes longer, and what would have been queued in that time is not recorded.
  const lasting = isRange
    ? ', and what a request that is held up meets beyond the recorded adds is drawn at their rate'
    : '';
  const ground: Ground =
    signs.spread < spreadShare
      ? { answer: 'observed', why: `each of ${signs.adds} adds to a batch has its time${lasting}` }
      : {
          answer: 'bounded',
          why: `${Math.round(100 * signs.spread)} % of the adds to batches are only bounded, by the flushes around them${lasting}`,
          assumes: isRange ? ['add-times', 'background-pace'] : ['add-times'],
          probes: ['adds'],
        };
  return [ground, ...untoldGrounds(observed, signs)];
}

/** Disabling the caches takes longer than draining, so that a request begins when more tasks are back to fault on its folios. */
function timingGrounds({ observed, waits }: History, signs: Signs): Ground[] {
  if (signs.undone === 0) return [];
  const sleeps =
    observed.entryWaits === 'unknown' ? 0 : waits.filter(({ on, end }) => on === 'entry' && end > 0).length;
  const basis =
    sleeps > 0
      ? `who is back to fault by then is estimated from ${sleeps} sleeps on entries`
      : 'no sleep on entries says who is back by then, so that first blocks lie between no change and the change of the time';
  return [
    {
      answer: 'bounded',
      why: `requests begin sooner or later by the wait for RCU, which no event tells from the wait for workers; ${basis}`,
      probes: sleeps > 0 ? [] : ['entry waits'],
    },
  ];
}

function mlockGrounds({ observed }: History): Ground[] {
  if (observed.mlockBatches !== 'unknown') {
    return [{ answer: 'observed', why: 'adds to the mlock batch were probed' }];
  }
  return [
    {
      answer: 'cannot answer',
      why: 'no event shows what is put into the mlock batch, and its flush prints nothing',
      probes: ['mlock batches'],
    },
  ];
}

function entryWaitGrounds({ observed, waits }: History): Ground[] {
  if (observed.entryWaits === 'unknown') {
    return [
      {
        answer: 'assumed',
        why: 'it shows no task that waits on a migration entry, and none is taken to have waited',
        assumes: ['entry-touches'],
        probes: ['entry waits'],
      },
    ];
  }
  const sleeps = waits.filter(({ on }) => on === 'entry').length;
  return [
    {
      answer: 'observed',
      why: `${sleeps} ${sleeps === 1 ? 'wait' : 'waits'} on a migration entry ${sleeps === 1 ? 'was' : 'were'} recorded`,
    },
  ];
}
