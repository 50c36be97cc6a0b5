/** Tables that stand behind the findings: what each policy is, what could not be answered, what was assumed, evidence. */
import type { Call, History } from '../history/facts.ts';
import type { Section } from './charts/charts.ts';
import type { Facts } from './charts/figure.ts';
import { factsId, policyId } from './evidence-id.ts';
import { nextTables } from './next.ts';
import { count, duration, many } from './numbers.ts';
import { type Table, table } from './tables.ts';

/** How many failures of single calls have their evidence printed; the JSON has all. */
const evidenceShown = 10;

/** The tables behind the findings of a section that are no figure's. */
export function supporting(facts: Facts, section: Section['id']): Table[] {
  const { history } = facts;
  const tables: Readonly<Record<Section['id'], readonly Table[]>> = {
    trust: [questions(facts), observed(history), refusals(history)],
    failed: [requests(history), evidence(history)],
    policies: [policies(facts)],
    next: nextTables(facts),
    appendix: [],
  };
  return tables[section].filter((each) => each.rows.length > 0);
}

/** What the letters stand for. */
function questions({ comparison }: Facts): Table {
  return {
    ...table(
      ['axis', 'the question in which kernels and policies differ', 'this capture'],
      comparison.identifiable.map(({ axis, question, answer }) => [axis, question, answer]),
      { title: 'The questions of policy, by letter' },
    ),
    stacked: true,
  };
}

function policies({ comparison }: Facts): Table {
  return table(
    ['policy', 'source', 'changes', 'this capture'],
    comparison.rows.map((row) => [
      row.policy,
      row.source,
      row.changes.length > 0 ? row.changes.join('; ') : row.title,
      row.why === '' ? row.answer : `${row.answer}: ${row.why}`,
    ]),
    { title: 'The policies', evidence: comparison.rows.map(({ policy }) => [policyId(policy)]) },
  );
}

function refusals(history: History): Table {
  return table(
    ['what', 'why', 'how many>'],
    history.refusals.map(({ what, reason, count: n }) => [what, reason, count(n)]),
    { title: 'What could not be worked out' },
  );
}

function requests(history: History): Table {
  type Where = Record<'kind' | 'task' | 'certainty' | 'basis', string>;
  const rows = new Map<
    string,
    { cells: string[]; where: Where; requests: number; calls: number; failed: number; ended: number }
  >();
  for (const request of history.requests) {
    const key = [request.kind, request.comm, request.certainty, request.basis].join('\0');
    const row = rows.get(key) ?? {
      cells: [request.kind, request.comm, `${request.certainty}: ${request.basis}`],
      where: { kind: request.kind, task: request.comm, certainty: request.certainty, basis: request.basis },
      requests: 0,
      calls: 0,
      failed: 0,
      ended: 0,
    };
    rows.set(key, row);
    row.requests++;
    row.calls += request.calls.length;
    if (!Number.isNaN(request.returned)) {
      row.ended++;
      if (request.returned < 0) row.failed++;
    }
  }
  const sorted = [...rows.values()].sort((a, b) => b.calls - a.calls);
  return table(
    ['request', 'task', 'how it is known', 'requests>', 'calls>', 'failed>'],
    sorted
      .slice(0, 20)
      .map((row) => [
        ...row.cells,
        count(row.requests),
        count(row.calls),
        row.ended === 0 ? '–' : `${count(row.failed)} of ${count(row.ended)}`,
      ]),
    {
      title: 'What asked for the calls',
      evidence: sorted
        .slice(0, 20)
        .map(({ where, failed }) => [
          ...[undefined, undefined, undefined],
          factsId('requests', where),
          undefined,
          failed > 0 ? factsId('requests', { ...where, end: 'failed' }) : undefined,
        ]),
      ...(sorted.length > 20 ? { notes: [`${many(sorted.length - 20, 'more row')} with fewer calls left out.`] } : {}),
    },
  );
}

/** A likelihood ratio is never nought, however little it leaves of a cause. */
function factor(weight: number): string {
  return weight > 0 && weight < 0.01 ? weight.toPrecision(1) : count(weight);
}

function evidence(history: History): Table {
  const calls = new Map<number, Call>(history.calls.map((call) => [call.id, call]));
  const timed = history.capture.clock.unit === 'ns';
  const shown = history.failures.slice(0, evidenceShown);
  return table(
    ['call', 'pfn', 'at', 'evidence'],
    shown.map((failure) => {
      const call = calls.get(failure.call);
      const request = history.requests[failure.request ?? -1];
      const who = call ?? request;
      const first = call?.startOrdinal ?? request?.ordinal;
      const says = [...failure.evidence]
        .sort((a, b) => b.weight - a.weight)
        .map(
          (each) =>
            `${each.cause}: ${each.says} (${each.ordinal >= 0 ? `#${each.ordinal}, ` : ''}×${factor(each.weight)})`,
        );
      return [
        who ? `${call?.reason ?? request?.kind} by ${who.comm}-${who.pid} at #${first}` : String(failure.call),
        Number.isNaN(failure.pfn) ? '–' : `0x${failure.pfn.toString(16)}`,
        timed ? duration(failure.time) : count(failure.time),
        says.length > 0 ? says.join('; ') : 'none',
      ];
    }),
    {
      title: 'Failures of single calls and the evidence on each',
      evidence: shown.map(({ id, call }) => [
        call < 0 ? undefined : factsId('calls', { id: call }),
        factsId('failures', { id }),
      ]),
      notes: [
        '#: number of the event in the capture, from 0. ×: how much likelier the evidence is under this cause than under “cannot tell”.',
        ...(history.failures.length > shown.length
          ? [`The first ${shown.length} of ${count(history.failures.length)}; the JSON report has all.`]
          : []),
      ],
    },
  );
}

/** In words, per kind of fact: absent in a capture never means that it did not happen. */
function observed(history: History): Table {
  const names: Record<keyof History['observed'], string> = {
    calls: 'migrate_pages calls',
    episodes: 'migration entries',
    attempts: 'move attempts',
    batchAdds: 'adds to batches',
    batchFlushes: 'flushes of batches',
    activations: 'activations',
    mlockBatches: 'mlock batches',
    drains: 'drains',
    windows: 'windows with caches disabled',
    entryWaits: 'waits on migration entries',
    lockWaits: 'waits on folio locks',
    references: 'reference counts',
    requests: 'requests',
    durations: 'durations',
  };
  return table(
    ['fact', 'in this capture'],
    (Object.keys(names) as (keyof typeof names)[]).map((key) => [names[key], history.observed[key]]),
    { title: 'What this capture shows at all' },
  );
}
