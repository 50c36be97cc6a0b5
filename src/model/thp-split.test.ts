import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { resolvePolicy } from '../policies/policies.ts';
import type { Decisions } from './decisions.ts';
import { emptyBackground, type FolioSpec, type RequestDemand, type SplitWaiter } from './demand.ts';
import { Machine, type MachineResult } from './machine.ts';
import { type CpuRules, emptyWorld, type Obstacle, type World } from './world.ts';

/** 5.12: references in the entry wait, none on a tail page. */
const old = resolvePolicy('linux-5.12').decisions;
const withWait = (tailPageWait: Decisions['tailPageWait']): Decisions => ({ ...old, tailPageWait });
const spinning = withWait('spin');

const times = { flush: 1000, unmap: 8000, split: 500, restore: 4000 } as const;
const rules: CpuRules = { preemption: 'none', timeSlice: 1000, spin: 10, patience: 1e9 };

interface Setting {
  readonly decisions?: Decisions;
  readonly cpus?: number;
  readonly rules?: Partial<CpuRules>;
  readonly waiters?: readonly SplitWaiter[];
  readonly folio?: Partial<FolioSpec>;
  readonly world?: Partial<World>;
  readonly horizon?: number;
  readonly stepwise?: boolean;
  /** More splits, of folios 1, 2, ... */
  readonly more?: readonly Pick<RequestDemand, 'cpu' | 'start' | 'waiters'>[];
}

/** One huge page with 8 mappings is split on CPU 0 from 0 on; entries stand from 1000. Folios of `more` are like it. */
function split(setting: Setting): MachineResult {
  const world: World = {
    ...emptyWorld,
    serviceTime: (service) => (service in times ? times[service as keyof typeof times] : 0),
    cpus: { ...rules, ...setting.rules },
    ...setting.world,
  };
  const demand: RequestDemand = {
    id: 7,
    model: 'thp split',
    reason: 'compaction',
    mode: 'sync',
    cpu: 0,
    start: 0,
    end: 1e5,
    chunks: [{ folios: [0], gap: 0 }],
    waiters: setting.waiters ?? [],
  };
  const more = setting.more ?? [];
  const machine = new Machine(setting.decisions ?? spinning, world, {
    cpus: setting.cpus ?? 4,
    folios: [demand, ...more].map(() => ({ order: 9, kind: 'anon', mapped: 8, ...setting.folio })),
    requests: [
      demand,
      ...more.map((other, n) => ({ ...demand, id: 8 + n, chunks: [{ folios: [n + 1], gap: 0 }], ...other })),
    ],
    background: emptyBackground,
    horizon: setting.horizon ?? Number.POSITIVE_INFINITY,
    stepwise: setting.stepwise ?? false,
  });
  while (machine.step()) assert.deepEqual(machine.brokenInvariants(), []);
  for (const folio of machine.folios) assert.ok(folio.entryWaitReferences >= 0);
  return machine.result();
}

const tails = (n: number, more: Partial<SplitWaiter> = {}): SplitWaiter[] =>
  Array.from({ length: n }, (_, cpu) => ({ cpu, at: 1500, from: 'copy', tail: true, ...more }));

const whole = times.flush + times.unmap + times.split + times.restore;

test('a split that nobody waits for takes the sum of its times', () => {
  const result = split({});
  const request = result.requests[0]!;
  assert.equal(request.ended, whole);
  assert.equal(request.returned, 0);
  assert.equal(request.counters.splits, 1);
  assert.equal(request.counters.timeUnderEntries, whole - times.flush);
  assert.equal(request.chunks[0]![0]!.ending, 'moved');
  assert.deepEqual(result.findings, []);
});

test('the livelock threshold: one spinner a CPU, without preemption', () => {
  // C CPUs. C - 1 spinners from kernel mode leave the splitter a CPU of its own. With one more somebody waits for that
  // CPU; the splitter gives it away at its next cond_resched() after its slice, and none of C spinners ever gives one back.
  for (let cpus = 1; cpus <= 8; cpus++) {
    for (const n of [cpus - 1, cpus, cpus + 3]) {
      const { findings, requests } = split({ cpus, waiters: tails(n), horizon: 1e12 });
      if (n < cpus) {
        assert.deepEqual(findings, [], `${n} spinners on ${cpus} CPUs`);
        assert.equal(requests[0]!.ended, whole);
        continue;
      }
      assert.equal(findings.length, 1, `${n} spinners on ${cpus} CPUs`);
      assert.equal(findings[0]!.kind, 'livelock');
      assert.equal(findings[0]!.request, 7);
      // Each CPU burns until patience ends.
      assert.equal(findings[0]!.cpuTime, cpus * rules.patience);
      assert.equal(requests[0]!.chunks[0]![0]!.ending, 'unfinished');
      const { cpuBurnt, timeUnderEntries } = requests[0]!.counters;
      assert.ok(cpuBurnt >= findings[0]!.cpuTime);
      assert.equal(timeUnderEntries, findings[0]!.since + rules.patience - times.flush);
    }
  }
});

