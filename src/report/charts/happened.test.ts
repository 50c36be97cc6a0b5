/** What the charts of what happened say of made-up facts whose answers are known. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { Loss } from '../../events/capture.ts';
import type { Attempt, Episode } from '../../history/facts.ts';
import { referenceSpans } from '../../history/reference-spans.ts';
import { madeUpFacts } from '../test-support.ts';
import { blindness } from './blind.ts';
import type { Facts, Figure } from './figure.ts';
import { frames } from './frames.ts';
import { held } from './held.ts';
import { ladder } from './ladder.ts';
import { occupancy } from './occupancy.ts';
import { timeline } from './timeline.ts';
import { tries } from './tries.ts';
import { waiters } from './waiters.ts';

const facts = madeUpFacts();
const ms = 1e6;

/** The facts with others in place of some. */
function changed(history: Partial<Facts['history']>): Facts {
  return { ...facts, history: { ...facts.history, ...history } };
}

/** The cells of the row that begins with a text. */
function row(figure: Figure, begins: string): readonly string[] {
  const found = figure.tables.flatMap(({ rows }) => rows).find(([first]) => first === begins);
  assert.ok(found, `${begins} in ${figure.id}`);
  return found;
}

/** A capture of four CPUs with such losses. */
function losing(...losses: Partial<Loss>[]): Facts['history'] {
  const whole = { cpu: 0, count: 1, start: 0, end: 1, how: 'lost' as const, place: '' };
  const { capture } = facts.history;
  return { ...facts.history, capture: { ...capture, losses: losses.map((loss) => ({ ...whole, ...loss })) } };
}

test('a CPU is blind from its last event before a gap to its first after it', () => {
  const { losses, rows, shades } = blindness(losing({ cpu: 2, start: 25, end: 44 }), 0, 100, 10);
  assert.equal(losses, 1);
  assert.deepEqual(rows, [{ cpu: 2, runs: [{ from: 2, to: 5 }] }]);
  assert.deepEqual(shades, [{ from: 2, to: 5, share: 0.25 }]);
});

test('a buffer that starts late is blind up to there; a loss of no known CPU blinds all', () => {
  const late = losing({ cpu: 1, start: Number.NaN, end: 35 }, { cpu: -1, start: 30, end: 31 });
  const { rows, shades } = blindness(late, 0, 100, 10);
  assert.deepEqual(
    rows.map(({ cpu }) => cpu),
    [0, 1, 2, 3],
  );
  assert.deepEqual(shades, [
    { from: 0, to: 3, share: 0.25 },
    { from: 3, to: 4, share: 1 },
  ]);
});

test('what was lost before the span or after it does not shade it', () => {
  const outside = losing(
    { start: Number.NaN, end: 0 },
    { start: 100, end: 120 },
    { start: Number.NaN, end: Number.NaN },
  );
  assert.deepEqual(blindness(outside, 0, 100, 10), { losses: 0, rows: [], shades: [] });
});

test('the timeline says what its shades are', () => {
  assert.match(timeline(facts).finding, /Shaded: 1 stretch in which events of a CPU are missing/);
  assert.doesNotMatch(timeline({ ...facts, history: losing() }).finding, /Shaded/);
});

test('a folio of a long call is drawn when it was handled, and not when the call began', () => {
  const [call] = facts.history.calls;
  const [first, second] = call!.folios;
  const at = (end: number): Episode => ({ ...facts.history.episodes[0]!, end });
  const long = changed({
    calls: [
      {
        ...call!,
        start: 0,
        end: 1200 * ms,
        folios: [
          { ...first!, episodes: [0] },
          { ...second!, episodes: [1] },
        ],
      },
    ],
    episodes: [at(150 * ms), at(1150 * ms)],
    attempts: [],
    requests: [],
  });
  const { tables, spec } = timeline(long);
  // By call in the table, by folio in the drawing.
  const folios = tables[0]!.rows.map((cells) => cells[3]);
  assert.deepEqual(folios, ['2', ...Array<string>(11).fill('0')]);
  const { vconcat } = spec as unknown as { vconcat: { layer: { data: { values: { start: number }[] } }[] }[] };
  const bars = vconcat[0]!.layer.at(-1)!.data.values;
  assert.deepEqual(
    bars.map(({ start }) => Math.round(start * 10)),
    [1, 11],
  );
});

