/** The language of rules, what measures come to on real captures, and verdicts. */
import { strict as assert } from 'node:assert';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { ScenarioError } from '../base/errors.ts';
import type { History } from '../history/facts.ts';
import { workOut } from '../history/history.ts';
import { openCapture } from '../read/file.ts';
import { blameOf } from '../replay/blame.ts';
import { root, tracePath } from '../test-support.ts';
import { comparisons, parseAssertion } from './expression.ts';
import { type Finding, judge, measuredText } from './judge.ts';
import { junit } from './junit.ts';
import { measures } from './measures.ts';
import { parseRules } from './rules.ts';

const histories = new Map<string, Promise<History>>();

function historyOf(...path: string[]): Promise<History> {
  const file = tracePath(...path);
  const made = histories.get(file) ?? openCapture(file).then(workOut);
  histories.set(file, made);
  return made;
}

const usual = (): Promise<History> => historyOf('debian-6.1-4k', 'shanon_hot', 'trace.txt.gz');
const contiguous = (): Promise<History> => historyOf('debian-6.1-4k', 'contig_lowmem_apps', 'trace.txt.gz');

/** What one assertion comes to; `blame` is its threshold. */
function ask(history: History, text: string, blame = 0.5): Finding {
  const [finding] = judge(history, parseRules(JSON.stringify({ blame, rules: [{ name: 'it', assert: text }] }), 'r'));
  return finding!;
}

const mistake = (make: () => unknown): ScenarioError => {
  try {
    make();
  } catch (error) {
    assert.ok(error instanceof ScenarioError, String(error));
    return error;
  }
  return assert.fail('nothing was refused');
};

test('what is not understood is told by its word, with what may stand there', () => {
  for (const [text, message, hint] of [
    ['p99 passs of contig_range < 3', /"passs" is no measure/, /nearest: passes/],
    ['p99 passes of contig_rnage < 3', /"contig_rnage" is no reason of a call/, /contig_range/],
    ['passes < 3', /needs to be told how/, /p95 passes/],
    ['p95 failures < 3', /they are counted/, /write failures alone/],
    ['share calls < 1 %', /are no part of others/, /divide two counts/],
    ['max call_time < 3', /3 has no unit/, /ns, us, ms, s/],
    ['max call_time < 3 parsecs', /"parsecs" is no unit of time/, /ns, us, ms, s/],
    ['calls < 3 %', /"%" is no unit of that/, /the number alone/],
    ['failures blamed on bach == 0', /"bach" is no cause/, /batch/],
    ['calls blamed on pin == 0', /calls cannot be told apart by blame/, /failures/],
    ['stays of cma < 3', /stays cannot be told apart by requests/, /calls/],
    ['calls = 3', /"= 3" cannot be understood/, /quote/],
    ['calls 3', /"3" where a comparison should be/, /== !=/],
    ['calls <', /the end where a value should be/, /^$/],
    ['calls < 3 < 4', /"<" after the value/, /one comparison/],
    ['calls per moon < 3', /"moon" after "per"/, /task/],
    ['calls of < 3', /"<" where a name should be/, /^$/],
    ['expected failures < 3', /expected is about blame/, /blamed on/],
  ] as const) {
    const error = mistake(() => parseAssertion(text));
    assert.match(error.message, message, text);
    assert.match(error.hint, hint, text);
  }
});

test('whatever is written is understood or refused, and nothing else happens', () => {
  const one = fc.constantFrom<string[]>;
  const shaped = fc.tuple(
    one('', 'p95', 'share', 'max', 'expected', 'p'),
    one('calls', 'passes', 'failures', 'cals', '<'),
    one('', 'of cma or contig_range', 'blamed on batch', "by 'a b' or 7", 'cpu 2', 'of', 'by or'),
    one('', 'per task', 'per', '/ folios', '/'),
    one('<', '==', '=', ''),
    one('3', '3 %', '2.5 ms', 'x', '"', '\u00e9'),
  );
  let understood = 0;
  const ask = (text: string): void => {
    try {
      parseAssertion(text);
      understood++;
    } catch (error) {
      assert.ok(error instanceof ScenarioError, `${text}: ${error}`);
    }
  };
  fc.assert(
    fc.property(shaped, (all) => ask(all.join(' '))),
    { numRuns: 2000, seed: 1 },
  );
  fc.assert(fc.property(fc.string({ unit: 'binary' }), ask), { numRuns: 500, seed: 1 });
  assert.ok(understood > 0, 'none of them was an assertion');
});

