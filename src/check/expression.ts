/**
 * The language of assertions (docs/check.md has the grammar):
 *
 *     p95 time_under_entries of move_pages < 2 ms
 *     share failed_folios of contig_range or cma < 1 %
 *     failures blamed on batch == 0
 *     calls by 'kswapd*' per reason <= 100
 */
import { ScenarioError } from '../base/errors.ts';
import { reason as reasons } from '../events/rows/migrate.ts';
import { type Cause, causes, type RequestKind } from '../history/facts.ts';
import { nearest } from '../policies/nearest.ts';
import { list } from '../report/numbers.ts';
import type { Filter, Measure, Unit } from './measure.ts';
import { measures } from './measures.ts';

/** How the values of a measure become one number. */
export type Statistic =
  | { readonly kind: 'sum' | 'share' | 'expected' | 'mean' | 'min' | 'max' }
  | { readonly kind: 'quantile'; readonly share: number };

/** Of which items a term speaks; all of an absent one. */
export interface Selection {
  /** Reasons of calls, or kinds of requests. */
  readonly of?: readonly string[];
  /** Globs on the name of the task, or its number. */
  readonly by?: readonly string[];
  readonly cpu?: number;
}

export interface Term {
  readonly statistic: Statistic;
  readonly measure: Measure;
  readonly selection: Selection;
  /** Only failures with these causes count. */
  readonly blamed?: readonly Cause[];
}

export const groupings = ['task', 'reason', 'kind', 'cpu'] as const;
export type Grouping = (typeof groupings)[number];

export const comparisons = ['<=', '>=', '==', '!=', '<', '>'] as const;
export type Comparison = (typeof comparisons)[number];

export interface Assertion {
  readonly left: Term;
  /** The left term is divided by it. */
  readonly over?: Term;
  /** Asked of each group by itself. */
  readonly per?: Grouping;
  readonly comparison: Comparison;
  /** ns of a duration; a share of 1. */
  readonly bound: number;
  /** Unit of both sides. */
  readonly unit: Unit;
}

/** Words that name several causes. */
export const causeGroups: Readonly<Record<string, readonly Cause[]>> = {
  batch: ['add batch', 'activate batch', 'deactivate batch', 'mlock batch'],
};

const kinds: Readonly<Record<RequestKind, true>> = {
  move_pages: true,
  'contiguous allocation': true,
  cma: true,
  compaction: true,
  'longterm pin': true,
  'memory offline': true,
  'soft offline': true,
  'numa balancing': true,
  migrate_vma: true,
  'thp split': true,
  other: true,
};

const durations: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9 };

interface Token {
  readonly kind: 'word' | 'quoted' | 'number' | 'sign' | 'end';
  readonly text: string;
}

/** The sentence at a place of an assertion that cannot be understood. */
function refuse(cause: string, hint = ''): never {
  throw new ScenarioError('check/assert', cause, hint);
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = /\s*(?:'([^']*)'|"([^"]*)"|(\d+(?:\.\d+)?)|(<=|>=|==|!=|<|>|\/|%)|([\p{L}_*?][\p{L}\p{N}_*?.:-]*))/uy;
  let at = 0;
  while (at < text.trimEnd().length) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null)
      refuse(`"${text.slice(at).trim()}" cannot be understood`, 'quote a name that holds other signs');
    const [, single, double, number, sign, word] = match;
    if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else tokens.push({ kind: 'quoted', text: single ?? double ?? '' });
    at = pattern.lastIndex;
  }
  return tokens;
}

