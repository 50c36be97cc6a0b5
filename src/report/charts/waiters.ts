/** Who slept because of migration: on migration entries and on folio locks, task by task, and how long. */
import { addTo } from '../../base/groups.ts';
import type { History, Wait } from '../../history/facts.ts';
import { factsId } from '../evidence-id.ts';
import { count, duration, list, many, quantile } from '../numbers.ts';
import { table } from '../tables.ts';
import { colours } from './colours.ts';
import { type BarRow, bars, type Chart, fitting, timeScale, widths } from './figure.ts';

const series = { 'on migration entries': colours.sky, 'on folio locks': colours.vermilion };
const nameOf = { entry: 'on migration entries', lock: 'on folio locks' } as const;
const tasksDrawn = 10;

interface Task {
  readonly name: string;
  readonly waits: readonly Wait[];
  /** ns that its sleeps with both ends lasted, in order. */
  readonly lasted: Float64Array;
  readonly total: number;
}

export const waiters: Chart = ({ history }, width = widths.wide) => {
  const timed = history.capture.clock.unit === 'ns';
  const tasks = tasksOf(history.waits);
  const first = tasks.slice(0, tasksDrawn);
  const others = tasks.slice(tasksDrawn);
  const rest = others.flatMap(({ waits }) => waits);
  const shown = [...first, ...(rest.length === 0 ? [] : [taskOf(many(others.length, 'other task'), rest)])];
  // A crowd of others would leave the bars of those who slept longest no length.
  const crowd = shown.slice(tasksDrawn).find(({ total }) => total > 2 * first[0]!.total);
  const drawn = crowd === undefined ? shown : first;
  const { unit, scale } = timeScale(Math.max(1, ...drawn.map(({ total }) => total)));
  const left = crowd === undefined ? '' : `; not drawn: ${duration(crowd.total)} of ${crowd.name}`;
  return {
    id: 'waiters',
    title: 'Who slept on folios under migration, and for how long',
    finding: finding(history, tasks, timed),
    tables: [
      table(
        ['task', 'slept', 'sleeps>', 'timed>', 'median>', '90 %>', 'longest>', 'in all>', 'with a reference>'],
        [...first, ...(rest.length === 0 ? [] : [shown.at(-1)!])].flatMap((task) =>
          (['entry', 'lock'] as const).flatMap((on) => {
            const own = task.waits.filter((wait) => wait.on === on);
            if (own.length === 0) return [];
            const { lasted, total } = taskOf(task.name, own);
            const time = (ns: number): string => duration(timed ? ns : Number.NaN);
            return [
              [
                task.name,
                nameOf[on],
                count(own.length),
                count(timed ? lasted.length : 0),
                ...[0.5, 0.9, 1].map((share) => time(quantile(lasted, share))),
                time(total),
                count(own.filter(({ holdsReference }) => holdsReference === 'yes').length),
              ],
            ];
          }),
        ),
        tasks.length > 0
          ? {
              evidence: first.flatMap(({ waits }) =>
                (['entry', 'lock'] as const).flatMap((on) => {
                  const { comm, pid } = waits[0]!;
                  // A task without a pid is any that is not known.
                  if (pid < 0 || !waits.some((wait) => wait.on === on)) return pid < 0 ? [[]] : [];
                  const who = { task: comm, pid, on };
                  return [
                    [
                      ...[undefined, undefined],
                      factsId('waits', who),
                      ...Array<undefined>(5).fill(undefined),
                      factsId('waits', { ...who, holds: 'yes' }),
                    ],
                  ];
                }),
              ),
              notes: [
                'With a reference: the sleeper holds one, so the folio cannot move until it wakes. A migrating task that waits for a lock holds only the reference that is expected.',
              ],
            }
          : {},
      ),
    ],
    spec:
      timed && drawn.some(({ total }) => total > 0)
        ? bars(
            drawn.map((task) => rowOf(task, scale, width)),
            series,
            `time asleep in all, ${unit}${left}`,
            width,
          )
        : undefined,
  };
};

function rowOf({ name, waits, lasted }: Task, scale: number, width: number): BarRow {
  const of = (on: Wait['on']): Wait[] => waits.filter((wait) => wait.on === on);
  const counts = (['entry', 'lock'] as const)
    .filter((on) => of(on).length > 0)
    .map((on) => `${count(of(on).length)} ${on === 'entry' ? 'on entries' : 'on locks'}`);
  const how =
    lasted.length === 0
      ? ['no end seen']
      : [`median ${duration(quantile(lasted, 0.5))}`, `longest ${duration(lasted.at(-1)!)}`];
  return {
    label: fitting(name, [...counts, ...how], width),
    segments: (['entry', 'lock'] as const).map((on) => ({ series: nameOf[on], value: totalOf(of(on)) / scale })),
  };
}

function totalOf(waits: readonly Wait[]): number {
  return waits.reduce((sum, { start, end }) => sum + (end >= start ? end - start : 0), 0);
}

function taskOf(name: string, waits: readonly Wait[]): Task {
  const ended = waits.filter(({ start, end }) => end >= start);
  const lasted = Float64Array.from(ended, ({ start, end }) => end - start).sort();
  return { name, waits, lasted, total: totalOf(waits) };
}

/** Those that slept longest in all come first. */
function tasksOf(waits: readonly Wait[]): Task[] {
  const groups = new Map<string, Wait[]>();
  for (const wait of waits) addTo(groups, wait.pid < 0 ? 'task not known' : `${wait.comm}-${wait.pid}`, wait);
  return [...groups]
    .map(([name, own]) => taskOf(name, own))
    .sort((a, b) => b.total - a.total || b.waits.length - a.waits.length || (a.name < b.name ? -1 : 1));
}

function finding({ observed, waits }: History, tasks: readonly Task[], timed: boolean): string {
  const unseen = [
    ...(observed.entryWaits === 'unknown' ? ['on migration entries'] : []),
    ...(observed.lockWaits === 'unknown' ? ['on folio locks'] : []),
  ];
  const first = tasks[0];
  if (first === undefined)
    return unseen.length > 0
      ? `This capture does not show tasks asleep ${list(unseen)}${unseen.length === 1 ? ', and none was seen otherwise' : ''}.`
      : 'No task slept on a migration entry or on the lock of a folio.';
  const without = unseen.length > 0 ? ` Sleeps ${list(unseen)} are not recorded.` : '';
  const sum = `${many(tasks.length, 'task')} slept ${many(waits.length, 'time')}`;
  if (!timed) return `${sum}; the clock of this capture gives no durations.${without}`;
  const all = taskOf('', waits);
  if (all.lasted.length === 0)
    return `${sum}; no sleep has a seen end, so how long they lasted is not known.${without}`;
  const parts = (['entry', 'lock'] as const)
    .map((on) => ({ on, own: waits.filter((wait) => wait.on === on) }))
    .filter(({ own }) => own.length > 0)
    .map(({ on, own }) => `${duration(totalOf(own))} ${nameOf[on]} (${many(own.length, 'sleep')})`);
  const open = waits.length - all.lasted.length;
  const cut = open > 0 ? ` Of ${many(open, 'sleep')} the end was not seen.` : '';
  const spread =
    all.lasted.length < 2
      ? ''
      : `; half of the sleeps lasted ${duration(quantile(all.lasted, 0.5))} or less, the longest ${duration(all.lasted.at(-1)!)}`;
  return `${sum}: ${list(parts)}${spread}. Longest in all slept ${first.name}, ${duration(first.total)}.${cut}${without}`;
}
