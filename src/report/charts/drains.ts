/** What emptied the batches of each CPU, and who asked for drains. */
import type { Flush, History } from '../../history/facts.ts';
import { factsId } from '../evidence-id.ts';
import { count, list, many, percent } from '../numbers.ts';
import { table } from '../tables.ts';
import { colours } from './colours.ts';
import { bars, type Chart, widths } from './figure.ts';

/** One colour a cause, in the order in which they are drawn. */
export const flushColours: Readonly<Record<Flush['cause'], string>> = {
  'cache disabled': colours.blue,
  'all-CPU drain': colours.green,
  'local drain': colours.sky,
  full: colours.orange,
  bypass: colours.purple,
  unknown: colours.grey,
};
const causes = Object.keys(flushColours) as readonly Flush['cause'][];

const scopes = { local: 'this CPU', all: 'all CPUs', disable: 'all CPUs, caches disabled' } as const;

export const drains: Chart = ({ history }, width = widths.wide) => {
  const cpus = new Map<number, Map<Flush['cause'], { flushes: number; folios: number }>>();
  for (const flush of history.flushes) {
    const row = cpus.get(flush.cpu) ?? new Map<Flush['cause'], { flushes: number; folios: number }>();
    cpus.set(flush.cpu, row);
    const cell = row.get(flush.cause) ?? { flushes: 0, folios: 0 };
    row.set(flush.cause, cell);
    cell.flushes++;
    cell.folios += flush.count;
  }
  const sorted = [...cpus].sort(([a], [b]) => a - b);
  const flushesOf = (row: ReadonlyMap<Flush['cause'], { flushes: number }>): number =>
    [...row.values()].reduce((sum, cell) => sum + cell.flushes, 0);
  const drawn = [...sorted]
    .sort(([, a], [, b]) => flushesOf(b) - flushesOf(a))
    .slice(0, 24)
    .map(([cpu]) => cpu);
  const present = causes.filter((cause) => sorted.some(([, row]) => row.has(cause)));
  return {
    id: 'drains',
    title: 'What emptied the batches, by CPU',
    finding: finding(history),
    links: [{ text: many(history.flushes.length, 'flush', 'flushes'), to: factsId('flushes') }],
    tables: [
      table(
        ['CPU>', 'flushes>', ...present.map((cause) => `${cause}>`), 'folios>'],
        sorted.map(([cpu, row]) => [
          cpu < 0 ? '–' : String(cpu),
          count(flushesOf(row)),
          ...present.map((cause) => count(row.get(cause)?.flushes ?? 0)),
          count([...row.values()].reduce((sum, cell) => sum + cell.folios, 0)),
        ]),
        {
          title: 'Flushes of batches by what caused them',
          evidence: sorted.map(([cpu]) => [
            undefined,
            factsId('flushes', { cpu }),
            ...present.map((cause) => factsId('flushes', { cpu, cause })),
          ]),
        },
      ),
      requested(history),
    ],
    spec:
      sorted.length === 0
        ? undefined
        : bars(
            sorted
              .filter(([cpu]) => drawn.includes(cpu))
              .map(([cpu, row]) => ({
                label: `CPU ${cpu < 0 ? 'not known' : cpu}: ${many(flushesOf(row), 'flush', 'flushes')}`,
                segments: present.map((cause) => ({ series: cause, value: row.get(cause)?.flushes ?? 0 })),
              })),
            flushColours,
            'flushes of a batch',
            width,
          ),
  };
};

function requested(history: History) {
  const tasks = new Map<string, { scope: keyof typeof scopes; comm: string; drains: number; cpus: number }>();
  for (const drain of history.drains) {
    const key = `${drain.scope}\0${drain.comm}`;
    const row = tasks.get(key) ?? { scope: drain.scope, comm: drain.comm, drains: 0, cpus: 0 };
    tasks.set(key, row);
    row.drains++;
    row.cpus += drain.cpus.length;
  }
  const sorted = [...tasks.values()].sort((a, b) => b.drains - a.drains);
  return table(
    ['drain of', 'asked by', 'drains>', 'CPUs that ran work>'],
    sorted.slice(0, 15).map((row) => [scopes[row.scope], row.comm, count(row.drains), count(row.cpus)]),
    {
      title: 'Drains by who asked',
      evidence: sorted
        .slice(0, 15)
        .map(({ scope, comm }) => [...[undefined, undefined], factsId('drains', { scope, task: comm })]),
      ...(sorted.length > 15 ? { notes: [`${many(sorted.length - 15, 'more row')} with fewer drains left out.`] } : {}),
    },
  );
}

function finding(history: History): string {
  const { flushes, drains: asked, observed } = history;
  const scopeParts = (['disable', 'all', 'local'] as const)
    .map((scope) => ({ scope, n: asked.filter((drain) => drain.scope === scope).length }))
    .filter(({ n }) => n > 0)
    .map(({ scope, n }) => `${count(n)} of ${scopes[scope]}`);
  const drained =
    scopeParts.length > 0
      ? ` Drains seen or inferred: ${list(scopeParts)}.`
      : observed.drains === 'unknown'
        ? ' Drains themselves are not recorded.'
        : ' No drain was seen.';
  if (flushes.length === 0) {
    return observed.batchFlushes === 'unknown'
      ? `This capture does not show batches being flushed.${drained}`
      : `No batch was flushed while this capture was taken.${drained}`;
  }
  const by = causes
    .map((cause) => ({ cause, n: flushes.filter((flush) => flush.cause === cause).length }))
    .filter(({ n }) => n > 0)
    .sort((a, b) => b.n - a.n);
  const phrase = {
    full: 'full',
    bypass: 'bypassed',
    'local drain': 'local drain',
    'all-CPU drain': 'all-CPU drain',
    'cache disabled': 'caches disabled',
    unknown: 'cause not known',
  };
  const parts = by.map(({ cause, n }) => `${phrase[cause]} ${count(n)} (${percent(n / flushes.length)})`);
  return `${many(flushes.length, 'flush', 'flushes')} of batches on ${many(new Set(flushes.map((f) => f.cpu)).size, 'CPU')}: ${list(parts)}.${drained}`;
}
