/** `folioscope analyze`: what happened, as far as the capture shows it. */
import { Command } from 'commander';
import { stamp } from '../events/time.ts';
import type { History } from '../history/facts.ts';
import { blameOf, holdersOf, holderText } from '../replay/blame.ts';
import { count, duration, list, percent } from '../report/numbers.ts';
import { type Table, table } from '../report/tables.ts';
import { historyOf } from './captures.ts';
import { addCaptureOptions, type CaptureOptions } from './options.ts';
import { printJson, printLines, printTable } from './output.ts';
import {
  blameRowsOf,
  drainsOf,
  episodesOf,
  failuresOf,
  flushesOf,
  outcomesOf,
  requestsOf,
  staysOf,
  topFoliosOf,
  waitsOf,
  withoutCallsOf,
} from './summary.ts';

/** More are for `--json`, which has every failure. */
const topFolios = 10;
const topHolders = 10;

/** The documented keys of `analyze --json`, and what the tables below are made of. */
function analysis(history: History) {
  const failures = failuresOf(history);
  return {
    source: history.capture.source,
    kernelVersion: history.capture.kernelVersion ?? null,
    recordedPolicy: history.capture.recordedPolicy ?? null,
    observed: history.observed,
    calls: outcomesOf(history),
    requests: requestsOf(history),
    withoutCalls: withoutCallsOf(history),
    episodes: episodesOf(history),
    blame: blameRowsOf(failures),
    topFolios: topFoliosOf(failures, topFolios),
    holders: holdersOf(history, blameOf(history)),
    stays: staysOf(history),
    flushes: flushesOf(history),
    drains: drainsOf(history),
    windows: history.windows.length,
    waits: waitsOf(history),
    failures,
    refusals: history.refusals,
  };
}
type Analysis = ReturnType<typeof analysis>;

const time = (ns: number | null): string => duration(ns ?? Number.NaN);

function callTables({ calls, requests, withoutCalls, episodes }: Analysis): Table[] {
  const hasSplits = withoutCalls.some(({ kind }) => kind === 'thp split');
  return [
    table(
      ['reason', 'mode', 'calls>', 'failing>', 'folios moved>', 'failed>', 'unseen>', 'pages moved>', 'failed>'],
      calls.map((row) => [
        row.reason,
        row.mode.replace(/^MIGRATE_/, ''),
        count(row.calls),
        count(row.withFailures),
        count(row.foliosMoved),
        count(row.foliosFailed),
        count(row.foliosUnknown),
        count(row.pagesSucceeded),
        count(row.pagesFailed),
      ]),
      {
        title: 'migrate_pages calls by reason and mode',
        notes: ['Pages are base pages as mm_migrate_pages counts them.'],
      },
    ),
    table(
      ['request', 'known', 'requests>', 'done>', 'failed>', 'result not seen>', 'calls>', 'because of'],
      requests.map((row) => [
        row.kind,
        row.certainty,
        count(row.requests),
        count(row.done),
        count(row.failed),
        count(row.outcomeUnknown),
        count(row.calls),
        row.basis,
      ]),
      { title: 'Requests: who asked for the calls' },
    ),
    table(
      ['request', 'requests>', 'without a folio>', 'folios moved or split>', 'failed>', 'unseen>'],
      withoutCalls.map((row) => [
        row.kind,
        count(row.requests),
        count(row.withoutFolios),
        count(row.foliosMoved),
        count(row.foliosFailed),
        count(row.foliosUnknown),
      ]),
      {
        title: 'Requests that make no migrate_pages call',
        notes: ['What migrate_vma leaves out when it collects has no event, nor what was to be split without a probe.'],
      },
    ),
    table(
      ['episodes', 'count>', 'timed>', 'median>', '90\u00a0%>', '99\u00a0%>', 'longest>'],
      episodes
        .filter((row) => row.episodes > 0)
        .map((row) => [
          row.outcome,
          count(row.episodes),
          count(row.timed),
          time(row.medianNs),
          time(row.p90Ns),
          time(row.p99Ns),
          time(row.longestNs),
        ]),
      {
        title: 'Episodes: folios behind migration entries',
        ...(hasSplits
          ? { notes: ['Undone are those of splits as well: their entries go back to where they were.'] }
          : {}),
      },
    ),
  ];
}

/** What would print as no folio at all is for `--json`. */
function isTold(row: Analysis['blame'][number]): boolean {
  return row.folios >= 0.005 || row.likeliest > 0;
}

