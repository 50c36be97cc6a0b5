/**
 * A user's own policy, from YAML or JSON text: a named policy that it extends, and a choice for each axis that it
 * changes.
 *
 *     name: patient
 *     extends: linux-6.12.117
 *     choices:
 *       B: undo if waiters, resubmitted
 *       C: 3 + 20
 */
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { ScenarioError } from '../base/errors.ts';
import { axisOf, choiceNamed, type LayOptions } from './lay.ts';
import { layAlternative, resolvePolicy } from './policies.ts';
import type { Policy } from './policy.ts';

const shape = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, 'lower-case letters, digits and dashes'),
  title: z.string().optional(),
  /** A policy by name; without it, what the policy is laid over by the caller. */
  extends: z.string().optional(),
  choices: z.record(z.string(), z.union([z.string(), z.number().int()])),
});

/**
 * Reads a policy. `over` is what it is laid over when it extends nothing. Throws a ScenarioError whose message has a
 * line `file:line:column: what is wrong` for each mistake.
 */
export function parseUserPolicy(text: string, file: string, over?: Policy, options: LayOptions = {}): Policy {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    throw new ScenarioError(
      'policy-text',
      document.errors.map((error) => `${place(error.pos[0])}: ${firstLine(error.message)}`).join('\n'),
    );
  }
  const at = (path: readonly PropertyKey[]) => place(offsetOf(document, path));
  const parsed = shape.safeParse(plain(document, file));
  if (!parsed.success) {
    throw new ScenarioError(
      'policy-text',
      parsed.error.issues
        .map((issue) => {
          const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path;
          return `${at(path)}: ${path.length === 0 ? '' : `${path.join('.')}: `}${issue.message}`;
        })
        .join('\n'),
    );
  }
  const { name, title, extends: ground, choices } = parsed.data;
  const inPlace = <T>(path: readonly string[], make: () => T): T => {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof ScenarioError)) throw error;
      throw new ScenarioError(error.code, `${at(path)}: ${error.message}`, error.hint);
    }
  };
  const chosen: Record<string, string> = {};
  for (const [letter, choice] of Object.entries(choices)) {
    const axis = inPlace(['choices', letter], () => axisOf(letter));
    chosen[letter] = inPlace(['choices', letter], () => choiceNamed(axis, String(choice))).name;
  }
  const base =
    ground === undefined && over !== undefined
      ? over
      : inPlace(['extends'], () => resolvePolicy(ground ?? 'linux-7.2', over, options));
  return layAlternative({ name, title: title ?? name, source: file, choices: chosen }, 'user', base, options);
}

/** The document as plain values. `yaml` finds an alias without an anchor only here. */
function plain(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw new ScenarioError('policy-text', `${file}:1:1: ${firstLine(error.message)}`);
  }
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? '';
}

/** Where the value (or, for an unknown key, the key) of a path stands; the nearest enclosing node that exists. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length >= 0; length--) {
    const keys = path.slice(0, length);
    const node = length === 0 ? document.contents : document.getIn(keys, true);
    if (isNode(node) && node.range) {
      const parent =
        length === 0 ? undefined : length === 1 ? document.contents : document.getIn(keys.slice(0, -1), true);
      const pair = isMap(parent)
        ? parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(keys[length - 1]))
        : undefined;
      if (isScalar(pair?.key) && pair.key.range && path.length === length && !isScalar(node)) return pair.key.range[0];
      return node.range[0];
    }
  }
  return 0;
}
