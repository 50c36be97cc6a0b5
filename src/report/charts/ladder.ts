/**
 * Contiguous allocations as a ladder: how many areas were wanted and got, why the others were not, and what each of the up to
 * five calls on a list of isolated folios left for the next (mm/page_alloc.c __alloc_contig_migrate_range).
 */
import type { Cause, History, Request } from '../../history/facts.ts';
import { blameOf, likeliest } from '../../replay/blame.ts';
import { factsId } from '../evidence-id.ts';
import { count, duration, list, many } from '../numbers.ts';
import { type Table, table } from '../tables.ts';
import { colours } from './colours.ts';
import { countsPanel } from './counts.ts';
import { barsView, type Chart, spec, widths } from './figure.ts';

const got = 'got';
const unseen = 'the end was not seen';

/** Calls on one list beyond these are counted together; the kernel makes five. */
const rungsShown = 6;

/** One range that was to be cleared. */
interface Area {
  readonly request: Request;
  readonly end: string;
  readonly folios: number;
  /** Folios that were left when the last call on their list was over. */
  readonly left: number;
}

interface Rung {
  calls: number;
  moved: number;
  failed: number;
  unknown: number;
}

export const ladder: Chart = ({ history }, width = widths.wide) => {
  const areas = areasOf(history);
  const rungs = rungsOf(history, areas);
  const ends = endsOf(areas);
  const timed = history.capture.clock.unit === 'ns';
  const sorted = [...areas].sort(
    (a, b) => Number(a.end === got) - Number(b.end === got) || a.request.id - b.request.id,
  );
  const columns = width < 500 ? 1 : 2;
  const axis = {
    title: 'n-th call on the same list',
    counted: 'folios',
    from: 1,
    to: Math.max(5, rungs.length),
    more: rungs.length > 5,
    largest: rungs.reduce((top, { moved, failed }) => Math.max(top, moved, failed), 1),
  };
  const steps = (['moved', 'failed'] as const).map((outcome) => ({
    title: `${outcome === 'moved' ? 'moved' : 'left over'}, by call`,
    colour: outcome === 'moved' ? colours.sky : colours.vermilion,
    at: [0, ...rungs.map((rung) => rung[outcome])],
  }));
  return {
    id: 'ladder',
    title: 'Contiguous allocations: areas that were got, and why others were not',
    finding: finding(history, areas, rungs),
    tables: [
      table(
        ['how it ended', 'areas>'],
        ends.map(([end, n]) => [end, count(n)]),
        areas.length === 0 ? {} : { title: 'Areas by their end' },
      ),
      table(
        ['call on a list', 'calls>', 'folios moved>', 'left>', 'not seen>'],
        rungs.map(({ calls, moved, failed, unknown }, i) => [
          rungName(i),
          ...[calls, moved, failed, unknown].map(count),
        ]),
        rungs.length === 0 ? {} : { title: 'What each call left for the next' },
      ),
      allocationsTable(history, areas),
      table(
        ['frames', 'task', 'lists>', 'calls>', 'folios>', 'left>', 'took>', 'how it ended'],
        sorted
          .slice(0, 20)
          .map(({ request, end, folios, left }) => [
            Number.isNaN(request.startPfn)
              ? '–'
              : `0x${request.startPfn.toString(16)}–0x${(request.endPfn - 1).toString(16)}`,
            request.pid < 0 ? request.comm : `${request.comm}-${request.pid}`,
            count(listsOf(request).length),
            count(request.calls.length),
            count(folios),
            count(left),
            timed ? duration(request.end - request.start) : '–',
            end,
          ]),
        areas.length === 0
          ? {}
          : {
              title: 'The areas, those that were not got first',
              evidence: sorted
                .slice(0, 20)
                .map(({ request: { id } }) => [
                  factsId('requests', { id }),
                  ...[undefined, undefined, undefined],
                  factsId('calls', { request: id }),
                ]),
              ...(areas.length > 20 ? { notes: [`${many(areas.length - 20, 'more area')} left out.`] } : {}),
            },
      ),
    ],
    spec:
      areas.length === 0
        ? undefined
        : spec({
            spacing: 14,
            resolve: { scale: { color: 'independent' } },
            vconcat: [
              barsView(
                ends.map(([end, n]) => ({
                  label: `${end}: ${count(n)} of ${count(areas.length)}`,
                  segments: [{ series: end === got || end === unseen ? end : 'not got', value: n }],
                })),
                { [got]: colours.green, 'not got': colours.vermilion, [unseen]: colours.grey },
                'contiguous areas',
                // The panels below have an axis at their left.
                width - 50,
              ),
              ...(rungs.length > 0
                ? [
                    {
                      columns,
                      spacing: { row: 14, column: 24 },
                      concat: steps.map((step) => countsPanel(step, axis, Math.floor(width / columns))),
                    },
                  ]
                : []),
            ],
          }),
  };
};

/** Allocations that tried areas in turn, those that took most first. */
function allocationsTable({ requests, capture }: History, areas: readonly Area[]): Table {
  const tried = new Map<number, number>();
  for (const { request } of areas) tried.set(request.parent, (tried.get(request.parent) ?? 0) + 1);
  const rows = requests
    .filter(({ kind }) => kind === 'cma')
    .map((request) => ({ request, areas: tried.get(request.id) ?? 0 }))
    .sort((a, b) => b.areas - a.areas || a.request.id - b.request.id);
  return table(
    ['by', 'areas tried>', 'took>', 'how it ended'],
    rows
      .slice(0, 20)
      .map(({ request: { pid, comm, start, end, returned }, areas: own }) => [
        pid < 0 ? comm : `${comm}-${pid}`,
        count(own),
        capture.clock.unit === 'ns' ? duration(end - start) : '–',
        Number.isNaN(returned) ? unseen : returned >= 0 ? got : 'failed',
      ]),
    rows.length === 0
      ? {}
      : {
          title: 'CMA allocations, those that tried most areas first',
          evidence: rows.slice(0, 20).map(({ request: { id } }) => [factsId('requests', { id })]),
          ...(rows.length > 20 ? { notes: [`${many(rows.length - 20, 'more allocation')} left out.`] } : {}),
        },
  );
}

