/** Chances of first blocks with each kind of flush: what is known of one from the other, and what episodes of both say. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { Count } from './draws.ts';
import { drawFirstBlocks } from './first-blocks.ts';
import { defaultAssumptions } from './parameters.ts';

const none: Count = { trials: 0, hits: 0 };
const draws = 400;

function drawn(deferred: Count, eager: Count, unseenPhase = defaultAssumptions.unseenPhase) {
  const counted = { alone: { deferred, eager }, beside: { deferred: none, eager: none } };
  const all = Array.from({ length: draws }, (_, draw) =>
    drawFirstBlocks(counted, { priorWeight: 0.5, unseenPhase }, 1, draw),
  );
  return all.map(({ alone, beside }) => ({ ...alone, beside }));
}

const rate = (p: number) => -Math.log(1 - p);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

test('a flush that was never immediate says of immediate ones only that no fewer faults find them', () => {
  const factors = drawn({ trials: 1000, hits: 20 }, none).map(({ deferred, eager }) => rate(eager) / rate(deferred));
  assert.ok(Math.min(...factors) >= 1 && Math.max(...factors) <= 100 + 1e-6);
  // Evenly over the logarithm from 1 to 100: its mean is that of 10, and a quarter lies below the fourth root.
  assert.ok(Math.abs(mean(factors.map(Math.log10)) - 1) < 0.1);
  const below = factors.filter((factor) => factor < 100 ** 0.25).length / draws;
  assert.ok(Math.abs(below - 0.25) < 3 * Math.sqrt((0.25 * 0.75) / draws), `${below}`);
});

test('and the other way round: no more of them', () => {
  for (const { deferred, eager } of drawn(none, { trials: 1000, hits: 400 })) {
    assert.ok(deferred <= eager);
    assert.ok(rate(eager) / rate(deferred) <= 100 + 1e-6);
  }
});

test('episodes of both kinds are what counts where there are enough', () => {
  const chances = drawn({ trials: 2000, hits: 40 }, { trials: 400, hits: 120 });
  assert.ok(Math.abs(mean(chances.map(({ deferred }) => deferred)) - 0.02) < 0.002);
  assert.ok(Math.abs(mean(chances.map(({ eager }) => eager)) - 0.3) < 0.03);
});

test('the most that is assumed is the most that is drawn; 1 takes both to be alike', () => {
  for (const { deferred, eager } of drawn({ trials: 100, hits: 10 }, none, 1))
    assert.ok(Math.abs(eager - deferred) < 1e-12);
});

test('nothing seen: no chance alone, and as if alone beside others', () => {
  const [first] = drawn(none, none);
  assert.deepEqual([first!.deferred, first!.eager], [0, 0]);
  assert.deepEqual(first!.beside, { deferred: Number.NaN, eager: Number.NaN });
});
