/** The options and the work that `compare` and `report` share: one history and one comparison for each file. */
import type { Command } from 'commander';
import { Option } from 'commander';
import { parseAssumption } from '../compare/assumptions.ts';
import { type CompareOptions, type PolicyMaker, planComparison } from '../compare/compare.ts';
import type { Comparison } from '../compare/comparison.ts';
import type { History } from '../history/facts.ts';
import { isReadableAgain } from '../read/file.ts';
import type { Assumptions } from '../replay/parameters.ts';
import { historyOf } from './captures.ts';
import { InterruptError } from './interrupt.ts';
import { addCaptureOptions, again, type CaptureOptions, policyOf, wholeNumber } from './options.ts';
import { runParts } from './parts.ts';
import { startProgress } from './progress.ts';

export interface ReplayOptions extends CaptureOptions {
  readonly policy?: readonly string[];
  readonly draws?: number;
  readonly seed?: number;
  readonly assume?: readonly string[];
}

/** Adds what a command that replays takes. */
export function addReplayOptions(command: Command): Command {
  return addCaptureOptions(command)
    .option(
      '--policy <name>',
      'policy to replay under, or a file of your own (YAML, JSON or a module); may be given again (default: those that differ)',
      again,
    )
    .addOption(
      new Option('--draws <n>', 'how often each policy is replayed (default: 480, fewer of a large capture)').argParser(
        wholeNumber(1),
      ),
    )
    .addOption(new Option('--seed <n>', 'the same seed gives the same luck (default: 1)').argParser(wholeNumber(0)))
    .option(
      '--assume <name=value>',
      'another value for an assumption that stands in for data; may be given again',
      again,
    );
}

/** The assumptions that were set: stops when one does not exist or makes no sense. */
export function assumedOf({ assume = [] }: ReplayOptions): Partial<Assumptions> {
  return Object.assign({}, ...assume.map(parseAssumption)) as Partial<Assumptions>;
}

/** Policies to replay under; undefined when none is named. */
export type Wanted = readonly (string | PolicyMaker)[] | undefined;

/** The policies named, before any capture is read: stops when one does not exist, or an assumption does not. */
export async function wantedPolicies({ policy, ...options }: ReplayOptions): Promise<Wanted> {
  assumedOf(options);
  return policy === undefined ? undefined : Promise.all(policy.map(policyOf));
}

/** What a comparison is asked for; the same words give the same comparison. */
export function compareOptionsOf(options: ReplayOptions, policies: Wanted): CompareOptions {
  return {
    ...(policies === undefined ? {} : { policies }),
    ...(options.draws === undefined ? {} : { draws: options.draws }),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    assumed: assumedOf(options),
  };
}

export interface Replayed {
  readonly history: History;
  readonly comparison: Comparison;
  /** Ctrl-C ended it before its end: of fewer draws than asked for. */
  readonly isStopped: boolean;
}

/**
 * Reads one capture, works out what happened, and replays it.
 *
 * @throws InterruptError when it is stopped before anything could be told
 */
export async function replayed(file: string, options: ReplayOptions, policies: Wanted): Promise<Replayed> {
  const history = await historyOf(file, options);
  const progress = startProgress(`replaying ${file}`);
  try {
    const plan = planComparison(history, compareOptionsOf(options, policies));
    const again = (await isReadableAgain(file)) ? { file, options } : undefined;
    const { threads } = options;
    const { results, isStopped } = await runParts(plan, { again, threads, onProgress: progress.update });
    const comparison = plan.finish(results);
    if (comparison === undefined) throw new InterruptError(file);
    return { history, comparison, isStopped };
  } finally {
    progress.end();
  }
}

/**
 * The same for whoever has no use for a part of it.
 *
 * @throws InterruptError when it is stopped
 */
export async function wholeReplay(file: string, options: ReplayOptions, policies: Wanted): Promise<Replayed> {
  const all = await replayed(file, options, policies);
  if (all.isStopped) throw new InterruptError(file);
  return all;
}