function rungName(i: number): string {
  const ordinals = ['first', 'second', 'third', 'fourth', 'fifth'];
  return i < ordinals.length ? `${ordinals[i]} call` : 'later calls';
}

/** Without lists each call had its own. */
function listsOf({ lists, calls }: Request): readonly (readonly number[])[] {
  return lists ?? calls.map((call) => [call]);
}

function areasOf(history: History): Area[] {
  const { calls, requests, failures } = history;
  const areas = requests.filter(({ kind }) => kind === 'contiguous allocation');
  if (areas.length === 0) return [];
  const posteriors = blameOf(history);
  const failuresOf = new Map<number, number[]>();
  for (const { id, call } of failures) {
    const own = failuresOf.get(call) ?? [];
    own.push(id);
    failuresOf.set(call, own);
  }
  return areas.map((request) => {
    // Only what the last call on a list leaves keeps the area from being got.
    const last = listsOf(request).flatMap((calls) => failuresOf.get(calls.at(-1)!) ?? []);
    const blamed = last.map((failure) => likeliest(posteriors[failure]!));
    const folios = listsOf(request).reduce((sum, own) => sum + (calls[own[0]!]?.folios.length ?? 0), 0);
    return { request, folios, left: last.length, end: endOf(request, blamed) };
  });
}

const errors: Readonly<Record<number, string>> = {
  [-4]: 'interrupted by a signal',
  [-12]: 'no memory to move folios to',
};

function endOf({ returned, calls }: Request, blamed: readonly Cause[]): string {
  if (Number.isNaN(returned)) return unseen;
  if (returned >= 0) return got;
  const named = errors[returned];
  if (named !== undefined) return named;
  if (blamed.length > 0) return mostOf(blamed);
  // start_isolate_page_range() and test_pages_isolated() both give -EBUSY, before and after the calls.
  return calls.length === 0 ? 'given up before any folio was tried' : 'all that was tried moved, a frame stayed';
}

/** In words, the cause of most of them; of equals the one met first. */
function mostOf(causes: readonly Cause[]): string {
  const counts = new Map<Cause, number>();
  for (const cause of causes) counts.set(cause, (counts.get(cause) ?? 0) + 1);
  const [first] = [...counts].sort(([, a], [, b]) => b - a);
  const [cause] = first!;
  return cause === 'cannot tell' ? 'a folio stayed, cause not known' : `${cause} kept a folio`;
}

function rungsOf({ calls }: History, areas: readonly Area[]): Rung[] {
  const rungs: Rung[] = [];
  for (const { request } of areas) {
    for (const own of listsOf(request)) {
      for (const [i, id] of own.entries()) {
        const at = Math.min(i, rungsShown - 1);
        rungs[at] ??= { calls: 0, moved: 0, failed: 0, unknown: 0 };
        const rung = rungs[at];
        rung.calls++;
        for (const { outcome } of calls[id]!.folios) rung[outcome]++;
      }
    }
  }
  return rungs;
}

/** What was got first, then the others by their number. */
function endsOf(areas: readonly Area[]): [string, number][] {
  const ends = new Map<string, number>();
  for (const { end } of areas) ends.set(end, (ends.get(end) ?? 0) + 1);
  return [...ends].sort(([a, n], [b, m]) => Number(b === got) - Number(a === got) || m - n || (a < b ? -1 : 1));
}

function finding({ observed, requests, calls }: History, areas: readonly Area[], rungs: readonly Rung[]): string {
  if (areas.length === 0) {
    if (observed.calls === 'unknown' && observed.requests === 'unknown')
      return 'This capture records neither calls nor contiguous allocations.';
    return calls.some(({ reason }) => reason === 'contig_range')
      ? 'Calls for contiguous ranges were made, and this capture does not show which areas they were for.'
      : 'No contiguous area was asked for while this capture was taken.';
  }
  const ends = endsOf(areas);
  const obtained = ends.find(([end]) => end === got)?.[1] ?? 0;
  const others = ends.filter(([end]) => end !== got);
  const why =
    others.length === 0
      ? ''
      : `; not got: ${list(others.slice(0, 3).map(([end, n]) => `${end} (${count(n)})`))}${others.length > 3 ? ', and others' : ''}`;
  const cmas = requests.filter(({ kind }) => kind === 'cma');
  const tried = areas.filter(({ request }) => request.parent >= 0).length;
  const outer =
    cmas.length === 0
      ? ''
      : ` ${many(cmas.length, 'CMA allocation')} tried ${many(tried, 'area')} and ${count(cmas.filter(({ returned }) => returned === 0).length)} succeeded.`;
  const [first] = rungs;
  const last = rungs.length > 1 ? `, ${count(rungs.at(-1)!.failed)} after the ${rungName(rungs.length - 1)}` : '';
  const climb =
    first === undefined
      ? ' No folio had to be moved for them.'
      : ` Of ${many(first.moved + first.failed + first.unknown, 'folio')} ${count(first.failed)} did not move in the first call${last}.`;
  return `${count(obtained)} of ${many(areas.length, 'contiguous area')} ${obtained === 1 ? 'was' : 'were'} got${why}.${outer}${climb}`;
}
