import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { backgroundActions, type RequestDemand } from '../../model/demand.ts';
import type { Obstacle, Visit } from '../../model/world.ts';
import { buildScenario } from './build.ts';
import { residual, sampler } from './durations.ts';
import { placeGroups } from './places.ts';
import type { Law, Scenario } from './scenario.ts';
import { parseScenario } from './schema.ts';

/** A scenario around what a test is about: `own` replaces lines of these by their first key. */
function scenario(own: string): Scenario {
  const usual = {
    name: 'name: test',
    kernel: 'kernel: linux-6.12.117',
    duration: 'duration: 1s',
    machine: 'machine: {cpus: 4}',
    folios: 'folios: [{name: hot, count: 100, kind: shmem}]',
    requests: 'requests: [{name: mover, model: move_pages, of: hot, at: [1ms]}]',
  };
  const lines = Object.entries(usual).filter(([key]) => !own.split('\n').some((line) => line.startsWith(`${key}:`)));
  return parseScenario([...lines.map(([, line]) => line), own].join('\n'), 'test.yaml');
}

interface Row {
  readonly time: number;
  readonly cpu: number;
  readonly action: number;
  readonly folio: number;
}

function rowsOf(of: Scenario, draw = 0, grain = 0): Row[] {
  const { background } = buildScenario(of, { seed: 1, draw, grain }).input;
  assert('next' in background);
  const rows: Row[] = [];
  for (let block = background.next(); block !== undefined; block = background.next()) {
    for (let i = 0; i < block.length; i++) {
      rows.push({ time: block.time[i]!, cpu: block.cpu[i]!, action: block.action[i]!, folio: block.folio[i]! });
    }
  }
  return rows;
}

function visit(change: Partial<Visit> = {}): Visit {
  return {
    request: 0,
    folio: 0,
    call: 0,
    episode: 0,
    attempt: 0,
    mode: 'sync',
    now: 0,
    undoneAt: Number.NaN,
    ...change,
  };
}

/** A count that should be Poisson with this mean lies within four standard errors, which are sqrt(mean). */
function assertPoisson(count: number, mean: number, what: string): void {
  assert.ok(Math.abs(count - mean) < 4 * Math.sqrt(mean), `${what}: ${count}, expected ${mean}`);
}

const busy = `
folios:
  - {name: hot, count: 100, kind: shmem}
  - {name: locked, count: 50, kind: anon, mlocked: true}
tasks:
  - name: one
    count: 3
    cpus: [1, 2]
    does:
      - {fault: hot, every: {exponential: 100us}}
      - {fault: locked, every: {exponential: 200us}}
      - {drain: local, every: {exponential: 1ms}}
  - name: two
    does:
      - {fault: others, every: {exponential: 50us}}
      - {mlock: hot, every: {exponential: 500us}}
      - {touch: hot, every: {exponential: 1us}}`;

// The superposition of Poisson streams, thinned by weight, gives each part its own Poisson count (Kingman, Poisson
// Processes, 1993, colouring theorem).
test('one stream of all deeds gives each of them its own rate, CPUs and folios', () => {
  const rows = rowsOf(scenario(busy));
  const count = (of: (row: Row) => boolean) => rows.filter(of).length;
  const isHot = ({ folio }: Row) => folio >= 0 && folio < 100;
  const add = ({ action }: Row) => action === 0;
  const mlock = ({ action }: Row) => action === 6;
  assertPoisson(
    count((row) => add(row) && isHot(row)),
    30_000,
    'faults of hot by three tasks',
  );
  assertPoisson(
    count((row) => mlock(row) && !isHot(row)),
    15_000,
    'faults of an mlocked group go to the mlock batch',
  );
  assertPoisson(
    count((row) => mlock(row) && isHot(row)),
    2000,
    'mlock',
  );
  assertPoisson(
    count((row) => add(row) && row.folio === -1),
    20_000,
    'faults of others',
  );
  assertPoisson(
    count(({ action }) => action === backgroundActions.drainLocal),
    3000,
    'local drains',
  );
  // Two of the three tasks are on CPU 1.
  const hotFaults = rows.filter((row) => add(row) && isHot(row));
  assertPoisson(hotFaults.filter(({ cpu }) => cpu === 1).length, 20_000, 'faults on CPU 1');
  assertPoisson(hotFaults.filter(({ cpu }) => cpu === 2).length, 10_000, 'faults on CPU 2');
  const byFolio = new Float64Array(100);
  for (const { folio } of hotFaults) byFolio[folio]!++;
  for (const [folio, faults] of byFolio.entries()) assertPoisson(faults, 300, `faults of folio ${folio}`);
});

