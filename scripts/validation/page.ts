/** The page of the validation: every ordered pair of policies, its tables, and its misses with what is known of them. */
import type { Spread, Validation, ValidationRow } from '../../src/compare/validate.ts';
import { type Metric, metrics } from '../../src/replay/outcome.ts';
import { count, difference, interval, inUnit } from '../../src/report/numbers.ts';
import type { PairName, reasons } from './reasons.ts';

/** One workload: recordings under one policy predict those under another. */
export interface Pair {
  readonly workload: string;
  readonly from: string;
  readonly to: string;
  readonly validation: Validation;
}

export function nameOf({ workload, from, to }: Pair): PairName {
  return `${workload}: ${from} → ${to}`;
}

/** A difference that is there, and that the prediction has not or has the wrong way round; or one predicted that is not there. */
export function isMiss({ sign, inside }: ValidationRow): boolean {
  return sign === 'wrong' || !inside;
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function spread({ mean, low, high }: Spread, unit: string): string {
  return low === high ? inUnit(mean, unit) : `${inUnit(mean, unit)} (${inUnit(low, unit)} … ${inUnit(high, unit)})`;
}

function verdict(row: ValidationRow): string {
  const where = row.inside ? 'inside' : '**outside**';
  return row.sign === 'not tellable'
    ? `${where}, no real sign`
    : `${where}, sign ${row.sign === 'wrong' ? '**wrong**' : 'right'}`;
}

function tableOf({ rows }: Validation): string[] {
  return [
    line([
      '',
      'real, from',
      'real, to',
      'predicted, to',
      'real difference',
      'predicted difference',
      'runs covered',
      '',
    ]),
    line(['---', '---:', '---:', '---:', '---:', '---:', '---:', '---']),
    ...rows.map((row) =>
      line([
        metrics[row.metric].title,
        spread(row.a, row.unit),
        spread(row.b, row.unit),
        interval(row.predictedB, row.unit),
        `${row.covered} of ${row.b.runs.length}`,
        difference(row.real, row.unit),
        difference(row.predicted, row.unit),
        verdict(row),
      ]),
    ),
  ];
}

interface Score {
  readonly tellable: number;
  readonly right: number;
  readonly insideTellable: number;
  readonly told: number;
  readonly inside: number;
  readonly toldRight: number;
  readonly runs: number;
  readonly covered: number;
}

function scoreOf(rows: readonly ValidationRow[]): Score {
  const tellable = rows.filter(({ sign }) => sign !== 'not tellable');
  const sum = (of: (row: ValidationRow) => number) => rows.reduce((all, row) => all + of(row), 0);
  return {
    tellable: tellable.length,
    right: tellable.filter(({ sign }) => sign === 'right').length,
    insideTellable: tellable.filter(({ inside }) => inside).length,
    told: rows.length,
    inside: rows.filter(({ inside }) => inside).length,
    toldRight: tellable.filter(({ sign, told }) => sign === 'right' && told).length,
    runs: sum((row) => row.b.runs.length),
    covered: sum((row) => row.covered),
  };
}

function scoreLine(name: string, rows: readonly ValidationRow[]): string {
  const { tellable, right, insideTellable, told, inside, toldRight, runs, covered } = scoreOf(rows);
  return line([
    name,
    `${right} of ${tellable}`,
    `${toldRight} of ${tellable}`,
    `${insideTellable} of ${tellable}`,
    `${inside} of ${told}`,
    `${covered} of ${runs}`,
  ]);
}

const scoreHead = (what: string): string[] => [
  line([what, 'sign right', 'and told', 'inside, where there is a real sign', 'inside, of all', 'runs covered']),
  line(['---', '---:', '---:', '---:', '---:', '---:']),
];

function missesOf(pair: Pair, known: typeof reasons): string[] {
  const why = known[nameOf(pair)] ?? {};
  return pair.validation.rows.filter(isMiss).map((row) => {
    const { title } = metrics[row.metric];
    const numbers = `real ${difference(row.real, row.unit)}, predicted ${difference(row.predicted, row.unit)}`;
    return `- ${nameOf(pair)}, ${title} (${numbers}): ${why[row.metric] ?? '**not explained**'}`;
  });
}

/** Reasons of misses that are none (any more). */
export function staleReasons(pairs: readonly Pair[], known: typeof reasons): string[] {
  const missed = new Set(
    pairs.flatMap((pair) => pair.validation.rows.filter(isMiss).map(({ metric }) => `${nameOf(pair)}, ${metric}`)),
  );
  return Object.entries(known)
    .flatMap(([pair, each]) => Object.keys(each).map((metric) => `${pair}, ${metric}`))
    .filter((name) => !missed.has(name));
}

/** The whole page. The same captures, draws and seed give the same page. */
export function pageOf(
  pairs: readonly Pair[],
  { draws, seed, known }: { draws: Readonly<Record<string, number>>; seed: number; known: typeof reasons },
): string {
  const all = pairs.flatMap(({ validation }) => validation.rows);
  const { tellable, right, insideTellable } = scoreOf(all);
  const byMetric = [...new Set(all.map(({ metric }) => metric))];
  const misses = pairs.flatMap((pair) => missesOf(pair, known));
  const unexplained = misses.filter((miss) => miss.endsWith('**not explained**')).length;
  const drawn = Object.entries(draws).map(([workload, n]) => `${count(n)} draws for each run of ${workload}`);
  const of = (metric: Metric) => all.filter((row) => row.metric === metric);
  return `# Predictions against real kernels

Written by \`npm run validation\` (${drawn.join(', ')}, seed ${seed}, model ${pairs[0]?.validation.modelVersion ?? 0}).

The same seeded workload was recorded under several policies of one kernel binary, chosen at boot, several runs each. Here the runs
under each policy predict those under each other one, and the prediction is set against what the real kernel counted. What is
counted was fixed before anything was predicted. All runs are an emulator's: counts, orders and return codes are the kernel's, durations
are not a device's.

- **Real difference**: mean of the runs under the predicted policy less that of the runs predicted from, with its 95 % interval
  (Welch 1947). Of two runs a side: the span from the least to the largest difference of two runs; it leaves zero out for two lots of one and
  the same kind as well, once in three.
- **Predicted difference**: a replay under the one policy less a replay under the other, both by the laws that the recording shows and with the
  same luck; what was observed is the level that it is added to. Mean over the runs predicted from. Its interval has the variance of draws within a run and the variance of the
  runs' means (law of total variance), over the number of runs, with degrees of freedom by Welch and Satterthwaite; of two runs the span
  of their own 95 % intervals.
- **Sign** right or wrong: where the real interval leaves zero out, by the predicted mean; **told** where the predicted interval leaves zero
  out as well. **Inside**: the two intervals overlap. **Covered**: real runs that lie in the 95 % interval predicted for one run.

**The sign is right in ${right} of ${tellable} cases where there is a real one, and the prediction inside in ${insideTellable} of them.**

${[...scoreHead('pair'), ...pairs.map((pair) => scoreLine(nameOf(pair), pair.validation.rows)), scoreLine('**all**', all)].join('\n')}

${[...scoreHead('metric'), ...byMetric.map((metric) => scoreLine(metrics[metric].title, of(metric)))].join('\n')}

## Misses

${misses.length === 0 ? 'None.' : `${misses.length}, of which ${unexplained} are not explained.\n\n${misses.join('\n')}`}

## Every pair

${pairs
  .map((pair) => {
    const { validation } = pair;
    const silent = validation.silent.map((metric) => metrics[metric].title);
    const runs = `${validation.a.sources.length} runs predict ${validation.b.sources.length}.`;
    return [
      `### ${nameOf(pair)}`,
      '',
      `${runs}${silent.length === 0 ? '' : ` Not told by these captures: ${silent.join(', ')}.`}`,
      '',
      ...tableOf(validation),
    ].join('\n');
  })
  .join('\n\n')}
`;
}
