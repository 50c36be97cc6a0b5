/** `folioscope check`: a team's rules against one capture, for continuous integration. */
import { Command } from 'commander';
import { exitCodes, ScenarioError } from '../base/errors.ts';
import { type Breaking, type Finding, judge, measuredText, type Verdict, windowText } from '../check/judge.ts';
import { junit, type Told } from '../check/junit.ts';
import type { History } from '../history/facts.ts';
import { shellWord } from '../report/evidence-page.ts';
import { count, list, many } from '../report/numbers.ts';
import { printable, wrap } from '../report/tables.ts';
import { historyOf } from './captures.ts';
import { paint } from './colour.ts';
import { addCaptureOptions, type CaptureOptions, readText } from './options.ts';
import { print, printJson, screenWidth } from './output.ts';
import { openOutput } from './output-file.ts';

interface CheckOptions extends CaptureOptions {
  readonly strict?: boolean;
  readonly junit?: string;
}

const colours = { holds: 'green', broken: 'red', 'cannot tell': 'yellow' } as const;

/** What lists the events of a broken rule; empty where none is known, or nothing is left of stdin. */
function commandOf({ firstEvent, lastEvent }: Breaking, file: string): string {
  if (firstEvent < 0 || file === '-') return '';
  return `folioscope events ${shellWord(file)} --ordinals ${firstEvent}-${lastEvent}`;
}

function tell(finding: Finding, history: History, file: string): Told {
  const { rule, verdict, why, notes, breaking, group } = finding;
  const where = group === '' ? '' : ` (${group})`;
  const told = verdict === 'cannot tell' ? `, ${why}` : '';
  const more: string[] = [];
  if (breaking !== undefined) {
    const { items, of, firstEvent, lastEvent } = breaking;
    const window = windowText(breaking, history);
    const events = firstEvent < 0 ? '' : `events ${firstEvent} to ${lastEvent}`;
    const places = [window, events].filter((place) => place !== '');
    if (items > 0)
      more.push(`broken by ${count(items)} of ${count(of)}${places.map((place) => `, ${place}`).join('')}`);
    more.push(...breaking.worst);
  }
  more.push(...notes);
  const command = breaking === undefined ? '' : commandOf(breaking, file);
  return { finding, command, says: `${rule.assert}: ${measuredText(finding)}${where}${told}`, more };
}

const left = 'cannot tell'.length + 2;

async function show(told: readonly Told[], sums: Readonly<Record<Verdict, number>>): Promise<void> {
  const lines = (text: string): string[] => wrap(printable(text), screenWidth() - left);
  for (const { finding, says, more, command } of told) {
    const { rule, verdict } = finding;
    const because = verdict === 'holds' || rule.because === '' ? [] : [`because: ${rule.because}`];
    const texts = [rule.name, says, ...because, ...more].flatMap(lines);
    const [first = '', ...rest] = texts;
    await print(`${paint(verdict, colours[verdict])}${' '.repeat(left - verdict.length)}${first}\n`);
    for (const line of rest) await print(`${' '.repeat(left)}${line}\n`);
    for (const line of shellLines(printable(command), screenWidth() - 2)) await print(`  ${line}\n`);
  }
  await print(`\n${summary(sums)}\n`);
}

/** A command line, cut before its last option where it is too long for the screen, so that it can still be copied. */
function shellLines(command: string, width: number): string[] {
  const cut = command.lastIndexOf(' --');
  if (command === '') return [];
  return command.length <= width || cut < 0 ? [command] : [`${command.slice(0, cut)} \\`, ` ${command.slice(cut)}`];
}

function summary(sums: Readonly<Record<Verdict, number>>): string {
  const { holds, broken, 'cannot tell': untold } = sums;
  return `${many(holds + broken + untold, 'rule')}: ${list([
    `${count(holds)} ${holds === 1 ? 'holds' : 'hold'}`,
    `${count(broken)} broken`,
    `${count(untold)} cannot be told`,
  ])}`;
}

/** The documented keys of one rule in `check --json`. */
function asData({ finding, says }: Told, file: string) {
  const { rule, verdict, unit, low, high, group, why, notes, breaking } = finding;
  return {
    name: rule.name,
    assert: rule.assert,
    because: rule.because,
    place: rule.place,
    verdict,
    says,
    unit,
    low,
    // JSON has no infinity.
    high: Number.isFinite(high) ? high : null,
    group,
    why,
    notes,
    breaking: breaking === undefined ? null : { ...breaking, command: commandOf(breaking, file) },
  };
}

async function run(file: string, rulesFile: string, options: CheckOptions): Promise<void> {
  const isXmlOut = options.junit === '-';
  if (isXmlOut && options.json) {
    throw new ScenarioError(
      'option/conflict',
      '--junit - and --json both write to stdout',
      'name a file: --junit check.xml',
    );
  }
  // Loaded here: what reads YAML is a third of the start-up time. A mistake in the rules is said before the capture is read.
  const { parseRules } = await import('../check/rules.ts');
  const rules = parseRules(readText('rules', rulesFile), rulesFile);
  const out = options.junit === undefined ? undefined : openOutput(options.junit, file);
  let told: Told[];
  try {
    const history = await historyOf(file, options);
    told = judge(history, rules).map((finding) => tell(finding, history, file));
    await out?.write(junit(history.capture.source, rulesFile, told, options.strict === true));
  } catch (error) {
    out?.drop();
    throw error;
  }
  out?.done();
  const sums = { holds: 0, broken: 0, 'cannot tell': 0 };
  for (const { finding } of told) sums[finding.verdict]++;
  const isPassed = sums.broken === 0 && !(options.strict === true && sums['cannot tell'] > 0);
  if (options.json) {
    const { threshold } = rules;
    const rows = told.map((one) => asData(one, file));
    await printJson({ source: file, rulesFile, threshold, passed: isPassed, sums, rules: rows });
  } else if (!isXmlOut) await show(told, sums);
  process.exitCode = isPassed ? exitCodes.done : exitCodes.failed;
}

export function checkCommand(): Command {
  const command = new Command('check')
    .description('judge a capture by rules of your own; exit 1 where one is broken')
    .argument('<file>', 'a capture; - for stdin')
    .argument('<rules>', 'a file of rules, YAML or JSON')
    .option('--strict', 'exit 1 also where a rule cannot be told')
    .option('--junit <file>', 'write the findings there, as JUnit XML; - for stdout, and nothing else');
  return addCaptureOptions(command).action(run);
}
