import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { balance } from '../../events/capture.ts';
import { workOut } from '../../history/history.ts';
import { layAlternative, resolvePolicy } from '../../policies/policies.ts';
import { randomChoices } from '../../policies/random.ts';
import { readBytes } from '../../read/bytes.ts';
import { eventsOf } from '../../replay/scenario/events.ts';
import { recordScenario } from '../../replay/scenario/record.ts';
import { anyScenario, shortened } from '../../replay/scenario/test-support.ts';
import { truthOf } from '../../replay/scenario/truth.ts';
import { ftraceText } from './ftrace.ts';

test('of any scenario under any policy a whole, ordered capture is written, with every call and episode in it', async () => {
  let calls = 0;
  let episodes = 0;
  await fc.assert(
    fc.asyncProperty(
      anyScenario.map((scenario) => shortened(scenario, 1e8)),
      fc.array(fc.nat(999), { minLength: 17, maxLength: 17 }),
      async (scenario, luck) => {
        const { pageSize } = scenario.machine;
        let i = 0;
        const choices = randomChoices(() => luck[i++ % luck.length]! / 1000);
        const base = resolvePolicy(`linux-${scenario.kernel}`, undefined, { pageSize });
        const policy = layAlternative({ name: 'any', title: '', source: '', choices }, 'user', base);
        const recording = recordScenario(scenario, policy, { seed: luck[0]! });
        const text = [...ftraceText(eventsOf(recording), recording)].join('');
        const chunks = (async function* () {
          yield new TextEncoder().encode(text);
        })();
        const history = await workOut(await readBytes('any', chunks, { kernelVersion: scenario.kernel, pageSize }));
        const { capture } = history;
        assert.ok(balance(capture.accounting));
        assert.equal(capture.accounting.skipped + capture.accounting.generic + capture.inversions, 0);
        const truth = truthOf(recording);
        const seen = scenario.kernel.startsWith('5.10')
          ? truth.calls.filter(({ end }) => !Number.isNaN(end))
          : truth.calls;
        assert.equal(history.calls.length, seen.length);
        calls += seen.length;
        episodes += history.episodes.length;
        assert.deepEqual(
          history.calls.map(({ succeeded, failed }) => [succeeded, failed]).sort(),
          seen.map(({ succeeded, failed }) => [succeeded, failed]).sort(),
        );
        if (pageSize === 65536 || scenario.kernel.startsWith('5.10')) return;
        const tally = (list: readonly { outcome: string }[]) =>
          ['moved', 'undone', 'open'].map((one) => list.filter(({ outcome }) => outcome === one).length);
        assert.deepEqual(tally(history.episodes), tally(truth.episodes));
      },
    ),
    { numRuns: 25 },
  );
  assert.ok(calls > 0 && episodes > 0, `${calls} calls, ${episodes} episodes`);
});