/** Words that end a list of names. */
const keywords = new Set(['of', 'by', 'blamed', 'per', 'cpu']);

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  assertion(): Assertion {
    const left = this.#term();
    const over = this.#take('/') ? this.#term() : undefined;
    const per = this.#take('per') ? this.#grouping([left, ...(over === undefined ? [] : [over])]) : undefined;
    const comparison = comparisons.find((sign) => this.#take(sign));
    if (comparison === undefined)
      return refuse(
        `${this.#here()} where a comparison should be`,
        `write one of ${comparisons.join(' ')} and a value`,
      );
    const unit = unitOf(left, over);
    const bound = this.#value(unit);
    if (this.#next().kind !== 'end') refuse(`${this.#here()} after the value`, 'an assertion is one comparison');
    return {
      left,
      comparison,
      bound,
      unit,
      ...(over === undefined ? {} : { over }),
      ...(per === undefined ? {} : { per }),
    };
  }

  #next(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '' };
  }

  #here(): string {
    const { kind, text } = this.#next();
    return kind === 'end' ? 'the end' : `"${text}"`;
  }

  #take(text: string): boolean {
    const { kind, text: found } = this.#next();
    if (kind === 'quoted' || found !== text) return false;
    this.#at++;
    return true;
  }

  #term(): Term {
    const statistic = this.#statistic();
    const measure = this.#measure();
    const selection: { of?: string[]; by?: string[]; cpu?: number } = {};
    let blamed: readonly Cause[] | undefined;
    for (;;) {
      if (this.#take('of')) selection.of = this.#names('of', measure);
      else if (this.#take('by')) selection.by = this.#names('by', measure);
      else if (this.#take('cpu')) selection.cpu = this.#cpu(measure);
      else if (this.#take('blamed')) {
        this.#take('on');
        blamed = this.#names('blamed', measure).flatMap(causesOf);
      } else break;
    }
    const used = statistic ?? usual(measure);
    checkStatistic(used, measure, blamed);
    return { statistic: used, measure, selection, ...(blamed === undefined ? {} : { blamed }) };
  }

  #statistic(): Statistic | undefined {
    const { kind, text } = this.#next();
    if (kind !== 'word') return undefined;
    const quantile = /^p(\d{1,2}(?:\.\d+)?)$/.exec(text);
    const found: Statistic | undefined =
      quantile !== null
        ? { kind: 'quantile', share: Number(quantile[1]) / 100 }
        : text === 'median'
          ? { kind: 'quantile', share: 0.5 }
          : text === 'count' || text === 'total'
            ? { kind: 'sum' }
            : text === 'share' || text === 'expected' || text === 'mean' || text === 'min' || text === 'max'
              ? { kind: text }
              : undefined;
    if (found !== undefined) this.#at++;
    return found;
  }

  #measure(): Measure {
    const { kind, text } = this.#next();
    const found = kind === 'word' ? measures.find(({ name }) => name === text) : undefined;
    if (found === undefined) {
      const names = measures.map(({ name }) => name);
      const near = kind === 'word' ? nearest(text, names) : [];
      return refuse(
        `${this.#here()} is no measure`,
        near.length > 0 ? `nearest: ${list(near)}` : `measures are ${names.join(', ')}`,
      );
    }
    this.#at++;
    return found;
  }

  /** Names with `or` between them; a name may be of several words. */
  #names(filter: Filter, measure: Measure): string[] {
    checkFilter(filter, measure);
    const names: string[] = [];
    let words: string[] = [];
    let isQuoted = false;
    const finish = (): void => {
      if (words.length === 0) refuse(`${this.#here()} where a name should be after "${filter}"`);
      const name = words.join(' ');
      if (filter === 'of' && !isQuoted) checkRequester(name);
      names.push(name);
      words = [];
      isQuoted = false;
    };
    for (;;) {
      const { kind, text } = this.#next();
      if (kind === 'word' && text === 'or') finish();
      else if (kind === 'sign' || kind === 'end' || (kind === 'word' && keywords.has(text))) break;
      else {
        words.push(text);
        if (kind === 'quoted') isQuoted = true;
      }
      this.#at++;
    }
    finish();
    return names;
  }

  #cpu(measure: Measure): number {
    checkFilter('cpu', measure);
    const { kind, text } = this.#next();
    if (kind !== 'number' || !/^\d+$/.test(text)) return refuse(`${this.#here()} where the number of a CPU should be`);
    this.#at++;
    return Number(text);
  }

  #grouping(terms: readonly Term[]): Grouping {
    const found = groupings.find((one) => this.#take(one));
    if (found === undefined) return refuse(`${this.#here()} after "per"`, `groups are ${list(groupings)}`);
    const filter: Filter = found === 'task' ? 'by' : found === 'cpu' ? 'cpu' : 'of';
    for (const { measure } of terms) checkFilter(filter, measure);
    return found;
  }

  #value(unit: Unit): number {
    const { kind, text } = this.#next();
    if (kind !== 'number') return refuse(`${this.#here()} where a value should be`);
    this.#at++;
    const number = Number(text);
    const { text: written, kind: sort } = this.#next();
    const hasUnit = sort === 'word' || written === '%';
    if (hasUnit) this.#at++;
    if (unit === 'ns') {
      const scale = durations[written];
      if (hasUnit && scale !== undefined) return number * scale;
      if (!hasUnit && number === 0) return 0;
      return refuse(hasUnit ? `"${written}" is no unit of time` : `${text} has no unit`, 'units are ns, us, ms, s');
    }
    if (!hasUnit) return number;
    if (unit === 'share' && written === '%') return number / 100;
    return refuse(
      `"${written}" is no unit of that`,
      unit === 'share' ? 'write a share of 1, or with %' : 'write the number alone',
    );
  }
}

