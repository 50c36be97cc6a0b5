/** How long references lasted that migration does not expect, by who held them, against the time that a call keeps trying. */
import { batchKinds, type History } from '../../history/facts.ts';
import { referenceSpans } from '../../history/reference-spans.ts';
import { count, duration, list, many, percent, quantile } from '../numbers.ts';
import { table } from '../tables.ts';
import { type Chart, fitting, widths } from './figure.ts';
import { type Mark, quantileRows } from './quantiles.ts';

interface Kind {
  readonly name: string;
  readonly seen: string;
  /** ns, in order. */
  readonly lasted: Float64Array;
  /** Begun and not seen to end. */
  readonly open: number;
  /** Ended and not seen to begin. */
  readonly unbegun: number;
}

export const held: Chart = ({ history }, width = widths.wide) => {
  const durations = history.capture.clock.unit === 'ns';
  const kinds = kindsOf(history);
  const drawn = durations ? kinds.filter(({ lasted }) => lasted.length > 0) : [];
  const call = durations ? callTime(history) : undefined;
  return {
    id: 'held',
    title: 'How long references lasted that keep a folio from moving',
    finding: finding(history, kinds, call),
    tables: [
      table(
        [
          'held by',
          'seen by',
          'timed>',
          'median>',
          '90 %>',
          'longest>',
          'outlast a call>',
          'no end seen>',
          'no beginning>',
        ],
        kinds.map(({ name, seen, lasted, open, unbegun }) => [
          name,
          seen,
          count(durations ? lasted.length : 0),
          ...[0.5, 0.9, 1].map((share) => duration(durations ? quantile(lasted, share) : Number.NaN)),
          call === undefined || lasted.length === 0 ? '–' : percent(outlasting(lasted, call.at)),
          count(open),
          count(unbegun),
        ]),
        kinds.length === 0
          ? {}
          : {
              notes: [
                'Times are of references that were seen to end. Those that were not (open) lasted longer than they were seen.',
                ...(call === undefined ? [] : [`Outlast a call: longer than ${duration(call.at)}, ${call.label}.`]),
                ...(history.references === undefined
                  ? []
                  : [
                      'page_ref events of folios that calls name: a reference taken and dropped by one task, the last taken first. They tell no purpose; references of mappings are among them.',
                    ]),
              ],
            },
      ),
    ],
    spec:
      drawn.length === 0
        ? undefined
        : quantileRows(
            drawn.map(({ name, lasted, open }) => ({
              label: fitting(
                name,
                [
                  `${count(lasted.length)} timed`,
                  `median ${duration(quantile(lasted, 0.5))}`,
                  ...(open > 0 ? [`${count(open)} open`] : []),
                ],
                width,
              ),
              lasted,
            })),
            'time held',
            Math.max(history.capture.clock.resolution, 1),
            width,
            call,
          ),
  };
};

/** Share of sorted durations that are longer than another. */
function outlasting(lasted: Float64Array, ns: number): number {
  return lasted.reduce((sum, one) => sum + (one > ns ? 1 : 0), 0) / lasted.length;
}

/** The time that a call takes, of those that failed where any did: what outlasts it, no retry within it gets over. */
function callTime({ calls }: History): Mark | undefined {
  const whole = calls.filter(({ start, end }) => end >= start);
  const failing = whole.filter(({ folios }) => folios.some(({ outcome }) => outcome === 'failed'));
  const own = failing.length > 0 ? failing : whole;
  if (own.length === 0) return undefined;
  const at = quantile(Float64Array.from(own, ({ start, end }) => end - start).sort(), 0.5);
  return { at, label: `median of calls${failing.length > 0 ? ' that failed a folio' : ''}` };
}

