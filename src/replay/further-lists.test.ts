/** A request that was cut short goes on as another of its kind that was not. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { Unit } from './demand.ts';
import { demandOf } from './demand.ts';
import { furtherListsOf } from './further-lists.ts';
import { madeUpHistory } from './made-up.ts';

/** Requests of one list each; `lists` puts several of them together as one. */
const { units } = demandOf(madeUpHistory([['m', 'm'], ['m'], ['m', 'u']]));

function joined(...parts: readonly Unit[]): Unit {
  const [first] = parts;
  let members: Unit['members'] = [];
  const lists = parts.flatMap((part) => {
    const from = members.length;
    members = [...members, ...part.members];
    return part.lists.map((list) => ({ ...list, members: list.members.map((m) => m + from) }));
  });
  return { ...first!, members, lists };
}

test('a request that gave up with its first list may have gone on to as many as the others had', () => {
  const whole = joined(units[1]!, units[0]!);
  const further = furtherListsOf([whole, units[2]!]);
  assert.deepEqual(further(units[2]!, 1, 0), { calls: 1, pages: 2 });
  // Who was not cut short is known to its end, and nobody went on for longer than anybody did.
  assert.deepEqual(further(whole, 1, 0), { calls: 0, pages: 0 });
  assert.deepEqual(furtherListsOf([units[2]!])(units[2]!, 1, 0), { calls: 0, pages: 0 });
});

test('others are taken by luck, in the shares in which they are there', () => {
  const further = furtherListsOf([joined(units[1]!, units[0]!), units[0]!, units[1]!, units[2]!]);
  const calls = Array.from({ length: 3000 }, (_, draw) => further(units[2]!, 1, draw).calls);
  const mean = calls.reduce((sum, one) => sum + one, 0) / calls.length;
  assert.ok(Math.abs(mean - 1 / 3) < 0.03, `${mean}`);
});
