import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { uniform } from '../base/random.ts';
import { drawWakeLaw, quantile, shareUpTo, type WakeChain, wakeEvidenceOf } from './wake-law.ts';

const ran = (at: number, undone: readonly number[] = [0], locked: readonly number[] = []): WakeChain => ({
  weight: 1,
  undone,
  locked,
  ran: at,
  goneBy: Number.NaN,
});

test('times that were all seen in full come out as they are', () => {
  const chains = Array.from({ length: 400 }, (_, i) => ran(i % 4 === 0 ? 10_000 : 1_000_000));
  const { law } = wakeEvidenceOf(chains, 0)!;
  assert.ok(Math.abs(shareUpTo(law, 10_000) - 0.25) < 0.01, `${shareUpTo(law, 10_000)}`);
  assert.ok(Math.abs(shareUpTo(law, 800_000) - 0.25) < 0.01);
  assert.ok(quantile(law, 0.2) <= 10_000 && quantile(law, 0.3) > 800_000);
});

test('nothing says anything where no folio was tried again and no task was seen to run', () => {
  const untold = { weight: 1, undone: [0], locked: [], ran: Number.NaN, goneBy: Number.NaN };
  assert.equal(wakeEvidenceOf([untold], 0), undefined);
  assert.equal(wakeEvidenceOf([{ ...ran(5), weight: 0 }], 0), undefined);
});

/**
 * A task that takes a known time to run against a migrator that locks the folio at recorded moments: who ran while it was
 * locked has lost, and its time begins anew with the next undo.
 */
function raced(count: number, time: (u: number) => number, isSeen: boolean): WakeChain[] {
  return Array.from({ length: count }, (_, i) => {
    const gap = [2000, 60_000, 300_000][i % 3]!;
    const undone = [0];
    const locked: number[] = [];
    for (let race = 0, runs = time(uniform(1, 'draw', i, race)); ; ) {
      const lock = undone.at(-1)! + gap;
      if (runs < lock)
        return { weight: 1, undone, locked, ran: isSeen ? runs : Number.NaN, goneBy: isSeen ? Number.NaN : lock };
      locked.push(lock);
      undone.push(lock + 20_000);
      if (undone.length > 8) return { weight: 1, undone, locked, ran: Number.NaN, goneBy: Number.NaN };
      if (runs < undone.at(-1)!) runs = undone.at(-1)! + time(uniform(1, 'draw', i, ++race));
    }
  });
}

for (const isSeen of [true, false]) {
  test(`the law behind lost races is found, with sleeps ${isSeen ? 'seen' : 'not seen'}`, () => {
    const mean = 50_000;
    const { law } = wakeEvidenceOf(
      raced(900, (u) => -mean * Math.log(u), isSeen),
      0,
    )!;
    // Without the sleeps nothing is known between the moments at which the folio was locked and unlocked.
    for (const time of isSeen ? [10_000, 60_000, 150_000] : [60_000]) {
      const expected = 1 - Math.exp(-time / mean);
      assert.ok(Math.abs(shareUpTo(law, time) - expected) < 0.07, `${time}: ${shareUpTo(law, time)}, not ${expected}`);
    }
  });
}

test('draws lie about the estimate, the nearer the more was seen, and are the same again', () => {
  const spread = (count: number) => {
    const evidence = wakeEvidenceOf(
      Array.from({ length: count }, (_, i) => ran(i % 2 === 0 ? 10_000 : 1_000_000)),
      0,
    )!;
    const shares = Array.from({ length: 60 }, (_, draw) => shareUpTo(drawWakeLaw(evidence, 1, draw), 10_000));
    assert.equal(shareUpTo(drawWakeLaw(evidence, 1, 0), 10_000), shares[0]);
    return Math.sqrt(shares.reduce((sum, share) => sum + (share - 0.5) ** 2, 0) / shares.length);
  };
  // Of a share of one half: the root of 1/4 over the number of times.
  assert.ok(spread(10) > 0.1 && spread(10) < 0.22, `${spread(10)}`);
  assert.ok(spread(1000) < 0.03, `${spread(1000)}`);
});
