import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { moduleMaker } from '../policies/module.ts';
import { resolvePolicy } from '../policies/policies.ts';
import { parseUserPolicy } from '../policies/user.ts';
import { runScenario } from '../replay/scenario/run.ts';
import type { Scenario } from '../replay/scenario/scenario.ts';
import { parseScenario } from '../replay/scenario/schema.ts';
import { basePolicyOf, compareScenario, usualScenarioDraws } from './scenario.ts';

const text = `name: hot
kernel: linux-6.1.192
duration: 200ms
machine: {cpus: 4}
folios:
  - {name: hot, count: 400, kind: shmem, mapped: 2}
tasks:
  - name: readers
    count: 4
    does:
      - {touch: hot, every: {exponential: 400ns}}
      - {fault: others, every: {exponential: 50us}}
      - {pin: hot, for: {exponential: 1ms}, every: {exponential: 10ms}}
requests:
  - {name: mover, model: move_pages, of: hot, at: {every: 10ms, count: 19}, list: 20, lists: 2}
services:
  unmap: {exponential: 4us}
  flush: 6us
  attempt: 1us
  copy: 3us
  release: {exponential: 8us}
  fault: {exponential: 1us}
  drain work: {exponential: 100us}
`;
const hot = parseScenario(text, 'hot.yaml');
const over = (name: string, scenario: Scenario = hot) => resolvePolicy(name, basePolicyOf(scenario));
const json = (value: unknown) =>
  JSON.stringify(value, (_, one: unknown) => (one instanceof Float64Array ? [...one] : one));

test('the same seed gives the same comparison, and another seed another', () => {
  const compared = (seed: number) => compareScenario(hot, [over('refcheck-unmap')], { draws: 5, seed });
  assert.equal(json(compared(1)), json(compared(1)));
  assert.notEqual(json(compared(1).rows), json(compared(2).rows));
});

test('a policy without choices of its own is its era, byte for byte; policies that answer alike coincide', () => {
  const base = basePolicyOf(hot);
  const own = parseUserPolicy('name: mine\nchoices: {}\n', 'mine.yaml', base);
  const draw = (policy: typeof base) => json(runScenario(hot, policy, { seed: 1, draw: 3 }));
  assert.equal(draw(own), draw(base));
  const module = moduleMaker({ policy: { name: 'mine', decisions: {} } }, 'mine.js', '00'.repeat(32))(base, {});
  assert.equal(draw(module), draw(base));
  const { rows } = compareScenario(hot, [own, over('linux-6.1.191'), over('refcheck-unmap')], { draws: 6, seed: 1 });
  assert.deepEqual(rows[0]?.coincidesWith, ['mine', 'linux-6.1.191']);
  assert.deepEqual(rows[3]?.coincidesWith, []);
  assert.equal(rows[1]?.difference.stall.estimate, 0);
});

test('the base comes first, and intervals of differences are paired', () => {
  const { rows, base } = compareScenario(hot, [over('oracle'), over('linux-6.1.192')], { draws: 10, seed: 1 });
  assert.equal(base, 'linux-6.1.192');
  assert.deepEqual(
    rows.map(({ policy }) => policy),
    ['linux-6.1.192', 'oracle'],
  );
  const [recorded, oracle] = rows;
  assert.equal(oracle!.value.failedFolios.estimate, 0);
  const { estimate, low, high } = oracle!.difference.failedFolios;
  assert.ok(Math.abs(estimate + recorded!.value.failedFolios.estimate) < 1e-9);
  assert.ok(low <= estimate && estimate <= high && high < 0);
});

