/** Where in physical memory migration worked: the frames that requests wanted, that folios left and came to, and that failed. */
import type { History, Request } from '../../history/facts.ts';
import { count, list, many, percent } from '../numbers.ts';
import { table } from '../tables.ts';
import { runsOf } from './blind.ts';
import { colours } from './colours.ts';
import { type Chart, characterWidth, widths } from './figure.ts';
import { binOf, type IslandAxis, islandAxis, islandsOf, ticksOf } from './islands.ts';
import { type Lane, lanes } from './lanes.ts';

const kinds = ['got', 'vain', 'wanted', 'left', 'came', 'failed'] as const;
type Kind = (typeof kinds)[number];

const looks: Readonly<Record<Kind, { readonly colour: string; readonly name: string; readonly unit: string }>> = {
  got: { colour: colours.green, name: 'ranges wanted and got', unit: 'request' },
  vain: { colour: colours.orange, name: 'ranges wanted in vain', unit: 'request' },
  wanted: { colour: colours.grey, name: 'ranges wanted, end unseen', unit: 'request' },
  left: { colour: colours.sky, name: 'frames that folios left', unit: 'frame' },
  came: { colour: colours.blue, name: 'frames that they moved to', unit: 'frame' },
  failed: { colour: colours.vermilion, name: 'frames that failed in calls', unit: 'frame' },
};

/** Frames `[from, to)`. */
interface Range {
  readonly kind: Kind;
  readonly from: number;
  readonly to: number;
}

const hex = (frame: number): string => `0x${frame.toString(16)}`;

export const frames: Chart = ({ history }, width = widths.wide) => {
  const ranges = rangesOf(history);
  const islands = islandsOf(ranges);
  const fine = binned(ranges, islandAxis(islands, width < 500 ? 80 : 200));
  const coarse = binned(ranges, islandAxis(islands, 24));
  const { axis } = fine;
  const longest = Math.max(0, ...axis.islands.map(({ to }) => hex(to).length));
  // The first and the last stand beside their ticks, not under them: one and a half numbers apart.
  const ticks = ticksOf(axis, Math.ceil(((1.5 * longest + 2) * characterWidth * axis.length) / (width - 30)));
  const rows = kinds.flatMap((kind): Lane[] => {
    const bins = fine.bins[kind];
    const { name, unit } = looks[kind];
    const most = bins.reduce((a, b) => Math.max(a, b), 0);
    if (most === 0) return [];
    const total = totalOf(ranges, kind);
    const what = unit === 'request' ? many(total, 'request') : count(total);
    return [
      {
        label: `${name}: ${what}, up to ${count(most)} a bar`,
        marks: runsOf(bins).map(({ from, to }) => ({
          from,
          to,
          // One of many is drawn high enough to be seen.
          height: Math.max(0.07, bins[from]! / most),
          series: kind,
        })),
      },
    ];
  });
  return {
    id: 'frames',
    title: 'Where in memory: frames that were wanted, left, and kept',
    finding: finding(history, ranges, coarse),
    tables: [
      table(
        ['from frame', 'to', ...kinds.map((kind) => `${looks[kind].name}>`)],
        ranges.length === 0
          ? []
          : startsOf(coarse.axis)
              .map(({ bin, from }) => [
                hex(from),
                hex(from + coarse.axis.size - 1),
                ...kinds.map((kind) => count(coarse.bins[kind][bin]!)),
              ])
              .filter((row) => row.slice(2).some((cell) => cell !== '0')),
        ranges.length === 0
          ? {}
          : {
              notes: [
                'A folio counts with all of its frames, in each call that was asked to move it. A range counts once in each stretch that it touches; of an allocation that tried several, each.',
              ],
            },
      ),
    ],
    spec:
      rows.length === 0
        ? undefined
        : lanes(
            rows,
            {
              series: Object.fromEntries(kinds.map((kind) => [kind, looks[kind].colour])),
              domain: [0, axis.length],
              breaks: axis.islands.slice(1).map(({ place }) => place - 1),
              axis: {
                title: [
                  'page frame number (pfn)',
                  `one bar: ${frameSpan(axis.size, history)}`,
                  ...(axis.islands.length > 1 ? ['broken line: frames between are left out'] : []),
                ],
                values: ticks.map(({ at }) => at),
                labelExpr: `${JSON.stringify(Object.fromEntries(ticks.map(({ at, number }) => [at, hex(number)])))}[datum.value]`,
                labelOverlap: false,
                labelFlush: (longest / 2) * characterWidth,
                grid: false,
              },
            },
            width,
          ),
  };
};

