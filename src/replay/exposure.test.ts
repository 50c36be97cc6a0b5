/** What folios are exposed to: who is back, who sleeps beside, and what another barrier changes of it. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { Wait } from '../history/facts.ts';
import type { FaultWindow, Visit } from '../model/world.ts';
import { demandOf } from './demand.ts';
import { type Chances, exposedTo, exposuresOf, FirstBlockCounter } from './exposure.ts';
import { madeUpHistory } from './made-up.ts';
import type { Parameters } from './parameters.ts';
import { luckOf } from './recall.ts';

const chances: Chances = {
  alone: { deferred: 0.5, eager: 0.6 },
  beside: { deferred: 0.01, eager: 0.02 },
  back: 0.5,
};

/** Nothing else of a draw is asked for here. */
const parameters = chances as Parameters;

/** Requests 1 ms apart, each of one folio with one episode of 10 us that begins 1 us after its call. */
const alone = madeUpHistory([['m'], ['m'], ['m']]);

function sleeping(ns: readonly number[]): typeof alone {
  const waits = ns.map(
    (after, i): Wait => ({
      pid: 200 + i,
      comm: 'reader',
      cpu: 1,
      start: alone.episodes[0]!.start + 1,
      end: alone.episodes[0]!.end + after,
      on: 'entry',
      holdsReference: 'no',
      pfn: alone.episodes[0]!.sourcePfn,
      episode: 0,
      ordinal: 0,
    }),
  );
  return { ...alone, waits };
}

const visit = (call: number, folio = 0): Visit => ({
  request: 0,
  folio,
  call,
  episode: 0,
  attempt: 0,
  mode: 'sync',
  now: 0,
  undoneAt: Number.NaN,
});

function met(history: typeof alone, unit: number, window: Partial<FaultWindow>, sooner?: (from: number) => number) {
  const { units } = demandOf(history);
  const begun = units[unit]!.lists[0]!.time;
  const exposed = exposedTo({
    unit: units[unit]!,
    exposures: exposuresOf(history),
    sooner,
    seed: 1,
    luck: luckOf(0, parameters),
  });
  exposed.meet(visit(1), { from: begun + 1000, until: begun + 1000, deferredFlush: true, begun, ...window });
  return exposed;
}

test('the first folio of a call is exposed from the start of the call, the next ones from their own', () => {
  const { since, beside } = exposuresOf(madeUpHistory([['m', 'm'], ['m']]));
  assert.equal(since[0], Number.POSITIVE_INFINITY);
  // The second is unmapped 1 us after the first one moved; the second call starts 1 ms after the first.
  assert.equal(since[1], 1000);
  assert.equal(since[2], 1e6 - 22_000);
  assert.deepEqual([...beside], [0, 0, 0]);
});

test('folios unmapped together: all but the first are beside others', () => {
  const history = madeUpHistory([['m', 'm', 'm']]);
  const episodes = history.episodes.map((one, i) => ({ ...one, start: 1e6 + 10 * i, end: 1e6 + 1000 + 10 * i }));
  assert.deepEqual([...exposuresOf({ ...history, episodes }).beside], [0, 1, 2]);
});

test('the chance of a block grows with the share of tasks that are back', () => {
  const history = sleeping([1000, 2000, 500_000, 2e6]);
  // 989 us after the episode before three of four are back.
  assert.equal(met(history, 1, {}).chance(true)(parameters), 1 - 0.5 ** (3.5 / 5));
  assert.equal(met(history, 1, { beside: 1 }).chance(true)(parameters), chances.beside.deferred);
  assert.equal(met(history, 1, { beside: 1 }).chance(false)(parameters), chances.beside.eager);
  const { start } = history.episodes[1]!;
  assert.equal(met(history, 1, { letGo: start - 2500 }).chance(true)(parameters), 1 - 0.5 ** (1.5 / 5));
});

test('a request that comes sooner after the one before is met by fewer', () => {
  const history = sleeping([1000, 2000, 500_000, 2e6]);
  const recorded = met(history, 1, {}, () => 0);
  const sooner = met(history, 1, {}, () => 980_000);
  assert.ok(sooner.chance(true)(parameters) < recorded.chance(true)(parameters));
  assert.equal(recorded.keepsLuck(), true);
});

test('where no sleep was seen the chance lies between no change and going along with the time', () => {
  const half = met(alone, 1, {}, () => 494_500).chance(true)(parameters);
  // Half of the time is left, and `back` is one half: three quarters of the way.
  assert.ok(Math.abs(half - (1 - 0.5 ** 0.75)) < 1e-9, `${half}`);
  assert.equal(met(alone, 1, {}).chance(true)(parameters), 0.5);
});

test('trials are the shares of tasks that were back, and never fewer than the hits', () => {
  const exposures = exposuresOf(sleeping([1000, 2000, 500_000, 2e6]));
  const counter = new FirstBlockCounter(exposures);
  counter.add(1, true, 0, 1);
  assert.equal(counter.alone.deferred.trials, 3.5 / 5);
  counter.add(1, true, 1, 1);
  assert.deepEqual(counter.alone.deferred, { trials: 1 + 3.5 / 5, hits: 1 });
  assert.deepEqual(counter.beside.deferred, { trials: 0, hits: 0 });
});
