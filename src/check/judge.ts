/** Rules against one capture: what each measured, whether it holds, and which events break it. */
import { addTo } from '../base/groups.ts';
import { stamp } from '../events/time.ts';
import type { History } from '../history/facts.ts';
import { blameOf } from '../replay/blame.ts';
import { count, duration, list, many } from '../report/numbers.ts';
import { type Amount, amountOf, groupOf, select, unseenCauses } from './amount.ts';
import type { Assertion, Comparison, Term } from './expression.ts';
import { Facts, type Items, type Unit } from './measure.ts';
import { certaintyOf } from './measures.ts';
import type { Rule, Rules } from './rules.ts';

export type Verdict = 'holds' | 'broken' | 'cannot tell';

/** The items that break a rule. Times are relative, NaN = not known; events -1 = none is known. */
export interface Breaking {
  readonly items: number;
  /** Of how many that the rule looked at. */
  readonly of: number;
  readonly start: number;
  readonly end: number;
  readonly firstEvent: number;
  readonly lastEvent: number;
  /** The worst of them in words, with their values where these are more than one. */
  readonly worst: readonly string[];
}

export interface Finding {
  readonly rule: Rule;
  readonly verdict: Verdict;
  readonly unit: Unit;
  /** What was measured: two numbers where the capture does not tell every value; NaN = nothing to measure. */
  readonly low: number;
  readonly high: number;
  /** Of a rule that is asked of groups: the one that is told of, the worst. */
  readonly group: string;
  /** Why it cannot be told; empty otherwise. */
  readonly why: string;
  readonly notes: readonly string[];
  /** Only of a broken rule. */
  readonly breaking: Breaking | undefined;
}

/** Items that are named. */
const worstShown = 3;

/** Every rule, in the order of the file. */
export function judge(history: History, { rules, threshold }: Rules): Finding[] {
  const facts = new Facts(history, blameOf(history));
  return rules.map((rule) => judgeOne(rule, facts, threshold));
}

/** A group of a rule with what it came to. */
interface Measured {
  readonly group: string;
  readonly low: number;
  readonly high: number;
  readonly left: Amount;
  readonly verdict: Verdict;
}

function judgeOne(rule: Rule, facts: Facts, threshold: number): Finding {
  const { assertion } = rule;
  const { left, over, per, unit } = assertion;
  const measured = groupsOf(assertion, facts, threshold);
  // The worst: a broken one before one that cannot be told, the farthest from what was asked first.
  const order: readonly Verdict[] = ['broken', 'cannot tell', 'holds'];
  const isUpper = assertion.comparison.startsWith('<') || assertion.comparison === '==';
  const [worst] = [...measured].sort(
    (a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict) || (isUpper ? b.high - a.high : a.low - b.low),
  );
  const terms = over === undefined ? [left] : [left, over];
  const missing = unrecorded(terms, facts.history);
  const notes = [...terms.flatMap((term) => notesOn(term, facts, threshold))];
  if (per !== undefined && worst !== undefined) {
    const sums = order.map((verdict) => [verdict, measured.filter((one) => one.verdict === verdict).length] as const);
    notes.push(`per ${per}: ${list(sums.filter(([, n]) => n > 0).map(([verdict, n]) => `${verdict} in ${n}`))}`);
  }
  const finding = { rule, unit, notes, breaking: undefined, group: '', low: Number.NaN, high: Number.NaN };
  // What was seen may break a rule though more was not seen; but nothing holds of what was not recorded.
  if (missing !== '' && worst?.verdict !== 'broken') return { ...finding, verdict: 'cannot tell', why: missing };
  if (worst === undefined) return { ...finding, verdict: 'cannot tell', why: 'the capture has nothing of it' };
  const { group, low, high, verdict } = worst;
  return {
    ...finding,
    group,
    low,
    high,
    verdict,
    why: verdict === 'cannot tell' ? whyUntold(worst, left) : '',
    breaking: verdict === 'broken' ? breakingOf(worst.left, assertion) : undefined,
  };
}

