/**
 * What a table holds under a key that comes from an input: its own entries only. Every object has a `constructor` and a
 * `__proto__`, and a field or a task may be called so.
 */
export function own<T>(table: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return table !== undefined && Object.hasOwn(table, key) ? table[key] : undefined;
}