// Kinds of answers that the threads argue about must show on a scenario made for them.
test('without anything that protects it, a folio that is still in a batch is not moved', () => {
  const fresh = parseScenario(
    `name: fresh
kernel: linux-6.12.117
duration: 1s
machine: {cpus: 2}
folios: [{name: new, count: 10, kind: anon, start: fresh}]
tasks: [{name: app, cpus: [1], does: [{fault: new, every: 10ms, pick: in turn}]}]
requests: [{name: mover, model: move_pages, of: new, at: [150ms], list: 10}]`,
    'fresh.yaml',
  );
  const { rows } = compareScenario(fresh, [over('linux-5.10', fresh), over('never-drain', fresh)], {
    draws: 1,
    seed: 1,
  });
  assert.deepEqual(
    rows.map(({ value }) => value.failedFolios.estimate),
    [0, 0, 10],
  );
});

test('what has not finished when the world ends has failed', () => {
  const slow = parseScenario(
    `name: slow
kernel: linux-6.12.117
duration: 10ms
machine: {cpus: 1}
folios: [{name: a, count: 10, kind: shmem}]
requests: [{name: mover, model: move_pages, of: a, at: [1ms], list: 10}]
services: {copy: 2ms}`,
    'slow.yaml',
  );
  const { values, requests } = runScenario(slow, basePolicyOf(slow), { seed: 1, draw: 0 });
  assert.equal(requests, 1);
  assert.equal(values.failedRequests, 1);
  assert.ok(values.movedFolios >= 3 && values.movedFolios <= 4, `${values.movedFolios} moved in 9 ms at 2 ms each`);
});

test('a scenario of 10^5 folios takes under two seconds', () => {
  const large = parseScenario(
    `name: large
kernel: linux-6.12.117
duration: 1s
machine: {cpus: 8}
folios: [{name: a, count: 100000, kind: shmem}]
tasks:
  - {name: t, count: 8, does: [{touch: a, every: {exponential: 1us}}, {read: a, every: {exponential: 40us}}]}
requests: [{name: mover, model: move_pages, of: a, at: {every: 5ms, count: 195}, list: 512}]
services: {unmap: {exponential: 1us}, copy: 2us}`,
    'large.yaml',
  );
  const start = process.cpuUsage();
  const { requests, events } = runScenario(large, basePolicyOf(large), { seed: 1, draw: 0 });
  const { user, system } = process.cpuUsage(start);
  assert.equal(requests, 195);
  // 200,000 reads, and several steps for each of 99,840 folios.
  assert.ok(events > 4e5, `${events} events`);
  assert.ok(user + system < 2e6, `${((user + system) / 1e6).toFixed(2)} s of CPU time`);
});

test('what the numbers hang on is said', () => {
  const deferred = parseScenario(text.replace('6.1.192', '6.12.117').replace('  flush: 6us\n', ''), 'deferred.yaml');
  const { assumptions, remarks } = compareScenario(deferred, [over('refcheck-unmap', deferred)], { draws: 3, seed: 1 });
  assert.deepEqual(
    assumptions.map(({ name, value, policy }) => [name, value, policy]),
    [['machine.tlbMiss', 0.1, 'refcheck-unmap']],
  );
  assert.ok(remarks.some((one) => one.includes('no time for flush')));
  const estimated = { ...hot, estimated: { 'services.unmap': { low: 1, high: 2 } } };
  const said = compareScenario(estimated, [], { draws: 1, seed: 1 }).remarks;
  assert.ok(said.some((one) => one.startsWith('1 of its numbers were estimated')));
});

test('a small scenario gets a hundred draws, a large one fewer, and none under twenty', () => {
  assert.equal(usualScenarioDraws(hot, 10), 100);
  // Four tasks add every 50 us for 2 s, and each of 76,000 folios takes some six steps; touches and pins are no rows.
  const at = { every: { kind: 'fixed', ns: 1e7 }, count: 1900 } as const;
  const longer = { ...hot, duration: hot.duration * 10, requests: [{ ...hot.requests[0]!, at }] };
  assert.equal(usualScenarioDraws(longer, 3), Math.floor(1e8 / (3 * (4 * 40_000 + 6 * 76_000))));
  assert.equal(usualScenarioDraws({ ...hot, duration: 1e12 }, 10), 20);
});
