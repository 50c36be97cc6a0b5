/**
 * Closed forms of the fill rule: who sits in a batch, and for how long, when adds come as Poisson streams and nobody
 * drains. Each add is stored first, then a full batch is flushed, so that a batch of capacity c rests with 0 to c-1.
 */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { exponential, uniform } from '../base/random.ts';
import { resolvePolicy } from '../policies/policies.ts';
import { Batches } from './batches.ts';
import { emptyCounters } from './counters.ts';
import type { Background, FolioSpec } from './demand.ts';
import { Folios } from './folio.ts';
import { logKind, ModelLog } from './log.ts';

const shmem: FolioSpec = { order: 0, kind: 'shmem', mapped: 1 };
const activate = 1;

/** Poisson adds of one kind at rate 1 on each CPU; `idOf` says whose, from a uniform number and the add's number. */
function poissonAdds(seed: number, cpus: number, count: number, idOf: (u: number, n: number) => number, kind: number) {
  const time = new Float64Array(count);
  const cpu = new Uint16Array(count);
  const folio = new Int32Array(count);
  let now = 0;
  for (let n = 0; n < count; n++) {
    // Superposed: the sum of the streams is one of rate `cpus`, and each of its adds is of any CPU alike.
    now += exponential(1 / cpus, uniform(seed, 'serviceTime', n));
    time[n] = now;
    cpu[n] = Math.floor(uniform(seed, 'cause', n) * cpus);
    folio[n] = idOf(uniform(seed, 'lateReference', n), n);
  }
  const background: Background = { length: count, time, cpu, action: new Uint8Array(count).fill(kind), folio };
  return { background, end: now };
}

function build(name: string, cpus: number, folioCount: number, log?: ModelLog) {
  const folios = new Folios(Array.from({ length: folioCount }, () => shmem));
  const { decisions } = resolvePolicy(name);
  const batches = new Batches({ cpus, decisions, folios, account: emptyCounters(), log });
  return { batches, folios, capacity: decisions.batchCapacity };
}

/** Looks `looks` times, far enough apart (10 fills) for what is seen to be independent. */
function observe(batches: Batches, background: Background, end: number, looks: number, look: () => void): void {
  let row = 0;
  for (let n = 1; n <= looks; n++) {
    row = batches.consume(background, row, (end * n) / looks);
    look();
  }
}

for (const [name, capacity] of [
  ['linux-6.8', 15],
  ['linux-6.12.117', 31],
] as const) {
  test(`${name}: at a random time, 0 to ${capacity - 1} entries are equally likely`, () => {
    // The count after N adds is N mod c, and N is Poisson with a mean of many c: uniform. Chi-square with c-1 degrees of
    // freedom has mean c-1 and variance 2(c-1).
    const looks = 2000;
    const { batches } = build(name, 1, 1);
    const { background, end } = poissonAdds(1, 1, looks * capacity * 10, () => -1, activate);
    const seen = new Array<number>(capacity).fill(0);
    observe(batches, background, end, looks, () => {
      seen[batches.count(0, activate)]!++;
    });
    const expected = looks / capacity;
    const chiSquare = seen.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    const freedom = capacity - 1;
    assert.ok(Math.abs(chiSquare - freedom) < 4 * Math.sqrt(2 * freedom), `${chiSquare} of ${freedom}`);
  });

  test(`${name}: an add waits for 0 to ${capacity - 1} more, (c-1)/2r on average`, () => {
    // The k-th gap of a fill (k = 1 to c-1) is waited for by k entries, so that the mean stay of one fill is
    // sum(k E_k)/c with exponential E_k of mean 1: mean (c-1)/2, variance sum(k^2)/c^2. Fills are independent.
    const fills = 1000;
    const log = new ModelLog();
    const { batches } = build(name, 1, 2 * capacity, log);
    const { background } = poissonAdds(2, 1, fills * capacity, (_u, n) => n % (2 * capacity), 0);
    assert.equal(batches.consume(background, 0, Number.POSITIVE_INFINITY), background.length);
    let stays = 0;
    let insertions = 0;
    for (let i = 0; i < log.length; i++) {
      if (log.kind[i] !== logKind.insertion) continue;
      // Entries leave in the order in which they came.
      assert.equal(log.folio[i], background.folio[insertions]);
      stays += log.time[i]! - background.time[insertions++]!;
    }
    assert.equal(insertions, fills * capacity);
    const mean = stays / insertions;
    let squares = 0;
    for (let k = 1; k < capacity; k++) squares += k * k;
    const error = Math.sqrt(squares / capacity ** 2 / fills);
    assert.ok(Math.abs(mean - (capacity - 1) / 2) < 4 * error, `${mean} of ${(capacity - 1) / 2}, error ${error}`);
  });

  for (const cpus of [1, 4]) {
    test(`${name}, ${cpus} CPUs: the chance that a folio of share f sits in some batch`, () => {
      // The occupancy K is uniform on 0 to c-1 and every entry is the folio's with chance f, so that it is not in a batch
      // with chance (1/c) sum((1-f)^k) = (1-(1-f)^c)/(cf), and in none of m with the m-th power. It has f E[K] = f(c-1)/2
      // entries a CPU, which is Little's law: rate of its adds fr, mean stay (c-1)/2r. Looks are 5 fills apart, at which
      // counts modulo c have forgotten each other to 4 % at most (e^(-5c(1-cos(2 pi/c)))); errors as if independent.
      const f = 0.02;
      const looks = 1500;
      const { batches, folios } = build(name, cpus, 1);
      const rows = looks * capacity * 5 * cpus;
      const { background, end } = poissonAdds(3, cpus, rows, (u) => (u < f ? 0 : -1), activate);
      let found = 0;
      let entries = 0;
      let squares = 0;
      observe(batches, background, end, looks, () => {
        const queued = folios.get(0).queuedIn(activate);
        if (queued > 0) found++;
        entries += queued;
        squares += queued * queued;
      });
      assert.equal(batches.refused, 0, 'PG_lru is kept: it may be queued any number of times');
      const p = 1 - ((1 - (1 - f) ** capacity) / (capacity * f)) ** cpus;
      const error = Math.sqrt((p * (1 - p)) / looks);
      assert.ok(Math.abs(found / looks - p) < 4 * error, `${found / looks} of ${p}, error ${error}`);
      const mean = entries / looks;
      const expected = (cpus * f * (capacity - 1)) / 2;
      const spread = Math.sqrt((squares / looks - mean * mean) / looks);
      assert.ok(Math.abs(mean - expected) < 4 * spread, `${mean} of ${expected}, error ${spread}`);
    });
  }
}
