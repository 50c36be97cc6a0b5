import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { uniform } from '../src/base/random.ts';
import { mean } from '../src/compare/statistics.ts';
import { causes } from '../src/history/facts.ts';
import { tracePath } from '../src/test-support.ts';
import { drawingsOf, stageAt } from './calibrate/draws.ts';
import { explain } from './calibrate/explain.ts';
import { latentOf } from './calibrate/latent.ts';
import { worldOf } from './calibrate/prior.ts';
import { levels, predictionsOf, rankOf, type Score, scoresOf } from './calibrate/score.ts';
import { bandOf, differenceOf, type Tally, tally } from './calibrate/tally.ts';

const worlds = 60;
const seed = 1;
const draws = 40;

/** Draws half as far from their mean as they are: a posterior that claims to know twice as much. */
function narrowed(values: Float64Array): Float64Array {
  const middle = mean(values);
  return values.map((value) => middle + (value - middle) / 2);
}

/** As far as so many worlds can lie from their level by luck: three standard errors. */
function isWithin({ insideRanks, ranks: { length } }: Tally, i: number): boolean {
  const level = levels[i]!;
  return Math.abs(insideRanks[i]! - level * length) <= 3 * Math.sqrt(length * level * (1 - level));
}

test('of captures of worlds, what one fold of requests came to lies among what the others predict, as often as it should', async () => {
  const as: Score[] = [];
  const bent: Score[] = [];
  for (let number = 0; number < worlds; number++) {
    const world = worldOf(seed, number);
    const predictions = await predictionsOf(world, { seed, draws, oneFold: true });
    as.push(...scoresOf(world, predictions, seed));
    bent.push(
      ...scoresOf(
        world,
        predictions.map((one) => ({ ...one, drawn: narrowed(one.drawn) })),
        seed,
      ),
    );
  }
  const tallies = tally(as);
  for (const metric of ['episodes', 'pagesFailed', 'failedFolios']) {
    const one = tallies.find((found) => found.metric === metric)!;
    assert.ok(one.ranks.length >= 25, `${metric}: ${one.ranks.length} worlds left something open`);
    for (const [i, level] of levels.entries()) {
      assert.ok(isWithin(one, i), `${metric}: ${one.insideRanks[i]} of ${one.ranks.length} in ${level}`);
    }
    // Those of episodes lean low, which sixty worlds begin to show (docs/calibration.md says why).
    if (metric !== 'episodes') assert.ok(one.chance > 0.001, `${metric}: ${one.chance}`);
  }
  // And it is seen when they are too narrow.
  const wrong = tally(bent).find(({ metric }) => metric === 'episodes')!;
  assert.ok(!isWithin(wrong, 1), `${wrong.insideRanks[1]} of ${wrong.ranks.length}`);
});

test('ranks of truths that are draws are uniform, ties or not; of narrower draws they are not', () => {
  const ranked = (bend: (values: Float64Array) => Float64Array, width: number): Score[] =>
    Array.from({ length: 400 }, (_, world) => {
      const value = (i: number) => Math.floor(width * uniform(3, 'world', world, i)) / width;
      const drawn = bend(Float64Array.from({ length: 60 }, (_, i) => value(i + 1)));
      const rank = rankOf(value(0), drawn, uniform(4, 'world', world));
      return {
        world,
        kind: 'faults',
        what: '',
        metric: '',
        truth: 0,
        mean: 0,
        rank,
        inside: [true, true, true],
        settled: false,
      };
    });
  for (const width of [1e9, 3]) {
    const [right] = tally(ranked((same) => same, width));
    assert.ok(right!.chance > 0.01, `${right!.chance}`);
    const [wrong] = tally(ranked(narrowed, width));
    assert.equal(wrong!.chance, 0);
  }
});

