/** `folioscope inspect`: what is in a capture, and what of it could not be read, and what it can answer. */
import { Command } from 'commander';
import { exitCodeOf, exitCodes } from '../base/errors.ts';
import type { AxisAnswer } from '../compare/comparison.ts';
import { identify } from '../compare/identify.ts';
import type { Capture, Loss, OpenCapture } from '../events/capture.ts';
import { qualifiedName } from '../events/kinds.ts';
import { stamp } from '../events/time.ts';
import { workOut } from '../history/history.ts';
import { accountWords } from '../report/charts/accounting.ts';
import { count, duration, percent } from '../report/numbers.ts';
import { type Table, table } from '../report/tables.ts';
import { checkFiles, differentClocks, lossShare, tooMuchSkipped, withCapture } from './captures.ts';
import { known, lossGroups, originData, originRows } from './facts.ts';
import { showFailure } from './failure.ts';
import { showIdentifiable } from './identify.ts';
import { addCaptureOptions, type CaptureOptions } from './options.ts';
import { printFacts, printJson, printLines, printTable } from './output.ts';
import { inspectQuickly } from './quick.ts';

interface Tally {
  readonly capture: Capture;
  /** Events by kind id, and by CPU (-1 = the input does not say). */
  readonly byKind: readonly number[];
  readonly byCpu: ReadonlyMap<number, number>;
  /** What it can answer, by axis; empty without a migrate_pages call. */
  readonly identifiable: readonly AxisAnswer[];
}

async function tally(open: OpenCapture): Promise<Tally> {
  const byKind: number[] = [];
  const byCpu = new Map<number, number>();
  async function* counted() {
    for await (const batch of open.batches) {
      const { kind, cpu, length } = batch;
      for (let i = 0; i < length; i++) byKind[kind[i]!] = (byKind[kind[i]!] ?? 0) + 1;
      const cpus: number[] = [];
      // Index 0 stands for CPU -1.
      for (let i = 0; i < length; i++) cpus[cpu[i]! + 1] = (cpus[cpu[i]! + 1] ?? 0) + 1;
      cpus.forEach((events, index) => {
        byCpu.set(index - 1, (byCpu.get(index - 1) ?? 0) + events);
      });
      yield batch;
    }
  }
  const history = await workOut({ ...open, batches: counted() });
  // Without a call there is nothing that any axis would decide.
  const identifiable = history.calls.length === 0 ? [] : identify(history);
  return { capture: open.capture, byKind, byCpu, identifiable };
}

function eventsByName({ capture, byKind }: Tally) {
  return capture.kinds
    .map((kind) => ({
      event: qualifiedName(kind),
      form: kind.form,
      function: kind.probe?.function ?? null,
      functionFrom: kind.probe?.source ?? null,
      events: byKind[kind.id] ?? 0,
    }))
    .sort((a, b) => b.events - a.events || (a.event < b.event ? -1 : 1));
}

/** The documented keys of `inspect --json`. */
function asData(of: Tally) {
  const { capture } = of;
  const absolute = (time: number): string | null => (Number.isNaN(time) ? null : stamp(capture, time, 'digits'));
  return {
    ...originData(capture),
    start: capture.events === 0 ? null : absolute(0),
    end: capture.events === 0 ? null : absolute(capture.end),
    events: capture.events,
    inversions: capture.inversions,
    header: capture.header ?? null,
    eventsByName: eventsByName(of),
    eventsByCpu: [...of.byCpu].sort(([a], [b]) => a - b).map(([cpu, events]) => ({ cpu, events })),
    accounting: { ...capture.accounting, skippedShare: lossShare(capture.accounting) },
    losses: capture.losses.map((loss) => ({ ...loss, start: absolute(loss.start), end: absolute(loss.end) })),
    remarks: capture.remarks,
    identifiable: of.identifiable,
  };
}

function orderText({ clock, inversions }: Capture): string {
  if (clock.unit === 'none') return 'in the order of the file';
  return inversions === 0 ? 'in order of time' : `${count(inversions)} of them earlier than the one before`;
}

function facts({ capture, byCpu }: Tally): [string, string][] {
  const { clock } = capture;
  const span =
    capture.events === 0
      ? 'no events'
      : clock.unit === 'none'
        ? 'no times'
        : `${stamp(capture, 0)} to ${stamp(capture, capture.end)}${clock.unit === 'ns' ? ` s: ${duration(capture.end)}` : ''}`;
  const seen = [...byCpu.keys()].filter((cpu) => cpu >= 0).sort((a, b) => a - b);
  const rows: [string, string][] = [
    ...originRows(capture),
    ['CPUs', `${known(capture.cpus)}; events on ${seen.length === 0 ? 'none' : seen.join(' ')}`],
    ['time span', span],
    ['events', `${count(capture.events)}, ${orderText(capture)}`],
  ];
  if (capture.header !== undefined)
    rows.push([
      'header',
      `${count(capture.header.entries)} entries in the buffer of ${count(capture.header.written)} written`,
    ]);
  return rows;
}