test('the threshold does not depend on the order or time of arrival while the walk lasts', () => {
  const arrival = fc.record({ cpu: fc.nat(3), at: fc.integer({ min: 1001, max: 7000 }) });
  fc.assert(
    fc.property(fc.array(arrival, { maxLength: 8 }), (arrivals) => {
      const waiters = arrivals.map(({ cpu, at }): SplitWaiter => ({ cpu, at, from: 'copy', tail: true }));
      const { findings } = split({ waiters, horizon: 1e12 });
      assert.equal(findings.length, waiters.length >= 4 ? 1 : 0);
    }),
    { numRuns: 100 },
  );
});

test('a split that ends within its slice is never put aside: the livelock needs time as well as spinners', () => {
  const { findings, requests } = split({ waiters: tails(9), rules: { timeSlice: 1e6 } });
  assert.deepEqual(findings, []);
  assert.equal(requests[0]!.ended, whole);
});

test('what the horizon cuts off is not burnt', () => {
  const { findings } = split({ waiters: tails(4), horizon: 50_000 });
  assert.equal(findings[0]!.cpuTime, 4 * (50_000 - findings[0]!.since));
});

test('with preemption a spinner costs its share: k on the CPU of the splitter make it (k + 1) times as long', () => {
  // Round robin with slices q: of S = k spinners and one task that needs w, the task runs q, then waits k q, and so on:
  // w + k q (ceil(w / q) - 1), which is w (k + 1) for w much longer than q. The frozen phase is not interrupted, and after
  // it nobody spins, so w is what comes before: flush and walk.
  const before = times.flush + times.unmap;
  for (const preemption of ['voluntary', 'full'] as const) {
    for (const k of [1, 2, 5]) {
      const q = 100;
      // All arrive in the splitter's slice that begins at 1400, on the one CPU.
      const waiters = tails(k, { at: 1450, cpu: 0 });
      const { findings, requests } = split({ cpus: 1, waiters, rules: { preemption, timeSlice: q } });
      assert.deepEqual(findings, []);
      const { ended, counters } = requests[0]!;
      // Alone on its CPU, the splitter has used 1400 in slices that nobody asked it to end; the rest goes in turns. Steps
      // of 1000 ns between its cond_resched() are its slices where the kernel preempts only there.
      const turn = preemption === 'full' ? q : 1000;
      const left = preemption === 'full' ? before - 1450 : before - 2000;
      const turns = Math.ceil(left / turn);
      assert.equal(ended, whole + k * q * turns, `${preemption}, ${k}`);
      assert.ok(counters.cpuBurnt <= k * q * (turns + 1));
    }
  }
});

test('voluntary and full preemption never livelock, whatever the number of spinners', () => {
  for (const preemption of ['voluntary', 'full'] as const) {
    for (let n = 0; n <= 20; n++) {
      const { findings, requests } = split({ cpus: 2, waiters: tails(n), rules: { preemption } });
      assert.deepEqual(findings, []);
      assert.equal(requests[0]!.returned, 0);
    }
  }
});

test('cond_resched() in the wait ends the livelock and still burns; the head page burns at most the frozen phase', () => {
  for (const n of [4, 9]) {
    const relaxed = split({ decisions: withWait('spin and yield'), waiters: tails(n) });
    assert.deepEqual(relaxed.findings, []);
    const { counters } = relaxed.requests[0]!;
    assert.ok(counters.cpuBurnt > n * times.split);
    const head = split({ decisions: withWait('head page'), waiters: tails(n) });
    assert.deepEqual(head.findings, []);
    assert.equal(head.requests[0]!.counters.cpuBurnt, 0, 'all of them sleep before the head is frozen');
    assert.equal(head.requests[0]!.ended, whole);
    assert.equal(head.requests[0]!.counters.waiterWakes, n);
    assert.equal(head.requests[0]!.counters.stall, n * (whole - 1500));
  }
});