test('the band of uniform ranks holds as many as it says', () => {
  const count = 100;
  const band = bandOf(count);
  let held = 0;
  for (let n = 0; n < 400; n++) {
    const ranks = Float64Array.from({ length: count }, (_, i) => uniform(5, 'world', n, i)).sort();
    if (differenceOf(ranks).every(({ difference }, i) => difference >= band[i]!.low && difference <= band[i]!.high))
      held++;
  }
  assert.ok(Math.abs(held / 400 - 0.95) < 4 * Math.sqrt((0.95 * 0.05) / 400), `${held} of 400`);
});

test('differences of policies that meet the same luck vary less than of policies with luck of their own', async () => {
  const stage = await stageAt(tracePath('debian-6.12-4k', 'shanon_hot', 'trace.txt.gz'), seed);
  const [failed] = drawingsOf(stage, ['waiters-undo', 'requeue-last'], ['failedFolios'], { draws, seed });
  assert.ok(failed!.paired > 0 && failed!.unpaired > 2 * failed!.paired, JSON.stringify(failed));
  assert.ok(failed!.error > 0 && failed!.error < failed!.deviation);
});

test('what captures of worlds do not show lies where it is said to: adds in their bounds, what rested when requests began', async () => {
  let [bounded, inBounds, settled, settledRightly, said, faults] = [0, 0, 0, 0, 0, 0];
  for (let number = 0; number < 24; number++) {
    const one = await latentOf(worldOf(seed, number), seed);
    bounded += one.bounded;
    inBounds += one.inBounds;
    settled += one.settled;
    settledRightly += one.settledRightly;
    for (const { holder, posterior } of one.blamed) {
      said += posterior[causes.indexOf('lock-blocked fault')]!;
      if (holder === 'lock-blocked fault') faults++;
    }
  }
  assert.ok(bounded > 2000 && inBounds >= 0.995 * bounded, `${inBounds} of ${bounded} adds`);
  assert.ok(settled > 50 && settledRightly >= 0.95 * settled, `${settledRightly} of ${settled} batches`);
  // Faults leave no event here: some are expected, and no more than there were.
  assert.ok(faults > 50 && said > 0.1 * faults && said < faults, `${said} of ${faults} faults`);
});

test('the recorded policy, given everything seen, does what happened: of each sort of requester but CMA', async () => {
  const models = new Set<string>();
  for (const number of [3, 5, 12, 14, 20, 24, 36, 38]) {
    const world = worldOf(seed, number);
    models.add(world.scenario.requests[0]!.model);
    for (const { what, metric, truth, drawn } of await predictionsOf(world, { seed, draws: 3 })) {
      if (what !== 'recorded' || !['failedFolios', 'movedFolios', 'calls', 'episodes', 'pagesFailed'].includes(metric))
        continue;
      assert.deepEqual([...drawn], [truth, truth, truth], `world ${number}, ${metric}`);
    }
  }
  assert.deepEqual([...models].sort(), ['compaction', 'contiguous allocation', 'migrate_pages', 'move_pages']);
});

test('folio by folio the classes of a world add up to what it did and to what is predicted of it', async () => {
  for (const [number, policy] of [
    [0, 'refcheck-unmap'],
    [5, 'drain-once'],
  ] as const) {
    const world = worldOf(seed, number);
    const cells = (await explain(world, policy, 'failedFolios', { seed, draws: 5, by: ['kind'] }))!;
    const sum = (of: 'truth' | 'predicted') => cells.reduce((all, cell) => all + cell[of], 0);
    const found = (await predictionsOf(world, { seed, draws: 5 })).find(
      ({ what, metric }) => what === policy && metric === 'failedFolios',
    )!;
    assert.equal(sum('truth'), found.truth);
    assert.ok(Math.abs(sum('predicted') - mean(found.drawn)) < 1e-6, `${sum('predicted')} ${found.drawn}`);
  }
  assert.equal(await explain(worldOf(seed, 0), 'drain-once', 'episodes', { seed, draws: 1, by: ['kind'] }), undefined);
});

test('a contiguous allocation that the capture cuts off, whose range has no known end, is replayed', async () => {
  const predictions = await predictionsOf(worldOf(1, 831), { seed: 1, draws: 2 });
  assert.ok(scoresOf(worldOf(1, 831), predictions, 1).length > 0);
});
