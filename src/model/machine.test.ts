import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { resolvePolicy } from '../policies/policies.ts';
import { type Background, type BackgroundSource, emptyBackground, type RequestDemand } from './demand.ts';
import { keptViews } from './folio-rows.ts';
import { logKind, ModelLog } from './log.ts';
import { Machine, type MachineInput, type MachineResult, type RequestResult } from './machine.ts';
import { rowsOf } from './made-up.ts';
import { inputs, luckyWorld, policies, type RandomInput } from './test-support.ts';
import { emptyWorld, type Visit, type World } from './world.ts';

const outcome = (decisions: ConstructorParameters<typeof Machine>[0], seed: number, input: MachineInput) =>
  JSON.stringify(new Machine(decisions, luckyWorld(seed), input).run());

test('any demand under any policy: what must hold holds after every step, and every folio ends exactly once', () => {
  fc.assert(
    fc.property(inputs, policies, fc.nat(), (input, { name, decisions }, seed) => {
      const machine = new Machine(decisions, luckyWorld(seed), { ...input, stepwise: true });
      let steps = 0;
      while (machine.step()) {
        const broken = machine.brokenInvariants();
        if (broken.length > 0) assert.deepEqual(broken, [], name);
        assert.ok(++steps < 200_000, 'the machine must come to an end');
      }
      const { requests } = machine.result();
      assert.equal(requests.length, input.requests.length);
      for (const { demand, chunks, counters, ended, returned } of requests) {
        const members = chunks.flat();
        assert.deepEqual(
          members.map((member) => member.folio),
          demand.chunks.flatMap((chunk) => chunk.folios),
        );
        const moved = members.filter((member) => member.ending === 'moved' || member.ending === 'reclaimed').length;
        assert.equal(counters.movedFolios, moved);
        // An allocation that one area served does not want the rest.
        const spared = demand.model === 'cma' && returned === 0 ? 'not tried' : undefined;
        const wanted = members.filter((member) => member.ending !== spared).length;
        assert.equal(counters.failedFolios, wanted - moved);
        const unfinished = members.some((member) => member.ending === 'unfinished');
        assert.ok(!unfinished || Number.isNaN(ended));
        assert.equal(
          counters.episodes,
          members.reduce((sum, member) => sum + member.episodes, 0),
        );
        assert.equal(
          counters.moveAttempts,
          members.reduce((sum, member) => sum + member.attempts, 0),
        );
        for (const [counter, value] of Object.entries(counters)) assert.ok(value >= 0, `${counter} ${value}`);
      }
      // Nothing is locked or isolated but by a request that has not ended.
      if (requests.every(({ ended }) => !Number.isNaN(ended))) {
        for (const folioNow of machine.folios) {
          assert.ok(folioNow.lockedBy < 0);
          assert.equal(folioNow.isolated, false);
          assert.equal(folioNow.entries, 0);
          assert.equal(folioNow.entryWaitReferences, 0);
        }
      }
    }),
    { numRuns: 200, seed: 11 },
  );
});

test('the same seed gives the same outcome; a policy that answers as mainline does is mainline', () => {
  fc.assert(
    fc.property(inputs, fc.nat(), (input, seed) => {
      const mainline = resolvePolicy('linux-6.12.117');
      const first = outcome(mainline.decisions, seed, input);
      assert.equal(outcome(mainline.decisions, seed, input), first);
      const same = { ...mainline.decisions, onMismatch: () => 'keep' as const, plan: { ...mainline.decisions.plan } };
      assert.equal(outcome(same, seed, input), first);
    }),
    { numRuns: 60, seed: 5 },
  );
});

