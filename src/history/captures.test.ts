/**
 * What history makes of real captures, against what others counted in the same run: the workload's own page map before and
 * after each move_pages call (`mover.csv.gz`), and the sums of mm_migrate_pages in the sidecar.
 */
import { strict as assert } from 'node:assert';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { openCapture } from '../read/file.ts';
import { outsideCaptures, tracePath } from '../test-support.ts';
import type { CallFolio, History } from './facts.ts';
import { workOut } from './history.ts';

const histories = new Map<string, Promise<History>>();
function historyOf(path: string): Promise<History> {
  const known = histories.get(path) ?? openCapture(path).then(workOut);
  histories.set(path, known);
  return known;
}

function texts(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => basename(name) === 'trace.txt.gz' || basename(name) === 'perf_script.txt.gz')
    .map((name) => join(folder, name))
    .sort();
}

interface Page {
  readonly call: number;
  readonly from: number;
  readonly to: number;
  readonly before: number;
  readonly after: number;
}

/** The workload's log: its task, and a page of a call a row. Times are CLOCK_MONOTONIC, ns. */
function moverLog(path: string): { pid: number; pages: Page[] } {
  const lines = gunzipSync(readFileSync(path)).toString().trim().split('\n');
  const pid = Number(/ pid=(\d+)/.exec(lines[0]!)![1]);
  const head = lines[1]!.split(',');
  const pages = lines.slice(2).map((line) => {
    const cells = line.split(',');
    const at = (name: string): string => cells[head.indexOf(name)]!;
    return {
      call: Number(at('call')),
      from: Number(at('t0_ns')),
      to: Number(at('t1_ns')),
      before: Number(at('pfn_before')),
      after: Number(at('pfn_after')),
    };
  });
  return { pid, pages };
}

interface Agreement {
  /** Pages that changed frame, and how many of them history has as moved to the very same frame. */
  moved: number;
  movedSame: number;
  /** Pages that stayed, and how many of them history has as moved all the same. */
  stayed: number;
  stayedMoved: number;
  /** Of the pages that stayed: those that history saw fail. */
  failed: number;
}

/** Compares page by page: the folio facts of the task's calls within the time of the page's own call. */
function agreement(history: History, log: { pid: number; pages: Page[] }): Agreement {
  const byPfn = new Map<number, { start: number; end: number; folio: CallFolio }[]>();
  for (const call of history.calls) {
    if (call.pid !== log.pid) continue;
    for (const folio of call.folios) {
      const list = byPfn.get(folio.pfn) ?? [];
      list.push({ start: call.start, end: call.end, folio });
      byPfn.set(folio.pfn, list);
    }
  }
  const origin = Number(history.capture.origin);
  const resolution = history.capture.clock.resolution;
  const result: Agreement = { moved: 0, movedSame: 0, stayed: 0, stayedMoved: 0, failed: 0 };
  for (const page of log.pages) {
    const facts = (byPfn.get(page.before) ?? []).filter(
      (fact) => fact.end >= page.from - origin - resolution && fact.start <= page.to - origin + resolution,
    );
    const moved = facts.find((fact) => fact.folio.outcome === 'moved');
    if (page.before !== page.after) {
      result.moved++;
      if (moved?.folio.destination === page.after) result.movedSame++;
    } else {
      result.stayed++;
      if (moved !== undefined) result.stayedMoved++;
      if (facts.some((fact) => fact.folio.outcome === 'failed')) result.failed++;
    }
  }
  return result;
}

const all = (moved: number, stayed: number, failed: number): Agreement => ({
  moved,
  movedSame: moved,
  stayed,
  stayedMoved: 0,
  failed,
});

/** Captures whose clock is the workload's. Every page agrees; the numbers are the pages of the workload's log. */
const expected: Readonly<Record<string, Agreement>> = {
  'debian-5.10-4k/shanon_hot': all(1696, 1692, 1),
  'debian-6.1-4k/shanon_hot': all(226, 286, 5),
  'debian-6.12-16k/shanon_hot': all(316, 448, 41),
  'debian-6.12-4k/fmt_evstack': all(27, 33, 7),
  'debian-6.12-4k/fmt_fields': all(45, 75, 4),
  'debian-6.12-4k/fmt_perf_kprobe_g': all(49, 111, 15),
  'debian-6.12-4k/shanon_hot': all(311, 441, 48),
  'debian-7.2-4k/shanon_hot': all(174, 210, 22),
  'pairs/shared-anon-hot/baseline/run01': all(270, 330, 23),
  'pairs/shared-anon-hot/baseline/run02': all(266, 334, 28),
  'pairs/shared-anon-hot/drain-once/run01': all(296, 304, 9),
  'pairs/shared-anon-hot/drain-once/run02': all(276, 324, 14),
  'pairs/shared-anon-hot/refcheck-unmap/run01': all(292, 308, 7),
  'pairs/shared-anon-hot/refcheck-unmap/run02': all(290, 310, 6),
  'pairs/shared-anon-hot/waiters-undo/run01': all(302, 298, 3),
  'pairs/shared-anon-hot/waiters-undo/run02': all(298, 302, 1),
};

