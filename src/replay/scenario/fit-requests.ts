/** Requests of a capture as lines of a scenario, with the folios that each line wants. */
import { addTo } from '../../base/groups.ts';
import type { Mode } from '../../model/decisions.ts';
import type { RequestModel } from '../../model/demand.ts';
import type { Unit } from '../demand.ts';
import type { Stage } from '../stage.ts';
import type { FolioGroup, RequestLine } from './scenario.ts';

/** Units that a scenario has as one line. */
export interface Line {
  readonly request: RequestLine;
  readonly group: FolioGroup;
  readonly units: readonly Unit[];
  /** Frames that its folios were ever in. */
  readonly pfns: ReadonlySet<number>;
}

/** Times beyond which a line says how far apart its requests are, not when each was. */
const mostTimes = 1000;

/** List sizes of requests of one list, of which each gets a line of its own: more are given one size. */
const mostSizes = 8;

/** Lines by model, mode and size of the list, most units first; with what had to be made alike. */
export function linesOf({ scenes, history }: Stage, duration: number): { lines: Line[]; remarks: string[] } {
  const remarks: string[] = [];
  const sorts = new Map<string, Unit[]>();
  for (const { unit } of scenes) {
    if (unit.members.every(({ latent }) => latent)) continue;
    const key = `${modelOf(unit)}, ${unit.mode}`;
    sorts.set(key, [...(sorts.get(key) ?? []), unit]);
  }
  const names = new Set<string>();
  const lines = [...sorts.values()]
    .flatMap(bySize)
    .sort((a, b) => b.units.length - a.units.length)
    .map(({ units, by }): Line => {
      const [first] = units;
      const model = modelOf(first!);
      const name = unique(`${model} ${first!.mode}${by}`, names);
      const members = units.flatMap((unit) => unit.members.filter(({ latent }) => !latent));
      const orders = commonest(members.map(({ order }) => order));
      const mappings = commonest(members.map(({ mapped }) => mapped));
      if (orders.length > 1) {
        remarks.push(`${name}: folios of order ${orders.join(', ')} are given as order ${orders[0]}, the commonest`);
      }
      if (mappings.length > 1) {
        remarks.push(`${name}: folios with ${some(mappings)} entries are given ${mappings[0]}, the commonest`);
      }
      const sizes = units.flatMap(({ lists }) => lists.map((list) => list.members.length)).filter((size) => size > 0);
      const list = Math.max(1, middle(sizes));
      const lists = Math.max(1, middle(units.map((unit) => unit.lists.length)));
      const areas = Math.max(0, ...units.map((unit) => unit.areas));
      const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
      if (most > least) remarks.push(`${name}: lists of ${least} to ${most} folios are given ${list}, the median`);
      const known = identities(units);
      const needed = list * (lists + Math.max(1, areas) - 1);
      const starts = units.map(({ start }) => Math.max(0, Math.round(start))).filter((start) => start < duration);
      const group: FolioGroup = {
        name: `of ${name}`,
        count: Math.max(needed, known.folios),
        kind: 'unknown',
        order: orders[0] ?? 0,
        mapped: history.observed.episodes === 'unknown' ? 1 : (mappings[0] ?? 1),
        mlocked: false,
        clean: false,
        start: 'on lru',
      };
      const cpus = commonest(units.map(({ cpu }) => cpu));
      const request: RequestLine = {
        name,
        model,
        mode: first!.mode as Mode,
        cpu: Math.max(0, cpus[0] ?? 0),
        of: group.name,
        at:
          starts.length <= mostTimes
            ? starts
            : { every: { kind: 'exponential', mean: duration / starts.length }, count: starts.length },
        list,
        lists,
        ...(areas > 0 ? { areas } : {}),
      };
      return { request, group, units, pfns: known.pfns };
    });
  return { lines, remarks };
}

/** Units of one sort, apart by the sizes of their lists, where there are few sizes; those with several lists stay together. */
function bySize(units: Unit[]): { units: Unit[]; by: string }[] {
  const sizes = new Map<number, Unit[]>();
  for (const unit of units) {
    const isOne = unit.lists.length === 1 && unit.areas === 0;
    addTo(sizes, isOne ? unit.lists[0]!.members.length : 0, unit);
  }
  if (sizes.size === 1 || sizes.size > mostSizes) return [{ units, by: '' }];
  return [...sizes].map(([size, units]) => ({ units, by: size === 0 ? ', several lists' : ` by ${size}` }));
}

function modelOf(unit: Unit): RequestModel {
  return unit.areas > 0 ? 'cma' : unit.model;
}

/** A folio that was moved and wanted again is the same one, in another frame. */
function identities(units: readonly Unit[]): { folios: number; pfns: Set<number> } {
  const pfns = new Set<number>();
  const held = new Set<number>();
  let folios = 0;
  let nameless = 0;
  for (const { members } of units) {
    let unnamed = 0;
    for (const { pfn, latent, episodes } of members) {
      if (latent) continue;
      if (Number.isNaN(pfn)) {
        unnamed++;
        continue;
      }
      pfns.add(pfn);
      if (!held.delete(pfn)) folios++;
      const last = episodes.at(-1);
      const now = last?.outcome === 'moved' ? last.destinationPfn : pfn;
      pfns.add(now);
      held.add(now);
    }
    nameless = Math.max(nameless, unnamed);
  }
  return { folios: folios + nameless, pfns };
}

function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function some(values: readonly number[]): string {
  return values.length > 4 ? `${values.slice(0, 4).join(', ')} and other numbers of` : values.join(', ');
}

function unique(name: string, names: Set<string>): string {
  let one = name;
  for (let n = 2; names.has(one); n++) one = `${name} ${n}`;
  names.add(one);
  return one;
}

/** Different values, the commonest first; of equals the one that came first. */
function commonest(values: readonly number[]): number[] {
  const times = new Map<number, number>();
  for (const value of values) times.set(value, (times.get(value) ?? 0) + 1);
  return [...times].sort(([, a], [, b]) => b - a).map(([value]) => value);
}
