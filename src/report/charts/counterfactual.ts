/** What other policies would have changed: failures, stalls and drains, each with its interval, against the recorded one. */
import type { PolicyRow } from '../../compare/comparison.ts';
import { type Metric, metrics } from '../../replay/outcome.ts';
import { differenceTables, drawn, failuresByReason, knownMetrics, labelOf } from '../differences.ts';
import { policyId } from '../evidence-id.ts';
import { count, difference, interval, list, many, middleOf } from '../numbers.ts';
import { colours, recordedLook } from './colours.ts';
import { bounds, type Chart, characterWidth, type Facts, type NumberLink, spec, widths } from './figure.ts';
import { numberScale } from './scale.ts';

/** By what the interval of the difference says. */
export const verdicts = {
  recorded: recordedLook,
  'better than recorded': { colour: colours.green, shape: 'triangle-left' },
  'worse than recorded': { colour: colours.vermilion, shape: 'triangle-right' },
  'no telling difference': { colour: colours.grey, shape: 'circle' },
} as const;
type Verdict = keyof typeof verdicts;

/** Whether the interval of a difference leaves zero out, and on which side. */
export function verdictOf(row: PolicyRow, metric: Metric): 'better' | 'worse' | 'same' | 'unknown' {
  const { low, high } = row.difference[metric];
  if (Number.isNaN(low)) return 'unknown';
  const better = metrics[metric].better === 'less' ? high < 0 : low > 0;
  const worse = metrics[metric].better === 'less' ? low > 0 : high < 0;
  return better ? 'better' : worse ? 'worse' : 'same';
}

/** What is said of it in a legend. */
export function verdictWords(row: PolicyRow, recorded: string, metric: Metric): Verdict {
  const verdict = row.policy === recorded ? 'recorded' : verdictOf(row, metric);
  if (verdict === 'recorded') return verdict;
  return verdict === 'better' || verdict === 'worse' ? `${verdict} than recorded` : 'no telling difference';
}

