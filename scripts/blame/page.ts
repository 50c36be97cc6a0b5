/** The score of blame as a page. */
import { type Cause, causes } from '../../src/history/facts.ts';
import { percent } from '../../src/report/numbers.ts';
import type { Level } from './levels.ts';
import { confusion, firm, meanOnTruth, reliability, type Scored } from './score.ts';

/** One capture at one level of evidence. */
export interface Row {
  readonly capture: string;
  readonly level: Level | 'made up';
  readonly failures: number;
  readonly scored: readonly Scored[];
  /** The same failures, each by its own evidence alone. */
  readonly alone: readonly Scored[];
}

/** Captures whose failures were looked at one by one while evidence and truth were worked out; all others were only scored. */
const lookedAt = /s3_baseline_lru_seed21|baseline\/run01/;

const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
const rule = (columns: number): string => line(Array.from({ length: columns }, () => '---'));
const ratio = ({ claims, right }: { claims: number; right: number }): string =>
  claims === 0 ? '–' : `${right} of ${claims}`;
const two = (value: number): string => (Number.isNaN(value) ? '–' : value.toFixed(2));

function all(rows: readonly Row[], of: (row: Row) => readonly Scored[] = (row) => row.scored): Scored[] {
  return rows.flatMap(of);
}

function summary(rows: readonly Row[], levels: readonly Row['level'][]): string[] {
  return [
    line([
      'evidence',
      'failures',
      'truth known',
      'claimed at 90 % or more',
      'of these right',
      'mean probability of the truth',
      'without pooling: right',
      'mean',
    ]),
    rule(8),
    ...levels.map((level) => {
      const here = rows.filter((row) => row.level === level);
      const scored = all(here);
      const alone = all(here, (row) => row.alone);
      const claims = firm(scored);
      const failures = here.reduce((sum, row) => sum + row.failures, 0);
      return line([
        level,
        failures,
        scored.length,
        claims.claims,
        claims.claims === 0 ? '–' : percent(claims.right / claims.claims),
        two(meanOnTruth(scored)),
        ratio(firm(alone)),
        two(meanOnTruth(alone)),
      ]);
    }),
  ];
}

function confusionTable(scored: readonly Scored[]): string[] {
  const table = confusion(scored);
  const used = causes.filter((cause) => [...table.values()].some((row) => row.has(cause)));
  return [
    line(['truth', ...used]),
    rule(used.length + 1),
    ...[...table]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([truth, row]) => line([truth, ...used.map((cause: Cause) => row.get(cause) ?? 0)])),
  ];
}

function reliabilityTable(scored: readonly Scored[]): string[] {
  return [
    line(['claimed', 'claims', 'mean claimed', 'share right']),
    rule(4),
    ...reliability(scored).map((bin) =>
      line([`${percent(bin.from)} to ${percent(bin.to)}`, bin.claims, two(bin.claimed), two(bin.right / bin.claims)]),
    ),
  ];
}

function captureTable(rows: readonly Row[], levels: readonly Row['level'][]): string[] {
  const captures = [...new Set(rows.map((row) => row.capture))];
  return [
    line(['capture', 'failures', 'truth known', ...levels.map((level) => `${level}: right of firm claims`)]),
    rule(levels.length + 3),
    ...captures.map((capture) => {
      const here = rows.filter((row) => row.capture === capture);
      const cells = levels.map((level) => {
        const row = here.find((one) => one.level === level);
        return row === undefined ? '' : ratio(firm(row.scored));
      });
      return line([capture, here[0]!.failures, here[0]!.scored.length, ...cells]);
    }),
  ];
}

/** How claims that are neither firm nor faint compare with what was right, in a sentence. */
function middling(scored: readonly Scored[]): string {
  const bins = reliability(scored).filter(({ from, to }) => from >= 0.1 && to <= 0.7);
  const claims = bins.reduce((sum, one) => sum + one.claims, 0);
  const claimed = bins.reduce((sum, one) => sum + one.claimed * one.claims, 0) / claims;
  const right = bins.reduce((sum, one) => sum + one.right, 0) / claims;
  return `${claims} claims between 10 and 70 % say ${two(claimed)} in the mean, and ${two(right)} of them were right`;
}