test('while the head is frozen even a wait on the head spins, until the tails have references of their own', () => {
  const frozenFrom = times.flush + times.unmap;
  for (const tailPageWait of ['head page', 'spin'] as const) {
    const waiters = tails(3, { at: frozenFrom + 101 }).map((waiter, n) => ({ ...waiter, cpu: n + 1 }));
    const { requests } = split({ decisions: withWait(tailPageWait), waiters });
    const { cpuBurnt, stall } = requests[0]!.counters;
    // 399 ns of the frozen phase are left, in rounds of 10 ns.
    assert.equal(cpuBurnt, 3 * 400, tailPageWait);
    assert.equal(stall, 3 * (whole - frozenFrom - 101));
  }
});

test('since 5.17 no reference is taken and nobody spins', () => {
  const { decisions } = resolvePolicy('linux-6.1');
  const { requests, findings } = split({ decisions, waiters: tails(9, { at: 9100 }) });
  assert.deepEqual(findings, []);
  assert.equal(requests[0]!.counters.cpuBurnt, 0);
});

test('a fault on the head page sleeps in any kernel', () => {
  const { requests } = split({ waiters: tails(9, { tail: false }) });
  assert.equal(requests[0]!.counters.cpuBurnt, 0);
  assert.equal(requests[0]!.ended, whole);
});

test('faults from user mode and from GUP let others in; a resched in GUP does not help faults of copy_to_user', () => {
  for (const from of ['user', 'gup'] as const) {
    assert.deepEqual(split({ waiters: tails(9, { from }) }).findings, [], from);
  }
  const proposed = split({ decisions: withWait('spin, yield in GUP'), waiters: tails(4), horizon: 1e12 });
  assert.equal(proposed.findings.length, 1);
});

test('a reference in the way before the walk: the split is given up, nothing is unmapped', () => {
  const pin: Obstacle = { holder: 'pin', from: 0, until: Number.POSITIVE_INFINITY, references: 1 };
  const { requests } = split({ world: { obstacles: () => [pin] } });
  const [member] = requests[0]!.chunks[0]!;
  assert.deepEqual([member!.ending, member!.holder, member!.episodes], ['failed', 'pin', 0]);
  assert.equal(requests[0]!.returned, -16);
});

test('roll back: the reference of a waiter that is just queueing keeps the head from being frozen', () => {
  // The waiter's get..put covers the moment of freezing (9000); it is queued at 8900.
  const waiter: SplitWaiter = { cpu: 1, at: 8900, from: 'copy', tail: false };
  const brief: Partial<World> = { entryWaitReferenceTime: () => 200 };
  const { requests } = split({ waiters: [waiter], world: brief });
  const [member] = requests[0]!.chunks[0]!;
  assert.deepEqual([member!.ending, member!.holder], ['failed', 'entry waiter']);
  assert.equal(requests[0]!.ended, whole - times.split);
  // On a tail it takes none in 5.12; with the head page every waiter does, so that more splits fail.
  assert.equal(split({ waiters: tails(1, { at: 8900 }), world: brief }).requests[0]!.returned, 0);
  const head = split({ decisions: withWait('head page'), waiters: tails(1, { at: 8900 }), world: brief });
  assert.equal(head.requests[0]!.returned, -16);
  // One that queues when the entries are about to go lets go after them, of a folio that is mapped again.
  const last: SplitWaiter = { cpu: 2, at: 12_900, from: 'copy', tail: false };
  assert.equal(split({ waiters: [waiter, last], world: brief }).requests[0]!.counters.stall, 13_000 - 8900 + 100);
  // No reference is taken since 5.17.
  const { decisions } = resolvePolicy('linux-6.1');
  assert.equal(split({ decisions, waiters: [waiter], world: brief }).requests[0]!.returned, 0);
});

test('the commit text of ffc90cbb2970: one mapping, a waiter on the head, spinners on tails; the way back hangs', () => {
  const folio = { mapped: 1 };
  const head: SplitWaiter = { cpu: 1, at: 8900, from: 'copy', tail: false };
  const world: Partial<World> = { entryWaitReferenceTime: () => 200 };
  const waiters = [head, ...tails(4, { at: 8950 })];
  // Three spinners take the other CPUs, the fourth waits for that of the splitter, which says cond_resched() on its way back.
  const hung = split({ folio, waiters, world, horizon: 1e12 });
  assert.equal(hung.findings.length, 1);
  const fixed = split({ folio, waiters, world, decisions: withWait('head page') });
  assert.deepEqual(fixed.findings, []);
  // Without the roll back there is one mapping and so no cond_resched() after the entries were written: no livelock.
  assert.deepEqual(split({ folio, waiters: waiters.slice(1), world }).findings, []);
});

