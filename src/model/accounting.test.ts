import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RequestModel } from './demand.ts';
import { logKinds, ModelLog } from './log.ts';
import { Machine } from './machine.ts';
import { inputs, luckyWorld, policies } from './test-support.ts';
import type { Obstacle, World } from './world.ts';

/** Requests whose folios leave their place in calls of migrate_pages() alone, each in one. */
const plain: readonly RequestModel[] = ['call', 'move_pages', 'migrate_pages'];

const noMemory: Obstacle = { holder: 'no memory', from: 0, until: Number.POSITIVE_INFINITY, references: 0 };

test('base pages of the event are those of the folios that moved and failed', () => {
  let compared = 0;
  let exact = 0;
  let split = 0;
  fc.assert(
    fc.property(inputs, policies, fc.nat(), (input, { name, decisions }, seed) => {
      const log = new ModelLog();
      const lucky = luckyWorld(seed);
      // Memory is short for a folio in four, which may be split then.
      const world: World = {
        ...lucky,
        obstacles: (id, folio) => (folio % 4 === seed % 4 ? [noMemory] : lucky.obstacles(id, folio)),
      };
      const { requests } = new Machine(decisions, world, { ...input, log }).run();
      for (const { demand, chunks, counters, totals, ended } of requests) {
        // What it prints is the sum of what its calls print.
        let printed = 0;
        let calls = 0;
        for (let i = 0; i < log.length; i++) {
          if (log.run[i] !== demand.id || logKinds[log.kind[i]!] !== 'call end') continue;
          printed += log.a[i]! + log.b[i]!;
          calls++;
        }
        assert.equal(printed, totals.succeeded + totals.failed, name);
        if (Number.isNaN(ended) || !plain.includes(demand.model)) continue;
        assert.equal(calls, counters.calls);
        const pagesOf = (endings: readonly string[]) =>
          chunks
            .flat()
            .filter(({ ending }) => endings.includes(ending))
            .reduce((sum, member) => sum + 2 ** input.folios[member.folio]!.order, 0);
        const moved = pagesOf(['moved']);
        // Freed in a call, which counts as success, or before it could be isolated, which is in no call.
        const gone = moved + pagesOf(['reclaimed']);
        const stayed = pagesOf(['failed']);
        compared++;
        if (counters.splits === 0) {
          assert.ok(totals.succeeded >= moved && totals.succeeded <= gone, name);
          if (gone === moved) exact++;
          // A call that ran out of memory leaves folios that it never looked at.
          assert.ok(totals.failed <= stayed, name);
          assert.equal(totals.thpSplit, 0);
        } else {
          split++;
          // Of a split folio that stays some pages have moved.
          assert.ok(totals.succeeded >= moved && totals.succeeded + totals.failed <= gone + stayed, name);
        }
        assert.ok(totals.thpSucceeded * 512 <= totals.succeeded);
      }
    }),
    { numRuns: 300, seed: 31 },
  );
  assert.ok(compared > 100 && exact > 50 && split > 5, `${compared} requests, ${exact} exact, ${split} with a split`);
});