function usual(measure: Measure): Statistic {
  if (measure.unit !== 'ns' && measure.unit !== 'passes') return { kind: 'sum' };
  return refuse(
    `${measure.name} needs to be told how its values become one`,
    `write mean, min, max, median, total or a quantile before it: p95 ${measure.name}`,
  );
}

function checkStatistic({ kind }: Statistic, measure: Measure, blamed: readonly Cause[] | undefined): void {
  const isCount = measure.unit !== 'ns' && measure.unit !== 'passes';
  if (kind === 'share') {
    if (measure.isPart !== true && blamed === undefined)
      refuse(`share of what: ${measure.name} are no part of others`, 'divide two counts: failed_folios / folios');
    return;
  }
  if (kind === 'expected') {
    if (blamed === undefined) refuse('expected is about blame', 'write: expected failures blamed on ...');
    return;
  }
  if (isCount && kind !== 'sum') refuse(`${kind} of ${measure.name}: they are counted`, `write ${measure.name} alone`);
}

function checkFilter(filter: Filter, measure: Measure): void {
  if (measure.filters.includes(filter)) return;
  const words = { of: 'requests or reasons', by: 'tasks', cpu: 'CPUs', blamed: 'blame' } as const;
  refuse(
    `${measure.name} cannot be told apart by ${words[filter]}`,
    `those that can: ${measures
      .filter(({ filters }) => filters.includes(filter))
      .map(({ name }) => name)
      .join(', ')}`,
  );
}

/** A name that nothing has would find nothing, and most rules hold of nothing. */
function checkRequester(name: string): void {
  const known = [...reasons, ...Object.keys(kinds)];
  if (known.includes(name)) return;
  const near = nearest(name, known);
  refuse(
    `"${name}" is no reason of a call and no kind of request`,
    near.length > 0
      ? `nearest: ${list(near)}`
      : `there are ${known.join(', ')}; one that is not among them is taken in quotes`,
  );
}

function causesOf(name: string): readonly Cause[] {
  const plain = (text: string): string => text.toLowerCase().replace(/[-_\s]+/g, ' ');
  const group = causeGroups[name];
  if (group !== undefined) return group;
  const found = causes.find((cause) => plain(cause) === plain(name));
  if (found !== undefined) return [found];
  const near = nearest(name, [...causes]);
  return refuse(
    `"${name}" is no cause`,
    near.length > 0 ? `nearest: ${list(near)}` : `causes are ${causes.join(', ')}; batch stands for four of them`,
  );
}

function unitOf(left: Term, over: Term | undefined): Unit {
  if (over !== undefined || left.statistic.kind === 'share') return 'share';
  return left.measure.unit;
}

/**
 * Understands one assertion.
 *
 * @throws ScenarioError `check/assert` that says which word is wrong, and what may stand there
 */
export function parseAssertion(text: string): Assertion {
  return new Parser(text).assertion();
}