/** The whole page. */
export function pageOf(rows: readonly Row[], levels: readonly Level[]): string {
  const real = rows.filter((row) => row.level !== 'made up');
  const made = rows.filter((row) => row.level === 'made up');
  const split = (isSeen: boolean) => all(real.filter((row) => lookedAt.test(row.capture) === isSeen));
  return `${[
    '# Blame, scored',
    '',
    'Written by `npm run blame` from captures of a kernel that recorded the answers beside the ordinary events. Blame is made',
    'from ordinary events alone; the answers ("labels") only score it.',
    '',
    '## How the truth is derived',
    '',
    'Labels give, for every unmap and move of a folio, the return code, the references found and expected, and PG_waiters; and',
    'every add to and flush from a batch. Of each folio that a call did not move, the attempts that failed in that call decide:',
    '',
    '1. 1024 references too many: **pin**.',
    '2. An add to a batch that was not flushed by the last failing attempt: that **batch**.',
    '3. Otherwise, references too many, and PG_waiters set at any of the attempts: **lock-blocked fault** (who sleeps there holds',
    '   the reference, or did until the undo woke it).',
    '4. Otherwise, in a workload whose tasks do nothing but touch and unmap their memory: **lock-blocked fault** as well, since',
    '   nobody else takes references there. It was woken and had not run yet: probes on the lock, which are no labels, show',
    '   these tasks between their sleep and its return.',
    '5. Otherwise **a reference** of somebody: a reader, a pipe, a woken fault. "Transient reference" and "cannot tell" are right',
    '   there, batches and pins are wrong, and claims of a fault are not counted either way.',
    '',
    'A folio whose labels say none of this, or whose capture lost its label events of batches, is not scored. Rules 3 and 5 look at PG_waiters, which the probes',
    'on the move show as well; the level without them is the harder test. A waiter on a migration entry sets PG_waiters, too: where other',
    'tasks take references (`shanon_gup`, `file_lru`), rule 3 may call a fault what was somebody else.',
    '',
    'Folios without a name (unmapped, so that no entry shows them) are matched by their call: the classes of the folios that',
    'failed in it and have no name are given to them in order; a call in which their numbers differ is left out.',
    '',
    '## What was fitted',
    '',
    'Nothing is fitted to labels: each likelihood ratio is counted in the capture itself, on folios that moved, or is an assumption',
    'with its reason (`src/history/`, `docs/history.md`). The mixture of causes by kind of requester is estimated from the same',
    "capture's ordinary events, always leaving out the folio in question. What can be fitted without numbers, the rules, was",
    `partly written while looking at failures one by one, in the captures that match \`${lookedAt.source.replaceAll('\\\\', '')}\`. The others were only scored:`,
    '',
    line(['captures', 'scored, all levels', 'right of claims at 90 % or more', 'mean probability of the truth']),
    rule(4),
    line(['looked at', split(true).length, ratio(firm(split(true))), two(meanOnTruth(split(true)))]),
    line(['only scored', split(false).length, ratio(firm(split(false))), two(meanOnTruth(split(false)))]),
    '',
    '## By level of evidence',
    '',
    '`stock` has no probes; `stock and probes off the move` lacks those whose arguments are the reference count and flags.',
    '',
    ...summary(real, levels),
    '',
    ...levels.flatMap((level) => {
      const scored = all(real.filter((row) => row.level === level));
      return [
        `### ${level}`,
        '',
        'Likeliest cause, by truth:',
        '',
        ...confusionTable(scored),
        '',
        'Every probability above 0 of a named cause is a claim:',
        '',
        ...reliabilityTable(scored),
        '',
      ];
    }),
    '## By capture',
    '',
    ...captureTable(real, levels),
    '',
    '## Made-up worlds',
    '',
    'Scenarios with holders that no labelled capture has, written as captures and read back; the truth is what the model says held the',
    'folio at the end of its request. These captures have stock events and probes on drains only, no reference counts: what',
    'leaves no trace there should be claimed by nobody.',
    '',
    ...summary(made, ['made up']),
    '',
    'Claims of a fault at 10 to 50 % come from folios that were let go by an undo, and are the same that were mostly right in real',
    'captures; here pins stood behind them. Stock events cannot tell the two apart, and the even odds are kept.',
    '',
    ...confusionTable(all(made)),
    '',
    ...reliabilityTable(all(made)),
    '',
    ...captureTable(made, ['made up']),
    '',
    '## What this does not show',
    '',
    `* Stock events alone: ${middling(all(real.filter((row) => row.level === 'stock')))}; in the made-up`,
    `  worlds ${middling(all(made))}. Nothing recorded there tells a fault from a pin, so neither is called calibrated.`,
    '* Neither a pin, nor writeback, nor buffer heads, nor a deactivate batch held a folio in a labelled capture; these causes have known cases in',
    '  tests only.',
    '* All labelled captures are of one kernel (6.12.117) on one emulated machine.',
    '* `not on LRU` has no evidence: a folio that is not isolated is in no call. The life of a folio (`folioscope folio`) shows it.',
    '* Failures of one request are not independent; the counts above are of failures, not of independent trials.',
  ].join('\n')}\n`;
}