describe("pages of the workload's own log", () => {
  for (const [capture, numbers] of Object.entries(expected)) {
    test(capture, async () => {
      const history = await historyOf(tracePath(capture, 'trace.txt.gz'));
      assert.deepEqual(agreement(history, moverLog(tracePath(capture, 'mover.csv.gz'))), numbers);
    });
  }
});

/** What became of the pages that changed frame, when only the order of calls can be compared. */
interface Ordered {
  /** Here moved to the very same frame. */
  same: number;
  /** Here moved, but the log found another frame afterwards, or the folio was freed. */
  otherwise: number;
  /** No fact here. */
  none: number;
  /** Not mapped before or after: nothing to compare. */
  unmapped: number;
}

/**
 * For clocks that are not the workload's. Both sides are in order: a page's move is looked for from the migrate_pages call at
 * which the calls before it ended, not further than the calls that this call of the workload can make (one a page).
 */
function agreementInOrder(history: History, log: { pid: number; pages: Page[] }): Ordered {
  const calls = history.calls.filter((call) => call.pid === log.pid || call.pid === -1);
  const result: Ordered = { same: 0, otherwise: 0, none: 0, unmapped: 0 };
  let at = 0;
  let reached = 0;
  let last = -1;
  for (const page of log.pages) {
    if (page.call !== last) at = reached;
    last = page.call;
    if (page.before === page.after) continue;
    if (page.before === 0 || page.after === 0) {
      result.unmapped++;
      continue;
    }
    const near = calls.slice(at, at + 64);
    const hit = near.findIndex((call) =>
      call.folios.some((folio) => folio.pfn === page.before && folio.destination === page.after),
    );
    if (hit >= 0) {
      result.same++;
      reached = Math.max(reached, at + hit);
    } else if (
      near.slice(0, 4).some((call) => call.folios.some((one) => one.pfn === page.before && one.outcome === 'moved'))
    ) {
      result.otherwise++;
    } else result.none++;
  }
  return result;
}

const same = (count: number): Ordered => ({ same: count, otherwise: 0, none: 0, unmapped: 0 });

/** Captures with another clock than the workload's, or none. docs/history.md explains what does not agree. */
const expectedInOrder: Readonly<Record<string, Ordered>> = {
  'debian-6.1-4k/anon_vmsplice_counter': { same: 1404, otherwise: 176, none: 96, unmapped: 45 },
  'debian-6.1-4k/lossy': { same: 10, otherwise: 4, none: 113, unmapped: 8 },
  'debian-6.1-4k/migrate_pages_api': same(112),
  'debian-6.12-4k/file_stockev': { same: 441, otherwise: 1, none: 0, unmapped: 4 },
  'debian-6.12-4k/fmt_latency': same(54),
  'debian-6.12-4k/fmt_nocontext': same(57),
  'debian-6.12-4k/fmt_tgid_noirq': same(43),
  'debian-6.12-4k/fmt_verbose': same(60),
};

describe("pages of the workload's own log, by order", () => {
  for (const [capture, numbers] of Object.entries(expectedInOrder)) {
    test(capture, async () => {
      const history = await historyOf(tracePath(capture, 'trace.txt.gz'));
      assert.deepEqual(agreementInOrder(history, moverLog(tracePath(capture, 'mover.csv.gz'))), numbers);
    });
  }
});

type Sums = Record<string, { calls: number; succeeded: number; failed: number }>;

function sums(history: History): Sums {
  const result: Sums = {};
  for (const call of history.calls) {
    if (call.complete === 'no end') continue;
    result[`${call.reason}/${call.mode}`] ??= { calls: 0, succeeded: 0, failed: 0 };
    const sum = result[`${call.reason}/${call.mode}`]!;
    sum.calls++;
    sum.succeeded += call.succeeded;
    sum.failed += call.failed;
  }
  return result;
}

