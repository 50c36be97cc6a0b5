/** The facts behind a number, found by the number's id, and the numbers of the events that show them. */
import type { History } from '../history/facts.ts';
import { blameOf } from '../replay/blame.ts';
import { FactTables } from './evidence-facts.ts';
import { parseFactsId, wrongId } from './evidence-id.ts';
import { list, many } from './numbers.ts';

/** Facts that one id selects. */
export interface Selected {
  readonly id: string;
  readonly facts: number;
  /** What they are, in words: `27 failures of single calls: reason contig_range`. */
  readonly says: string;
  /** Fact `n` of them, in words, and its events: their numbers, ascending and each once. */
  fact(n: number): { readonly says: string; readonly ordinals: readonly number[] };
  /** The events of all of them, ascending and each once. */
  ordinals(): Float64Array;
}

/** Finds facts of a history. What is asked for again is not looked for again. */
export class Evidence {
  readonly #tables: FactTables;
  readonly #found = new Map<string, Selected>();

  constructor(history: History) {
    let posteriors: ReturnType<typeof blameOf> | undefined;
    this.#tables = new FactTables(history, () => {
      posteriors ??= blameOf(history);
      return posteriors;
    });
  }

  /** @throws ScenarioError `evidence/id` for an id that selects nothing there could be */
  select(id: string): Selected {
    const known = this.#found.get(id);
    if (known !== undefined) return known;
    const selected = this.#select(id);
    this.#found.set(id, selected);
    return selected;
  }

  #select(id: string): Selected {
    const { kind, where } = parseFactsId(id);
    const table = this.#tables.of(kind);
    const { keys, time, noun } = table;
    const tests = where.map(([key, value]): ((i: number) => boolean) => {
      if (key === 'from' || key === 'to') {
        const bound = Number(value);
        if (value.trim() === '' || Number.isNaN(bound))
          throw wrongId(id, `"${value}" is no time`, 'write ns (or clock units) since the first event');
        return key === 'from' ? (i) => time(i) >= bound : (i) => time(i) < bound;
      }
      const get = keys[key];
      if (get === undefined) {
        throw wrongId(id, `${kind} have no "${key}"`, `they have ${list([...Object.keys(keys), 'from', 'to'])}`);
      }
      return (i) => {
        const own = get(i);
        return typeof own === 'string' ? own === value : (own?.includes(value) ?? false);
      };
    });
    const found: number[] = [];
    for (let i = 0; i < table.length; i++) if (tests.every((test) => test(i))) found.push(i);
    const told = where.map(([key, value]) => `${key} ${value === '' ? '(none)' : value}`);
    return {
      id,
      facts: found.length,
      says: `${many(found.length, ...noun)}${told.length === 0 ? '' : `: ${told.join(', ')}`}`,
      fact: (n) => ({ says: table.says(found[n]!), ordinals: [...ascending(table.ordinals(found[n]!))] }),
      ordinals: () => ascending(found.flatMap((i) => [...table.ordinals(i)])),
    };
  }
}

/** Without those that are not known. */
function ascending(ordinals: readonly number[]): Float64Array {
  const known = Float64Array.from(ordinals.filter((one) => one >= 0)).sort();
  return known.filter((one, i) => i === 0 || one !== known[i - 1]);
}
