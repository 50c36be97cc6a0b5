import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { demandOf, finallyOf, timesGivenUp } from './demand.ts';
import { contiguousHistory, madeUpHistory } from './made-up.ts';

test('the five tries of a list are one wish: one member, given up once', () => {
  const history = contiguousHistory(
    [['m', 'u'], ['u'], ['u'], ['u'], ['u']],
    [[0x101, 0x102], [0x102], [0x102], [0x102], [0x102]],
    [[0, 1, 2, 3, 4]],
    [-16],
    false,
  );
  const { units, rows } = demandOf(history);
  assert.equal(units.length, 1);
  assert.equal(rows, 6);
  const [unit] = units;
  assert.deepEqual(
    unit!.members.map(({ pfn, outcomes }) => [pfn, outcomes.length]),
    [
      [0x101, 1],
      [0x102, 5],
    ],
  );
  assert.equal(unit!.lists.length, 1);
  assert.deepEqual(
    unit!.members.map((member) => timesGivenUp(unit!, member, 5)),
    [0, 1],
  );
  assert.deepEqual(unit!.members[1]!.episodes.length, 5);
});

test('the areas of a CMA allocation are one demand, and what it got in the end was out of the way', () => {
  const history = contiguousHistory(
    [['u'], ['u'], ['u'], ['u'], ['u'], ['m', 'm']],
    [[0x101], [0x101], [0x101], [0x101], [0x101], [0x101, 0x102]],
    [[0, 1, 2, 3, 4], [5]],
    [-16, 0],
    true,
  );
  const { units } = demandOf(history);
  assert.equal(units.length, 1);
  const [unit] = units;
  assert.equal(unit!.areas, 2);
  assert.equal(unit!.members.length, 2);
  assert.equal(finallyOf(unit!, unit!.members[0]!), 'moved');
  assert.equal(timesGivenUp(unit!, unit!.members[0]!, 5), 1);
});

test('a list that its last try left smaller than five tries was reclaimed, not given up', () => {
  const history = contiguousHistory([['u'], ['m']], [[0x101], [0x102]], [[0, 1]], [0], false);
  const [unit] = demandOf(history).units;
  assert.equal(timesGivenUp(unit!, unit!.members[0]!, 5), 0);
  assert.equal(finallyOf(unit!, unit!.members[0]!), 'moved');
});

test('calls of nobody known stand alone, and every call is in exactly one unit', () => {
  const made = madeUpHistory([['m'], ['m', 'u'], ['m']]);
  const requests = made.requests.slice(1).map((request, id) => ({ ...request, id }));
  const { units } = demandOf({ ...made, requests: [requests[0]!, { ...requests[1]!, certainty: 'unknown' }] });
  assert.deepEqual(
    units.map(({ calls, alone, model }) => [calls, alone, model]),
    [
      [[0], true, 'call'],
      [[1], false, 'move_pages'],
      [[2], true, 'call'],
    ],
  );
});
