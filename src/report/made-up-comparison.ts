/** For tests only: a comparison made up by rule, beside the made-up facts. */
import type { Comparison, Interval, PolicyRow, RowFates, Told } from '../compare/comparison.ts';
import { tell } from '../compare/effects.ts';
import { type Metric, metricNames, metrics } from '../replay/outcome.ts';

const ms = 1e6;

function interval(estimate: number, spread: number): Interval {
  return { estimate, low: Math.max(0, estimate - spread), high: estimate + spread };
}

/** Failed folios of the made-up calls; `madeUpFacts` checks it. */
export const failedFolios = 27;

function row(policy: string, factor: number, over: Partial<PolicyRow> = {}): PolicyRow {
  const base = { failedFolios, stall: 52 * ms, allCpuDrains: 10, movedFolios: 200 - failedFolios } as Partial<
    Record<Metric, number>
  >;
  const value = {} as Record<Metric, Interval>;
  const difference = {} as Record<Metric, Interval>;
  for (const metric of metricNames) {
    const at = base[metric] ?? (metrics[metric].unit === 'ns' ? 80 * ms : 40);
    const estimate = at * (metric === 'allCpuDrains' ? 2 - factor : factor);
    const spread = factor === 1 ? 0 : estimate * 0.2 + (metrics[metric].unit === 'ns' ? ms : 1);
    value[metric] =
      metric === 'rcuWaits' ? { estimate: Number.NaN, low: Number.NaN, high: Number.NaN } : interval(estimate, spread);
    difference[metric] =
      metric === 'rcuWaits'
        ? value[metric]
        : { estimate: estimate - at, low: estimate - at - spread, high: estimate - at + spread };
    if (over.answer !== 'bounded') continue;
    value[metric] = { ...value[metric], estimate: Number.NaN };
    difference[metric] = { ...difference[metric], estimate: Number.NaN };
  }
  const same = (value: number) =>
    Object.fromEntries(metricNames.map((metric) => [metric, value])) as Record<Metric, number>;
  const told = {} as Record<Metric, Told>;
  for (const metric of metricNames) told[metric] = tell(metric, difference[metric], value[metric]);
  return {
    policy,
    title: `the policy ${policy}`,
    source: 'made up',
    changes: factor === 1 ? [] : [`${policy} changes one thing.`],
    value,
    difference,
    deviation: same(factor === 1 ? 0 : 2),
    lost: same(0),
    told,
    effects: {
      requestsSaved: interval(factor < 1 ? 3 : 0, factor === 1 ? 0 : 2),
      stallSaved: { estimate: 52 * ms * (1 - factor), low: 50 * ms * (1 - factor), high: 54 * ms * (1 - factor) },
      drainsPerSavedFolio: factor < 1 ? interval(0.6, 0.2) : 'none saved',
    },
    byReason: [
      { reason: 'syscall_or_cpuset', failedFolios: value.failedFolios },
      { reason: 'contig_range', failedFolios: interval(0, 0) },
    ],
    fates: fatesOf(factor, over.answer === 'bounded'),
    differing:
      factor === 1
        ? { folios: 0, most: [] }
        : { folios: 1, most: [{ call: 0, request: 0, pfn: 0x80003, recorded: 1, own: 0.25 }] },
    coincidesWith: [],
    answer: 'assumed',
    why: 'Waiters are seen only through their effects.',
    ...over,
  };
}

/** What becomes of the folios that the recorded policy gave up, of those that three causes held. */
function fatesOf(factor: number, isBounded: boolean): RowFates {
  const about = (middle: number, spread = 0.15): Interval => {
    const low = Math.max(0, middle * (1 - spread));
    return { estimate: isBounded ? Number.NaN : middle, low, high: middle * (1 + spread) };
  };
  const byCause = (
    [
      ['lock-blocked fault', 0.6, 1],
      ['add batch', 0.15, 0.2],
      ['cannot tell', 0.25, 0.6],
    ] as const
  ).map(([cause, share, within]) => {
    const held = failedFolios * share;
    const moved = held * Math.max(0, 1 - factor) * within;
    const notReached = factor < 0.5 ? 0.1 * moved : 0;
    return { cause, moved: about(moved), notReached: about(notReached), again: about(held - moved - notReached) };
  });
  const sum = (fate: 'moved' | 'notReached' | 'again') =>
    about(byCause.reduce((all, row) => all + row[fate].high, 0) / 1.15);
  return {
    moved: sum('moved'),
    notReached: sum('notReached'),
    again: factor === 1 ? about(failedFolios, 0) : sum('again'),
    instead: about(factor === 1 ? 0 : failedFolios * (factor > 1 ? factor - 1 : 0.06)),
    byCause,
  };
}