function blameTables(history: History, { blame, topFolios: top, holders, failures }: Analysis): Table[] {
  if (failures.length === 0) return [];
  return [
    table(
      ['cause', 'folios expected>', 'share>', 'likeliest cause of>'],
      blame
        .filter(isTold)
        .map((row) => [row.cause, count(row.folios), percent(row.folios / failures.length), count(row.likeliest)]),
      {
        title: 'Failures by blame',
        notes: ['Expected folios: each failed folio is shared out over its causes by their probability.'],
      },
    ),
    table(
      ['pfn', 'failures>', 'pages>', 'first at>', 'likeliest causes'],
      top.map((row) => [
        `0x${row.pfn.toString(16)}`,
        count(row.failures),
        count(row.pages),
        Number.isNaN(row.firstTime) ? '–' : stamp(history.capture, row.firstTime),
        row.causes
          .map(({ cause, failed, probability }) => `${cause} ${count(failed)} (${percent(probability)})`)
          .join(', '),
      ]),
      {
        title: 'Folios that failed most often',
        notes: ['In brackets: the mean probability of that cause in those failures.'],
      },
    ),
    ...(holders.length === 0
      ? []
      : [
          table(
            ['held by', 'as', 'folios expected>'],
            holders.slice(0, topHolders).map((row) => [holderText(row), row.cause, count(row.folios)]),
            { title: 'Who held them, where the capture shows it' },
          ),
        ]),
  ];
}

function batchTables({ stays, flushes, drains, waits, windows }: Analysis): Table[] {
  return [
    table(
      ['CPU>', 'batch', 'stays>', 'timed>', 'median>', '90\u00a0%>', 'longest>', 'still in>'],
      stays.map((row) => [
        row.cpu < 0 ? '–' : String(row.cpu),
        row.batch,
        count(row.stays),
        count(row.timed),
        time(row.medianNs),
        time(row.p90Ns),
        time(row.longestNs),
        count(row.open),
      ]),
      { title: 'Stays in per-CPU batches' },
    ),
    table(
      ['batch', 'flushed because of', 'flushes>', 'folios>'],
      flushes.map((row) => [row.batch, row.cause, count(row.flushes), count(row.folios)]),
      { title: 'Flushes of batches' },
    ),
    table(
      ['drain', 'known', 'count>'],
      [
        ...drains.map((row) => [
          { local: 'one CPU', all: 'all CPUs', disable: 'all CPUs, caches disabled' }[row.scope],
          row.certainty,
          count(row.drains),
        ]),
        ['windows with caches disabled', '', count(windows)],
      ],
      { title: 'Drains' },
    ),
    table(
      ['asleep on', 'waits>', 'timed>', 'median>', '90\u00a0%>', 'longest>'],
      waits
        .filter((row) => row.waits > 0)
        .map((row) => [
          { entry: 'a migration entry', lock: 'a folio lock' }[row.on],
          count(row.waits),
          count(row.timed),
          time(row.medianNs),
          time(row.p90Ns),
          time(row.longestNs),
        ]),
      { title: 'Waits of tasks' },
    ),
  ];
}

/** What a zero in a table below does not mean: that it did not happen. */
function notShown({ observed }: Analysis): string[] {
  const by = (certainty: string): string[] =>
    Object.entries(observed)
      .filter(([, value]) => value === certainty)
      .map(([name]) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`));
  const unknown = by('unknown');
  const inferred = by('inferred');
  return [
    ...(unknown.length > 0
      ? [`This capture cannot show: ${list(unknown)}. Where they are counted below, 0 means nothing.`]
      : []),
    ...(inferred.length > 0 ? [`Inferred from other events: ${list(inferred)}.`] : []),
  ];
}

async function show(history: History, found: Analysis): Promise<void> {
  const { capture } = history;
  const kernel = capture.kernelVersion === undefined ? 'kernel not known' : `kernel ${capture.kernelVersion.value}`;
  await printLines([
    `${capture.source}: ${count(capture.events)} events, ${kernel}`,
    ...notShown(found),
    ...found.refusals.map(({ what, reason, count: n }) => `not worked out: ${what} (${count(n)}): ${reason}`),
    '',
  ]);
  for (const one of [...callTables(found), ...blameTables(history, found), ...batchTables(found)])
    if (one.rows.length > 0) await printTable(one);
  if (found.calls.length === 0 && found.withoutCalls.length === 0)
    await printLines(['No migrate_pages call was seen, so there is nothing that could have failed.']);
}

export function analyzeCommand(): Command {
  const command = new Command('analyze')
    .description('work out what happened: calls, episodes, failures and who is to blame, batches, drains')
    .argument('<file>', 'a capture; - for stdin');
  return addCaptureOptions(command).action(async (file: string, options: CaptureOptions) => {
    const history = await historyOf(file, options);
    const found = analysis(history);
    if (options.json) await printJson(found);
    else await show(history, found);
  });
}