test('mistakes in a file of rules are all told, by line and column', () => {
  const text = [
    'rules:',
    '  - name: one',
    '    assert: calls < 3',
    '  - name: one',
    '    assert: cals < 3',
    '  - name: three',
    '    assert: max call_time < 3',
  ].join('\n');
  assert.deepEqual(mistake(() => parseRules(text, 'rules.yaml')).message.split('\n'), [
    'rules.yaml:4:11: two rules are called "one"',
    'rules.yaml:5:13: "cals" is no measure',
    'rules.yaml:7:13: 3 has no unit',
  ]);
  assert.match(mistake(() => parseRules('rules:\n  - nam: x\n', 'r')).message, /^r:2:5: .*name/m);
  assert.match(mistake(() => parseRules('rules: []', 'r')).message, /^r:1:\d+: rules: /);
  assert.match(
    mistake(() => parseRules('blame: 120 %\nrules:\n  - {name: a, assert: calls < 1}', 'r')).message,
    /blame/,
  );
  assert.match(mistake(() => parseRules('rules: [', 'r')).message, /^r:1:\d+: /);
  assert.match(mistake(() => parseRules('', 'r')).message, /there is nothing in it/);
});

test('measures are those of the history', async () => {
  const history = await usual();
  const { calls, episodes, failures, waits } = history;
  const durations = episodes.map(({ start, end }) => end - start).sort((a, b) => a - b);
  const folios = calls.flatMap((call) => call.folios);
  const failed = folios.filter(({ outcome }) => outcome === 'failed').length;
  for (const [text, value] of [
    ['calls', calls.length],
    ['calls of syscall_or_cpuset', calls.length],
    ['calls of move_pages', calls.length],
    ['calls of contig_range', 0],
    ['calls by fsl-mover', calls.length],
    ["calls by 'fsl-*' cpu 3", calls.filter(({ cpu }) => cpu === 3).length],
    ['calls by 180', calls.length],
    ['failures', failures.length],
    ['failed_folios', failed],
    ['folios', folios.length],
    ['failed_folios / folios', failed / folios.length],
    ['share failed_folios', failed / folios.length],
    ['max passes', Math.max(...folios.map((folio) => folio.episodes.length))],
    ['mean passes', folios.reduce((sum, folio) => sum + folio.episodes.length, 0) / folios.length],
    ['failed_pages', calls.reduce((sum, call) => sum + call.failed, 0)],
    ['entry_waits', waits.filter(({ on }) => on === 'entry').length],
    ['lost_events', 0],
    ['loss', 0],
    ['events', history.capture.events],
  ] as const) {
    const bound = ask(history, `${text} == ${value}`);
    assert.deepEqual([bound.low, bound.high, bound.verdict], [value, value, 'holds'], text);
  }
  const longest = ask(history, 'max time_under_entries of move_pages < 1 ns');
  assert.equal(longest.low, durations.at(-1));
  assert.equal(longest.verdict, 'broken');
  assert.equal(ask(history, 'min time_under_entries > 1 s').low, durations[0]);
});

test('blame: from a threshold on, expected, and what nobody can tell', async () => {
  const history = await usual();
  const posteriors = blameOf(history);
  const transient = posteriors.map((one) => one[10]!);
  const from = (share: number): number => transient.filter((p) => p >= share).length;
  for (const share of [0.1, 0.5, 0.99])
    assert.equal(ask(history, 'failures blamed on transient-reference == 0', share).low, from(share));
  assert.ok(from(0.1) > from(0.99));
  const expected = ask(history, 'expected failures blamed on transient reference < 1');
  assert.ok(Math.abs(expected.low - transient.reduce((a, b) => a + b, 0)) < 1e-12);
  // No probe shows the mlock batch here: a failure that nobody can tell may be its.
  const batch = ask(history, 'failures blamed on batch == 0');
  assert.deepEqual([batch.low, batch.high, batch.verdict], [0, 2, 'cannot tell']);
  assert.match(batch.notes.join(), /cannot show: mlock batch/);
  const shown = ask(history, 'failures blamed on add batch or activate batch == 0');
  assert.deepEqual([shown.low, shown.high, shown.verdict], [0, 0, 'holds']);
});