test('rows are in order of time and end with the scenario', () => {
  const rows = rowsOf(scenario(`${busy}\n      - {launch: {faults: 500, reads: 100, within: 30ms}, at: [990ms]}`));
  for (let i = 1; i < rows.length; i++) assert.ok(rows[i]!.time >= rows[i - 1]!.time);
  assert.ok(rows.at(-1)!.time < 1e9);
});

// Intensity falls linearly from 2/w to 0 over the window w: F(t) = 1 - (1 - t/w)^2, mean w/3, variance w²/18.
test('a launch is a burst that dies down within its time', () => {
  const rows = rowsOf(
    scenario(
      'tasks: [{name: app, cpus: [3], does: [{launch: {faults: 4000, reads: 2000, within: 30ms}, at: [100ms]}]}]',
    ),
  );
  const faults = rows.filter(({ action }) => action === 0);
  assert.equal(faults.length, 4000);
  // Every second read of others activates: a binomial count.
  const reads = rows.filter(({ action }) => action === 1);
  assert.ok(Math.abs(reads.length - 1000) < 4 * Math.sqrt(500), `${reads.length} activations of 2000 reads`);
  assert.equal(faults.length + reads.length, rows.length);
  assert.ok(rows.every(({ time, cpu, folio }) => time >= 1e8 && time < 1.3e8 && cpu === 3 && folio === -1));
  const mean = faults.reduce((sum, { time }) => sum + (time - 1e8), 0) / faults.length;
  assert.ok(Math.abs(mean - 1e7) < (4 * 3e7) / Math.sqrt(18 * faults.length), `mean ${mean}`);
});

test('deeds of a fixed distance come at it, tasks apart; those at given times come then; turns are taken', () => {
  const every = rowsOf(scenario('tasks: [{name: t, count: 2, does: [{read: hot, every: 100ms, pick: in turn}]}]'));
  assert.deepEqual(
    every.map(({ time, folio }) => [time / 1e6, folio]),
    Array.from({ length: 19 }, (_, i) => [50 * (i + 1), i]),
  );
  const at = rowsOf(scenario('tasks: [{name: t, does: [{drain: all, at: [3ms, 1ms]}]}]'));
  assert.deepEqual(
    at.map(({ time, action }) => [time, action]),
    [
      [1e6, backgroundActions.drainAll],
      [3e6, backgroundActions.drainAll],
    ],
  );
});

test('the multi-generational LRU queues nothing for reads of others', () => {
  const tasks = 'tasks: [{name: t, does: [{read: others, every: {exponential: 100us}}]}]';
  const { length } = rowsOf(scenario(tasks));
  assertPoisson(length, 5000, 'every second read');
  assert.equal(rowsOf(scenario(`machine: {cpus: 4, lruGen: true}\n${tasks}`)).length, 0);
});

const demanding = `
folios:
  - {name: hot, count: 100, kind: shmem, region: a}
  - {name: huge, count: 8, kind: anon, order: 9}
  - {name: cold, count: 600, kind: file, region: a}
requests:
  - {name: mover, model: move_pages, of: hot, at: {every: {exponential: 10ms}, count: 50}, list: 20, lists: 2}
  - {name: cma, model: cma, of: cold, at: [5ms, 15ms], list: 10, lists: 2, areas: 3}
  - {name: compactor, model: compaction, of: cold, at: [20ms], list: 100, lists: 6}
  - {name: splitter, model: thp split, of: huge, at: [30ms], waiters: {count: 3, within: 1ms}}
  - {name: pins, model: longterm pin, of: hot, at: [40ms], list: 3, repeats: 2}`;