/** `probe of __folio_lock`; the function is left out where the event's name says it already. */
function keptAs({ event, form, function: probed, functionFrom }: ReturnType<typeof eventsByName>[number]): string {
  if (form === 'catalogued') return 'decoded';
  // The name that a record has of which only the number is known (read/records/).
  if (event.startsWith('unknown:type_')) return 'bytes: not described';
  if (form !== 'probe' || probed === null) return 'not in the catalogue';
  if (probed === '') return 'probe, function not known';
  const isNamed = event.split(':').at(-1)?.replace(/_ret$/, '') === probed;
  const of = isNamed ? 'probe' : `probe of ${probed}`;
  return functionFrom === 'name' ? `${of}, by its name` : of;
}

function names(of: Tally): Table {
  return table(
    ['event', 'events>', 'kept as'],
    eventsByName(of).map((row) => [row.event, count(row.events), keptAs(row)]),
  );
}

function books({ capture }: Tally): Table[] {
  const { total, skips, oddities, unit } = capture.accounting;
  const words = accountWords(unit);
  const notes = [
    // What a cut file lacks has no bytes to skip.
    ...skips.map((note) => ({ what: note.count === 0 ? 'missing' : 'skipped', ...note })),
    ...oddities.map((note) => ({ what: 'noted', ...note })),
  ];
  const hasText = notes.some((note) => note.firstText !== '');
  return [
    table(
      [unit, 'count>', 'share>'],
      [
        ...(['decoded', 'generic', 'comment', 'skipped'] as const).map(
          (kind) => [words[kind], capture.accounting[kind]] as const,
        ),
        ['total', total] as const,
      ].map(([name, n]) => [name, count(n), total === 0 ? '' : percent(n / total)]),
      { title: 'Accounting: what became of the input' },
    ),
    ...(notes.length === 0
      ? []
      : [
          table(
            ['what', 'why', 'count>', 'first at', ...(hasText ? ['it reads'] : [])],
            notes.map(({ what, reason, count: n, firstPlace, firstText }) => [
              what,
              reason,
              n === 0 ? '' : count(n),
              firstPlace,
              ...(hasText ? [firstText] : []),
            ]),
          ),
        ]),
  ];
}

/** More rows than this are for `--json`; the sums by CPU above them are complete. */
const lossRows = 20;

function losses({ capture }: Tally): Table[] {
  const { losses: all } = capture;
  if (all.length === 0) return [];
  const cpu = (loss: Loss): string => (loss.cpu < 0 ? 'not known' : String(loss.cpu));
  const at = (time: number): string => (Number.isNaN(time) ? '–' : stamp(capture, time));
  return [
    table(
      ['CPU', 'how', 'gaps>', 'events lost>', 'of unknown size>'],
      lossGroups(all).map(({ loss, gaps, events, unknown }) => [
        cpu(loss),
        loss.how,
        count(gaps),
        unknown === gaps ? '–' : count(events),
        count(unknown),
      ]),
      { title: 'Events lost before they reached the capture' },
    ),
    table(
      ['CPU', 'how', 'events lost>', 'after>', 'before>', 'said at'],
      all
        .slice(0, lossRows)
        .map((loss) => [cpu(loss), loss.how, count(loss.count), at(loss.start), at(loss.end), loss.place]),
      all.length > lossRows
        ? { notes: [`${count(all.length - lossRows)} more: folioscope inspect --json has them all.`] }
        : {},
    ),
  ];
}

async function show(of: Tally): Promise<void> {
  await printFacts(of.capture.source, facts(of));
  const tables = [...(of.capture.events === 0 ? [] : [names(of)]), ...books(of), ...losses(of)];
  for (const one of tables) await printTable(one);
  if (of.identifiable.length > 0) await showIdentifiable(of.identifiable);
  for (const remark of of.capture.remarks) await printLines([`note: ${remark}`], '  ');
}

interface InspectOptions extends CaptureOptions {
  readonly quick?: boolean;
}

/** Reads one capture to its end and says what is in it; with `json`, gives the data instead. */
async function inspectWhole(file: string, options: CaptureOptions) {
  const found = await withCapture(file, options, tally);
  if (!options.json) await show(found);
  const { capture } = found;
  return { capture, data: asData(found), refusal: tooMuchSkipped(capture, options.maxLoss) };
}

export function inspectCommand(): Command {
  const command = new Command('inspect')
    .description('say what is in a capture, and what of it could not be read')
    .argument('<file...>', 'captures; - for stdin')
    .option('--quick', 'read heads and tails only: within a second for a file of any size');
  return addCaptureOptions(command).action(async (files: readonly string[], options: InspectOptions) => {
    checkFiles(files);
    const captures: unknown[] = [];
    const seen: Capture[] = [];
    // One file that cannot be read does not hide the others; the worst of them decides the exit code.
    let worst: number = exitCodes.done;
    for (const file of files) {
      try {
        if (options.quick) {
          const { capture, data } = await inspectQuickly(file, options);
          seen.push(capture);
          captures.push(data);
          continue;
        }
        const { capture, data, refusal } = await inspectWhole(file, options);
        seen.push(capture);
        captures.push(data);
        if (refusal !== undefined) throw refusal;
      } catch (error) {
        if (exitCodeOf(error) === exitCodes.failed) throw error;
        worst = Math.max(worst, showFailure(error));
      }
    }
    if (options.json) await printJson({ captures });
    else await printLines(differentClocks(seen).map((text) => `note: ${text}`));
    process.exitCode = worst;
  });
}
