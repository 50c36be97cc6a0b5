import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { ScenarioError, TraceError } from '../base/errors.ts';
import { workOut } from '../history/history.ts';
import { openCapture } from '../read/file.ts';
import { madeUpHistory } from '../replay/made-up.ts';
import { metricNames } from '../replay/outcome.ts';
import { tracePath } from '../test-support.ts';
import { compare } from './compare.ts';

const history = madeUpHistory(
  Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? ['m', 'm', 'um', 'uu'] : ['m', 'm', 'm', 'm'])),
);
const small = { draws: 20, policies: ['refcheck-unmap', 'waiters-undo', 'drain-once'] };

test('the recorded policy stands first, and differs from itself in nothing', () => {
  const { rows, recorded, reproduction } = compare(history, small);
  assert.equal(rows[0]!.policy, recorded);
  assert.equal(recorded, 'linux-6.12.117');
  assert.deepEqual(reproduction, { folios: 160, reproduced: 160, otherOutcome: 0, misses: [] });
  for (const metric of metricNames) {
    const { estimate } = rows[0]!.difference[metric];
    assert.ok(estimate === 0 || Number.isNaN(estimate), metric);
  }
});

test('the same capture, policies and seed: the same bytes; another seed: others', () => {
  const text = (seed: number) => JSON.stringify(compare(history, { ...small, seed }));
  assert.equal(text(1), text(1));
  assert.notEqual(text(1), text(2));
});

test('policies that nothing in this demand tells apart are said to coincide', () => {
  const calm = madeUpHistory(Array.from({ length: 10 }, () => ['m', 'm']));
  const { rows } = compare(calm, small);
  const coinciding = (name: string) => rows.find(({ policy }) => policy === name)!.coincidesWith;
  assert.deepEqual(coinciding('refcheck-unmap'), ['linux-6.12.117', 'waiters-undo']);
  // It saves the RCU wait of disabling caches even where nobody is in the way.
  assert.deepEqual(coinciding('drain-once'), []);
  const busy = compare(history, small).rows.find(({ policy }) => policy === 'refcheck-unmap')!;
  assert.deepEqual(busy.coincidesWith, []);
});

test('what becomes of each folio given up adds up to the difference, cause by cause', () => {
  const { rows } = compare(history, small);
  const given = rows[0]!.value.failedFolios.estimate;
  // Bounds need not add up: each is of its own number.
  const told = rows.filter(({ answer }) => answer !== 'bounded');
  assert.ok(told.length > 2);
  for (const { policy, fates, value, difference } of told) {
    const { moved, notReached, again, instead, byCause } = fates;
    const near = (a: number, b: number, what: string) =>
      assert.ok(Math.abs(a - b) < 1e-9, `${policy} ${what}: ${a}, ${b}`);
    near(moved.estimate + notReached.estimate + again.estimate, given, 'recorded');
    near(again.estimate + instead.estimate, value.failedFolios.estimate, 'given up');
    near(instead.estimate - moved.estimate - notReached.estimate, difference.failedFolios.estimate, 'difference');
    near(
      byCause.reduce((sum, row) => sum + row.moved.estimate, 0),
      moved.estimate,
      'by cause',
    );
  }
  assert.ok(told.some(({ fates }) => fates.moved.estimate > 0));
});

test('several policies: differences are wider than one policy alone would have them, and it is said', () => {
  const alone = compare(history, { draws: 200, policies: ['refcheck-unmap'] });
  const many = compare(history, { draws: 200 });
  const of = ({ rows }: typeof alone) =>
    rows.find(({ policy }) => policy === 'refcheck-unmap')!.difference.failedFolios;
  assert.equal(of(alone).estimate, of(many).estimate);
  assert.ok(of(many).high >= of(alone).high && of(many).low <= of(alone).low);
  assert.match(many.multiplicity.method, /simultaneous bands/);
  assert.ok(many.remarks.some((remark) => remark.includes(many.multiplicity.method)));
  assert.match(alone.multiplicity.method, /percentile/);
  assert.ok(!alone.remarks.some((remark) => remark.includes('hold together')));
});

test('events lost during a request put its failed folios in doubt, and all of them where its end was lost', (t) => {
  t.after(() => {
    history.capture.losses.length = 0;
  });
  history.capture.losses.push({ cpu: 0, count: 3, start: 1, end: 2, how: 'lost', place: 'line 1' });
  const changed = (complete: 'whole' | 'no end') => ({
    ...history,
    calls: history.calls.map((call) => (call.id < 2 ? { ...call, lossy: true, complete } : call)),
  });
  const sure = compare(history, small).rows[1]!.difference.failedFolios;
  const unsure = compare(changed('whole'), small);
  // Of eight folios in two requests one was not moved.
  assert.equal(unsure.rows[1]!.difference.failedFolios.high - sure.high, 1);
  assert.equal(sure.low - unsure.rows[1]!.difference.failedFolios.low, 1);
  assert.ok(unsure.remarks.some((remark) => remark.includes('lost events')));
  assert.equal(compare(changed('no end'), small).rows[1]!.difference.failedFolios.high - sure.high, 8);
});

test('the share of events that is lost widens every number, and more of it more', () => {
  const widths = [0, 10, 100].map((count) => {
    const capture = { ...history.capture, losses: [...history.capture.losses] };
    if (count > 0) capture.losses.push({ cpu: 0, count, start: 1, end: 2, how: 'lost', place: 'line 1' });
    const { value, difference } = compare({ ...history, capture, eventsByCpu: [{ cpu: 0, events: 1000 }] }, small)
      .rows[1]!;
    return [value.calls, value.timeUnderEntries, difference.episodes].map(({ low, high }) => high - low);
  });
  for (const metric of [0, 1, 2]) {
    const [none, few, many] = widths.map((width) => width[metric]!);
    assert.ok(none! < few! && few! < many!, `${none}, ${few} and ${many}`);
  }
});