test('n spinners and the splitter share C CPUs: the walk takes (n + 1) / C times as long', () => {
  // Equal shares of C CPUs among n + 1 tasks, none of which can use two. Round robin serves each within one round,
  // n + 1 slices of q on C CPUs, of its share. Spinners arrive at 1500; the frozen phase and the way back are not shared.
  const q = 20;
  for (const [cpus, n] of [
    [2, 2],
    [2, 7],
    [4, 4],
    [4, 21],
  ] as const) {
    const { requests } = split({ cpus, waiters: tails(n), rules: { preemption: 'full', timeSlice: q } });
    const left = times.flush + times.unmap - 1500;
    const longer = requests[0]!.ended - whole;
    const expected = left * ((n + 1) / cpus - 1);
    assert.ok(Math.abs(longer - expected) <= ((n + 1) * q) / cpus + q, `${n} on ${cpus}: ${longer}, ${expected}`);
  }
});

test('splits share the CPUs: spinners of one keep the splitter of another waiting', () => {
  // The first splitter hangs behind four spinners; another one that comes later never gets a CPU.
  const { findings, requests } = split({
    waiters: tails(4),
    more: [{ cpu: 1, start: 20_000, waiters: [] }],
    horizon: 1e12,
  });
  assert.deepEqual(
    findings.map(({ request, cpuTime }) => [request, cpuTime]),
    [
      [7, 4 * rules.patience],
      [8, 0],
    ],
  );
  // All CPUs are taken for both, although nobody spins for the second.
  for (const { says } of findings) assert.match(says, /^4 of 4 CPUs spin/);
  assert.ok(requests.every(({ ended }) => Number.isNaN(ended)));
  // Nothing of the first is counted twice for that.
  const { counters } = split({ waiters: tails(4), horizon: 1e12 }).requests[0]!;
  assert.equal(requests[0]!.counters.cpuBurnt, counters.cpuBurnt);
  assert.equal(requests[0]!.counters.stall, counters.stall);
  // Two splits side by side take no longer than one where there are CPUs for both.
  const beside = split({ more: [{ cpu: 1, start: 0, waiters: [] }] });
  assert.deepEqual(
    beside.requests.map(({ ended }) => ended),
    [whole, whole],
  );
});

test('random waiters: every split ends or has a finding, references add up, the same again', () => {
  const waiter = fc.record({
    cpu: fc.nat(5),
    at: fc.integer({ min: 0, max: 20_000 }),
    from: fc.constantFrom('user', 'copy', 'gup') as fc.Arbitrary<SplitWaiter['from']>,
    tail: fc.boolean(),
  });
  const setting = fc.record({
    waiters: fc.array(waiter, { maxLength: 12 }),
    cpus: fc.integer({ min: 1, max: 4 }),
    preemption: fc.constantFrom('none', 'voluntary', 'full') as fc.Arbitrary<CpuRules['preemption']>,
    timeSlice: fc.integer({ min: 200, max: 5000 }),
    mapped: fc.nat(3),
    kind: fc.constantFrom('anon', 'shmem') as fc.Arbitrary<FolioSpec['kind']>,
    wait: fc.constantFrom('none', 'head page', 'spin', 'spin and yield', 'spin, yield in GUP') as fc.Arbitrary<
      Decisions['tailPageWait']
    >,
    brief: fc.nat(500),
    second: fc.array(waiter, { maxLength: 4 }),
    later: fc.nat(15_000),
  });
  fc.assert(
    fc.property(setting, ({ waiters, cpus, preemption, timeSlice, mapped, kind, wait, brief, second, later }) => {
      const again = (stepwise: boolean) =>
        split({
          decisions: withWait(wait),
          cpus,
          waiters,
          rules: { preemption, timeSlice },
          folio: { mapped, kind },
          world: { entryWaitReferenceTime: () => brief },
          horizon: 1e9,
          stepwise,
          more: [{ cpu: 1, start: later, waiters: second }],
        });
      const result = again(true);
      for (const { demand, ended, counters } of result.requests) {
        const found = result.findings.filter(({ request }) => request === demand.id);
        assert.equal(found.length, Number.isNaN(ended) ? 1 : 0);
        if (wait === 'none') assert.equal(counters.cpuBurnt, 0);
      }
      if (result.findings.length > 0) assert.equal(preemption, 'none');
      assert.deepEqual(again(true), result);
      assert.deepEqual({ ...again(false), events: 0 }, { ...result, events: 0 });
    }),
    { numRuns: 100 },
  );
});
