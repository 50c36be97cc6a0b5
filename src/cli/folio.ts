/** `folioscope folio`: every fact about one page frame, and the frames that its folio was in before and afterwards. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { ScenarioError } from '../base/errors.ts';
import { stamp } from '../events/time.ts';
import { causes, type History } from '../history/facts.ts';
import { knownFrames, type Life, type LifeEvent, lifeOf, nearFrames } from '../history/life.ts';
import { blameOf, type Posterior } from '../replay/blame.ts';
import { folioFigure } from '../report/charts/folio.ts';
import { list, many, percent } from '../report/numbers.ts';
import { type Table, table } from '../report/tables.ts';
import { timeOf } from '../write/filter.ts';
import { historyOf } from './captures.ts';
import { addCaptureOptions, type CaptureOptions } from './options.ts';
import { printJson, printLines, printTable } from './output.ts';
import { openOutput } from './output-file.ts';

/** Frames that a message about an unknown one names. */
const nearShown = 6;
/** What is less probable than this is for `--json`. */
const leastTold = 0.005;

interface FolioOptions extends CaptureOptions {
  readonly pfn: readonly number[];
  readonly at?: string;
  readonly chart?: string;
}

function parsePfn(text: string, before: readonly number[] | undefined): number[] {
  const value = Number(text);
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(text) || !Number.isSafeInteger(value)) {
    const hint = /^[0-9a-f]+$/i.test(text) ? ` Write 0x${text} for a hexadecimal one.` : '';
    throw new InvalidArgumentError(`Write a page frame number: 0x59cf9 or 367865.${hint}`);
  }
  return [...(before ?? []), value];
}

const hex = (pfn: number): string => `0x${pfn.toString(16)}`;

/** The lives asked for; a frame of which the capture knows nothing is refused with those near it. */
function livesOf(history: History, { pfn: pfns, at }: FolioOptions): Life[] {
  const time = at === undefined ? undefined : timeOf('--at', at, history.capture);
  return pfns.map((pfn) => {
    const life = lifeOf(history, pfn, time);
    if (life !== undefined) return life;
    const known = knownFrames(history);
    const near = nearFrames(known, pfn, nearShown).map(hex);
    throw new ScenarioError(
      'option/pfn',
      `--pfn ${hex(pfn)}: no fact of ${history.capture.source} names it`,
      near.length === 0
        ? 'the capture names no page frame at all'
        : `of ${many(known.length, 'frame')} that it knows ${list(near)} are nearest`,
    );
  });
}

/** The documented keys of one folio in `folio --json`. */
function folioJson(life: Life, history: History, posteriors: readonly Posterior[]) {
  return {
    pfn: life.pfn,
    stretches: life.stretches,
    passing: life.passing,
    spans: life.spans,
    events: life.events.map(({ failure, ...event }) => {
      if (failure === undefined) return event;
      const posterior = posteriors[failure]!;
      const shares = causes.map((cause, i) => [cause, posterior[i]!] as const).filter(([, p]) => p > 0);
      return { ...event, blame: Object.fromEntries(shares), evidence: history.failures[failure]!.evidence };
    }),
  };
}

function lifeTable(life: Life, history: History, posteriors: readonly Posterior[]): Table {
  const others = [...new Set(life.stretches.map(({ pfn }) => pfn))].filter((pfn) => pfn !== life.pfn);
  const followed = others.length === 0 ? '' : `, with what befell its folio in ${list(others.map(hex))}`;
  return table(
    [...(others.length === 0 ? [] : ['frame']), 'time>', 'CPU>', 'task', 'fact', 'known'],
    life.events.map((event) => [
      ...(others.length === 0 ? [] : [hex(event.pfn)]),
      Number.isNaN(event.time) ? '–' : stamp(history.capture, event.time),
      event.cpu < 0 ? '–' : String(event.cpu),
      taskOf(event),
      event.failure === undefined
        ? event.says
        : `${event.says}: ${blamed(posteriors[event.failure]!, history, event.failure)}`,
      event.certainty,
    ]),
    { title: `Page frame ${hex(life.pfn)}${followed}`, notes: life.passing === 0 ? [] : [passed(life)] },
  );
}

function passed({ passing }: Life): string {
  return `Its folios were ${passing} times in other frames, which is not shown: --at TIME follows the one that was here then.`;
}

function taskOf({ comm, pid }: LifeEvent): string {
  if (pid < 0) return comm === '' ? '–' : comm;
  return comm === '' ? String(pid) : `${comm}-${pid}`;
}

/** Causes by their probability, with who it was where the evidence names somebody. */
function blamed(posterior: Posterior, { failures }: History, failure: number): string {
  const told = causes
    .map((cause, i) => ({ cause, p: posterior[i]! }))
    .filter(({ p }) => p >= leastTold)
    .sort((a, b) => b.p - a.p);
  const { evidence } = failures[failure]!;
  return list(
    told.map(({ cause, p }) => {
      const who = evidence.find((one) => one.cause === cause && one.who !== undefined)?.who;
      const task = who === undefined || who.pid < 0 ? '' : ` by ${who.comm}-${who.pid}`;
      const place = who === undefined || who.cpu < 0 ? '' : ` on CPU ${who.cpu}`;
      return `${cause} ${percent(p)}${task}${place}`;
    }),
  );
}

async function runFolio(file: string, options: FolioOptions): Promise<void> {
  const history = await historyOf(file, options);
  const lives = livesOf(history, options);
  const posteriors = blameOf(history);
  const figure = folioFigure(lives, history.capture, posteriors);
  if (options.chart !== undefined) {
    if (figure.spec === undefined) {
      throw new ScenarioError('option/chart', `--chart ${options.chart}: nothing that the capture shows of it lasted`);
    }
    const { renderSvg } = await import('../report/svg.ts');
    const output = openOutput(options.chart, file);
    await output.write(await renderSvg(figure.spec, figure.id));
    output.done();
  }
  if (options.json === true) {
    await printJson({
      source: history.capture.source,
      folios: lives.map((life) => folioJson(life, history, posteriors)),
    });
    return;
  }
  await printLines([figure.finding, '']);
  for (const life of lives) await printTable(lifeTable(life, history, posteriors));
}

/** The `folio` command. */
export function folioCommand(): Command {
  return addCaptureOptions(new Command('folio').description('the life of a folio: every fact about one page frame'))
    .argument('<file>', 'a capture, or - for stdin')
    .addOption(
      new Option('--pfn <n>', 'page frame, hexadecimal with 0x or decimal; may be given again')
        .argParser(parsePfn)
        .makeOptionMandatory(),
    )
    .option(
      '--at <t>',
      'only the folio that was in the frame at this time: seconds as printed, or +1.5s from the start',
    )
    .option('--chart <file>', 'draw it as SVG: lanes over time')
    .action(runFolio);
}
