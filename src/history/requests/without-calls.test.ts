/** Requests that make no calls: on real captures against what their own probes count, and rule by rule on a few lines. */
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { openCapture } from '../../read/file.ts';
import { tracePath } from '../../test-support.ts';
import type { History, Request } from '../facts.ts';
import { workOut } from '../history.ts';
import { calibration, end, folio, pointer, remove, set, start, told } from '../tiny.test.ts';

const hmm = tracePath('lab-6.12-4k', 'hmm_migrate_vma', 'trace.txt.gz');
const splits = tracePath('debian-6.1-4k', 'thp_split_race', 'trace.txt.gz');
const stock = tracePath('debian-6.1-4k', 'thp_split_race', 'perf_script.txt.gz');

const textOf = (path: string) => gunzipSync(readFileSync(path)).toString();
const countIn = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].length;
const silentOf = ({ requests }: History, kind: Request['kind']) =>
  requests.filter((request) => request.kind === kind && request.withoutCalls !== undefined);
const foliosOf = (requests: readonly Request[]) => requests.flatMap(({ withoutCalls }) => withoutCalls!.folios);

test('real migrate_vma: every folio that its probes name, moved in one episode, and no entry unexplained', async () => {
  const text = textOf(hmm);
  const history = await workOut(await openCapture(hmm));
  const requests = silentOf(history, 'migrate_vma');
  assert.equal(requests.length, countIn(text, / migrate_vma_setup: /g));
  const folios = foliosOf(requests);
  assert.equal(folios.length, countIn(text, / folio_migrate_mapping: /g));
  assert.equal(
    folios.filter(({ outcome }) => outcome === 'moved').length,
    countIn(text, / folio_migrate_mapping_ret: .* ret=0$/gm),
  );
  // Device-private pages are never isolated, all others are before they move.
  const isolations = countIn(text, / folio_isolate_lru: /g);
  assert.ok(isolations > 500);
  assert.equal(folios.filter(({ onDevice }) => onDevice !== true).length, isolations);
  // The entries themselves are read from the page-table entries put back; the attempts name the folios by their pointers.
  assert.equal(history.episodes.length, countIn(text, / remove_migration_pte: /g));
  const done = requests.filter(({ withoutCalls }) => withoutCalls!.parts.finalize !== undefined);
  assert.ok(done.length >= requests.length - 2); // the text ends within some
  for (const { episodes, pfn, destination } of foliosOf(done)) {
    assert.equal(episodes.length, 1);
    const episode = history.episodes[episodes[0]!]!;
    assert.deepEqual([episode.sourcePfn, episode.destinationPfn, episode.set], [pfn, destination, 0]);
  }
  assert.deepEqual(history.refusals, []);
  assert.deepEqual([history.calls.length, history.failures.length], [0, 0]);
  // Sleeps on entries whose setting has no event find their episodes all the same.
  const waits = history.waits.filter(({ on }) => on === 'entry');
  assert.ok(waits.length > 20 && waits.every(({ episode }) => episode >= 0));
});

test('real splits: what split_huge_page() returned is the outcome, and the huge page of a tail page is its folio', async () => {
  const text = textOf(splits);
  const history = await workOut(await openCapture(splits));
  const requests = silentOf(history, 'thp split');
  const folios = foliosOf(requests);
  assert.deepEqual(
    requests.map(({ returned }) => returned),
    [...text.matchAll(/ split_huge_page_ret: .* ret=(-?\d+)/g)].map(([, ret]) => Number(ret)),
  );
  assert.deepEqual(
    requests.map(({ returned }) => (returned === 0 ? 'moved' : 'failed')),
    folios.map(({ outcome }) => outcome),
  );
  const failed = folios.filter(({ outcome }) => outcome === 'failed');
  assert.ok(failed.length > 10);
  // One huge page after the other is tried by each of its pages: 6.1 is given those.
  assert.deepEqual(new Set(failed.map(({ pfn }) => pfn)), new Set([0x46a00]));
  assert.ok(folios.every(({ order, pfn }) => order === 9 && pfn % 512 === 0));
  assert.equal(history.failures.length, failed.length);
  for (const { call, request, folio: at } of history.failures) {
    assert.equal(call, -1);
    assert.equal(history.requests[request!]!.withoutCalls!.folios[at]!.outcome, 'failed');
  }
  assert.deepEqual(history.refusals, []);
});

