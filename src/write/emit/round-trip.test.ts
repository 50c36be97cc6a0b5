import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { balance } from '../../events/capture.ts';
import type { History } from '../../history/facts.ts';
import { workOut } from '../../history/history.ts';
import { resolvePolicy } from '../../policies/policies.ts';
import { readBytes } from '../../read/bytes.ts';
import { eventsOf } from '../../replay/scenario/events.ts';
import { recordScenario } from '../../replay/scenario/record.ts';
import { parseScenario } from '../../replay/scenario/schema.ts';
import { type Truth, truthOf } from '../../replay/scenario/truth.ts';
import { eventsToCsv } from '../csv.ts';
import { ftraceText } from './ftrace.ts';
import { perfScriptText } from './perf-script.ts';

/** Folios that are touched while they move, batches that fill by themselves, large folios, and each requester with bounds. */
const scenario = (kernel: string, pageSize = 4096) => `
name: round-trip
kernel: linux-${kernel}
duration: 300ms
machine: { cpus: 4, pageSize: ${pageSize}, tlbMiss: 0.5 }
folios:
  - { name: hot, count: 64, kind: shmem, mapped: 3 }
  - { name: large, count: 8, kind: anon, order: 2, mapped: 4 }
  - { name: quiet, count: 16, kind: file, mapped: 0 }
  - { name: range, count: 128, kind: file, mapped: 1, region: cma }
tasks:
  - { name: toucher, count: 3, cpus: [1, 2, 3], does: [{ touch: hot, every: { exponential: 20us } }] }
  - name: filler
    cpus: [2]
    does: [{ fault: others, every: { exponential: 300us } }, { read: others, every: { exponential: 700us } }]
  - { name: reader, cpus: [3], does: [{ read: hot, every: { exponential: 250us } }, { read: range, every: { exponential: 150us } }] }
requests:
  - { name: mover, model: move_pages, of: hot, at: { every: { exponential: 9ms }, count: 20 }, list: 8 }
  - { name: big mover, model: move_pages, of: large, at: [31ms, 131ms], list: 4 }
  - { name: quiet mover, model: move_pages, of: quiet, at: [41ms, 141ms], list: 8, cpu: 1 }
  - { name: camera, model: cma, of: range, at: [57ms, 157ms], list: 16, lists: 2, areas: 3, cpu: 1 }
services:
  isolate: 1us
  destination: { exponential: 1us }
  unmap: { exponential: 5us }
  flush: { exponential: 2us }
  attempt: { exponential: 2us }
  copy: { exponential: 4us }
  restore: 1us
  putback: 1us
  drain work: { exponential: 30us }
  rcu: 2ms
  expedited rcu: 50us
  release: { exponential: 100us }
  wake: { exponential: 20us }
  fault: { exponential: 2us }
`;

const eras = ['5.10.200', '5.15', '6.1.192', '6.3', '6.12.117', '7.2'];
const modes = ['MIGRATE_ASYNC', 'MIGRATE_SYNC_LIGHT', 'MIGRATE_SYNC'];
const requestKinds: Readonly<Record<string, string>> = { move_pages: 'move_pages', cma: 'cma' };

function recorded(kernel: string, pageSize = 4096) {
  const parsed = parseScenario(scenario(kernel, pageSize), 'round-trip.yaml');
  const recording = recordScenario(parsed, resolvePolicy(`linux-${kernel}`, undefined, { pageSize }), { seed: 5 });
  const events = [...eventsOf(recording)];
  return { recording, events, truth: truthOf(recording) };
}

async function read(text: string, kernel: string, pageSize = 4096): Promise<History> {
  const open = await readBytes('emitted', chunks(text), { kernelVersion: kernel, pageSize });
  const history = await workOut(open);
  assert.ok(balance(history.capture.accounting), 'every line is accounted for');
  assert.equal(history.capture.inversions, 0);
  assert.equal(history.capture.accounting.skipped, 0);
  return history;
}