test('requests come in order of time and take the folios of their groups in turn', () => {
  const { input, cast } = buildScenario(scenario(demanding), { seed: 1, draw: 0 });
  const requests = [...input.requests];
  assert.deepEqual(
    requests.map(({ id }) => id),
    requests.map((_, i) => i),
  );
  for (let i = 1; i < requests.length; i++) assert.ok(requests[i]!.start >= requests[i - 1]!.start);
  const of = (model: RequestDemand['model']) => requests.filter((one) => one.model === model);
  const moves = of('move_pages');
  assert.deepEqual(
    moves[0]!.chunks[0]!.folios,
    Array.from({ length: 20 }, (_, i) => i),
  );
  assert.deepEqual(
    moves[2]!.chunks[1]!.folios,
    Array.from({ length: 20 }, (_, i) => i),
  );
  assert.equal(moves[0]!.reason, 'syscall_or_cpuset');
  const [cma] = of('cma');
  assert.equal(cma!.chunks.length, 4);
  assert.deepEqual(cma!.areas, [
    [0, 1],
    [1, 2],
    [2, 3],
  ]);
  // Frames of the region: 100 of hot, then cold; blocks of 512 end 412 folios into cold, between its fifth and sixth list.
  assert.deepEqual(
    of('compaction')[0]!.chunks.map(({ leavesBlock }) => leavesBlock ?? false),
    [false, false, false, false, false, true],
  );
  const [split] = of('thp split');
  assert.ok(split!.waiters!.every(({ at }) => at >= split!.start && at < split!.start + 1e6));
  assert.deepEqual(of('longterm pin')[0]!.chunks[0]!.repeats, [2, 2, 2]);
  assert.equal(cast.comm(moves[0]!.id), 'mover');
  assert.equal(cast.pfn(0) % 512, 0);
  assert.equal(cast.pfn(108), cast.pfn(99) + 1);
  assert.equal(cast.pfn(101) - cast.pfn(100), 512);
  const places = placeGroups(scenario(demanding));
  const frames = [...places.values()].map(({ pfn, count, order }) => [pfn, pfn + count * 2 ** order] as const);
  for (const [i, [from, to]] of frames.entries()) {
    for (const [begin, end] of frames.slice(i + 1)) assert.ok(to <= begin || end <= from, 'groups share frames');
  }
});

// -ln(1-p)/w: faults in a window w of Poisson touches at rate r meet it with 1 - e^(-rw); deferred flushes thin r.
test('touches meet an empty entry as often as their rate says, and fewer of them where the flush is deferred', () => {
  const one = scenario(`
machine: {cpus: 4, tlbMiss: 0.25}
folios: [{name: hot, count: 10, kind: shmem}]
tasks: [{name: t, count: 4, does: [{touch: hot, every: 4us}]}]`);
  // 4 tasks / 4 us / 10 folios = 1e-4 touches of a folio an ns.
  const { world } = buildScenario(one, { seed: 1, draw: 0 });
  const n = 20_000;
  for (const deferredFlush of [false, true]) {
    let met = 0;
    for (let request = 0; request < n; request++) {
      const window = { from: 1000, until: 11_000, deferredFlush };
      const faults = world.faultEnters(visit({ request, folio: request % 10 }), window);
      if (faults.length > 0) met++;
      for (const { at } of faults) assert.ok(at >= 1000 && at < 11_000);
      assert.ok(faults.length <= 4, 'there are but four tasks');
    }
    const p = 1 - Math.exp(-1e-4 * 1e4 * (deferredFlush ? 0.25 : 1));
    assert.ok(Math.abs(met / n - p) < 4 * Math.sqrt((p * (1 - p)) / n), `${met / n}, expected ${p}`);
  }
});

test('a fault whose path is longer than the window is late, and waits from its end', () => {
  const { world } = buildScenario(
    scenario(`
tasks: [{name: t, does: [{touch: hot, every: 1ns}]}]
services: {fault: 5us, release: 7us, wake: 3us}`),
    { seed: 1, draw: 0 },
  );
  const [fault] = world.faultEnters(visit(), { from: 0, until: 4000, deferredFlush: false });
  assert.deepEqual(fault, { at: 4000, late: true, releaseAfter: 7000, wakeAfter: 3000 });
  const [early] = world.faultEnters(visit(), { from: 0, until: 60_000, deferredFlush: false });
  assert.equal(early?.late, undefined);
});

// Little's law: holders at any time = rate x mean length = 4 / 1 ms x 5 ms = 20 of the group's 100.
test('holds stand as often and as long as they should, and are given to the machine once', () => {
  const { world } = buildScenario(
    scenario('tasks: [{name: t, count: 4, does: [{pin: hot, for: {exponential: 5ms}, every: {exponential: 1ms}}]}]'),
    { seed: 1, draw: 0 },
  );
  const stretches: Obstacle[] = [];
  for (let folio = 0; folio < 100; folio++) stretches.push(...world.obstacles(0, folio));
  assertPoisson(stretches.length, 4000, 'pins');
  assert.ok(stretches.every(({ holder, references }) => holder === 'pin' && references === 1024));
  const held = stretches.reduce((sum, { from, until }) => sum + until - from, 0) / 1e9;
  // 4000 exponential lengths in all: variance of the sum = 2 n m² (n is Poisson).
  assert.ok(Math.abs(held - 20) < 4 * 5e-3 * Math.sqrt(2 * 4000), `${held} held on average`);
  assert.deepEqual(world.obstacles(1, 0), []);
});

