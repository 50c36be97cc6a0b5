/**
 * YAML (or JSON) that a user wrote, as plain values that know where they stand: every mistake in it is reported with its
 * file, line and column, whoever finds it.
 */
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import type { ZodError } from 'zod';
import { ScenarioError } from '../base/errors.ts';

export interface UserText {
  /** The document as plain values. */
  readonly value: unknown;
  /** `file:line:column` of the value at a path, or of the nearest enclosing one that exists. */
  at(path: readonly PropertyKey[]): string;
}

/**
 * Reads a text that a user wrote. `code` is that of the ScenarioError thrown for text that is no YAML; its message has a
 * line `file:line:column: what is wrong` for each mistake.
 */
export function readUserText(text: string, file: string, code: string): UserText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    throw new ScenarioError(
      code,
      document.errors.map((error) => `${place(error.pos[0])}: ${withoutPlace(firstLine(error.message))}`).join('\n'),
    );
  }
  if (document.contents === null) throw new ScenarioError(code, `${place(0)}: there is nothing in it`);
  return { value: plain(document, file, code), at: (path) => place(offsetOf(document, path)) };
}

/** What a schema found wrong, a line `file:line:column: path: what` for each mistake. */
export function mistakesOf({ issues }: ZodError, { at }: UserText): string[] {
  return issues.flatMap((issue) => {
    // One issue may be of several keys, each of which stands somewhere else.
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys : [];
    const paths = unknown.length === 0 ? [issue.path] : unknown.map((key) => [...issue.path, key]);
    return paths.map((path, i) => {
      const what = unknown.length > 1 ? `Unrecognized key: "${unknown[i]}"` : issue.message;
      return `${at(path)}: ${path.length === 0 ? '' : `${path.join('.')}: `}${what}`;
    });
  });
}

/** `yaml` finds an alias without an anchor only when it makes values. */
function plain(document: Document, file: string, code: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw new ScenarioError(code, `${file}:1:1: ${firstLine(error.message)}`);
  }
}

/** `yaml` ends its messages with the place, which stands at the head here. */
function withoutPlace(message: string): string {
  return message.replace(/ at line \d+, column \d+:?$/, '');
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