/** Whether history can tell what a request returned: cma_alloc_finish says so, and up to 6.2 by its page; it reads no return of syscalls. */
const tellsReturn = (kind: string) => kind === 'cma';

/** What history found, in the words of the truth; `zero` = when its first event was. */
function found(history: History, zero: number) {
  const at = (time: number) => Math.round((time + zero) / 1000);
  return {
    calls: history.calls.map(({ pid, start, end, mode, reason, succeeded, failed }) => ({
      pid,
      start: at(start),
      end: at(end),
      mode,
      reason,
      succeeded,
      failed,
    })),
    episodes: history.episodes.map(({ pid, sourcePfn, destinationPfn, order, set, removed, start, end, outcome }) => ({
      pid,
      sourcePfn,
      destinationPfn,
      order,
      set,
      removed,
      start: at(start),
      end: at(end),
      outcome,
    })),
    flushes: history.flushes.map(({ cpu, batch, start, count }) => ({ cpu, batch, time: at(start), count })),
    requests: history.requests
      .filter(({ kind }) => kind in requestKinds)
      .map(({ kind, pid, start, end, returned }) => ({
        ...{ kind, pid, start: at(start), end: at(end) },
        returned: tellsReturn(kind) ? returned : 0,
      })),
  };
}

function wanted({ calls, episodes, flushes, requests }: Truth) {
  const at = (time: number) => Math.round(time / 1000);
  return {
    calls: calls.map((call) => ({ ...call, start: at(call.start), end: at(call.end), mode: modes[call.mode]! })),
    episodes: episodes.map((episode) => ({ ...episode, start: at(episode.start), end: at(episode.end) })),
    flushes: flushes.map((flush) => ({ ...flush, time: at(flush.time) })),
    requests: requests
      .filter(({ model }) => model in requestKinds)
      .map(({ model, pid, start, end, returned }) => ({
        ...{ kind: model, pid, start: at(start), end: at(end) },
        returned: tellsReturn(model) ? returned : 0,
      })),
  };
}

/** The same facts, in any order. Those that are in one only are few enough to be read. */
function same(is: readonly object[], was: readonly object[], what: string): void {
  const lines = (facts: readonly object[]) =>
    facts.map((fact) => JSON.stringify(Object.entries(fact).sort(([a], [b]) => (a < b ? -1 : 1)))).sort();
  const [found, meant] = [lines(is), lines(was)];
  const known = new Set(found);
  const told = new Set(meant);
  const missing = meant.filter((line) => !known.has(line));
  const made = found.filter((line) => !told.has(line));
  assert.deepEqual([missing.slice(0, 6), made.slice(0, 6)], [[], []], `${what}: ${missing.length} of ${meant.length}`);
  assert.equal(found.length, meant.length, what);
}

for (const kernel of eras) {
  test(`a capture written as ${kernel} writes it reads back to what happened`, async () => {
    const { events, truth, recording } = recorded(kernel);
    const text = [...ftraceText(events, recording)].join('');
    const history = await read(text, kernel);
    const zero = Math.round(truthZero(text));
    const [is, was] = [found(history, zero), wanted(truth)];
    assert.ok(was.calls.length > 10 && was.requests.length >= 20, 'there is something to find');
    if (kernel.startsWith('5.10')) {
      // No start of calls and no migration entries there: ends, totals and flushes are what can be told.
      const ends = (calls: typeof was.calls) => calls.map(({ start: _, ...rest }) => rest);
      same(ends(is.calls), ends(was.calls), 'calls');
      assert.deepEqual(is.episodes, []);
    } else {
      same(is.calls, was.calls, 'calls');
      assert.ok(was.episodes.length > 100);
      // Migration entries have events since 5.18.
      same(is.episodes, kernel === '5.15' ? [] : was.episodes, 'episodes');
    }
    same(is.requests, was.requests, 'requests');
    same(is.flushes, was.flushes, 'flushes');
  });
}