/** The same rows in blocks of these lengths, empty ones among them. */
function inBlocks(rows: Background, lengths: readonly number[]): BackgroundSource {
  let row = 0;
  let block = 0;
  return {
    next() {
      if (row >= rows.length && block >= lengths.length) return undefined;
      const from = row;
      row = Math.min(rows.length, block < lengths.length ? from + lengths[block++]! : rows.length);
      return {
        length: row - from,
        time: rows.time.subarray(from, row),
        cpu: rows.cpu.subarray(from, row),
        action: rows.action.subarray(from, row),
        folio: rows.folio.subarray(from, row),
      };
    },
  };
}

test('running on is stepping, a source is its rows, a log changes nothing', () => {
  const lengths = fc.array(fc.nat(9), { maxLength: 12 });
  fc.assert(
    fc.property(inputs, policies, fc.nat(), lengths, (input, { name, decisions }, seed, blocks) => {
      const stepped = outcome(decisions, seed, { ...input, stepwise: true });
      assert.equal(outcome(decisions, seed, input), stepped, name);
      const source = inBlocks(input.background, blocks);
      assert.equal(outcome(decisions, seed, { ...input, background: source }), stepped, `${name}, in blocks`);
      const log = new ModelLog();
      assert.equal(outcome(decisions, seed, { ...input, log }), stepped, `${name}, logged`);
    }),
    { numRuns: 150, seed: 23 },
  );
});

test('requests from a generator, their results handed over: the same as from a list', () => {
  fc.assert(
    fc.property(inputs, fc.nat(), (input, seed) => {
      const { decisions } = resolvePolicy('linux-6.12.117');
      const requests = [...input.requests].sort((a, b) => a.start - b.start);
      const kept = new Machine(decisions, luckyWorld(seed), { ...input, requests }).run();
      const handed: RequestResult[] = [];
      const onRequest = (result: RequestResult) => handed.push(result);
      const streamed = new Machine(decisions, luckyWorld(seed), {
        ...input,
        requests: (function* () {
          yield* requests;
        })(),
        onRequest,
      }).run();
      assert.deepEqual(streamed.requests, []);
      assert.equal(streamed.events, kept.events);
      assert.deepEqual(streamed.background, kept.background);
      // What faults that a request left asleep on a lock sleep after its end is nobody's; everything else is equal.
      const facts = (results: readonly RequestResult[]) =>
        results
          .filter(({ demand }) => demand.start <= input.horizon)
          .map(({ counters, ...rest }) => ({ ...rest, counters: { ...counters, stall: 0, waiterWakes: 0 } }))
          .sort((a, b) => a.demand.id - b.demand.id);
      assert.deepEqual(facts(handed), facts(kept.requests));
    }),
    { numRuns: 60, seed: 31 },
  );
});

test('folios of a source, of which no view is ever found again: the same as from a list', () => {
  // Views are kept by the last bits of ids, which are all alike here, so that every look at a folio makes a new one.
  const far = (id: number) => (id < 0 ? id : id * keptViews);
  const near = (visit: Visit): Visit => ({ ...visit, folio: visit.folio / keptViews });
  const scaled = (world: World): World => ({
    ...world,
    serviceTime: (service, visit) => world.serviceTime(service, near(visit)),
    faultEnters: (visit, window) => world.faultEnters(near(visit), window),
    entryWaiter: (visit, n, from) => world.entryWaiter(near(visit), n, from),
    entryWaitReferenceTime: (visit, n) => world.entryWaitReferenceTime(near(visit), n),
    obstacles: (request, folio) => world.obstacles(request, folio / keptViews),
    transient: (visit) => world.transient(near(visit)),
    staleWaiters: (visit) => world.staleWaiters!(near(visit)),
    refuses: (visit, step) => world.refuses!(near(visit), step),
  });
  fc.assert(
    fc.property(inputs, policies, fc.nat(), (input, { name, decisions }, seed) => {
      const { folios, requests, background } = input;
      const sparse: MachineInput = {
        ...input,
        folios: { length: folios.length * keptViews, spec: (id) => folios[id / keptViews]! },
        requests: requests.map((demand) => ({
          ...demand,
          chunks: demand.chunks.map((chunk) => ({ ...chunk, folios: chunk.folios.map(far) })),
        })),
        background: { ...background, folio: background.folio.map(far) },
      };
      const dense = new Machine(decisions, luckyWorld(seed), input).run();
      const made = new Machine(decisions, scaled(luckyWorld(seed)), sparse).run();
      const facts = (result: MachineResult, scale: number) =>
        result.requests.map(({ ended, returned, counters, totals, chunks }) => [
          [ended, returned, counters, totals],
          chunks.flat().map((member) => ({ ...member, folio: member.folio / scale })),
        ]);
      assert.deepEqual(facts(made, keptViews), facts(dense, 1), name);
      assert.deepEqual(
        [made.background, made.refusedAdds, made.events],
        [dense.background, dense.refusedAdds, dense.events],
      );
    }),
    { numRuns: 100, seed: 43 },
  );
});