/** The terms over all items, or over each group of items by itself. */
function groupsOf({ left, over, per, comparison, bound }: Assertion, facts: Facts, threshold: number): Measured[] {
  const first = select(left, facts);
  const second = over === undefined ? undefined : select(over, facts);
  const measureOf = (group: string, rows: readonly number[], others: readonly number[]): Measured => {
    const amount = amountOf(left, { items: first.items, rows }, facts, threshold);
    let { low, high } = amount;
    if (over !== undefined && second !== undefined) {
      const whole = amountOf(over, { items: second.items, rows: others }, facts, threshold);
      // A share of nothing is no share.
      low = whole.high === 0 ? Number.NaN : low / whole.high;
      high = whole.high === 0 ? Number.NaN : high / whole.low;
    }
    return { group, low, high, left: amount, verdict: verdictOf(low, high, comparison, bound) };
  };
  if (per === undefined) return [measureOf('', first.rows, second?.rows ?? [])];
  const inGroups = ({ items, rows }: { items: Items; rows: readonly number[] }): Map<string, number[]> => {
    const groups = new Map<string, number[]>();
    for (const row of rows) {
      const group = groupOf(items.owner(row), per, facts);
      addTo(groups, group, row);
    }
    return groups;
  };
  const ofFirst = inGroups(first);
  const ofSecond = second === undefined ? new Map<string, number[]>() : inGroups(second);
  return [...new Set([...ofFirst.keys(), ...ofSecond.keys()])].map((group) =>
    measureOf(group === '' ? `${per} not known` : group, ofFirst.get(group) ?? [], ofSecond.get(group) ?? []),
  );
}

function holds(value: number, comparison: Comparison, bound: number): boolean {
  switch (comparison) {
    case '<':
      return value < bound;
    case '<=':
      return value <= bound;
    case '>':
      return value > bound;
    case '>=':
      return value >= bound;
    case '==':
      return value === bound;
    case '!=':
      return value !== bound;
  }
}

/** Whatever the value between the two is, or it cannot be told. */
function verdictOf(low: number, high: number, comparison: Comparison, bound: number): Verdict {
  if (Number.isNaN(low) || Number.isNaN(high)) return 'cannot tell';
  if (low === high) return holds(low, comparison, bound) ? 'holds' : 'broken';
  // Between two different numbers: all of them are another one, or some of them are that one.
  const isOutside = bound < low || bound > high;
  if (comparison === '==') return isOutside ? 'broken' : 'cannot tell';
  if (comparison === '!=') return isOutside ? 'holds' : 'cannot tell';
  const ends = [holds(low, comparison, bound), holds(high, comparison, bound)];
  if (ends.every((is) => is)) return 'holds';
  return ends.some((is) => is) ? 'cannot tell' : 'broken';
}