test('occupancy is the folios that are in a CPU’s batches at once, over time', () => {
  const { stays } = facts.history;
  const own = {
    ...stays,
    length: 3,
    cpu: Int32Array.of(0, 0, 1),
    added: Float64Array.of(0, 10 * ms, 0),
    flushed: Float64Array.of(20 * ms, 20 * ms, 40 * ms),
    flush: Int32Array.of(0, 0, 1),
  };
  const flush = { ...facts.history.flushes[0]!, start: 20 * ms, end: 20 * ms, count: 2 };
  const figure = occupancy(
    changed({ stays: own, flushes: [flush, { ...flush, cpu: 1, start: 40 * ms, end: 40 * ms, count: 1 }], drains: [] }),
  );
  // CPU 0: one folio for 10 ms and two for 10 of 40 ms.
  assert.deepEqual(row(figure, '0'), ['0', '2', '10 ms', '0.75', '2', '0']);
  assert.deepEqual(row(figure, '1'), ['1', '1', '0 s', '1', '1', '0']);
});

test('where adds are not recorded, batches are known only as they are emptied, and that is said', () => {
  const { stays } = facts.history;
  const figure = occupancy(changed({ stays: { ...stays, added: new Float64Array(stays.length).fill(Number.NaN) } }));
  assert.match(figure.finding, /^When folios were put into batches is not recorded, .* took 15 folios/);
});

test('tries are counted by folio and call, moved and failed apart', () => {
  const figure = tries(facts);
  // Made up: a folio that fails goes behind entries three times, with two attempts each time.
  assert.deepEqual(row(figure, '3'), ['3', '0', '27', '0', '0']);
  assert.deepEqual(row(figure, '6'), ['6', '0', '0', '0', '27']);
  assert.deepEqual(row(figure, '1'), ['1', '173', '0', '173', '0']);
});

test('waiters are told task by task, and who held a reference', () => {
  const cells = row(waiters(facts), 'app-113');
  assert.deepEqual(cells.slice(1, 4), ['on folio locks', '10', '9']);
  assert.equal(cells.at(-1), '10');
  const open = waiters(changed({ waits: facts.history.waits.map((wait) => ({ ...wait, end: Number.NaN })) }));
  assert.equal(open.spec, undefined);
  assert.match(open.finding, /no sleep has a seen end/);
});

test('a reference lasts from its taking to the same task’s drop; the last has no end', () => {
  const spans = referenceSpans(facts.history);
  assert.equal(spans.length, 24);
  assert.equal(spans.filter(({ end }) => Number.isNaN(end)).length, 1);
  // The migrating task's own are expected by the check.
  const { references } = facts.history;
  const own = { ...references!, pid: new Int32Array(references!.length).fill(301) };
  assert.deepEqual(referenceSpans({ ...facts.history, references: own }), []);
});

test('references are held against the time that a failing call takes', () => {
  const figure = held(facts);
  assert.match(figure.finding, /longer than a call takes \(4 ms, median of calls that failed a folio\)/);
  assert.deepEqual(row(figure, 'reference of a task').slice(2, 3), ['23']);
  assert.equal(row(figure, 'reference of a task').at(-2), '1');
});

test('a reference that checks met lasts to the first check that was right, if any was', () => {
  const [attempt] = facts.history.attempts;
  const [call] = facts.history.calls;
  const at = (id: number, start: number, references: number): Attempt => ({ ...attempt!, id, start, references });
  const attempts = [at(0, 0, 3), at(1, 2 * ms, 3), at(2, 5 * ms, 2), at(3, 0, 2), at(4, 0, 3)];
  const folios = [[0, 1, 2], [3], [4]].map((own) => ({ ...call!.folios[0]!, attempts: own }));
  const cells = row(held(changed({ attempts, calls: [{ ...call!, folios }] })), 'extra reference at checks');
  assert.deepEqual(cells.slice(2, 4), ['1', '5 ms']);
  assert.equal(cells.at(-2), '1', 'no check of the third folio was right');
});

test('areas end as they ended, and each call leaves what it left', () => {
  const figure = ladder(facts);
  assert.deepEqual(row(figure, 'got'), ['got', '2']);
  assert.deepEqual(row(figure, 'given up before any folio was tried')[1], '1');
  assert.deepEqual(row(figure, 'lock-blocked fault kept a folio')[1], '1');
  assert.match(figure.finding, /1 CMA allocation tried 3 areas and 1 succeeded/);
  assert.deepEqual(row(figure, 'mover-301').slice(1, 2), ['3']);
  const [, second] = figure.tables[1]!.rows;
  // Only the area of two calls on one list has a second one.
  assert.equal(second![1], '1');
});

test('frames that were wanted in vain are told from those that were got', () => {
  const { finding, tables } = frames(facts);
  assert.match(
    finding,
    /27 frames of folios failed in calls, .* Requests that name a range of frames: 2 got and 2 in vain\./,
  );
  const total = (column: number): number => tables[0]!.rows.reduce((sum, cells) => sum + Number(cells[column]), 0);
  assert.equal(total(5), 173, 'frames that folios left');
  assert.equal(total(7), 27, 'frames of folios that failed');
});
