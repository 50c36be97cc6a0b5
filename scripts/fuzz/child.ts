/** The process that reads inputs. It may hang or die: the one that started it looks on. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Dice } from './dice.ts';
import { judge, type Verdict } from './judge.ts';
import { kindOf, minimise } from './minimise.ts';
import { type Mutant, mutate } from './mutate.ts';
import type { Sample } from './samples.ts';

export interface Plan {
  readonly seed: number;
  readonly first: number;
  readonly end: number;
  readonly step: number;
}

/** From the child to its parent, in this order for each input. */
export type Message =
  | { readonly again: number }
  | { readonly begun: number; readonly sample: string; readonly steps: readonly string[] }
  | {
      readonly done: number;
      readonly format: string;
      readonly outcome: string;
      readonly seconds: number;
      readonly growth: number;
    }
  | {
      readonly failed: number;
      readonly sample: string;
      readonly steps: readonly string[];
      readonly failure: string;
      readonly file: string;
    };

const minimised = new Set<string>();
const chunkSizes = [1, 7, 100, 511, 4096, 65536, 1 << 20];

/** The mutant with this number, and how it is cut into chunks: a second way for one in eight. */
export function inputOf(
  samples: readonly Sample[],
  seed: number,
  input: number,
): { mutant: Mutant; chunk: number; otherChunk: number } {
  const dice = new Dice(seed, input);
  const mutant = mutate(samples, dice);
  // A byte at a time costs a promise each: for small inputs only.
  const sizes = chunkSizes.filter((size) => size * 3000 > mutant.bytes.length);
  return { mutant, chunk: dice.pick(sizes), otherChunk: dice.oneIn(8) ? dice.pick(sizes) : 0 };
}

/**
 * Judges one input; a failure is saved below `out`, and made smaller there.
 *
 * @param isFresh this process has read nothing before
 */
export async function runInput(
  samples: readonly Sample[],
  seed: number,
  input: number,
  out: string,
  tell: (message: Message) => void,
  isFresh = false,
): Promise<Verdict> {
  const { mutant, chunk, otherChunk } = inputOf(samples, seed, input);
  const { sample, steps } = mutant;
  tell({ begun: input, sample: sample.name, steps });
  const verdict = await judge(mutant, chunk, otherChunk);
  const { failure, outcome, seconds, growth } = verdict;
  // What inputs before it left behind may be what was measured: a process of its own is asked.
  if (verdict.isLarge && !isFresh) {
    tell({ again: input });
    return verdict;
  }
  if (failure !== undefined) {
    const file = save(out, `${sample.format}-${seed}-${input}`, mutant.bytes);
    tell({ failed: input, sample: sample.name, steps, failure, file });
    // One of a kind is enough to look at: it takes a hundred readings.
    const isNew = !minimised.has(kindOf(failure));
    minimised.add(kindOf(failure));
    const small = !isNew ? mutant.bytes : await minimise(mutant, failure, (one) => judge(one, chunk, otherChunk));
    if (small.length < mutant.bytes.length) save(out, `${sample.format}-${seed}-${input}.small`, small);
  }
  tell({ done: input, format: sample.format, outcome: failure === undefined ? outcome : 'FAILED', seconds, growth });
  return verdict;
}

function save(folder: string, name: string, bytes: Uint8Array): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
}
