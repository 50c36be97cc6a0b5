/** `folioscope inspect`: what is in a capture, and what of it could not be read. One batch is held at a time. */
import { Command } from 'commander';
import { exitCodeOf, exitCodes } from '../base/errors.ts';
import type { Capture, Known, Loss, OpenCapture } from '../events/capture.ts';
import { qualifiedName } from '../events/kinds.ts';
import { count, duration, percent } from '../report/numbers.ts';
import { type Table, table } from '../report/tables.ts';
import { checkFiles, lossShare, tooMuchSkipped, withCapture } from './captures.ts';
import { showFailure } from './failure.ts';
import { addCaptureOptions, type CaptureOptions } from './options.ts';
import { printFacts, printJson, printLines, printTable } from './output.ts';
import { stamp } from './time.ts';

interface Tally {
  readonly capture: Capture;
  /** Events by kind id, and by CPU (-1 = the input does not say). */
  readonly byKind: readonly number[];
  readonly byCpu: ReadonlyMap<number, number>;
}

async function tally(open: OpenCapture): Promise<Tally> {
  const byKind: number[] = [];
  const byCpu = new Map<number, number>();
  for await (const batch of open.batches) {
    const { kind, cpu, length } = batch;
    for (let i = 0; i < length; i++) byKind[kind[i]!] = (byKind[kind[i]!] ?? 0) + 1;
    const cpus: number[] = [];
    // Index 0 stands for CPU -1.
    for (let i = 0; i < length; i++) cpus[cpu[i]! + 1] = (cpus[cpu[i]! + 1] ?? 0) + 1;
    cpus.forEach((events, index) => {
      byCpu.set(index - 1, (byCpu.get(index - 1) ?? 0) + events);
    });
  }
  return { capture: open.capture, byKind, byCpu };
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
    source: capture.source,
    format: capture.format,
    variant: capture.variant,
    kernelRelease: capture.kernelRelease ?? null,
    kernelVersion: capture.kernelVersion ?? null,
    arch: capture.arch ?? null,
    pageSize: capture.pageSize ?? null,
    paBits: capture.paBits ?? null,
    cpus: capture.cpus ?? null,
    recordedPolicy: capture.recordedPolicy ?? null,
    lruGen: capture.lruGen ?? null,
    preemption: capture.preemption ?? null,
    zones: capture.zones,
    clock: { unit: capture.clock.unit, resolution: capture.clock.resolution, name: capture.clock.name ?? null },
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
  };
}

const sources = { capture: 'the capture', sidecar: 'sidecar', option: 'option', default: 'default' } as const;

function known<T extends string | number | boolean>(fact: Known<T> | undefined, unit = ''): string {
  return fact === undefined ? 'not known' : `${String(fact.value)}${unit} (${sources[fact.from]})`;
}

/** Where nobody names a policy, the kernel ran its own. */
function policyText({ recordedPolicy, kernelVersion }: Capture): string {
  if (recordedPolicy !== undefined || kernelVersion === undefined) return known(recordedPolicy);
  return `linux-${kernelVersion.value} (by the kernel's version)`;
}

