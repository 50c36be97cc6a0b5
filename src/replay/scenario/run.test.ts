import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { Machine } from '../../model/machine.ts';
import { layAlternative, resolvePolicy } from '../../policies/policies.ts';
import { randomChoices } from '../../policies/random.ts';
import { buildScenario } from './build.ts';
import { drawScenario, runScenario } from './run.ts';
import type { Scenario } from './scenario.ts';
import { parseScenario } from './schema.ts';
import { anyScenario, shortened } from './test-support.ts';

test('any scenario runs under any policy, keeps every reference accounted for, and gives the same again', () => {
  fc.assert(
    fc.property(anyScenario, fc.array(fc.nat(999), { minLength: 17, maxLength: 17 }), (made, luck) => {
      const scenario = shortened(structuredClone(made) as Scenario);
      let i = 0;
      const choices = randomChoices(() => (luck[i++ % luck.length] ?? 0) / 1000);
      const base = resolvePolicy(`linux-${scenario.kernel}`);
      const policy = layAlternative({ name: 'any', title: '', source: '', choices }, 'user', base);
      const { input, world } = buildScenario(scenario, { seed: 1, draw: 0 });
      const machine = new Machine(policy.decisions, world, { ...input, stepwise: true });
      let steps = 0;
      // A request may loop for as long as the scenario lasts; what holds for a thousand steps is looked at.
      while (machine.step() && ++steps < 1000) assert.deepEqual(machine.brokenInvariants(), []);
      const run = () => JSON.stringify(runScenario(scenario, policy, { seed: 1, draw: 0 }));
      assert.equal(run(), run());
    }),
    { numRuns: 60 },
  );
});

// A touch in the window w leaves its reference for the whole of an asynchronous call of 6.3 and later: one episode, so
// that a folio fails with 1 - e^(-rw). r = 4 tasks / 100 us / 10 folios = 4e-3 touches of a folio a us, w = 50 us.
test('one episode fails as often as its window is touched, from the file to the counters', () => {
  const scenario = parseScenario(
    `name: closed-form
kernel: linux-6.12.117
duration: 10s
machine: {cpus: 4, tlbMiss: 1}
folios: [{name: hot, count: 10, kind: shmem}]
tasks:
  - {name: readers, count: 4, does: [{touch: hot, every: {exponential: 100us}}]}
  # What has moved rests in this CPU's add batch, off the LRU, until somebody drains it.
  - {name: drainer, cpus: [0], does: [{drain: local, every: 100us}]}
requests: [{name: balancer, model: numa balancing, of: hot, at: {every: 500us, count: 19999}}]
services: {entry: 50us, release: 1us}`,
    'closed-form.yaml',
  );
  const { values, requests } = runScenario(scenario, resolvePolicy('linux-6.12.117'), { seed: 1, draw: 0 });
  assert.equal(requests, 19_999);
  const p = 1 - Math.exp(-4e-3 * 50);
  const share = values.failedFolios / requests;
  assert.ok(Math.abs(share - p) < 4 * Math.sqrt((p * (1 - p)) / requests), `${share}, expected ${p}`);
});

test('what policies share in a draw is what each would have drawn for itself', () => {
  const scenario = parseScenario(
    `name: shared
kernel: linux-6.1
duration: 100ms
machine: {cpus: 2}
folios: [{name: a, count: 20, kind: shmem}]
tasks:
  - name: t
    count: 2
    does:
      - {read: a, every: {exponential: 50us}}
      - {pin: a, for: 1ms, every: {exponential: 1ms}}
requests: [{name: mover, model: move_pages, of: a, at: {every: 5ms, count: 19}, list: 5}]`,
    'shared.yaml',
  );
  const policies = ['linux-6.1', 'linux-6.12', 'never-drain'].map((name) => resolvePolicy(name));
  const together = drawScenario(scenario, policies, { draws: 3, seed: 1 });
  policies.forEach((policy, i) => {
    assert.deepEqual(drawScenario(scenario, [policy], { draws: 3, seed: 1 })[0], together[i]);
    const { values } = runScenario(scenario, policy, { seed: 1, draw: 2 });
    assert.equal(values.failedFolios, together[i]!.totals.failedFolios[2]);
  });
  assert.ok(together.every(({ totals }) => totals.failedFolios.some((failed) => failed > 0)));
});

test('results are summed over requests, and given out one by one', () => {
  const scenario = parseScenario(
    `name: sums
kernel: linux-6.1
duration: 1s
machine: {cpus: 2, flushes: ipi}
folios: [{name: a, count: 10, kind: anon}]
requests: [{name: mover, model: move_pages, of: a, at: [1ms, 2ms, 3ms], list: 5}]`,
    'sums.yaml',
  );
  const ended: number[] = [];
  const { values } = runScenario(scenario, resolvePolicy('linux-6.1'), {
    seed: 1,
    draw: 0,
    onRequest: (result) => ended.push(result.demand.id),
  });
  assert.deepEqual(ended, [0, 1, 2]);
  assert.equal(values.movedFolios, 15);
  assert.equal(values.tlbFlushes, 15);
  assert.equal(values.ipis, 15, 'one other CPU each');
});