test('nothing holds of what was not recorded, and nothing of nothing', async () => {
  const history = await contiguous();
  assert.equal(history.observed.lockWaits, 'unknown');
  for (const [text, why] of [
    ['lock_waits == 0', /cannot show lock waits/],
    ['p99 lock_wait_time < 1 s', /cannot show lock waits/],
    ['max stay_time < 1 s', /cannot show batch adds/],
    ['p99 passes of move_pages < 3', /has nothing of it/],
    ['failed_folios of move_pages / folios of move_pages < 1 %', /has nothing of it/],
    ['share failed_folios of move_pages < 1 %', /has nothing of it/],
  ] as const) {
    const { verdict, why: told } = ask(history, text);
    assert.equal(verdict, 'cannot tell', text);
    assert.match(told, why, text);
  }
  // A count of something that is recorded, and did not happen, is zero.
  assert.equal(ask(history, 'calls of move_pages == 0').verdict, 'holds');
});

test('a verdict is that of every value that is possible', async () => {
  const history = await usual();
  const drains = history.drains.filter(({ scope }) => scope !== 'local');
  const ends = drains.filter(({ end }) => !Number.isNaN(end)).map(({ start, end }) => end - start);
  assert.ok(ends.length > 0 && ends.length < drains.length, 'some drains without an end are needed here');
  const most = Math.max(...ends);
  const { low, high } = ask(history, 'max drain_time < 1 s');
  assert.deepEqual([low, high], [most, Number.POSITIVE_INFINITY]);
  assert.equal(ask(history, `max drain_time < ${most + 1} ns`).verdict, 'cannot tell');
  assert.equal(ask(history, `max drain_time < ${most} ns`).verdict, 'broken');
  assert.equal(ask(history, `max drain_time >= ${most} ns`).verdict, 'holds');
  assert.equal(ask(history, `max drain_time == ${most - 1} ns`).verdict, 'broken');
  assert.equal(ask(history, `max drain_time != ${most - 1} ns`).verdict, 'holds');
  assert.equal(measuredText(ask(history, 'max drain_time < 1 s')).startsWith('at least '), true);
});

test('a broken rule names the items beyond it, when they were and their events', async () => {
  const history = await usual();
  const { breaking } = ask(history, 'p50 time_under_entries < 5 ms');
  assert.ok(breaking === undefined, 'the median is under 5 ms');
  const broken = ask(history, 'max time_under_entries < 5 ms').breaking!;
  const long = history.episodes.filter(({ start, end }) => end - start >= 5e6);
  assert.equal(broken.items, long.length);
  assert.equal(broken.of, history.episodes.length);
  assert.equal(broken.firstEvent, Math.min(...long.map(({ firstOrdinal }) => firstOrdinal)));
  assert.equal(broken.lastEvent, Math.max(...long.map(({ lastOrdinal }) => lastOrdinal)));
  assert.equal(broken.start, Math.min(...long.map(({ start }) => start)));
  const few = ask(history, 'moved_folios / folios > 99.9 %').breaking!;
  assert.equal(few.items, history.failures.length);
});

test('groups: each by itself, and the worst is told', async () => {
  const history = await usual();
  const waits = history.waits.filter(({ on }) => on === 'entry');
  const byTask = new Map<string, number>();
  for (const { comm, pid } of waits) byTask.set(`${comm}-${pid}`, (byTask.get(`${comm}-${pid}`) ?? 0) + 1);
  const [task, most] = [...byTask].sort((a, b) => b[1] - a[1])[0]!;
  const finding = ask(history, `entry_waits per task < ${most}`);
  assert.deepEqual([finding.verdict, finding.group, finding.low], ['broken', task, most]);
  assert.equal(ask(history, `entry_waits per task <= ${most}`).verdict, 'holds');
  assert.equal(ask(history, 'failed_folios / folios per reason < 50 %').verdict, 'holds');
});

