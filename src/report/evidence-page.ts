/**
 * The end of a page: behind each number that leads there, the facts that it counts with their events, and the command that
 * lists them all. Each block stands once, however many numbers lead to it, and shows as many events as the page has room for.
 */
import type { PickedEvent } from '../write/pick.ts';
import type { Facts } from './charts/figure.ts';
import { Evidence, type Selected } from './evidence.ts';
import { anchorOf, type FactKind, factKinds, parseFactsId, policyOfId } from './evidence-id.ts';
import { count, many } from './numbers.ts';
import { policyHtml } from './policy-evidence.ts';
import { escapeHtml, type HrefOf } from './tables.ts';

/** Events that a page shows of all its captures together: about 200 bytes each. */
export const eventsOfPage = 6000;
/** Of one block, where there is room for more, and where there is room for little. */
const mostEvents = 120;
const fewestEvents = 12;
/** What happened to batches has most blocks and needs least of each: one event says what there is to say. */
function weightOf(kind: FactKind): number {
  return kind === 'flushes' || kind === 'stays' || kind === 'drains' ? 1 : 6;
}

/** A room shared out by weights; what one does not need goes to those that need more. */
function sharesOf(room: number, all: readonly { readonly need: number; readonly weight: number }[]): number[] {
  const shares = new Array<number>(all.length).fill(0);
  const order = all.map((_, i) => i).sort((a, b) => all[a]!.need / all[a]!.weight - all[b]!.need / all[b]!.weight);
  let left = room;
  let weights = all.reduce((sum, { weight }) => sum + weight, 0);
  for (const i of order) {
    const { need, weight } = all[i]!;
    shares[i] = Math.min(need, Math.floor((left * weight) / weights));
    left -= shares[i];
    weights -= weight;
  }
  return shares;
}

/** Characters of the fields of an event that are shown. */
const longestFields = 240;

/** Gives the events of these numbers, by number. */
export type Look = (ordinals: readonly number[]) => Promise<ReadonlyMap<number, PickedEvent>>;

/** A fact as a block shows it, with the events that there is room for. */
interface Shown {
  readonly says: string;
  readonly ordinals: readonly number[];
  readonly leftOut: number;
}

/** A word of a command line, quoted for a shell where it has to be. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** What numbers of one capture lead to, gathered while its sections are written. */
export class EvidenceBook {
  readonly #facts: Facts;
  readonly #evidence: Evidence;
  readonly #prefix: string;
  /** Selections that some number leads to, and policies, in the order in which they were met. */
  readonly #selected = new Map<string, Selected>();
  readonly #policies = new Map<string, string>();
  readonly hrefOf: HrefOf;

  /** @param prefix of the capture's anchors: `c1` */
  constructor(facts: Facts, prefix: string) {
    this.#facts = facts;
    this.#evidence = new Evidence(facts.history);
    this.#prefix = prefix;
    this.hrefOf = (id) => {
      const policy = policyOfId(id);
      if (policy !== undefined) {
        if (!facts.comparison.rows.some((row) => row.policy === policy)) return undefined;
        this.#policies.set(id, policy);
      } else {
        const selected = this.#evidence.select(id);
        if (selected.facts === 0) return undefined;
        this.#selected.set(id, selected);
      }
      return `#${this.#prefix}-${anchorOf(id)}`;
    };
  }