function facts({ capture, byCpu }: Tally): [string, string][] {
  const { clock } = capture;
  const step = clock.unit === 'ns' ? `steps of ${duration(clock.resolution)}` : `${clock.unit}: orders, no durations`;
  const span =
    capture.events === 0
      ? 'no events'
      : clock.unit === 'none'
        ? 'no times'
        : `${stamp(capture, 0)} to ${stamp(capture, capture.end)}${clock.unit === 'ns' ? ` s: ${duration(capture.end)}` : ''}`;
  const seen = [...byCpu.keys()].filter((cpu) => cpu >= 0).sort((a, b) => a - b);
  const rows: [string, string][] = [
    ['format', capture.variant === capture.format ? capture.format : `${capture.format}: ${capture.variant}`],
    [
      'kernel',
      capture.kernelRelease === undefined
        ? known(capture.kernelVersion)
        : `${known(capture.kernelVersion)}, release ${known(capture.kernelRelease)}`,
    ],
    ['architecture', known(capture.arch)],
    ['page size', known(capture.pageSize, ' bytes')],
    ['physical address', known(capture.paBits, ' bits')],
    ['recorded policy', policyText(capture)],
    ['clock', `${clock.name === undefined ? 'name not known' : known(clock.name)}, ${step}`],
    ['CPUs', `${known(capture.cpus)}; events on ${seen.length === 0 ? 'none' : seen.join(' ')}`],
    ['time span', span],
    ['events', `${count(capture.events)}, ${count(capture.inversions)} earlier than the one before`],
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
  if (form !== 'probe' || probed === null) return form === 'catalogued' ? 'decoded' : form;
  if (functionFrom === 'name') return `probe, of ${probed} by its name`;
  return event.split(':').at(-1)?.replace(/_ret$/, '') === probed ? 'probe' : `probe of ${probed}`;
}

function names(of: Tally): Table {
  return table(
    ['event', 'events>', 'kept as'],
    eventsByName(of).map((row) => [row.event, count(row.events), keptAs(row)]),
  );
}

function books({ capture }: Tally): Table[] {
  const { decoded, generic, comment, skipped, total, skips, oddities, unit } = capture.accounting;
  const notes = [
    ...skips.map((note) => ({ what: 'skipped', ...note })),
    ...oddities.map((note) => ({ what: 'kept generically', ...note })),
  ];
  return [
    table(
      [unit, 'count>', 'share>'],
      Object.entries({ decoded, 'kept generically': generic, comment, skipped, total }).map(([name, n]) => [
        name,
        count(n),
        total === 0 ? '' : percent(n / total),
      ]),
      { title: 'Accounting: what became of the input' },
    ),
    ...(notes.length === 0
      ? []
      : [
          table(
            ['what', 'why', 'count>', 'first at', 'it reads'],
            notes.map(({ what, reason, count: n, firstPlace, firstText }) => [
              what,
              reason,
              count(n),
              firstPlace,
              firstText,
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
  const groups = new Map<string, { loss: Loss; gaps: number; events: number; unknown: number }>();
  for (const loss of all) {
    const key = `${loss.cpu} ${loss.how}`;
    const group = groups.get(key) ?? { loss, gaps: 0, events: 0, unknown: 0 };
    group.gaps++;
    if (Number.isNaN(loss.count)) group.unknown++;
    else group.events += loss.count;
    groups.set(key, group);
  }
  const cpu = (loss: Loss): string => (loss.cpu < 0 ? 'not known' : String(loss.cpu));
  const at = (time: number): string => (Number.isNaN(time) ? '–' : stamp(capture, time));
  const sums = [...groups.values()].sort((a, b) => a.loss.cpu - b.loss.cpu || (a.loss.how < b.loss.how ? -1 : 1));
  return [
    table(
      ['CPU', 'how', 'gaps>', 'events lost>', 'of unknown size>'],
      sums.map(({ loss, gaps, events, unknown }) => [
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
  for (const one of [names(of), ...books(of), ...losses(of)]) await printTable(one);
  for (const remark of of.capture.remarks) await printLines([`note: ${remark}`], '  ');
}

export function inspectCommand(): Command {
  const command = new Command('inspect')
    .description('say what is in a capture, and what of it could not be read')
    .argument('<file...>', 'captures; - for stdin');
  return addCaptureOptions(command).action(async (files: readonly string[], options: CaptureOptions) => {
    checkFiles(files);
    const captures: unknown[] = [];
    // One file that cannot be read does not hide the others; the worst of them decides the exit code.
    let worst: number = exitCodes.done;
    for (const file of files) {
      try {
        const found = await withCapture(file, options, tally);
        if (options.json) captures.push(asData(found));
        else await show(found);
        const refusal = tooMuchSkipped(found.capture, options.maxLoss);
        if (refusal) throw refusal;
      } catch (error) {
        if (exitCodeOf(error) === exitCodes.failed) throw error;
        worst = Math.max(worst, showFailure(error));
      }
    }
    if (options.json) await printJson({ captures });
    process.exitCode = worst;
  });
}