/** `4096 frames (16 MiB)`; without the size of a page, the frames alone. */
function frameSpan(size: number, { capture }: History): string {
  const page = capture.pageSize?.value;
  if (page === undefined) return many(size, 'frame');
  const bytes = size * page;
  const [unit, scale] =
    bytes >= 2 ** 30
      ? (['GiB', 2 ** 30] as const)
      : bytes >= 2 ** 20
        ? (['MiB', 2 ** 20] as const)
        : (['KiB', 2 ** 10] as const);
  return `${many(size, 'frame')} (${count(bytes / scale)} ${unit})`;
}

/** Only ranges that were tried: an allocation that tried several wanted none of them more than another. */
function rangesOf({ calls, requests }: History): Range[] {
  const ranges: Range[] = [];
  const tried = new Set(requests.map(({ parent }) => parent));
  for (const request of requests) {
    const { startPfn, endPfn, id } = request;
    if (endPfn > startPfn && !tried.has(id)) ranges.push({ kind: endOf(request), from: startPfn, to: endPfn });
  }
  const add = (kind: Kind, pfn: number, order: number): void => {
    if (!Number.isNaN(pfn)) ranges.push({ kind, from: pfn, to: pfn + 2 ** order });
  };
  const folios = [
    ...calls.map((call) => call.folios),
    ...requests.map((request) => request.withoutCalls?.folios ?? []),
  ];
  for (const list of folios) {
    for (const { pfn, order, destination, outcome } of list) {
      if (outcome === 'failed') add('failed', pfn, order);
      if (outcome !== 'moved') continue;
      add('left', pfn, order);
      add('came', destination, order);
    }
  }
  return ranges;
}

function endOf({ returned }: Request): Kind {
  return Number.isNaN(returned) ? 'wanted' : returned < 0 ? 'vain' : 'got';
}

interface Bins {
  readonly axis: IslandAxis;
  readonly bins: Readonly<Record<Kind, Float64Array>>;
}

function binned(ranges: readonly Range[], axis: IslandAxis): Bins {
  const bins = Object.fromEntries(kinds.map((kind) => [kind, new Float64Array(axis.length)])) as Record<
    Kind,
    Float64Array
  >;
  for (const { kind, from, to } of ranges) {
    const inFrames = looks[kind].unit === 'frame';
    let bin = binOf(axis, from);
    // Of each bin that the range touches, what it covers.
    for (let at = from; at < to; bin++) {
      const until = Math.min(to, (Math.floor(at / axis.size) + 1) * axis.size);
      bins[kind][bin]! += inFrames ? until - at : 1;
      at = until;
    }
  }
  return { axis, bins };
}

/** Each bin with its first frame. */
function startsOf({ islands, size }: IslandAxis): { readonly bin: number; readonly from: number }[] {
  return islands.flatMap(({ from, place, bins }) =>
    Array.from({ length: bins }, (_, i) => ({ bin: place + i, from: from + i * size })),
  );
}

function totalOf(ranges: readonly Range[], of: Kind): number {
  const inFrames = looks[of].unit === 'frame';
  return ranges.reduce((sum, { kind, from, to }) => sum + (kind !== of ? 0 : inFrames ? to - from : 1), 0);
}

function finding({ observed, calls, requests }: History, ranges: readonly Range[], coarse: Bins): string {
  if (ranges.length === 0) {
    const folios = calls.reduce((sum, call) => sum + call.folios.length, 0);
    if (folios > 0)
      return `${many(folios, 'folio')} were to be moved, and this capture does not show in which frames they were.`;
    return observed.calls === 'unknown' && !requests.some(({ withoutCalls }) => withoutCalls !== undefined)
      ? 'Calls are not recorded in this capture, and no request names a range of frames.'
      : 'No frame was to be cleared or moved while this capture was taken.';
  }
  const wanted = (['got', 'vain', 'wanted'] as const)
    .filter((kind) => totalOf(ranges, kind) > 0)
    .map(
      (kind) =>
        `${count(totalOf(ranges, kind))} ${{ got: 'got', vain: 'in vain', wanted: 'whose end was not seen' }[kind]}`,
    );
  const asked = wanted.length === 0 ? '' : ` Requests that name a range of frames: ${list(wanted)}.`;
  const failed = totalOf(ranges, 'failed');
  const left = totalOf(ranges, 'left');
  const moved = left > 0 ? `Folios left ${many(left, 'frame')}` : 'No folio is known to have left its frame';
  if (failed === 0) return `${moved}, and none that failed has a known frame.${asked}`;
  const bins = coarse.bins.failed;
  const worst = startsOf(coarse.axis).reduce((a, b) => (bins[b.bin]! > bins[a.bin]! ? b : a));
  const stretch = `${hex(worst.from)} and ${hex(worst.from + coarse.axis.size - 1)}`;
  const share = bins[worst.bin]! / failed;
  const where = share === 1 ? `all between ${stretch}` : `${percent(share)} of them between ${stretch}`;
  return `${moved}; ${many(failed, 'frame')} of folios failed in calls, ${where}.${asked}`;
}