  /** The blocks of policies: to be asked for before `blocks`, because they lead to folios. */
  policies(): string {
    const blocks = [...this.#policies].map(([id, policy]) =>
      block(this.#anchor(id), `Replays under ${policy}`, policyHtml(this.#facts, policy, this.hrefOf)),
    );
    return folded('policies', blocks);
  }

  get blocks(): number {
    return this.#selected.size;
  }

  /**
   * The blocks of facts.
   *
   * @param room events that they may show together
   * @param look undefined where the capture cannot be read again: then events are named by their numbers
   * @param command `folioscope events FILE` with its options
   */
  async html(room: number, look: Look | undefined, command: string): Promise<string> {
    const kindOf = ({ id }: Selected): FactKind => parseFactsId(id).kind;
    const all = [...this.#selected.values()];
    const shares = sharesOf(
      room,
      all.map((selected) => ({ need: eventsOf(firstFacts(selected, mostEvents)), weight: weightOf(kindOf(selected)) })),
    );
    const shown = all.map((selected, i) => ({
      selected,
      facts: firstFacts(selected, Math.max(fewestEvents, shares[i]!)),
    }));
    const wanted = new Set(shown.flatMap(({ facts }) => facts.flatMap(({ ordinals }) => ordinals)));
    const events = await look?.([...wanted].sort((a, b) => a - b));
    const blocks = shown.map(({ selected, facts }) => {
      const more = selected.facts - facts.length;
      const first = facts.length === 1 ? 'Here is the first' : `Here are the first ${count(facts.length)}`;
      const told = more > 0 ? `<p class="note">${first} of ${count(selected.facts)}.</p>` : '';
      const list = `<p>All of their events: <code>${escapeHtml(`${command} --behind ${shellWord(selected.id)}`)}</code></p>`;
      const body = events === undefined ? numbersHtml(facts) : eventsHtml(facts, events);
      const html = block(this.#anchor(selected.id), selected.says, `${list}${told}${body}`);
      return { kind: kindOf(selected), html };
    });
    const of = (kind: string): string[] => blocks.filter((one) => one.kind === kind).map(({ html }) => html);
    return factKinds.map((kind) => folded(kind, of(kind))).join('\n');
  }

  #anchor(id: string): string {
    return `${this.#prefix}-${anchorOf(id)}`;
  }
}

/** Blocks of one sort, folded: a browser opens all that is around the target of an address. */
function folded(what: string, blocks: readonly string[]): string {
  if (blocks.length === 0) return '';
  return `<details class="kind"><summary>Behind numbers of ${what} (${count(blocks.length)})</summary>\n${blocks.join('\n')}\n</details>`;
}

/** The anchor is inside: a browser opens what is closed around the target of an address. */
function block(anchor: string, title: string, body: string): string {
  return `<details class="ev"><summary>${escapeHtml(title)}</summary><div id="${escapeHtml(anchor)}" tabindex="-1">${body}</div></details>`;
}

/** Facts until their events take the room; the first is shown however many events it has, as far as they fit. */
function firstFacts(selected: Selected, room: number): Shown[] {
  const shown: Shown[] = [];
  let used = 0;
  for (let n = 0; n < selected.facts; n++) {
    const { says, ordinals } = selected.fact(n);
    if (n > 0 && used + ordinals.length > room) break;
    const fit = ordinals.slice(0, room);
    shown.push({ says, ordinals: fit, leftOut: ordinals.length - fit.length });
    used += fit.length;
  }
  return shown;
}

function eventsOf(facts: readonly Shown[]): number {
  return facts.reduce((sum, { ordinals }) => sum + ordinals.length, 0);
}

// End tags that HTML lets a table leave out are left out: there are thousands of rows.
function eventsHtml(facts: readonly Shown[], events: ReadonlyMap<number, PickedEvent>): string {
  const bodies = facts.map(({ says, ordinals, leftOut }) => {
    const rows = ordinals.map((ordinal) => {
      const event = events.get(ordinal);
      if (event === undefined) return `<tr><td>${ordinal}<td colspan="5">not in the capture`;
      const { time, cpu, task, event: name, fields } = event;
      const cells = [
        time,
        cpu,
        task,
        name,
        fields.length > longestFields ? `${fields.slice(0, longestFields)}…` : fields,
      ];
      return `<tr><td>${ordinal}${cells.map((cell) => `<td>${escapeHtml(cell)}`).join('')}`;
    });
    const rest = leftOut > 0 ? `<tr><td colspan="6">${many(leftOut, 'more event')}` : '';
    return `<tbody><tr><th colspan="6" scope="rowgroup">${escapeHtml(says)}\n${rows.join('\n')}${rest}`;
  });
  const head = ['event no.', 'time', 'CPU', 'task', 'event', 'fields'].map((name) => `<th scope="col">${name}`);
  return `<div class="scroll events" role="region" tabindex="0" aria-label="Events"><table><thead><tr>${head.join('')}${bodies.join('')}</table></div>`;
}

function numbersHtml(facts: readonly Shown[]): string {
  const items = facts.map(({ says, ordinals }) => `<li>${escapeHtml(says)}: events ${ordinals.join(', ')}`);
  return `<p class="note">The capture came through a pipe, so its events are named by their numbers only.</p><ul>${items.join('')}</ul>`;
}