export const counterfactual: Chart = (facts, width = widths.wide) => {
  const { rows, recorded } = facts.comparison;
  const shown = knownMetrics(facts, drawn);
  const narrow = width < 500;
  const names = rows.map((row) => labelOf(row, recorded));
  const labels = Math.ceil(Math.max(...names.map((name) => name.length), 0) * characterWidth) + 14;
  const panelWidth = narrow ? width - 24 : Math.floor((width - labels - 20 - 24 * (shown.length - 1)) / shown.length);
  const panel = (metric: Metric, i: number): object => {
    const number = numberScale(
      metric,
      rows.map((row) => middleOf(row.value[metric])),
      { from: 0, to: Math.max(...rows.map((row) => finite(row.value[metric].high))) },
      narrow ? 5 : 4,
    );
    const { divisor } = number;
    const values = rows.flatMap((row, place) => {
      const value = row.value[metric];
      if (Number.isNaN(value.low)) return [];
      const verdict = verdictWords(row, recorded, metric);
      const seen = row.answer === 'observed';
      return [
        {
          place,
          seen,
          hasPoint: !Number.isNaN(value.estimate) || value.low === value.high,
          estimate: middleOf(value) / divisor,
          low: value.low / divisor,
          high: value.high / divisor,
          verdict,
        },
      ];
    });
    const reference = values.find((value) => value.verdict === 'recorded');
    const step = narrow ? 34 : 24;
    const y = (): object => ({
      field: 'place',
      type: 'quantitative',
      scale: { domain: [-0.7, rows.length - 0.3], reverse: true, nice: false },
      axis:
        narrow || i > 0
          ? null
          : {
              values: rows.map((_, place) => place),
              labelExpr: `${JSON.stringify(names)}[datum.value]`,
              title: null,
              grid: true,
              domain: false,
              ticks: false,
              labelPadding: 10,
              minExtent: labels,
              maxExtent: labels,
            },
    });
    const colour = {
      field: 'verdict',
      type: 'nominal',
      scale: { domain: Object.keys(verdicts), range: Object.values(verdicts).map((v) => v.colour) },
      legend: { orient: 'top', title: null, columns: narrow ? 2 : 4, symbolOpacity: 1 },
    };
    const { scale, axis } = number;
    const x = (field: string): object => ({ field, type: 'quantitative', scale, axis });
    return {
      title: metrics[metric].title,
      width: panelWidth,
      height: rows.length * step,
      data: { values },
      layer: [
        ...(reference
          ? [
              {
                // Where names stand above the marks, the line is broken at each so that it strikes none out.
                data: {
                  values: (narrow ? rows : [0]).map((_, place) => ({
                    at: reference.estimate,
                    top: place - 0.2,
                    bottom: place + 0.25,
                  })),
                },
                mark: { type: 'rule', opacity: 0.7, ...(narrow ? {} : { strokeDash: [4, 3] }) },
                encoding: {
                  x: { field: 'at', type: 'quantitative' },
                  ...(narrow ? { y: { field: 'top', type: 'quantitative', axis: null }, y2: { field: 'bottom' } } : {}),
                },
              },
            ]
          : []),
        // What is not observed is drawn so: a broken line, a hollow mark.
        ...[true, false].flatMap((seen) => [
          {
            transform: [{ filter: `datum.seen === ${seen}` }],
            mark: { type: 'rule', strokeWidth: seen ? 3 : 2, ...(seen ? {} : { strokeDash: [3, 3] }) },
            encoding: { x: x('low'), x2: { field: 'high' }, y: y(), color: colour },
          },
          {
            // Where only bounds are known there is no dot: nothing says where between them.
            transform: [{ filter: `datum.seen === ${seen} && datum.hasPoint` }],
            mark: { type: 'point', filled: seen, size: seen ? 90 : 70, strokeWidth: seen ? 0 : 2, opacity: 1 },
            encoding: {
              x: x('estimate'),
              y: y(),
              color: colour,
              shape: {
                field: 'verdict',
                type: 'nominal',
                scale: { domain: Object.keys(verdicts), range: Object.values(verdicts).map((v) => v.shape) },
                legend: colour.legend,
              },
            },
          },
        ]),
        ...(narrow
          ? [
              {
                data: { values: names.map((name, place) => ({ at: place - 0.42, name })) },
                mark: { type: 'text', align: 'left', baseline: 'middle', x: 0 },
                encoding: { y: { field: 'at', type: 'quantitative' }, text: { field: 'name' } },
              },
            ]
          : []),
      ],
    };
  };
  const told = finding(facts);
  return {
    id: 'counterfactual',
    title: 'What other policies would have changed',
    finding: told,
    links: linksOf(told, rows),
    tables: rows.length === 0 ? [] : [...differenceTables(facts), ...failuresByReason(facts)],
    spec:
      rows.length === 0 || shown.length === 0
        ? undefined
        : spec({
            spacing: 24,
            [narrow ? 'vconcat' : 'hconcat']: shown.map(panel),
            resolve: { scale: { color: 'shared', shape: 'shared' } },
          }),
  };
};

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}

/** Differences that a sentence gives behind the names of their policies, in the order in which they stand in it. */
function linksOf(text: string, rows: readonly PolicyRow[]): NumberLink[] {
  return rows
    .map(({ policy, difference: { failedFolios } }) => {
      const number = difference(failedFolios);
      return { at: text.indexOf(`${policy} (${number}`), text: number, to: policyId(policy) };
    })
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at)
    .map(({ text: number, to }) => ({ text: number, to }));
}

/** Groups of policies that no draw tells apart, each policy named once. */
export function coinciding(rows: readonly PolicyRow[]): string[][] {
  const seen = new Set<string>();
  const groups: string[][] = [];
  for (const row of rows) {
    if (seen.has(row.policy) || row.coincidesWith.length === 0) continue;
    const group = [row.policy, ...row.coincidesWith.filter((name) => name !== row.policy)];
    for (const name of group) seen.add(name);
    groups.push(group);
  }
  return groups;
}

