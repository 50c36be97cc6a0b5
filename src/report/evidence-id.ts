/**
 * How a number says which facts it counts: `failures,reason=contig_range,mode=MIGRATE_SYNC`. The same text is the number's link
 * in a page, a key in the JSON, and what `folioscope events --behind` takes, so that all of the events can be listed.
 */
import { ScenarioError } from '../base/errors.ts';

/** Sorts of facts that can be selected; what each may be selected by is in `evidence-facts.ts`. */
export const factKinds = [
  'calls',
  'folios',
  'failures',
  'episodes',
  'requests',
  'drains',
  'flushes',
  'stays',
  'waits',
] as const;
export type FactKind = (typeof factKinds)[number];

export interface Selection {
  readonly kind: FactKind;
  /** All of these hold. */
  readonly where: readonly (readonly [key: string, value: string])[];
}

/** The text of a selection; keys whose value is undefined are left out. */
export function factsId(kind: FactKind, where: Readonly<Record<string, string | number | undefined>> = {}): string {
  const parts = Object.entries(where).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${guarded(String(value))}`],
  );
  return [kind, ...parts].join(',');
}

/** The id of a policy's replays: their draws, and the folios that end otherwise. */
export function policyId(policy: string): string {
  return `policy,name=${guarded(policy)}`;
}

/** The policy of such an id; undefined for any other. */
export function policyOfId(id: string): string | undefined {
  return id.startsWith('policy,name=') ? unguarded(id.slice('policy,name='.length)) : undefined;
}

/** What separates parts, what escapes it, and what would break a line. */
function guarded(value: string): string {
  return value.replace(/[,%\u0000-\u001f\u007f]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function unguarded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** @throws ScenarioError `evidence/id` for a text that selects no sort of facts; keys are looked at where they are used */
export function parseFactsId(text: string): Selection {
  const [kind = '', ...parts] = text.split(',');
  const known = factKinds.find((one) => one === kind);
  if (known === undefined) throw wrongId(text, `"${kind}" is no sort of facts`, `there are ${factKinds.join(', ')}`);
  const where = parts.map((part): [string, string] => {
    const at = part.indexOf('=');
    if (at <= 0) throw wrongId(text, `"${part}" is no KEY=VALUE`, 'write failures,reason=contig_range');
    return [part.slice(0, at), unguarded(part.slice(at + 1))];
  });
  return { kind: known, where };
}

/** The error for an id that cannot be understood. */
export function wrongId(id: string, why: string, hint: string): ScenarioError {
  return new ScenarioError('evidence/id', `"${id}": ${why}`, hint);
}

/**
 * An id as an anchor of a page: letters that stand for themselves in an address, the others by their number. Two ids never
 * give one anchor.
 */
export function anchorOf(id: string): string {
  return `ev-${[...id].map((c) => (/[\w,=.-]/.test(c) ? c : `~${c.codePointAt(0)!.toString(16)}~`)).join('')}`;
}