test('real splits without a probe: those of which entries go back are found, and are the ones that probes show', async () => {
  const probed = silentOf(await workOut(await openCapture(splits)), 'thp split').filter(
    ({ returned }) => returned === 0,
  );
  const history = await workOut(await openCapture(stock));
  const found = silentOf(history, 'thp split');
  assert.equal(found.length, 14);
  assert.ok(found.every(({ certainty, returned }) => certainty === 'inferred' && returned === 0));
  // The text is the end of the same run.
  assert.deepEqual(
    foliosOf(found)
      .map(({ pfn }) => pfn)
      .slice(-probed.length),
    foliosOf(probed).map(({ pfn }) => pfn),
  );
  assert.deepEqual(history.refusals, []);
});

const probe = (name: string, rest: string) => `${name}: (${name}+0x0/0x1c0) ${rest}`;
const returned = (name: string, ret: number) => `${name}_ret: (driver+0x17c/0x750 <- ${name}) ret=${ret}`;
const attempt = (pfn: number, to: number) =>
  `folio_migrate_mapping: (folio_migrate_mapping+0x0/0xf8) mapping_arg=0x0 dst=0x${pointer(to)} ${folio(pfn, 1, '0x119', 'src')}`;
const isolation = (pfn: number) => `folio_isolate_lru: (folio_isolate_lru+0x0/0x218) folio=0x${pointer(pfn)}`;
const setup = probe('migrate_vma_setup', 'args=0xffff000070053870');
const finalize = probe('migrate_vma_finalize', 'args=0xffff000070053870');
const whole = (inside: string) => `${calibration}
    0 d-1 1.000010 ${setup}${inside}
    0 d-1 1.000090 ${finalize}
    0 d-1 1.000099 ${returned('migrate_vma_finalize', 0)}`;

test('migrate_vma: moved by its attempt, put back by its entry, left on the LRU, and what nothing tells', async () => {
  const history = await told(
    whole(`
    0 d-1 1.000020 ${isolation(0x51001)}
    0 d-1 1.000021 ${returned('folio_isolate_lru', 1)}
    0 d-1 1.000022 ${isolation(0x51002)}
    0 d-1 1.000023 ${returned('folio_isolate_lru', 1)}
    0 d-1 1.000024 ${isolation(0x51003)}
    0 d-1 1.000025 ${returned('folio_isolate_lru', 0)}
    0 d-1 1.000030 ${remove(0xffff00002000, 0x51002)}
    0 d-1 1.000032 ${remove(0xffff00003000, 0x51003)}
    0 d-1 1.000035 ${returned('migrate_vma_setup', 0)}
    0 d-1 1.000040 ${attempt(0x51001, 0x61001)}
    0 d-1 1.000041 ${returned('folio_migrate_mapping', 0)}
    0 d-1 1.000050 ${remove(0xffff00001000, 0x61001)}
    0 d-1 1.000052 ${remove(0xffff00009000, 0x77777)}`),
  );
  const [request] = silentOf(history, 'migrate_vma');
  assert.deepEqual(
    request!.withoutCalls!.folios.map((one) => [one.pfn, one.outcome, one.destination]),
    [
      [0x51001, 'moved', 0x61001],
      [0x51002, 'failed', NaN],
      [0x51003, 'failed', NaN],
      [NaN, 'unknown', 0x77777],
    ],
  );
  assert.deepEqual(
    history.episodes.map(({ sourcePfn, outcome, call }) => [sourcePfn, outcome, call]),
    [
      [0x51002, 'undone', -1],
      [0x51003, 'undone', -1],
      [0x51001, 'moved', -1],
    ],
  );
  assert.deepEqual(
    history.refusals.map(({ what, count }) => [what, count]),
    [['removed migration entries', 1]],
  );
  assert.equal(history.failures.length, 2);
});

