/** `folioscope inspect --quick`: heads and tails only. Says of every number whether it was counted or reckoned. */
import type { Capture } from '../events/capture.ts';
import { stampOf } from '../events/time.ts';
import { quickLook } from '../read/file-quick.ts';
import type { QuickLook } from '../read/quick.ts';
import { count, duration, many } from '../report/numbers.ts';
import { lossGroups, originData, originRows } from './facts.ts';
import { type CaptureOptions, readOptionsOf } from './options.ts';
import { printFacts, printLines } from './output.ts';

/** The documented keys of `inspect --quick --json`. */
function asData({ capture, first, last, events, basis, losses, skips, unseen }: QuickLook) {
  const absolute = (time: number): bigint | null =>
    Number.isNaN(time) ? null : capture.origin + BigInt(Math.round(time));
  return {
    ...originData(capture),
    quick: true,
    start: first ?? null,
    end: last ?? null,
    events,
    eventsBasis: Number.isNaN(events) ? null : basis,
    header: capture.header ?? null,
    losses: losses.map((loss) => ({ ...loss, start: absolute(loss.start), end: absolute(loss.end) })),
    skips,
    unseen,
    remarks: capture.remarks,
  };
}

function spanText(capture: Capture, first: bigint | undefined, last: bigint | undefined): string {
  if (capture.clock.unit === 'none') return 'no times';
  if (first === undefined && last === undefined) return 'not known';
  const unit = capture.clock.unit === 'ns' ? ' s' : '';
  if (last === undefined) return `from ${stampOf(capture.clock, first!)}${unit}, its end is not known`;
  if (first === undefined) return `to ${stampOf(capture.clock, last)}${unit}, its beginning is not known`;
  const long = unit === '' ? '' : `: ${duration(Number(last - first))}`;
  return `${stampOf(capture.clock, first)} to ${stampOf(capture.clock, last)}${unit}${long}`;
}

function eventsText({ events, basis }: QuickLook): string {
  if (Number.isNaN(events)) return 'not known';
  if (basis === 'counted') return count(events);
  if (basis === 'header') return `${count(events)}, as its header says`;
  return `about ${count(roughly(events))}, estimated from the parts read`;
}

/** Two digits: an estimate claims no more. */
function roughly(value: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, value))) - 1);
  return Math.round(value / unit) * unit;
}

async function show(look: QuickLook): Promise<void> {
  const { capture, first, last, losses, skips, unseen } = look;
  const rows: [string, string][] = [
    ...originRows(capture),
    ['time span', spanText(capture, first, last)],
    ['events', eventsText(look)],
  ];
  if (capture.header !== undefined) {
    const { entries, written } = capture.header;
    rows.push(['header', `${count(entries)} entries in the buffer of ${count(written)} written`]);
  }
  lossGroups(losses).forEach(({ loss, gaps, events, unknown }, i) => {
    const size = unknown === gaps ? 'of unknown size' : `${count(events)} events`;
    const cpu = loss.cpu < 0 ? 'CPU not known' : `CPU ${loss.cpu}`;
    rows.push([i === 0 ? 'lost, as seen' : '', `${cpu}, ${loss.how}: ${many(gaps, 'gap')}, ${size}`]);
  });
  skips.forEach((note, i) => {
    rows.push([
      i === 0 ? 'skipped, as seen' : '',
      `${note.count === 0 ? '' : `${count(note.count)} `}${note.reason} (first: ${note.firstPlace})`,
    ]);
  });
  unseen.forEach((text, i) => {
    rows.push([i === 0 ? 'not seen' : '', text]);
  });
  await printFacts(capture.source, rows);
  for (const remark of capture.remarks) await printLines([`note: ${remark}`], '  ');
}

/** Looks at one capture and says what was seen; with `json`, gives the data instead. */
export async function inspectQuickly(file: string, options: CaptureOptions) {
  const look = await quickLook(file, readOptionsOf(options));
  if (!options.json) await show(look);
  return { capture: look.capture, data: asData(look) };
}
