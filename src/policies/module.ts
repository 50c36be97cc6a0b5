/**
 * A user's own policy as a module of decision functions:
 *
 *     export const policy = {
 *       name: 'patient',
 *       extends: 'linux-6.12.117',
 *       decisions: { onMismatch: (view) => (view.waiters ? 'undo' : 'keep'), batchCapacity: 20 },
 *     };
 *
 * The file is loaded by the command line; here its value is checked, and its functions are given nothing but a frozen
 * copy of what the kernel can see.
 */
import { z } from 'zod';
import { ScenarioError } from '../base/errors.ts';
import type { Decisions, MismatchAnswer, MismatchView, UnpinnableAnswer, UnpinnableView } from '../model/decisions.ts';
import { layOver, type Settles } from './axis.ts';
import { differingAxes, type LayOptions, needsOf } from './lay.ts';
import { decideAlike, resolvePolicy } from './policies.ts';
import type { Axis, Need, Policy } from './policy.ts';
import { headOfPolicy } from './schema.ts';

/** What such a module exports as `policy`. */
export interface DecisionModule {
  readonly name: string;
  readonly title?: string;
  /** A policy by name; without it, the recorded one. */
  readonly extends?: string;
  /** Members of `Decisions` that it answers; of `plan` and `drainAll` any part. */
  readonly decisions: Settles;
  /** Facts that its functions lean on, beside those of the axes it answers. */
  readonly needs?: readonly Need[];
}

const count = z.number().int().nonnegative();
/** `unsigned char nr` of struct folio_batch counts entries (include/linux/pagevec.h). */
const mostEntries = 255;
const ns = z.number().nonnegative();
const answers = z.custom<(view: never) => unknown>((value) => typeof value === 'function', 'expected a function');

const plan = {
  loop: z.enum(['per-folio', 'batched']),
  asyncPasses: count,
  syncFirstPasses: count,
  syncThenPasses: count,
  resubmissions: count,
  unmapBatchPages: count.min(1),
  cutPages: count.min(1),
} satisfies Record<keyof Decisions['plan'], z.ZodType>;

const drainAll = {
  skipIfScheduledSince: z.boolean(),
  localFirst: z.boolean(),
  everyCpu: z.boolean(),
  expeditedRcu: z.boolean(),
  bufferHeads: z.enum(['never', 'every drain', 'all-CPU drains']),
  freesLone: z.boolean(),
} satisfies Record<keyof Decisions['drainAll'], z.ZodType>;

/** Every member of `Decisions`: one that is missing here is a compile error. */
const members = {
  checkBeforeUnmap: z.boolean(),
  checkAtEndOfUnmap: z.boolean(),
  checkBeforeCopy: z.boolean(),
  onMismatch: answers,
  undoesOnWaiters: z.boolean(),
  referenceSleep: ns,
  plan: z.strictObject(plan).partial(),
  deferredFlush: z.boolean(),
  faultWindow: z.boolean(),
  faultSide: z.enum(['as is', 'recheck entry', 'drop reference']),
  entryWaitHoldsReference: z.boolean(),
  tailPageWait: z.enum(['none', 'head page', 'spin', 'spin and yield', 'spin, yield in GUP']),
  lruCaches: z.enum(['nothing', 'drain once', 'drain after each failure', 'disable']),
  offlineDrainsAgain: z.boolean(),
  clearsLruFlagWhenQueued: z.boolean(),
  onUnpinnable: answers,
  emptyCollectEnds: z.boolean(),
  batchesMlock: z.boolean(),
  drainAfterMove: z.enum(['mapped', 'mlocked', 'never']),
  batchCapacity: count.max(mostEntries),
  vmaLockAttempts: z.literal([1, 2]),
  drainAll: z.strictObject(drainAll).partial(),
  contiguousTries: count.min(1),
  reclaimsCleanFirst: z.boolean(),
  largestBatchedOrder: count,
  oracle: z.boolean(),
  neverDrain: z.boolean(),
} satisfies Record<keyof Decisions, z.ZodType>;

const shape = z.object({
  policy: z.strictObject({
    ...headOfPolicy,
    decisions: z.strictObject(members).partial(),
    needs: z.array(z.enum(['calls', 'episodes', 'batch flushes', 'requests'])).optional(),
  }),
});

/** The axis under which a member is asked; of `plan`, all three that share it. The bounds are no axis. */
const axesOf: Readonly<Record<keyof Decisions, readonly Axis[]>> = {
  checkBeforeUnmap: ['A'],
  checkAtEndOfUnmap: ['A'],
  checkBeforeCopy: ['A'],
  onMismatch: ['B'],
  undoesOnWaiters: ['B'],
  referenceSleep: ['B'],
  plan: ['B', 'C', 'P'],
  deferredFlush: ['D'],
  faultWindow: ['D'],
  faultSide: ['E'],
  entryWaitHoldsReference: ['F'],
  tailPageWait: ['F'],
  lruCaches: ['G'],
  offlineDrainsAgain: ['G'],
  clearsLruFlagWhenQueued: ['H'],
  onUnpinnable: ['I'],
  emptyCollectEnds: ['I'],
  batchesMlock: ['J'],
  drainAfterMove: ['K'],
  batchCapacity: ['L'],
  vmaLockAttempts: ['M'],
  drainAll: ['N'],
  contiguousTries: ['O'],
  reclaimsCleanFirst: ['O'],
  largestBatchedOrder: ['Q'],
  oracle: ['G'],
  neverDrain: ['G'],
};