/** Time of the first event of a text, ns after the scenario's beginning. */
function truthZero(text: string): number {
  const [, seconds = ''] = /\[\d{3}\] \S* *(\d+\.\d{6}): /.exec(text) ?? [];
  return Number(seconds) * 1e9 - 100e9;
}

test('perf script and CSV say what the text of tracefs says', async () => {
  const kernel = '6.12.117';
  const { events, truth, recording } = recorded(kernel);
  const text = [...ftraceText(events, recording)].join('');
  const perf = await read([...perfScriptText(events, recording)].join(''), kernel);
  assert.equal(perf.capture.format, 'perf-script');
  const open = await readBytes('emitted', chunks(text), { kernelVersion: kernel, pageSize: 4096 });
  let csv = '';
  for await (const row of eventsToCsv(open)) csv += row;
  const table = await read(csv, kernel);
  assert.equal(table.capture.format, 'csv');
  const was = wanted(truth);
  for (const history of [perf, table]) {
    const is = found(history, truthZero(text));
    same(is.calls, was.calls, 'calls');
    same(is.episodes, was.episodes, 'episodes');
    same(is.requests, was.requests, 'requests');
    same(is.flushes, was.flushes, 'flushes');
  }
});

test('pages of 16 KiB, and huge pages mapped as one', async () => {
  for (const pageSize of [4096, 16384]) {
    const order = Math.log2(pageSize / 8);
    const text = scenario('6.12.117', pageSize).replace('order: 2, mapped: 4', `order: ${order}, mapped: 1`);
    const parsed = parseScenario(text, 'huge.yaml');
    const recording = recordScenario(parsed, resolvePolicy('linux-6.12.117', undefined, { pageSize }), { seed: 2 });
    const written = [...ftraceText(eventsOf(recording), recording)].join('');
    assert.match(written, /set_migration_pmd/);
    const history = await read(written, '6.12.117', pageSize);
    const was = wanted(truthOf(recording));
    const is = found(history, truthZero(written));
    same(is.calls, was.calls, 'calls');
    same(is.episodes, was.episodes, 'episodes');
    const huge = history.calls.reduce((sum, call) => sum + call.thpSucceeded, 0);
    assert.equal(huge, was.episodes.filter((one) => one.order === order && one.outcome === 'moved').length);
  }
});

test('a window as short as a microsecond is met as often as by the closed form', () => {
  // One window of exactly 1 us an episode, 7 touches a us of 32 folios: blocked with 1 - e^(-7/32) = 19.6 %. Of 1280
  // first episodes the share is known to sqrt(p (1 - p) / n) = 1.1 %.
  const text = `
name: short
kernel: linux-6.1.192
duration: 1s
machine: { cpus: 8 }
folios: [{ name: hot, count: 32, kind: shmem }]
tasks: [{ name: toucher, count: 7, does: [{ touch: hot, every: { exponential: 1us } }] }]
requests: [{ name: mover, model: move_pages, of: hot, at: { every: 20ms, count: 40 }, list: 32 }]
services: { unmap: 5us, flush: 1us, copy: 3us, release: 1us }
`;
  const { episodes } = truthOf(
    recordScenario(parseScenario(text, 'short.yaml'), resolvePolicy('linux-6.1.192'), { seed: 1 }),
  );
  // An episode is a folio's first of its request where the one before it moved the folio.
  const left = new Set<number>();
  let first = 0;
  let blocked = 0;
  for (const { sourcePfn, outcome } of episodes) {
    if (!left.delete(sourcePfn)) {
      first++;
      if (outcome === 'undone') blocked++;
    }
    if (outcome === 'undone') left.add(sourcePfn);
  }
  const p = 1 - Math.exp(-7 / 32);
  assert.ok(first >= 1250, `${first} first episodes`);
  assert.ok(Math.abs(blocked / first - p) < 4 * Math.sqrt((p * (1 - p)) / first), `${blocked} of ${first} blocked`);
});

async function* chunks(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}