test('a kernel without a start event does not make every outcome doubtful', () => {
  const calls = history.calls.map((call) => ({ ...call, complete: 'no start' as const }));
  const whole = compare(history, small).rows[1]!.value.failedFolios;
  const old = compare({ ...history, calls }, small);
  assert.deepEqual(old.rows[1]!.value.failedFolios, whole);
  assert.ok(!old.remarks.some((remark) => remark.includes('begins or ends within')));
  // Where the event exists, a call without it was cut off.
  const cut = { ...history, calls: history.calls.map((call, i) => (i === 0 ? calls[0]! : call)) };
  const { rows, remarks } = compare(cut, small);
  assert.equal(rows[1]!.value.failedFolios.high - whole.high, 4);
  assert.deepEqual(rows[0]!.difference.failedFolios, { estimate: 0, low: 0, high: 0 });
  assert.ok(remarks.some((remark) => remark.includes('begins or ends within 1 of 40 requests')));
});

test('what no event of a kernel shows is not asked to be recorded on it', () => {
  const old = { ...history, observed: { ...history.observed, episodes: 'unknown' as const } };
  old.capture = { ...history.capture, kernelVersion: { value: '5.10.223', from: 'option' } };
  const { refusals } = compare(old, { policies: ['refcheck-unmap', 'drain-once'], draws: 2 });
  assert.match(refusals[0]!.record, /record on a later one/);
});

test('a policy that the capture cannot feed is refused, with what to record; alone it is an error', () => {
  const blind = { ...history, observed: { ...history.observed, batchFlushes: 'unknown' as const } };
  const { refusals, rows } = compare(blind, small);
  assert.deepEqual(
    refusals.map(({ policy }) => policy),
    ['drain-once'],
  );
  assert.match(refusals[0]!.record, /^trace-cmd record -C mono .*-e pagemap:mm_lru_insertion .*sleep 30$/);
  assert.equal(rows.length, 3);
  assert.throws(() => compare(blind, { policies: ['drain-once'] }), TraceError);
});

test('a capture without calls has nothing to replay, and the error says what to record', () => {
  const empty = madeUpHistory([]);
  assert.throws(
    () => compare(empty),
    (error: unknown) =>
      error instanceof TraceError && /nothing to replay/.test(error.message) && /mm_migrate_pages/.test(error.hint),
  );
});

test('a capture that does not say its kernel asks for it', () => {
  const nameless = madeUpHistory([['m']]);
  delete nameless.capture.kernelVersion;
  assert.throws(
    () => compare(nameless),
    (error: unknown) => error instanceof ScenarioError && error.hint.includes('--kernel'),
  );
});

test('an unknown policy is an error that names near ones', () => {
  assert.throws(
    () => compare(history, { policies: ['drain-onse'] }),
    (error: unknown) => error instanceof ScenarioError && error.hint.includes('drain-once'),
  );
});

test('an assumption that nothing hangs on has no sensitivity; one that matters moves the answer', () => {
  // Blocked once each and never tried again: nothing in the capture says what a further episode would have met.
  const once = madeUpHistory(Array.from({ length: 50 }, () => ['m', 'u']));
  const { assumptions, rows } = compare(once, { draws: 40, policies: ['waiters-undo'] });
  const again = assumptions.find(({ name }) => name === 'blocked-again')!;
  const { policy, halved, asItIs, doubled } = again.most!;
  assert.ok(halved < asItIs && asItIs < doubled, `${halved}, ${asItIs} and ${doubled}`);
  assert.equal(policy, 'waiters-undo');
  assert.deepEqual(
    again.moves.map((move) => move.policy),
    rows.map((row) => row.policy),
  );
  const pin = assumptions.find(({ name }) => name === 'pin-outlives-request')!;
  assert.deepEqual([pin.moves, pin.most], [[], undefined]);
  assert.equal(rows[1]!.answer, 'assumed');
});

test('an integer clock gives orders but no durations', async () => {
  const folder = tracePath('debian-6.1-4k', 'anon_vmsplice_counter', 'trace.txt.gz');
  const { rows, remarks } = compare(await workOut(await openCapture(folder)), { draws: 5, policies: ['drain-once'] });
  assert.ok(Number.isNaN(rows[0]!.value.timeUnderEntries.estimate));
  assert.ok(Number.isFinite(rows[0]!.value.failedFolios.estimate));
  assert.ok(remarks.some((remark) => remark.includes('orders but no durations')));
});

test('fidelity of a real capture: the withheld total lies in what is predicted from the other requests', async () => {
  const folder = tracePath('pairs', 'shared-anon-hot', 'baseline', 'run01', 'trace.txt.gz');
  const { fidelity, blame } = compare(await workOut(await openCapture(folder)), {
    draws: 60,
    policies: ['waiters-undo'],
  });
  assert.equal(fidelity.recordedFailures, 23);
  assert.ok(fidelity.within, `${fidelity.predictedFailures.low} to ${fidelity.predictedFailures.high}`);
  assert.equal(fidelity.folios, 293);
  assert.equal(
    fidelity.calibration.reduce((sum, { folios }) => sum + folios, 0),
    293,
  );
  assert.equal(blame[0]!.cause, 'lock-blocked fault');
});