/** `a and b coincide: every draw gave the same numbers.`; empty when no two policies coincide. */
export function coincidence(rows: readonly PolicyRow[]): string {
  const groups = coinciding(rows).map((group) => `${list(group)} coincide`);
  return groups.length === 0 ? '' : `${groups.join('; ')}: every draw gave the same numbers.`;
}

/** Not one draw differs in folios given up. */
function isZero(row: PolicyRow | undefined): boolean {
  return row?.told.failedFolios === 'every draw equal';
}

/** Where the conditioned replay does not give the recorded number back, it stands beside. */
function asRecorded({ rows, recorded, fidelity: { recordedFailures, folios } }: Facts['comparison']): string {
  const replayed = rows.find((row) => row.policy === recorded)?.value.failedFolios.estimate;
  return folios === 0 || replayed === recordedFailures ? '' : ` as replayed (${count(recordedFailures)} recorded)`;
}

function finding(facts: Facts): string {
  const { rows, recorded, refusals } = facts.comparison;
  const refused =
    refusals.length > 0
      ? ` ${many(refusals.length, 'policy', 'policies')} refused for want of events: ${list(refusals.map((r) => r.policy))}.`
      : '';
  const replayed = rows.filter((row) => row.policy !== recorded);
  const others = replayed.filter((row) => !bounds.has(row.policy));
  if (replayed.length === 0) return `No other policy could be replayed on this capture.${refused}`;
  const base = rows.find((row) => row.policy === recorded);
  const of = (verdict: 'better' | 'worse' | 'same'): string[] =>
    others
      .filter((row) => verdictOf(row, 'failedFolios') === verdict)
      .sort((a, b) => middleOf(a.difference.failedFolios) - middleOf(b.difference.failedFolios))
      .map((row) => row.policy);
  const better = of('better');
  const worse = of('worse');
  const untold = of('same');
  const same = untold.filter((name) => isZero(rows.find((row) => row.policy === name)));
  const toldOf = (name: string) => rows.find((row) => row.policy === name)?.told.failedFolios;
  const narrow = untold.filter((name) => toldOf(name) === 'no difference');
  const open = untold.filter((name) => toldOf(name) === 'cannot tell');
  const number = (name: string): string => {
    const row = rows.find((each) => each.policy === name);
    if (row === undefined) return name;
    const rests = row.answer === 'observed' || bounds.has(name) ? '' : `, ${row.answer}`;
    return `${name} (${difference(row.difference.failedFolios)}${rests})`;
  };
  const first = (names: readonly string[]): string =>
    list([...names.slice(0, 4).map(number), ...(names.length > 4 ? [`${count(names.length - 4)} more`] : [])]);
  const parts = [
    ...(better.length > 0 ? [`fewer folios would have been given up under ${first(better)}`] : []),
    ...(worse.length > 0
      ? [`${better.length > 0 ? 'more' : 'more folios would have been given up'} under ${first(worse)}`]
      : []),
    ...(same.length > 0
      ? [`no draw differs under ${list(same)}, which is the same luck in both replays and no promise for another run`]
      : []),
    ...(narrow.length > 0 ? [`no difference that matters under ${first(narrow)}`] : []),
    ...(open.length > 0 ? [`whether more or fewer cannot be told under ${first(open)}`] : []),
  ];
  const against =
    base && !Number.isNaN(base.value.failedFolios.low)
      ? `Against ${interval(base.value.failedFolios)} given up under ${recorded}${asRecorded(facts.comparison)}: `
      : '';
  const limits = replayed.filter((row) => bounds.has(row.policy)).map((row) => number(row.policy));
  const limit = limits.length > 0 ? ` Bounds, no real policies: ${list(limits)}.` : '';
  const coincide = coincidence(rows);
  const body = parts.length > 0 ? `${against}${parts.join('; ')}.` : 'Only bounds could be replayed.';
  const doubt =
    facts.comparison.fidelity.state === 'poor'
      ? ' The model misses recorded numbers here (see above), so take all of this as a direction, not as numbers.'
      : '';
  return `${body.charAt(0).toUpperCase()}${body.slice(1)}${doubt}${limit}${coincide === '' ? '' : ` ${coincide}`}${refused}`;
}
