/**
 * Outcomes by reason, call by call: what single migrate_pages calls failed to move. A folio that a request tries in five
 * calls counts five times here, and once where folios given up are counted.
 */
import { factsId } from '../evidence-id.ts';
import { count, list, many, percent } from '../numbers.ts';
import { table } from '../tables.ts';
import { colours } from './colours.ts';
import { bars, type Chart, type Facts, type NumberLink, widths } from './figure.ts';

interface Group {
  readonly reason: string;
  readonly mode: string;
  calls: number;
  failedCalls: number;
  moved: number;
  failed: number;
  unknown: number;
  succeededPages: number;
  failedPages: number;
}

const series = { moved: colours.sky, failed: colours.vermilion, 'outcome not seen': colours.grey };

export const outcomes: Chart = ({ history, comparison }, width = widths.wide) => {
  const groups = new Map<string, Group>();
  for (const call of history.calls) {
    const key = `${call.reason}\0${call.mode}`;
    let group = groups.get(key);
    if (!group) {
      const { reason, mode } = call;
      group = newGroup(reason, mode);
      groups.set(key, group);
    }
    group.calls++;
    for (const folio of call.folios) group[folio.outcome]++;
    if (call.folios.some((folio) => folio.outcome === 'failed')) group.failedCalls++;
    if (!Number.isNaN(call.succeeded)) group.succeededPages += call.succeeded;
    if (!Number.isNaN(call.failed)) group.failedPages += call.failed;
  }
  for (const { kind, withoutCalls } of history.requests) {
    if (withoutCalls === undefined) continue;
    let group = groups.get(kind);
    if (!group) {
      group = { ...newGroup(kind, ''), succeededPages: Number.NaN, failedPages: Number.NaN };
      groups.set(kind, group);
    }
    for (const folio of withoutCalls.folios) group[folio.outcome]++;
  }
  const sorted = [...groups.values()].sort((a, b) => b.failed - a.failed || b.moved - a.moved || b.calls - a.calls);
  const rows = sorted.map((group) => {
    const folios = group.moved + group.failed + group.unknown;
    return {
      // The prefix of all modes is what a phone has no room for.
      label: `${width < 500 ? name(group).replace('MIGRATE_', '') : name(group)}: ${count(group.failed)} of ${many(folios, 'folio')} failed`,
      segments: [
        { series: 'failed', value: group.failed },
        { series: 'moved', value: group.moved },
        { series: 'outcome not seen', value: group.unknown },
      ],
    };
  });
  return {
    id: 'outcomes',
    title: 'Outcomes of single calls, by reason',
    finding: `${finding(sorted, history.observed.calls !== 'unknown', silentWork(history))}${givenUp(history.failures.length, comparison.fidelity)}`,
    links: [...linksOf(sorted), ...givenUpLink(history.failures.length, comparison.fidelity)],
    tables: [
      table(
        [
          'reason',
          'mode',
          'calls>',
          'with failures>',
          'folios moved>',
          'failed>',
          'not seen>',
          'pages moved>',
          'failed>',
        ],
        sorted.map((g) => [
          g.reason,
          g.mode,
          ...[g.calls, g.failedCalls, g.moved, g.failed, g.unknown, g.succeededPages, g.failedPages].map(count),
        ]),
        sorted.length > 0
          ? {
              evidence: sorted.map(({ reason, mode }) => [
                ...[undefined, undefined],
                factsId('calls', { reason, mode }),
                factsId('calls', { reason, mode, failed: 'yes' }),
                factsId('folios', { reason, mode, outcome: 'moved' }),
                factsId('failures', { reason, mode }),
                factsId('folios', { reason, mode, outcome: 'unknown' }),
              ]),
              notes: [
                'A folio counts in each call that was asked to move it. Pages are base pages as the kernel counted them in mm_migrate_pages.',
              ],
            }
          : {},
      ),
    ],
    spec: rows.some((row) => row.segments.some((s) => s.value > 0))
      ? bars(rows, series, 'folios, counted in each call', width)
      : undefined,
  };
};

/** Numbers of the finding: all that failed, the calls, and what failed of the first reasons. */
function linksOf(groups: readonly Group[]): NumberLink[] {
  const calls = groups.reduce((sum, g) => sum + g.calls, 0);
  const failed = groups.reduce((sum, g) => sum + (g.calls > 0 ? g.failed : 0), 0);
  const silent = groups.some((g) => g.calls === 0);
  if (failed === 0) return [{ text: many(calls, 'call'), to: factsId('calls') }];
  return [
    ...(silent ? [] : [{ text: count(failed), to: factsId('failures') }]),
    { text: many(calls, 'call'), to: factsId('calls') },
    ...groups
      .filter((g) => g.calls > 0 && g.failed > 0)
      .slice(0, 3)
      .map(({ reason, mode, failed: n }) => ({ text: `${count(n)} of`, to: factsId('failures', { reason, mode }) })),
  ];
}