/** A comparison of six policies with a recorded one. */
export function madeUpComparison(source: string, failed: number): Comparison {
  return {
    source,
    headline: 'With outcomes withheld all 6 recorded numbers lie within what the model predicts.',
    modelVersion: 2,
    seed: 1,
    draws: 200,
    level: 0.95,
    recorded: 'linux-6.12.117',
    recordedFrom: 'sidecar',
    identifiable: [
      {
        axis: 'A',
        question: 'when are references compared with what is expected?',
        answer: 'observed',
        why: 'how often a retry helps is estimated from 33 second and later episodes of this capture',
        assumes: [],
        record: '',
      },
      {
        axis: 'G',
        question: 'what do move_pages, contiguous allocation and offlining do about LRU batches?',
        answer: 'bounded',
        why: '84 % of the adds to batches are only bounded, by the flushes around them',
        assumes: ['add-times'],
        record: 'trace-cmd record -C mono -e migrate -e fs sleep 30',
      },
      {
        axis: 'J',
        question: 'are mlock and munlock batched?',
        answer: 'cannot answer',
        why: 'no event shows what is put into the mlock batch, and its flush prints nothing',
        assumes: [],
        record: 'trace-cmd record -C mono -e migrate -e fs sleep 30',
      },
    ],
    reproduction: { folios: 200, reproduced: 200, otherOutcome: 0, misses: [] },
    fidelity: {
      recordedFailures: failed,
      predictedFailures: { estimate: 22, low: 15, high: 31 },
      within: failed >= 15 && failed <= 31,
      folios: 200,
      folds: 5,
      brier: 0.081,
      brierOfRate: 0.106,
      calibration: [
        { predicted: 0.05, observed: 0.04, folios: 120 },
        { predicted: 0.22, observed: 0.19, folios: 60 },
        { predicted: 0.48, observed: 0.55, folios: 20 },
      ],
      recordedEpisodes: 248,
      predictedEpisodes: { estimate: 241, low: 226, high: 259 },
      totals: [
        { name: 'pagesSucceeded', recorded: 178, predicted: { estimate: 178, low: 169, high: 185 }, within: true },
        { name: 'pagesFailed', recorded: failed, predicted: { estimate: 22, low: 15, high: 31 }, within: true },
        { name: 'calls', recorded: 50, predicted: { estimate: 50, low: 50, high: 50 }, within: true },
      ],
      levels: (['folio', 'call', 'request'] as const).map((level, i) => ({
        level,
        things: [200, 20, 1][i]!,
        recorded: [failed, 15, 1][i]!,
        predicted: [
          { estimate: 22, low: 15, high: 31 },
          { estimate: 13, low: 9, high: 17 },
          { estimate: 1, low: 1, high: 1 },
        ][i]!,
        within: true,
        agreement: [0.865, 0.75, 1][i]!,
        agreementOfRate: [0.865, 0.75, 1][i]!,
        brier: [0.081, 0.18, 0][i]!,
        brierOfRate: [0.106, 0.188, 0][i]!,
        calibration: [
          [
            { predicted: 0.05, observed: 0.04, things: 120 },
            { predicted: 0.22, observed: 0.19, things: 60 },
            { predicted: 0.48, observed: 0.55, things: 20 },
          ],
          [{ predicted: 0.65, observed: 0.75, things: 20 }],
          [{ predicted: 1, observed: 1, things: 1 }],
        ][i]!,
      })),
      state: 'good',
      misses: [],
      verdict: 'The recorded number lies within what the model predicts.',
    },
    multiplicity: {
      method: 'simultaneous bands from the joint draws, by ranks (Besag, Green, Higdon and Mengersen 1995)',
      policies: 6,
      level: 0.95,
    },
    blame: [
      { cause: 'lock-blocked fault', folios: failed * 0.6, likeliest: Math.round(failed * 0.75) },
      { cause: 'add batch', folios: failed * 0.15, likeliest: failed - Math.round(failed * 0.75) },
      { cause: 'cannot tell', folios: failed * 0.25, likeliest: 0 },
    ],
    rows: [
      row('linux-6.12.117', 1, { answer: 'observed', why: 'It is the recorded policy.' }),
      row('refcheck-unmap', 0.95),
      row('waiters-undo', 0.4, { answer: 'bounded' }),
      row('drain-once', 1, { coincidesWith: ['lru-cache-disable'] }),
      row('lru-cache-disable', 1, { coincidesWith: ['drain-once'] }),
      row('never-drain', 1.9, { answer: 'bounded' }),
      row('oracle', 0.1, { answer: 'bounded' }),
    ],
    refusals: [
      {
        policy: 'gup-mlock-drain',
        missing: ['pagemap:mm_lru_insertion'],
        record: 'trace-cmd record -C mono -e pagemap -e migrate sleep 30',
      },
    ],
    assumptions: [
      {
        name: 'blocked-again',
        value: 0.5,
        usual: 0.5,
        unit: 'probability',
        why: 'No event shows a touch that does not fault.',
        metric: 'failedFolios',
        moves: [
          { policy: 'linux-6.12.117', asItIs: failed, halved: failed, doubled: failed },
          { policy: 'waiters-undo', asItIs: 22, halved: 14, doubled: 33 },
        ],
        most: { policy: 'waiters-undo', asItIs: 22, halved: 14, doubled: 33 },
      },
      {
        name: 'area-limit',
        value: 16,
        usual: 16,
        unit: 'areas',
        why: 'No event says where the bitmap ends.',
        metric: 'failedFolios',
        moves: [],
        most: undefined,
      },
    ],
    remarks: ['Events were lost on CPU 1; intervals are widened.'],
  };
}