test('JUnit: a test case a rule, names escaped, skipped where it cannot be told', async () => {
  const name = 'a <b> & "c" \u0007\u202e ]]>';
  const rules = parseRules(
    JSON.stringify({
      rules: [
        { name, assert: 'calls < 1' },
        { name: 'fine', assert: 'calls > 1' },
        { name: 'untold', assert: 'max stay_time < 1 s' },
      ],
    }),
    'r.yaml',
  );
  const findings = judge(await usual(), rules);
  const told = findings.map((finding) => ({
    finding,
    says: `${finding.rule.assert}: <&>`,
    more: ['x < y'],
    command: '',
  }));
  for (const [isStrict, failures, skipped] of [
    [false, 1, 1],
    [true, 2, 0],
  ] as const) {
    const xml = junit('cap"ture', 'r.yaml', told, isStrict);
    assert.deepEqual(wellFormed(xml), []);
    assert.match(
      xml,
      new RegExp(`<testsuite name="cap&quot;ture" tests="3" failures="${failures}" errors="0" skipped="${skipped}"`),
    );
    assert.equal(xml.match(/<failure /g)?.length ?? 0, failures);
    assert.equal(xml.match(/<skipped /g)?.length ?? 0, skipped);
    assert.ok(xml.includes('testcase name="a &lt;b&gt; &amp; &quot;c&quot; \ufffd\ufffd ]]&gt;"'), xml);
  }
  assert.notDeepEqual(wellFormed('<a b="x<y"/>'), []);
  assert.notDeepEqual(wellFormed('<a><b></a></b>'), []);
});

/** What is wrong with XML of elements, attributes and text alone. */
function wellFormed(xml: string): string[] {
  const faults: string[] = [];
  const open: string[] = [];
  const rest = xml
    .replace(/^<\?xml version="1.0" encoding="UTF-8"\?>\n/, '')
    .replace(
      /<(\/?)([a-z-]+)((?: [a-z]+="(?:[^"<&]|&(?:amp|lt|gt|quot|#\d+);)*")*)(\/?)>/g,
      (_all, close, name, _with, empty) => {
        if (close === '/' && open.pop() !== name) faults.push(`${name} closed`);
        if (close === '' && empty === '') open.push(name as string);
        return '';
      },
    );
  if (open.length > 0) faults.push(`${open.join(' ')} not closed`);
  if (/[<>]|&(?!(?:amp|lt|gt|quot|#\d+);)/.test(rest)) faults.push(`left: ${rest.trim()}`);
  return faults;
}

test('docs/check.md has every measure, and its examples are understood', () => {
  const path = join(root, 'docs', 'check.md');
  const page = readFileSync(path, 'utf8');
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const words = { of: '`of`', by: '`by`', cpu: '`cpu`', blamed: '`blamed on`' } as const;
  const units = { ns: 'time', share: 'share', passes: 'number', pages: 'pages', count: 'count' } as const;
  const rows = measures.map(({ name, unit, says, source, filters }) =>
    line([`\`${name}\``, units[unit], says, source, filters.map((one) => words[one]).join(' ')]),
  );
  const written = [
    line(['measure', 'unit', 'what it is', 'from', 'told apart by']),
    line(['---', '---', '---', '---', '---']),
    ...rows,
  ];
  const region = /(<!-- measures -->\n)[\s\S]*?(<!-- end of measures -->)/;
  assert.match(page, region);
  const wanted = page.replace(region, (_all, begin: string, end: string) => `${begin}${written.join('\n')}\n${end}`);
  if (process.env['UPDATE'] === '1') writeFileSync(path, wanted);
  else assert.equal(page, wanted, 'docs/check.md differs: UPDATE=1 npm test, then look at the diff');
  const examples = [...page.matchAll(/^ {4}(.*(?:<|>|==|!=).*)$/gm)].map(([, text]) =>
    text!.replace(/^ *assert: /, ''),
  );
  assert.ok(examples.length >= 8, `${examples.length} examples`);
  for (const text of examples) assert.ok(comparisons.includes(parseAssertion(text).comparison), text);
});