function kindsOf(history: History): Kind[] {
  const { stays, waits } = history;
  const kinds: Kind[] = [];
  const add = (name: string, seen: string, starts: readonly number[], ends: readonly number[]): void => {
    if (starts.length === 0) return;
    const lasted = starts.map((start, i) => ends[i]! - start);
    kinds.push({
      name,
      seen,
      lasted: Float64Array.from(lasted.filter((ns) => ns >= 0)).sort(),
      open: ends.filter((end) => Number.isNaN(end)).length,
      unbegun: starts.filter((start, i) => Number.isNaN(start) && !Number.isNaN(ends[i]!)).length,
    });
  };
  for (const [batch, name] of batchKinds.entries()) {
    const starts: number[] = [];
    const ends: number[] = [];
    for (let row = 0; row < stays.length; row++) {
      if (stays.batch[row] !== batch) continue;
      starts.push(stays.added[row]!);
      ends.push(stays.flushed[row]!);
    }
    add(`${name} batch`, 'adds to batches and flushes', starts, ends);
  }
  const asleep = waits.filter(({ holdsReference }) => holdsReference === 'yes');
  add(
    'fault asleep on a lock',
    'probes on folio locks',
    asleep.map(({ start }) => start),
    asleep.map(({ end }) => end),
  );
  const met = metAtChecks(history);
  add(
    'extra reference at checks',
    'attempts to move, from the first check that met it to the first that did not',
    met.map(({ start }) => start),
    met.map(({ end }) => end),
  );
  const spans = referenceSpans(history);
  for (const isPin of [false, true]) {
    const own = spans.filter((span) => span.isPin === isPin);
    add(
      isPin ? 'pin of a task' : 'reference of a task',
      'page_ref events',
      own.map(({ start }) => start),
      own.map(({ end }) => end),
    );
  }
  return kinds;
}

/**
 * References beyond the expected that a folio's checks met, by folio and call: how long before the first check they were taken
 * is not seen, and where no later check of the call was right, neither is their end.
 */
function metAtChecks({ calls, attempts }: History): { readonly start: number; readonly end: number }[] {
  return calls.flatMap(({ folios }) =>
    folios.flatMap((folio) => {
      const checks = folio.attempts.map((id) => attempts[id]!);
      const first = checks.findIndex(({ references, expected }) => references > expected);
      if (first < 0) return [];
      const right = checks.find(({ references, expected }, i) => i > first && references <= expected);
      return [{ start: checks[first]!.start, end: right?.start ?? Number.NaN }];
    }),
  );
}

function finding({ observed, references, capture }: History, kinds: readonly Kind[], call: Mark | undefined): string {
  const unseen = [
    ...(observed.batchAdds === 'unknown' ? ['when folios were put into batches'] : []),
    ...(observed.lockWaits === 'unknown' ? ['who slept on folio locks'] : []),
    ...(references === undefined ? ['changes of reference counts'] : []),
  ];
  const hidden = unseen.length === 0 ? '' : ` Not recorded: ${list(unseen)}.`;
  const timed = kinds.filter(({ lasted }) => lasted.length > 0);
  if (kinds.length === 0)
    return unseen.length === 0
      ? 'No reference beyond the expected ones was seen.'
      : `This capture shows no such reference.${hidden}`;
  if (capture.clock.unit !== 'ns')
    return `References were held by ${list(kinds.map(({ name }) => name))}; the clock of this capture gives no durations.${hidden}`;
  if (timed.length === 0)
    return `No reference was seen both taken and dropped, so how long they lasted is not known.${hidden}`;
  const first = timed.reduce((a, b) => (quantile(b.lasted, 0.5) > quantile(a.lasted, 0.5) ? b : a));
  const longest =
    timed.length === 1
      ? `Half of the references by “${first.name}” lasted ${duration(quantile(first.lasted, 0.5))} or less`
      : `Of ${many(timed.length, 'kind')} of references that were timed, “${first.name}” lasted longest at the median (${duration(quantile(first.lasted, 0.5))})`;
  const over =
    call === undefined
      ? ''
      : `; longer than a call takes (${duration(call.at)}, ${call.label}) lasted ${list(
          timed.map(({ name, lasted }) => `${percent(outlasting(lasted, call.at))} of “${name}”`),
        )}`;
  const open = kinds.reduce((sum, kind) => sum + kind.open, 0);
  const still = open > 0 ? ` Of ${count(open)} more no end was seen.` : '';
  return `${longest}${over}.${still}${hidden}`;
}