/** Facts of another sort than this capture can show; empty where it can. */
function unrecorded(terms: readonly Term[], history: History): string {
  const names = [
    ...new Set(terms.flatMap(({ measure }) => measure.needs.filter((need) => history.observed[need] === 'unknown'))),
  ].map((name) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`));
  return names.length === 0 ? '' : `the capture cannot show ${list(names)}`;
}

function whyUntold({ left, low, high }: Measured, { measure, blamed }: Term): string {
  if (Number.isNaN(low) || Number.isNaN(high)) return 'the capture has nothing of it';
  if (blamed !== undefined) return `of ${many(left.untold, 'failure')} nobody can tell the cause`;
  return `of ${count(left.untold)} of ${count(left.rows.length)} ${measure.unit === 'ns' ? 'the end was not seen' : 'the capture does not tell it'}`;
}

/** What a reader should know of a measured number. */
function notesOn(term: Term, facts: Facts, threshold: number): string[] {
  const { measure, blamed, statistic } = term;
  const notes: string[] = [];
  if (certaintyOf(measure, facts.history) === 'inferred') notes.push(`${measure.name} are inferred from other events`);
  if (blamed === undefined) return notes;
  const unseen = unseenCauses(blamed, facts.history);
  if (unseen.length > 0) notes.push(`the capture cannot show: ${list(unseen)}`);
  if (statistic.kind === 'expected') return notes;
  const { low, high } = amountOf({ ...term, statistic: { kind: 'expected' } }, select(term, facts), facts, threshold);
  const range = low === high ? count(low) : `${count(low)} to ${count(high)}`;
  notes.push(`a failure counts from a probability of ${valueText(threshold, 'share')} on; expected are ${range}`);
  return notes;
}

/** The items behind a broken rule: those beyond the bound, or those that count. */
function breakingOf({ items, rows, counted }: Amount, { left, over, comparison, bound }: Assertion): Breaking {
  const isTooMuch = comparison.startsWith('<') || comparison === '==' || comparison === '!=';
  const isEach = over === undefined && (left.measure.unit === 'ns' || left.measure.unit === 'passes');
  const values = rows.map((row) => ({ row, value: counted(row) })).filter(({ value }) => !Number.isNaN(value));
  const isWanted = (value: number): boolean => {
    if (isEach && left.statistic.kind !== 'sum') return isTooMuch ? !holds(value, comparison, bound) : value <= bound;
    return isTooMuch ? value > 0 : left.measure.isPart !== true || value === 0;
  };
  const broken = values.filter(({ value }) => isWanted(value));
  broken.sort((a, b) => (isTooMuch ? b.value - a.value : a.value - b.value));
  const span = {
    start: Number.POSITIVE_INFINITY,
    end: Number.NEGATIVE_INFINITY,
    first: Number.POSITIVE_INFINITY,
    last: -1,
  };
  for (const { row } of broken) {
    const [start, end] = [items.start(row), items.end(row)];
    if (start < span.start) span.start = start;
    if ((Number.isNaN(end) ? start : end) > span.end) span.end = Number.isNaN(end) ? start : end;
    if (items.firstEvent(row) >= 0) span.first = Math.min(span.first, items.firstEvent(row));
    span.last = Math.max(span.last, items.firstEvent(row), items.lastEvent(row));
  }
  const isOne = left.measure.unit === 'count';
  return {
    items: broken.length,
    of: rows.length,
    start: Number.isFinite(span.start) ? span.start : Number.NaN,
    end: Number.isFinite(span.end) ? span.end : Number.NaN,
    firstEvent: Number.isFinite(span.first) ? span.first : -1,
    lastEvent: span.last,
    worst: broken
      .slice(0, worstShown)
      .map(({ row, value }) =>
        isOne ? items.says(row) : `${items.says(row)}: ${valueText(value, left.measure.unit)}`,
      ),
  };
}

/** A value with its unit; shares with three digits, so that what breaks a rule is seen to. */
export function valueText(value: number, unit: Unit): string {
  if (unit === 'ns') return Number.isFinite(value) ? duration(value) : count(value);
  if (unit === 'share') return `${count(Number((value * 100).toPrecision(3)))} %`;
  return unit === 'pages' ? many(value, 'page') : count(value);
}

/** What was measured: `4.1 ms`, `2 to 5`, `at least 3`. */
export function measuredText({ low, high, unit }: Pick<Finding, 'low' | 'high' | 'unit'>): string {
  if (Number.isNaN(low)) return '–';
  if (low === high) return valueText(low, unit);
  if (high === Number.POSITIVE_INFINITY) return `at least ${valueText(low, unit)}`;
  return `${valueText(low, unit)} to ${valueText(high, unit)}`;
}

/** When the items of a broken rule were, as the capture prints times; empty where nobody knows. */
export function windowText({ start, end }: Breaking, { capture }: History): string {
  if (capture.clock.unit === 'none' || Number.isNaN(start)) return '';
  return `${stamp(capture, start)} to ${stamp(capture, end)}${capture.clock.unit === 'ns' ? ' s' : ''}`;
}
