/** Short forms of the fields that catalogue rows list. */
import type { Field } from './kinds.ts';

/** A number that prints in decimal. */
export function decimal(name: string): Field {
  return { name, storage: 'number', print: 'decimal' };
}

/** A number below 2^53 that prints in hex: a page frame, a user address. */
export function hex(name: string): Field {
  return { name, storage: 'number', print: 'hex' };
}

/** A 64-bit value that prints in hex: a pointer, a page-table entry, page flags. */
export function u64(name: string): Field {
  return { name, storage: 'u64', print: 'hex' };
}

/** A name out of few: interned. */
export function text(name: string): Field {
  return { name, storage: 'text', print: 'text' };
}

/** Text that is different in every event. */
export function freeText(name: string): Field {
  return { name, storage: 'bytes', print: 'text' };
}
