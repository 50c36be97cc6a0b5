/**
 * The form of a scenario file: what may stand where, with defaults; `check.ts` then looks at what names refer to. The same
 * schema gives editors their completion (`folioscope scenario --schema`).
 */
import { z } from 'zod';
import { ScenarioError } from '../../base/errors.ts';
import { requestModels } from '../../model/demand.ts';
import { mistakesOf, readUserText } from '../../policies/yaml-text.ts';
import { mistakesIn } from './check.ts';
import { durationPattern, parseDuration } from './durations.ts';
import { defaultModes } from './models.ts';
import {
  type Deed,
  type DeedLine,
  furtherServices,
  type Law,
  type RequestLine,
  type Scenario,
  type ScenarioService,
} from './scenario.ts';

const aDuration = 'a duration: 5us, 1.5ms, 2s, or a number of ns';
/** 31 years. */
const longest = 1e18;
const durationNumber = z.number().nonnegative().max(longest);
const durationText = z.string().regex(durationPattern, `write ${aDuration}`);
const duration = z
  .union([durationNumber, durationText], { error: `write ${aDuration}` })
  .transform((written) => (typeof written === 'number' ? written : (parseDuration(written) ?? Number.NaN)))
  .describe(aDuration);

/** Each member is told from the others by its key, so that a mistake within it is not "none of these". */
const law = z
  .union(
    [
      durationNumber,
      durationText,
      z.strictObject({ exponential: duration }),
      z.strictObject({ uniform: z.tuple([duration, duration]) }),
      z.strictObject({
        values: z.array(duration).min(1),
        weights: z.array(z.number().nonnegative()).optional(),
      }),
    ],
    { error: 'write a duration (5us), {exponential: 5us}, {uniform: [2us, 9us]} or {values: [3us, 7us]}' },
  )
  .transform((written): Law => {
    if (typeof written === 'number') return { kind: 'fixed', ns: written };
    if (typeof written === 'string') return { kind: 'fixed', ns: parseDuration(written) ?? Number.NaN };
    if ('exponential' in written) return { kind: 'exponential', mean: written.exponential };
    if ('uniform' in written) return { kind: 'uniform', low: written.uniform[0], high: written.uniform[1] };
    const { values: ns, weights } = written;
    return weights === undefined ? { kind: 'values', ns } : { kind: 'values', ns, weights };
  });

const whole = (least: number) => z.number().int().min(least);
const share = z.number().min(0).max(1);
const name = z.string().min(1);
const onOff = z.boolean();

const group = z.strictObject({
  name,
  count: whole(1).max(2 ** 30),
  kind: z.enum(['anon', 'file', 'shmem', 'swapcache', 'hugetlb', 'unknown']),
  order: whole(0).max(13).default(0),
  mapped: whole(0).default(1),
  mlocked: onOff.default(false),
  clean: onOff.default(false),
  region: name.optional(),
  start: z.enum(['on lru', 'fresh']).default('on lru'),
});

const launch = z.strictObject({
  faults: whole(0).max(1e7).default(0),
  reads: whole(0).max(1e7).default(0),
  within: duration,
  of: name.optional(),
});

const deedLine = z.strictObject({
  touch: name.optional(),
  fault: name.optional(),
  read: name.optional(),
  mlock: name.optional(),
  munlock: name.optional(),
  buffer: name.optional(),
  pin: name.optional(),
  hold: name.optional(),
  lock: name.optional(),
  writeback: name.optional(),
  drain: z.enum(['local', 'all']).optional(),
  launch: launch.optional(),
  for: law.optional(),
  every: law.optional(),
  at: z.array(duration).min(1).optional(),
  pick: z.literal('in turn').optional(),
});

const task = z.strictObject({
  name,
  count: whole(1).max(1e6).default(1),
  cpus: z.array(whole(0)).min(1).optional(),
  does: z.array(deedLine).min(1),
});

const request = z.strictObject({
  name,
  model: z.enum(requestModels),
  mode: z.enum(['async', 'sync-light', 'sync']).optional(),
  cpu: whole(0).default(0),
  of: name,
  at: z.union([z.array(duration).min(1), z.strictObject({ every: law, count: whole(1).max(1e7) })], {
    error: 'write a list of times, [10ms, 20ms], or {every: 10ms, count: 50}',
  }),
  list: whole(1).default(1),
  lists: whole(1).default(1),
  areas: whole(1).optional(),
  userRetries: whole(0).optional(),
  repeats: whole(1).optional(),
  drainsAll: onOff.optional(),
  waiters: z
    .strictObject({
      count: whole(1).max(4096),
      from: z.enum(['user', 'copy', 'gup']).default('copy'),
      tail: onOff.default(true),
      within: duration.default(0),
    })
    .optional(),
});