function newGroup(reason: string, mode: string): Group {
  const none = { calls: 0, failedCalls: 0, moved: 0, failed: 0, unknown: 0, succeededPages: 0, failedPages: 0 };
  return { reason, mode, ...none };
}

/** What requests did that make no calls; empty when there are none. */
function silentWork({ requests }: Facts['history']): string {
  const parts = (['migrate_vma', 'thp split'] as const).flatMap((kind) => {
    const own = requests.filter((request) => request.kind === kind && request.withoutCalls !== undefined);
    if (own.length === 0) return [];
    const folios = own.flatMap(({ withoutCalls }) => withoutCalls!.folios);
    const of = (outcome: string) => folios.filter((folio) => folio.outcome === outcome).length;
    const unseen = of('unknown') > 0 ? ` (of ${count(of('unknown'))} it was not seen)` : '';
    return kind === 'migrate_vma'
      ? `${many(own.length, 'request')} of migrate_vma moved ${many(of('moved'), 'folio')} to or from a device and left ${count(of('failed'))} where they were${unseen}`
      : `of ${many(own.length, 'try', 'tries')} to split a huge page ${count(of('failed'))} failed${unseen}`;
  });
  return list(parts);
}

function name(group: Group): string {
  return group.mode === '' ? group.reason : `${group.reason}, ${group.mode}`;
}

/** The number in that sentence. */
function givenUpLink(failures: number, { recordedFailures }: Facts['comparison']['fidelity']): NumberLink[] {
  const isAll = recordedFailures === failures;
  const text = !isAll ? many(recordedFailures, 'folio') : failures === 1 ? 'that folio' : `all ${count(failures)}`;
  return [{ text, to: factsId('failures', { givenUp: 'yes' }) }];
}

/** What the failures of single calls were after the requests' own retries: the unit of everything that is replayed. */
function givenUp(failures: number, { folios, recordedFailures }: Facts['comparison']['fidelity']): string {
  if (failures === 0 || folios === 0) return '';
  const all = failures === 1 ? 'that folio was' : `all ${count(failures)} were`;
  const was = recordedFailures === 1 ? 'was' : 'were';
  return recordedFailures === failures
    ? ` With their requests' own retries over, ${all} given up.`
    : ` Requests try again by themselves: after that ${many(recordedFailures, 'folio')} ${was} given up, which is what is replayed.`;
}

function finding(all: readonly Group[], observed: boolean, silent: string): string {
  const groups = all.filter((group) => group.calls > 0);
  if (groups.length > 0 && silent !== '') return `${finding(groups, observed, '')} Without calls, ${silent}.`;
  const calls = groups.reduce((sum, g) => sum + g.calls, 0);
  if (calls === 0) {
    if (silent !== '') return `No call of migrate_pages is recorded; ${silent}.`;
    return observed
      ? 'No migrate_pages call happened while this capture was taken.'
      : 'This capture does not record migrate_pages calls, so it cannot say what failed.';
  }
  const failed = groups.reduce((sum, g) => sum + g.failed, 0);
  const unknown = groups.reduce((sum, g) => sum + g.unknown, 0);
  const folios = groups.reduce((sum, g) => sum + g.moved + g.failed, unknown);
  const unseen = unknown > 0 ? `; the outcome of ${count(unknown)} was not seen` : '';
  if (failed === 0) {
    return folios === unknown
      ? `${many(calls, 'call')} handled ${many(folios, 'folio')} whose outcome was not seen.`
      : `None of ${many(folios, 'folio')} in ${many(calls, 'call')} is known to have failed${unseen}.`;
  }
  const failing = groups.filter((g) => g.failed > 0);
  const parts = failing
    .slice(0, 3)
    .map((g) => `${count(g.failed)} of ${count(g.moved + g.failed + g.unknown)} for ${name(g)}`);
  if (failing.length > 3) parts.push(`the rest for ${many(failing.length - 3, 'other reason')}`);
  return `${count(failed)} of ${many(folios, 'folio')} (${percent(failed / folios)}) in ${many(calls, 'call')} did not move: ${list(parts)}${unseen}.`;
}