test('answers do not depend on what was asked before, and the same seed and draw give the same', () => {
  const text = `${busy}\n      - {read: hot, every: 10us}\nservices: {unmap: {exponential: 5us}, read: {uniform: [1us, 90us]}}`;
  const build = (draw: number) => buildScenario(scenario(text), { seed: 3, draw }).world;
  const question = fc.record({
    request: fc.nat(3),
    folio: fc.nat(149),
    episode: fc.nat(4),
    attempt: fc.nat(9),
    call: fc.nat(2),
  });
  const ask = (world: ReturnType<typeof build>, about: Partial<Visit>) => [
    world.serviceTime('unmap', visit(about)),
    world.faultEnters(visit(about), { from: 10, until: 1e5, deferredFlush: false }),
    world.entryWaiter(visit(about), 1, 50),
    world.transient(visit(about)),
  ];
  const [first, other] = [build(0), build(1)];
  let differ = false;
  fc.assert(
    fc.property(fc.array(question, { maxLength: 5 }), question, (before, about) => {
      const world = build(0);
      for (const one of before) ask(world, one);
      assert.deepEqual(ask(world, about), ask(first, about));
      if (JSON.stringify(ask(other, about)) !== JSON.stringify(ask(first, about))) differ = true;
    }),
  );
  assert.ok(differ, 'another draw is other luck');
});

test('what comes later changes nothing before it: a longer scenario begins like a shorter one', () => {
  const text = (duration: string) => `duration: ${duration}\n${demanding}
tasks:
  - name: t
    count: 2
    does:
      - {fault: hot, every: {exponential: 100us}}
      - {read: others, every: {uniform: [1ms, 2ms]}}
      - {launch: {faults: 50, reads: 50, within: 20ms}, every: 90ms}
      - {pin: cold, for: 1ms, every: {exponential: 100us}}`;
  const short = scenario(text('300ms'));
  const long = scenario(text('1s'));
  const before = ({ time }: Row) => time < 3e8;
  assert.deepEqual(rowsOf(short), rowsOf(long).filter(before));
  const [a, b] = [buildScenario(short, { seed: 1, draw: 0 }), buildScenario(long, { seed: 1, draw: 0 })];
  const early = (requests: Iterable<RequestDemand>) =>
    [...requests].filter(({ start }) => start < 3e8).map(({ end: _, ...rest }) => rest);
  assert.deepEqual(early(a.input.requests), early(b.input.requests));
  assert.ok(early(a.input.requests).length > 20);
  const from = ({ from: begin }: Obstacle) => begin < 3e8;
  for (const folio of [108, 200, 500]) {
    assert.deepEqual(a.world.obstacles(0, folio), b.world.obstacles(0, folio).filter(from));
  }
});

test('times are whole microseconds where a capture is to be written', () => {
  const one = scenario(`${busy}\nservices: {unmap: {exponential: 5us}, release: 700ns}`);
  for (const { time } of rowsOf(one, 0, 1000)) assert.equal(time % 1000, 0);
  const { world, input } = buildScenario(one, { seed: 1, draw: 0, grain: 1000 });
  for (const { start } of input.requests) assert.equal(start % 1000, 0);
  for (let episode = 0; episode < 50; episode++) {
    assert.equal(world.serviceTime('unmap', visit({ episode })) % 1000, 0);
    for (const { at, releaseAfter } of world.faultEnters(visit({ episode }), {
      from: 0,
      until: 1e6,
      deferredFlush: false,
    })) {
      assert.equal(at % 1000, 0);
      assert.equal(releaseAfter, 1000);
    }
  }
});

// Residual life of a length L met at any time: mean E[L²] / 2 E[L] (Cox, Renewal Theory, chapter 5).
test('who is met holding on goes on for as long as renewal theory says', () => {
  const laws: readonly (readonly [law: Law, mean: number])[] = [
    [{ kind: 'fixed', ns: 10 }, 5],
    [{ kind: 'exponential', mean: 10 }, 10],
    [{ kind: 'uniform', low: 0, high: 12 }, 4],
    [{ kind: 'values', ns: [1, 10], weights: [9, 1] }, (0.9 * 1 + 0.1 * 100) / (2 * 1.9)],
  ];
  const side = 200;
  for (const [law, mean] of laws) {
    const rest = residual(law);
    let sum = 0;
    for (let i = 0; i < side; i++) for (let j = 0; j < side; j++) sum += rest((i + 0.5) / side, (j + 0.5) / side);
    // The midpoint rule; the exponential's tail beyond the last midpoint is the worst of it.
    assert.ok(Math.abs(sum / side ** 2 / mean - 1) < 0.01, `${law.kind}: ${sum / side ** 2}, expected ${mean}`);
  }
  assert.equal(sampler({ kind: 'values', ns: [5, 3] })(0.25), 3);
});