test('migrate_vma: other mappings set their entries with events, and the range adds its own to that episode', async () => {
  const history = await told(
    whole(`
    0 d-1 1.000020 ${isolation(0x51001)}
    0 d-1 1.000021 ${returned('folio_isolate_lru', 1)}
    0 d-1 1.000025 ${set(0xffff77000000, 0x51001)}
    0 d-1 1.000040 ${attempt(0x51001, 0x61001)}
    0 d-1 1.000041 ${returned('folio_migrate_mapping', 0)}
    0 d-1 1.000050 ${remove(0xffff00001000, 0x61001)}
    0 d-1 1.000052 ${remove(0xffff77000000, 0x61001)}`),
  );
  assert.deepEqual(
    history.episodes.map(({ set: entries, removed, start: from, outcome }) => [entries, removed, from, outcome]),
    [[1, 2, silentOf(history, 'migrate_vma')[0]!.start, 'moved']],
  );
  assert.deepEqual(history.refusals, []);
});

test('a removed entry that belongs to nothing stays unexplained; so does half a huge page', async () => {
  const half = Array.from(
    { length: 256 },
    (_, n) => `\n    0 a-1 2.${String(n).padStart(6, '0')} ${remove(0xffff00000000 + n * 4096, 0x52000 + n)}`,
  );
  const history = await told(`
    0 a-1 1.000000 ${remove(0xffff00001000, 0x51001)}${half.join('')}`);
  assert.deepEqual([history.requests.length, history.episodes.length], [0, 0]);
  assert.equal(history.refusals[0]?.count, 257);
});

const back = (pfn: number, order: number) =>
  remove(0xffff00000000 + (pfn % 512) * 4096, pfn).replace('order=0', `order=${order}`);
const all = (first: string, of: number) =>
  [first, ...Array.from({ length: of - 1 }, (_, n) => back(0x52001 + n, 0))]
    .map((event, n) => `\n    0 a-1 1.${String(n + 10).padStart(6, '0')} ${event}`)
    .join('');

test('a split is told by the order of the first page that goes back: a page of its own, or still a huge one', async () => {
  for (const [order, outcome] of [
    [0, 'moved'],
    [9, 'failed'],
  ] as const) {
    const history = await told(`${all(back(0x52000, order), 512)}`);
    const [folio] = foliosOf(silentOf(history, 'thp split'));
    assert.deepEqual([folio?.pfn, folio?.order, folio?.outcome], [0x52000, 9, outcome]);
  }
});

test('splits inside a call of migrate_pages are part of the call', async () => {
  const split = `0x${pointer(0x52000)} list=0x0`;
  const history = await told(`${calibration}
    0 a-1 1.000000 ${start}
    0 a-1 1.000001 ${probe('split_huge_page_to_list', `folio=${split}`).replace('split_huge_page_to_list:', 'split:')}
    0 a-1 1.000002 split_ret: (x+0x1/0x2 <- split_huge_page_to_list) ret=0
    0 a-1 1.000003 ${end(1, 0)}
    0 a-1 1.000004 ${probe('split_huge_page_to_list', `folio=${split}`).replace('split_huge_page_to_list:', 'split:')}
    0 a-1 1.000005 split_ret: (x+0x1/0x2 <- split_huge_page_to_list) ret=-11`);
  const found = silentOf(history, 'thp split');
  assert.deepEqual(
    found.map(({ returned }) => returned),
    [-11],
  );
  assert.deepEqual(
    foliosOf(found).map(({ pfn, outcome, episodes }) => [pfn, outcome, episodes.length]),
    [[0x52000, 'failed', 0]],
  );
});
