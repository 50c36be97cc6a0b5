/** The part of docs/calibration.md that is made: how many worlds, coverage by metric, and what is missed. */
import { modelVersion } from '../../src/replay/outcome.ts';
import { many } from '../../src/report/numbers.ts';
import type { Drawing } from './draws.ts';
import { worldKinds } from './prior.ts';
import { levels } from './score.ts';
import { fewest, type Tally, tally } from './tally.ts';
import type { WorldLine } from './worlds.ts';

/** How far coverage may lie from its level: of 0.5, 0.8 and 0.95. */
const allowed = [0.03, 0.03, 0.02] as const;

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
const percent = (share: number) => (Number.isNaN(share) ? '-' : (100 * share).toFixed(1));

/** Within what is wanted; of ranks, which are as good as continuous. */
function holds({ insideRanks, ranks }: Tally): boolean {
  return insideRanks.every((count, i) => Math.abs(count / ranks.length - levels[i]!) <= allowed[i]!);
}

/** Intervals of a metric that takes few values hold more than their level; less than that by two points is a miss. */
function covers({ inside, ranks }: Tally): boolean {
  return inside.every((count, i) => count / ranks.length >= levels[i]! - 0.02);
}

function rowOf(one: Tally, titles: Readonly<Record<string, string>>): string {
  const open = one.ranks.length;
  const shares = (counts: readonly number[]) => counts.map((count) => percent(count / open)).join(' / ');
  const verdict = open < fewest ? 'too few' : holds(one) ? 'holds' : covers(one) ? 'wide' : 'misses';
  return line([
    titles[one.metric] ?? one.metric,
    String(one.worlds),
    String(open),
    one.settled === 0 ? '-' : `${one.settled - one.settledWrong} of ${one.settled}`,
    open < fewest ? '-' : shares(one.inside),
    open < fewest ? '-' : shares(one.insideRanks),
    Number.isNaN(one.chance) ? '-' : one.chance === 0 ? '< 0.001' : one.chance.toFixed(3),
    (one.mean / one.worlds).toPrecision(3),
    (one.truth / one.worlds).toPrecision(3),
    verdict,
  ]);
}

/** A real capture's draws, of a policy and of its difference to another. */
export interface RealDraws {
  readonly capture: string;
  readonly policies: readonly [string, string];
  readonly throws: number;
  readonly draws: number;
  readonly drawings: readonly Drawing[];
}

const three = (value: number) =>
  Math.abs(value) >= 1e5 ? value.toExponential(1) : String(Number(value.toPrecision(3)));

/** What draws are worth, and what it is worth that policies share them. */
export function drawsPageOf(real: readonly RealDraws[], titles: Readonly<Record<string, string>>): string {
  return real
    .flatMap(({ capture, policies: [one, other], throws, draws, drawings }) => [
      `\`${capture}\`, \`${one}\` and what it is less than \`${other}\`; ${draws} draws of ${throws} throws:`,
      '',
      line([
        'metric',
        'mean',
        'deviation',
        'error of the mean',
        'draws it is worth',
        'variance of the difference, paired',
        'unpaired',
        'ratio',
      ]),
      line(['---', '---:', '---:', '---:', '---:', '---:', '---:', '---:']),
      ...drawings.map(({ metric, mean, deviation, error, effective, paired, unpaired }) =>
        line([
          titles[metric] ?? metric,
          ...[mean, deviation, error].map(three),
          error > 0 ? effective.toFixed(0) : '-',
          three(paired),
          three(unpaired),
          paired > 0 ? three(unpaired / paired) : '-',
        ]),
      ),
      '',
    ])
    .join('\n');
}

/** Everything between the marks. */
export function pageOf(
  worlds: readonly WorldLine[],
  { seed, draws }: { readonly seed: number; readonly draws: number },
  titles: Readonly<Record<string, string>>,
): string {
  const tallies = tally(worlds.flatMap(({ scores }) => scores));
  const broken = worlds.filter(({ error }) => error !== undefined);
  const whats = [...new Set(tallies.map(({ what }) => what))];
  const kinds = worldKinds.map((kind) => `${worlds.filter((world) => world.kind === kind).length} of ${kind}`);
  return [
    `${many(worlds.length, 'world')} (${kinds.join(', ')}), ${draws} draws each, seed ${seed}, model ${modelVersion}.${
      broken.length === 0
        ? ''
        : ` In ${many(broken.length, 'world')} the pipeline gave up: ${broken
            .slice(0, 3)
            .map(({ world, error }) => `${world} (${error})`)
            .join('; ')}.`
    }`,
    '',
    '![empirical distribution functions of ranks, less the diagonal, with bands](calibration.svg)',
    '',
    ...whats.flatMap((what) => [
      `### ${what}`,
      '',
      line([
        'metric',
        'worlds',
        'left open',
        'settled rightly',
        'in intervals 50 / 80 / 95 %',
        'in ranks 50 / 80 / 95 %',
        'chance',
        'predicted',
        'true',
        '',
      ]),
      line(['---', '---:', '---:', '---:', '---:', '---:', '---:', '---:', '---:', '---']),
      ...tallies.filter((one) => one.what === what).map((one) => rowOf(one, titles)),
      '',
    ]),
  ].join('\n');
}
