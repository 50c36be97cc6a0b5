import { strict as assert } from 'node:assert';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { workOut } from '../../history/history.ts';
import { resolvePolicy } from '../../policies/policies.ts';
import { readBytes } from '../../read/bytes.ts';
import { openCapture } from '../../read/file.ts';
import { tracePath } from '../../test-support.ts';
import { ftraceText } from '../../write/emit/ftrace.ts';
import { madeUpHistory } from '../made-up.ts';
import { recordedPolicy } from '../recorded.ts';
import { stageOf } from '../stage.ts';
import { meanOf } from './durations.ts';
import { eventsOf } from './events.ts';
import { type Fitted, fitScenario } from './fit.ts';
import { printScenario } from './print.ts';
import { rateOf, shareOf } from './rates.ts';
import { recordScenario } from './record.ts';
import { runScenario } from './run.ts';
import { parseScenario } from './schema.ts';

const duration = 4e9;
/** One window of exactly 20 us in each episode; three tasks that touch 512 folios. */
const window = 20e3;
const touchGap = 8e3;
const text = `
name: known
kernel: linux-6.1.192
duration: 4s
machine: { cpus: 4 }
folios: [{ name: hot, count: 512, kind: shmem, mapped: 2 }]
tasks:
  - { name: toucher, count: 3, cpus: [1, 2, 3], does: [{ touch: hot, every: { exponential: 8us } }] }
  - { name: filler, cpus: [2], does: [{ fault: others, every: { exponential: 400us } }] }
  - { name: reader, cpus: [3], does: [{ read: hot, every: { exponential: 500us } }] }
requests: [{ name: mover, model: move_pages, of: hot, at: { every: { exponential: 40ms }, count: 200 }, list: 32 }]
services: { unmap: 5us, flush: 20us, attempt: 2us, copy: 4us, restore: 1us, drain work: 30us, expedited rcu: 50us, release: 50us }
`;

async function fitted(written: string, seed: number): Promise<Fitted> {
  const scenario = parseScenario(written, 'known.yaml');
  const policy = resolvePolicy(`linux-${scenario.kernel}`);
  const recording = recordScenario(scenario, policy, { seed });
  const bytes = new TextEncoder().encode([...ftraceText(eventsOf(recording), recording)].join(''));
  const chunks = (async function* () {
    yield bytes;
  })();
  const open = await readBytes('known.txt', chunks, { kernelVersion: scenario.kernel, pageSize: 4096 });
  return fitScenario(stageOf(await workOut(open), policy));
}

test('what was written from known rates is fitted to those rates', async () => {
  const { scenario, remarks } = await fitted(text, 3);
  const { tasks, requests, folios, services } = scenario;
  const [line] = requests;
  assert.equal(line?.model, 'move_pages');
  assert.equal(line.list, 32);
  assert.ok(Array.isArray(line.at) && line.at.length > 60);
  assert.equal(folios[0]?.mapped, 2);
  assert.ok(folios[0].count <= 512 && folios[0].count > 480, `${folios[0].count} of 512 folios told apart`);
  const gapOf = (cpu: number, deed: string, of: string) => {
    const task = tasks.find(({ name }) => name === `cpu ${cpu}`);
    const found = task?.does.find((one) => (one.deed as Record<string, unknown>)[deed] === of);
    return found?.every === undefined ? Number.NaN : meanOf(found.every);
  };
  // A Poisson count n has the standard deviation sqrt(n): 4 s / 400 us = 10,000 faults, known to 1 % (one s.e.).
  const faults = duration / 400e3;
  assert.ok(Math.abs(duration / gapOf(2, 'fault', 'others') - faults) < 4 * Math.sqrt(faults));
  // The second access of a folio activates it, and then it is active: of 8000 reads little more are told than two a folio
  // (one that is queued twice is activated twice). So much the remarks say.
  const reads = duration / gapOf(3, 'read', folios[0].name);
  assert.ok(reads > 512 && reads < 1100, `${reads} reads`);
  assert.ok(remarks.some((remark) => /active already/.test(remark)));
  // Touches: rw = -ln(1 - p) with p from n first episodes; p is known to sqrt(p (1 - p) / n).
  const touching = tasks.find(({ name }) => name === 'touching');
  const every = touching?.does[0]?.every;
  assert.ok(touching !== undefined && every !== undefined && services.entry?.kind === 'fixed');
  const product = (services.entry.ns * touching.count) / meanOf(every) / folios[0].count;
  const truth = (3 / touchGap / 512) * window;
  const n = line.at.length * 32;
  const error = Math.sqrt((1 - Math.exp(-truth)) / Math.exp(-truth) / n);
  assert.ok(
    Math.abs(product - truth) < 4 * error,
    `${product} touches in a window, ${truth} were put in, s.e. ${error}`,
  );
  assert.ok(remarks.some((remark) => /only their number in a window is told/.test(remark)));
  // It is a scenario: it reads back, and it runs.
  assert.deepEqual(parseScenario(printScenario(scenario), 'again.yaml'), scenario);
  assert.ok(runScenario(scenario, resolvePolicy('linux-6.1.192'), { seed: 1, draw: 0 }).values.calls > 60);
});

const real = tracePath('pairs', 'shared-anon-hot', 'baseline', 'run01', 'trace.txt.gz');

test('a real capture becomes a scenario that runs, and says what it could not tell', {
  skip: !existsSync(real) && 'no such capture',
}, async () => {
  const open = await openCapture(real);
  const history = await workOut(open);
  const { policy } = recordedPolicy(history.capture);
  const { scenario, remarks } = fitScenario(stageOf(history, policy));
  assert.deepEqual(parseScenario(printScenario(scenario), 'again.yaml'), scenario);
  assert.ok(remarks.length > 0);
  const { values } = runScenario(scenario, policy, { seed: 1, draw: 0 });
  assert.ok(values.calls > 0 && values.movedFolios > 0);
  assert.ok(Object.keys(scenario.estimated ?? {}).length > 0);
});

test('intervals hold what they are of 19 times in 20', () => {
  // Exact figures: a gamma posterior of shape 10.5 has its 2.5th and 97.5th percentiles at 5.14 and 17.74 (chi-square of
  // 21 degrees of freedom, halved: 10.283 and 35.479), and Wilson's interval of 8 of 80 is 5.2 % to 18.5 %.
  const rate = rateOf(10, 1);
  assert.ok(Math.abs(rate.low - 5.1414) < 0.02 && Math.abs(rate.high - 17.7395) < 0.02, JSON.stringify(rate));
  const share = shareOf(8, 80);
  assert.ok(Math.abs(share.low - 0.0515) < 0.0005 && Math.abs(share.high - 0.1851) < 0.0005, JSON.stringify(share));
  assert.deepEqual(shareOf(0, 0), { value: Number.NaN, low: 0, high: 1 });
});

test('requests of one list get a line and a group of folios for each size of list', () => {
  const history = madeUpHistory([['m'], ['m', 'um'], ['m', 'uu'], ['m', 'm', 'm']]);
  const { scenario, remarks } = fitScenario(stageOf(history, resolvePolicy('linux-6.12.117')));
  assert.deepEqual(
    scenario.requests.map(({ name, of, list, at }) => [name, of, list, Array.isArray(at) ? at.length : at]),
    [
      ['move_pages sync by 2', 'of move_pages sync by 2', 2, 2],
      ['move_pages sync by 1', 'of move_pages sync by 1', 1, 1],
      ['move_pages sync by 3', 'of move_pages sync by 3', 3, 1],
    ],
  );
  assert.ok(!remarks.some((remark) => remark.includes('the median')), remarks.join());
});