/** The sidecar's own sums for one text; undefined where it did not parse that text. */
function sidecarSums(path: string): Sums | undefined {
  const sidecar = join(dirname(path), 'meta.json');
  if (!existsSync(sidecar)) return undefined;
  const stats = JSON.parse(readFileSync(sidecar, 'utf8')).text_stats?.[basename(path)];
  if (stats?.lines_not_matched !== 0) return undefined;
  // With options/fields the sidecar's own parser counted the events but did not read their fields.
  const unread = Object.keys(stats.migrate_pages_by_reason).length === 0 && stats.events.mm_migrate_pages > 0;
  return unread ? undefined : stats.migrate_pages_by_reason;
}

describe('sums by reason and mode equal the sidecar, and folios add up to them', () => {
  const folders = [tracePath(), ...(outsideCaptures === undefined ? [] : [outsideCaptures])];
  let compared = 0;
  for (const folder of folders) {
    for (const path of texts(folder)) {
      const wanted = sidecarSums(path);
      if (wanted === undefined) continue;
      compared++;
      test(relative(folder, path), async () => {
        const history = await historyOf(path);
        histories.delete(path);
        assert.deepEqual(sums(history), wanted);
        for (const call of history.calls) {
          if (call.complete === 'no end') continue;
          let moved = 0;
          let failed = 0;
          let unknown = 0;
          for (const folio of call.folios) {
            const pages = 2 ** folio.order;
            if (folio.outcome === 'moved') moved += pages;
            else if (folio.outcome === 'failed') failed += pages;
            else unknown += pages;
          }
          const total = call.succeeded + call.failed;
          // Splits count their huge page beside its parts, so only calls without them add up exactly.
          if (call.thpSplit > 0 || unknown > 0) continue;
          assert.deepEqual([moved + failed, failed], [total, call.failed], `call ${call.id}`);
        }
      });
    }
  }
  test('some captures were compared at all', () => assert.ok(compared > 15, `${compared}`));
});

test('perf script of the same run gives the same episodes as trace text, where both recorded them', async () => {
  const outcomes = async (name: string): Promise<string[]> => {
    const history = await historyOf(tracePath('debian-6.12-4k/shanon_hot', name));
    return history.episodes.map(
      (one) => `${one.sourcePfn} ${one.destinationPfn} ${one.set} ${one.removed} ${one.index}`,
    );
  };
  assert.deepEqual(await outcomes('perf_script.txt.gz'), await outcomes('trace.txt.gz'));
});

test('references at the check and what it expected explain every return of 6.12 and 7.2', async () => {
  for (const capture of ['debian-6.12-4k/shanon_hot', 'debian-6.12-16k/shanon_hot', 'debian-7.2-4k/shanon_hot']) {
    const { attempts } = await historyOf(tracePath(capture, 'trace.txt.gz'));
    // A folio with too many references at the entry never moves; one with the right number nearly always does.
    assert.ok(
      attempts.every((one) => one.references === one.expected || one.returned === -11),
      capture,
    );
    const right = attempts.filter((one) => one.references === one.expected);
    const refused = right.filter((one) => one.returned !== 0).length;
    assert.ok(refused / right.length < 0.02, `${capture}: ${refused} of ${right.length}`);
  }
});

test('a full batch shows 31 lines in 6.12 and 15 in 6.1, and no flush is longer', async () => {
  for (const [capture, capacity] of [
    ['debian-6.12-4k/shanon_hot', 31],
    ['debian-6.1-4k/shanon_hot', 15],
  ] as const) {
    const { flushes } = await historyOf(tracePath(capture, 'trace.txt.gz'));
    assert.equal(Math.max(...flushes.map((flush) => flush.count)), capacity);
    assert.ok(flushes.filter((flush) => flush.count === capacity).every((flush) => flush.cause === 'full'));
  }
});

test('contiguous allocation under pressure: requests seen, retries of one list at most five', async () => {
  const history = await historyOf(tracePath('debian-6.1-4k/contig_lowmem_apps/trace.txt.gz'));
  const ranges = history.requests.filter((request) => request.kind === 'contiguous allocation');
  assert.equal(ranges.length, 76);
  assert.equal(ranges.filter((request) => request.returned === 0).length, 24);
  const lists = ranges.flatMap((request) => request.lists ?? []);
  assert.equal(lists.flat().length, history.calls.length);
  assert.equal(Math.max(...lists.map((list) => list.length)), 5);
});