/**
 * A maker of the policy that a module exports, to be laid over the recorded one or over what it extends. The same module
 * and ground give the same policy. `module` is the namespace of the imported file, `sha256` the hash of its bytes, which
 * goes into the policy's source.
 *
 * Throws a ScenarioError with a line `file: policy.decisions.x: what is wrong` for each mistake; the policy itself throws
 * one when a function of it throws, or answers what is no answer.
 */
export function moduleMaker(
  module: unknown,
  file: string,
  sha256: string,
): (recorded: Policy, options: LayOptions) => Policy {
  const parsed = shape.safeParse(module);
  if (!parsed.success) {
    throw new ScenarioError(
      'policy-module',
      parsed.error.issues
        .map(({ path, message }) => `${file}: ${path.join('.') || 'the module'}: ${message}`)
        .join('\n'),
      'a module exports `policy`: { name, extends, decisions }; docs/policies.md has an example',
    );
  }
  const { name, title, extends: ground, needs = [] } = parsed.data.policy;
  const settles = guarded(parsed.data.policy.decisions, file);
  const source = `${file} (sha256 ${sha256})`;
  if (ground !== undefined) resolvePolicy(ground);
  return (recorded, options) => {
    const over = ground === undefined ? recorded : resolvePolicy(ground, recorded, options);
    const decisions = layOver(over.decisions, settles);
    const touched = [...new Set(Object.keys(settles).flatMap((member) => axesOf[member as keyof Decisions]))];
    const alike = decideAlike(decisions, over.decisions);
    const choices: Partial<Record<Axis, string>> = { ...over.choices };
    if (!alike) for (const axis of touched) choices[axis] = `as ${name} answers`;
    const policy: Policy = {
      name,
      title: title ?? name,
      kind: 'user',
      source,
      over: over.name,
      choices,
      changes: alike
        ? [`nothing: ${over.name} does so already`]
        : Object.entries(settles).map(
            ([member, value]) => `${axesOf[member as keyof Decisions].join(', ')}: ${member} ${inWords(value)}`,
          ),
      needs: [],
      decisions,
    };
    return { ...policy, needs: [...new Set([...needsOf(differingAxes(policy, over)), ...needs])] };
  };
}

function inWords(value: unknown): string {
  return typeof value === 'function' ? 'is answered by a function of its own' : `is ${JSON.stringify(value)}`;
}

/** What was given, without what was given as undefined, and with its functions behind a guard. */
function guarded(given: z.infer<typeof shape>['policy']['decisions'], file: string): Settles {
  const { onMismatch, onUnpinnable, ...rest } = given;
  const known = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as Settles;
  return {
    ...known,
    ...(onMismatch === undefined ? {} : { onMismatch: guardMismatch(onMismatch as Answer<MismatchView>, file) }),
    ...(onUnpinnable === undefined
      ? {}
      : { onUnpinnable: guardUnpinnable(onUnpinnable as Answer<UnpinnableView>, file) }),
  };
}

type Answer<View> = (view: View) => unknown;

/** Copied member by member: whatever else an object may carry stays out of reach, and nothing can be written back. */
function guardMismatch(answer: Answer<MismatchView>, file: string): Decisions['onMismatch'] {
  return (view) =>
    asked(file, 'onMismatch', isMismatchAnswer, () =>
      answer(
        Object.freeze({
          waiters: view.waiters,
          references: view.references,
          expected: view.expected,
          pass: view.pass,
          passes: view.passes,
          lockSleepers: view.lockSleepers,
          reason: view.reason,
          waited: view.waited,
        }),
      ),
    );
}

function guardUnpinnable(answer: Answer<UnpinnableView>, file: string): Decisions['onUnpinnable'] {
  return (view) => {
    const said = asked(file, 'onUnpinnable', isUnpinnableAnswer, () =>
      answer(
        Object.freeze({
          onLru: view.onLru,
          mlocked: view.mlocked,
          large: view.large,
          references: view.references,
          expected: view.expected,
          pinReferences: view.pinReferences,
          drained: view.drained,
        }),
      ),
    );
    // The kernel asks again after a drain: one that drains what is drained already would be asked for ever.
    if ((view.drained === 2 && said !== 'go on') || (view.drained === 1 && said === 'drain this CPU')) {
      throw new ScenarioError(
        'policy-module',
        `${file}: onUnpinnable answered "${said}" when that was drained already`,
      );
    }
    return said;
  };
}

function isMismatchAnswer(value: unknown): value is MismatchAnswer {
  return value === 'keep' || value === 'undo' || value === 'give back' || value === 'sleep';
}

function isUnpinnableAnswer(value: unknown): value is UnpinnableAnswer {
  return value === 'go on' || value === 'drain this CPU' || value === 'drain all CPUs';
}

/** Asks a user's function. What it throws becomes an error that names the file; a wrong answer is one, too. */
function asked<T>(file: string, member: string, isAnswer: (value: unknown) => value is T, ask: () => unknown): T {
  let value: unknown;
  try {
    value = ask();
  } catch (error) {
    throw new ScenarioError(
      'policy-module',
      `${file}: ${member} threw: ${error instanceof Error ? error.message : error}`,
    );
  }
  if (isAnswer(value)) return value;
  throw new ScenarioError(
    'policy-module',
    `${file}: ${member} answered ${JSON.stringify(value) ?? String(value)}, which is no answer`,
  );
}