test('what comes after the horizon changes nothing before it', () => {
  const early = ({ background, horizon }: RandomInput): Background => {
    const length = background.time.findIndex((time) => time > horizon);
    return length < 0 ? background : { ...background, length };
  };
  fc.assert(
    fc.property(inputs, policies, fc.nat(), (input, { name, decisions }, seed) => {
      const short = { ...input, horizon: 2000 };
      const known = short.requests.filter(({ start }) => start <= short.horizon);
      const whole = JSON.parse(outcome(decisions, seed, short));
      const cut = JSON.parse(outcome(decisions, seed, { ...short, requests: known, background: early(short) }));
      const begun = (result: { requests: { demand: { start: number } }[] }) =>
        result.requests.filter(({ demand }) => demand.start <= short.horizon);
      assert.deepEqual(begun(whole), begun(cut), name);
      assert.deepEqual(whole.background, cut.background, name);
    }),
    { numRuns: 60, seed: 37 },
  );
});

test('a log is in order of time but for what is only found out later, and every row names its request', () => {
  fc.assert(
    fc.property(inputs, fc.nat(), (input, seed) => {
      const log = new ModelLog();
      new Machine(resolvePolicy('linux-6.12.117').decisions, luckyWorld(seed), { ...input, log }).run();
      const late = new Set([
        logKind['lock sleep'],
        logKind['lock got'],
        logKind['entry sleep'],
        logKind['entry woken'],
      ]);
      let before = 0;
      for (let i = 0; i < log.length; i++) {
        assert.ok(log.run[i]! >= -1 && log.run[i]! < input.requests.length);
        if (late.has(log.kind[i]!)) continue;
        assert.ok(log.time[i]! >= before, `row ${i}: ${log.time[i]} after ${before}`);
        before = log.time[i]!;
      }
    }),
    { numRuns: 60, seed: 41 },
  );
});

test('requests and blocks out of order are refused, not run in the wrong order', () => {
  const { decisions } = resolvePolicy('linux-6.12.117');
  const call = (id: number, start: number): RequestDemand => ({
    id,
    model: 'call',
    reason: 'any',
    mode: 'sync',
    cpu: 0,
    start,
    end: start,
    chunks: [],
  });
  const machine = { cpus: 1, folios: [], requests: [], background: emptyBackground };
  const backwards = new Set([call(0, 10), call(1, 5)]);
  const run = (input: Partial<MachineInput>) => () =>
    new Machine(decisions, emptyWorld, { ...machine, ...input }).run();
  assert.throws(run({ requests: backwards }), /request 1 starts at 5, after one of 10/);
  assert.deepEqual(
    run({ requests: [...backwards] })().requests.map(({ ended }) => ended),
    [10, 5],
    'an array is put in order, and its results stay in its own',
  );
  const blocks = [rowsOf([[10, 0, 0, -1]]), rowsOf([[9, 0, 0, -1]])];
  assert.throws(run({ background: { next: () => blocks.shift() } }), /begins at 9/);
});
