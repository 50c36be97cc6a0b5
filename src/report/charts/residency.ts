/** How long folios rested in per-CPU batches, by CPU: a folio in a batch has a reference that keeps it from moving. */
import { batchKinds, type History } from '../../history/facts.ts';
import { factsId } from '../evidence-id.ts';
import { count, duration, many, quantile } from '../numbers.ts';
import { table } from '../tables.ts';
import { type Chart, widths } from './figure.ts';
import { quantileRows } from './quantiles.ts';

interface Group {
  readonly cpu: number;
  readonly batch: string;
  stays: number;
  open: number;
  readonly lasted: number[];
}

export const residency: Chart = ({ history }, width = widths.wide) => {
  const groups = grouped(history);
  const durations = history.capture.clock.unit === 'ns';
  const drawn = durations ? groups.filter((group) => group.lasted.length > 0) : [];
  for (const group of drawn) group.lasted.sort((a, b) => a - b);
  // Many CPUs times several batches would be a page of rows: the ones with most folios are drawn, the table has all.
  const most = [...drawn].sort((a, b) => b.lasted.length - a.lasted.length).slice(0, 24);
  const rows = drawn.filter((group) => most.includes(group));
  return {
    id: 'residency',
    title: 'How long folios rested in per-CPU batches',
    finding: finding(history, groups),
    tables: [
      table(
        ['CPU>', 'batch', 'stays>', 'timed>', '10 %>', 'median>', '90 %>', 'still in>'],
        groups.map((group) => [
          group.cpu < 0 ? '–' : String(group.cpu),
          group.batch,
          count(group.stays),
          count(group.lasted.length),
          ...[0.1, 0.5, 0.9].map((share) => duration(durations ? quantile(group.lasted, share) : Number.NaN)),
          count(group.open),
        ]),
        {
          evidence: groups.map(({ cpu, batch }) => [
            ...[undefined, undefined],
            factsId('stays', { cpu, batch }),
            ...Array<undefined>(4).fill(undefined),
            factsId('stays', { cpu, batch, open: 'yes' }),
          ]),
        },
      ),
    ],
    spec:
      rows.length === 0
        ? undefined
        : quantileRows(
            rows.map((group) => ({
              label: `CPU ${group.cpu < 0 ? 'not known' : group.cpu}, ${group.batch} batch: ${many(group.lasted.length, 'folio')}, median ${duration(quantile(group.lasted, 0.5))}`,
              lasted: group.lasted,
            })),
            'time in batch',
            Math.max(history.capture.clock.resolution, 1),
            width,
          ),
  };
};

function grouped({ stays }: History): Group[] {
  const groups = new Map<number, Group>();
  for (let i = 0; i < stays.length; i++) {
    const cpu = stays.cpu[i]!;
    const batch = stays.batch[i]!;
    const key = cpu * 16 + batch;
    let group = groups.get(key);
    if (!group) {
      group = { cpu, batch: batchKinds[batch] ?? '?', stays: 0, open: 0, lasted: [] };
      groups.set(key, group);
    }
    group.stays++;
    if (stays.flush[i]! < 0 && Number.isNaN(stays.flushed[i]!)) group.open++;
    const lasted = stays.flushed[i]! - stays.added[i]!;
    if (lasted >= 0) group.lasted.push(lasted);
  }
  return [...groups.entries()].sort(([a], [b]) => a - b).map(([, group]) => group);
}

function finding(history: History, groups: readonly Group[]): string {
  const stays = groups.reduce((sum, group) => sum + group.stays, 0);
  const { observed, capture } = history;
  if (stays === 0) {
    return observed.batchFlushes === 'unknown' && observed.batchAdds === 'unknown'
      ? 'This capture records neither mm_lru_insertion nor adds to batches, so what rested in batches is not known.'
      : 'No folio was seen to go through a per-CPU batch.';
  }
  const all = groups.flatMap((group) => group.lasted).sort((a, b) => a - b);
  const open = groups.reduce((sum, group) => sum + group.open, 0);
  const still = open > 0 ? ` ${count(open)} were still in a batch at the end.` : '';
  if (capture.clock.unit !== 'ns')
    return `${many(stays, 'stay')} in batches were seen; the clock of this capture gives no durations.${still}`;
  if (all.length === 0)
    return `${many(stays, 'stay')} in batches ended in sight, but when folios were added is not recorded, so how long they rested is not known.${still}`;
  const longest = groups
    .filter((group) => group.lasted.length >= 5)
    .map((group) => ({
      group,
      median: quantile(
        group.lasted.toSorted((a, b) => a - b),
        0.5,
      ),
    }))
    .sort((a, b) => b.median - a.median)[0];
  const where = longest
    ? `; longest at the median in the ${longest.group.batch} batch of CPU ${longest.group.cpu} (${duration(longest.median)})`
    : '';
  return `Of ${many(stays, 'stay')}, ${count(all.length)} have both ends: half lasted ${duration(quantile(all, 0.5))} or less, one in ten ${duration(quantile(all, 0.9))} or more${where}.${still}`;
}