const machine = z.strictObject({
  cpus: whole(1).max(4096),
  pageSize: z.literal([4096, 16384, 65536]).default(4096),
  preemption: z.enum(['none', 'voluntary', 'full']).default('full'),
  timeSlice: duration.prefault('4ms'),
  spin: duration.prefault('1us'),
  patience: duration.prefault('1s'),
  flushes: z.enum(['broadcast', 'ipi']).default('broadcast'),
  tlbMiss: share.default(0.1),
  lruGen: onOff.default(false),
});

const service = z.enum([
  'isolate',
  'destination',
  'unmap',
  'flush',
  'attempt',
  'copy',
  'restore',
  'putback',
  'entry',
  'split',
  'device copy',
  'pin',
  'reclaim',
  'collect',
  'return',
  ...furtherServices,
] satisfies ScenarioService[]);

const shape = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, 'lower-case letters, digits and dashes'),
  about: z.string().default(''),
  thread: z.string().optional(),
  kernel: z
    .string({ error: 'write linux-6.12 (a bare 6.10 would be the number 6.1)' })
    .regex(/^(linux-)?\d+\.\d+(\.\d+)?$/, 'write linux-X.Y or linux-X.Y.Z'),
  seed: whole(0)
    .max(2 ** 31 - 1)
    .default(1),
  duration,
  machine,
  folios: z.array(group).min(1),
  tasks: z.array(task).default([]),
  requests: z.array(request).min(1),
  services: z.partialRecord(service, law).default({}),
  falseWaiters: share.default(0),
  estimated: z.record(z.string(), z.strictObject({ low: z.number(), high: z.number() })).optional(),
});

/** A file as its schema understood it; `check.ts` finds what it does not know. */
export type Written = z.output<typeof shape>;

/**
 * Reads a scenario.
 *
 * @throws ScenarioError whose message has a line `file:line:column: what is wrong` for each mistake.
 */
export function parseScenario(text: string, file: string): Scenario {
  const written = readUserText(text, file, 'scenario-text');
  const parsed = shape.safeParse(written.value);
  if (!parsed.success) throw new ScenarioError('scenario-text', mistakesOf(parsed.error, written).join('\n'));
  const mistakes = mistakesIn(parsed.data);
  if (mistakes.length > 0) {
    throw new ScenarioError(
      'scenario-text',
      mistakes.map(({ path, says }) => `${written.at(path)}: ${path.join('.')}: ${says}`).join('\n'),
    );
  }
  return scenarioOf(parsed.data);
}

/** JSON schema (draft 2020-12) of a scenario file, for editors. */
export function scenarioSchema(): object {
  return z.toJSONSchema(shape, { io: 'input' });
}

function scenarioOf(written: Written): Scenario {
  const { kernel, thread, estimated, tasks, requests, machine, ...rest } = written;
  const cpus = Array.from({ length: machine.cpus }, (_, cpu) => cpu);
  return {
    ...rest,
    ...(thread === undefined ? {} : { thread }),
    ...(estimated === undefined ? {} : { estimated }),
    kernel: kernel.replace(/^linux-/, ''),
    machine,
    folios: written.folios.map(({ region, ...known }) => (region === undefined ? known : { ...known, region })),
    tasks: tasks.map((one) => ({ ...one, cpus: one.cpus ?? cpus, does: one.does.map(deedLineOf) })),
    requests: requests.map(requestOf),
  };
}

function requestOf({ mode, ...rest }: Written['requests'][number]): RequestLine {
  return withoutAbsent({ ...rest, mode: mode ?? defaultModes[rest.model] }) as RequestLine;
}

function deedLineOf({ every, at, pick, ...rest }: Written['tasks'][number]['does'][number]): DeedLine {
  const deed = withoutAbsent(rest.launch === undefined ? rest : { launch: withoutAbsent(rest.launch) }) as Deed;
  return withoutAbsent({ deed, every, at, pick }) as DeedLine;
}

/** Without the members that are undefined, which a schema leaves in place. */
function withoutAbsent<T extends object>(of: T): Partial<T> {
  return Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined)) as Partial<T>;
}
