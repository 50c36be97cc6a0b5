/** Worlds whose truth is known because they were made: classes of holders that no recorded capture with labels has. */
import type { Cause, History } from '../../src/history/facts.ts';
import { workOut } from '../../src/history/history.ts';
import { logKind } from '../../src/model/log.ts';
import { resolvePolicy } from '../../src/policies/policies.ts';
import { readBytes } from '../../src/read/bytes.ts';
import { eventsOf } from '../../src/replay/scenario/events.ts';
import { Frames, tell } from '../../src/replay/scenario/frames.ts';
import { type Recording, recordScenario } from '../../src/replay/scenario/record.ts';
import { parseScenario } from '../../src/replay/scenario/schema.ts';
import { ftraceText } from '../../src/write/emit/ftrace.ts';

const services = `
  isolate: 1us
  destination: { exponential: 1us }
  unmap: { exponential: 5us }
  flush: { exponential: 2us }
  attempt: { exponential: 2us }
  copy: { exponential: 4us }
  restore: 1us
  putback: 1us
  drain work: { exponential: 30us }
  rcu: 2ms
  expedited rcu: 50us
  release: { exponential: 100us }
  wake: { exponential: 20us }
  fault: { exponential: 2us }
`;

/** Moves that disable caches: faults, pins, references that come and go, writeback, all of the same folios. */
const moves = `
duration: 400ms
machine: { cpus: 4, tlbMiss: 0.6 }
folios:
  - { name: hot, count: 64, kind: shmem, mapped: 3 }
tasks:
  - { name: toucher, count: 3, cpus: [1, 2, 3], does: [{ touch: hot, every: { exponential: 15us } }] }
  - { name: pinner, does: [{ pin: hot, for: { exponential: 20ms }, every: { exponential: 15ms } }] }
  - { name: holder, does: [{ hold: hot, for: { exponential: 100us }, every: { exponential: 200us } }] }
  - { name: writer, does: [{ writeback: hot, for: { exponential: 2ms }, every: { exponential: 4ms } }] }
requests:
  - { name: mover, model: move_pages, of: hot, at: { every: { exponential: 4ms }, count: 90 }, list: 8 }
`;

/** Moves under a policy that leaves batches on: folios that are read twice, mlocked and munlocked, and freshly added ones. */
const batched = `
duration: 400ms
machine: { cpus: 4, tlbMiss: 0.3 }
folios:
  - { name: read, count: 96, kind: file, mapped: 1 }
  - { name: locked, count: 48, kind: shmem, mapped: 1 }
  - { name: both, count: 48, kind: shmem, mapped: 2 }
tasks:
  - { name: reader, count: 2, cpus: [1, 2], does: [{ read: read, every: { exponential: 250us } }, { read: both, every: { exponential: 400us } }] }
  - { name: toucher, cpus: [1, 3], does: [{ touch: both, every: { exponential: 30us } }] }
  - { name: locker, cpus: [3], does: [{ mlock: locked, every: { exponential: 900us } }, { munlock: locked, every: { exponential: 900us } }] }
  - { name: filler, cpus: [2, 3], does: [{ fault: others, every: { exponential: 400us } }] }
requests:
  - { name: mover, model: move_pages, of: read, at: { every: { exponential: 5ms }, count: 60 }, list: 16 }
  - { name: second, model: move_pages, of: locked, at: { every: { exponential: 6ms }, count: 50 }, list: 12 }
  - { name: third, model: move_pages, of: both, at: { every: { exponential: 6ms }, count: 50 }, list: 12, cpu: 1 }
`;

/** Contiguous allocations while a trickle of second reads fills activate batches. */
const ranges = `
duration: 400ms
machine: { cpus: 4, tlbMiss: 0.1 }
folios:
  - { name: range, count: 192, kind: file, mapped: 1, region: cma }
tasks:
  - { name: reader, count: 2, cpus: [1, 2], does: [{ read: range, every: { exponential: 300us } }] }
  - { name: pinner, does: [{ pin: range, for: { exponential: 5ms }, every: { exponential: 20ms } }] }
requests:
  - { name: camera, model: cma, of: range, at: { every: { exponential: 15ms }, count: 24 }, list: 16, lists: 3, areas: 3 }
`;

interface World {
  readonly name: string;
  readonly kernel: string;
  readonly policy?: string;
  readonly body: string;
}

const worlds: readonly World[] = [
  { name: 'moves', kernel: '6.12.117', body: moves },
  { name: 'moves', kernel: '6.1.192', body: moves },
  { name: 'batches left on', kernel: '6.12.117', policy: 'drain-once', body: batched },
  { name: 'batches left on', kernel: '6.1.192', policy: 'drain-once', body: batched },
  { name: 'ranges', kernel: '6.12.117', policy: 'drain-once', body: ranges },
];

/** What kept a folio from moving, by the model that made the world. */
interface Kept {
  readonly pid: number;
  readonly start: number;
  readonly end: number;
  readonly pfn: number;
  readonly cause: Cause;
}

/** Holders in the model's words and ours. */
const causeOfHolder: Readonly<Record<string, Cause>> = {
  'add batch': 'add batch',
  'activate batch': 'activate batch',
  'other batch': 'deactivate batch',
  'mlock batch': 'mlock batch',
  'lock-blocked fault': 'lock-blocked fault',
  'entry waiter': 'entry waiter',
  pin: 'pin',
  'transient reference': 'transient reference',
  writeback: 'writeback',
  'lock contention': 'lock contention',
  'no memory': 'no memory',
};

function keptOf(recording: Recording): Kept[] {
  const { log, thread, result } = recording;
  const told = tell(recording);
  const frames = new Frames(recording);
  const begun = new Map<number, number>();
  const kept: Kept[] = [];
  for (const place of told.order) {
    const run = log.run[place]!;
    frames.before(place, told);
    if (log.kind[place] === logKind['request start']) begun.set(run, log.time[place]!);
    if (log.kind[place] !== logKind['request end']) continue;
    for (const { folio, ending, holder } of result(run)?.chunks.flat() ?? []) {
      const cause = causeOfHolder[holder ?? ''];
      if (ending !== 'failed' || cause === undefined) continue;
      kept.push({ pid: thread(run), start: begun.get(run)!, end: log.time[place]!, pfn: frames.at(folio), cause });
    }
  }
  return kept;
}

/** True causes of a history's failures: of each folio's last failure in its request, as the model said at the end. */
function truthsOf(history: History, kept: readonly Kept[], zero: number): (Cause | undefined)[] {
  return history.failures.map((failure, i) => {
    const call = history.calls[failure.call];
    if (call === undefined) return undefined;
    const time = call.end + zero;
    const found = kept.find(
      (one) => one.pid === call.pid && one.pfn === failure.pfn && one.start <= time && time <= one.end + 1000,
    );
    if (found === undefined) return undefined;
    const again = history.failures.some((later, j) => {
      const at = history.calls[later.call]?.end ?? Number.NaN;
      return j > i && later.pfn === failure.pfn && at + zero <= found.end + 1000;
    });
    return again ? undefined : found.cause;
  });
}

export interface Made {
  readonly name: string;
  readonly history: History;
  readonly truths: readonly (Cause | undefined)[];
}

/** Makes each world, writes it as a capture of its kernel, reads that back, and says what the truth was. */
export async function* madeWorlds(seeds: readonly number[]): AsyncGenerator<Made> {
  for (const { name, kernel, policy, body } of worlds) {
    for (const seed of seeds) {
      const text = `name: ${name.replaceAll(' ', '-')}\nkernel: linux-${kernel}\n${body}services:${services}`;
      const scenario = parseScenario(text, `${name}.yaml`);
      const resolved = resolvePolicy(policy ?? `linux-${kernel}`, resolvePolicy(`linux-${kernel}`));
      const recording = recordScenario(scenario, resolved, { seed });
      const events = [...eventsOf(recording)];
      const pieces = [...ftraceText(events, recording)];
      async function* once(): AsyncGenerator<Uint8Array> {
        for (const piece of pieces) yield new TextEncoder().encode(piece);
      }
      const open = await readBytes(name, once(), { kernelVersion: kernel, pageSize: 4096 });
      const history = await workOut(open);
      const zero = Number(events[0]?.time ?? 0);
      yield {
        name: `${name} (seed ${seed}), ${kernel}${policy === undefined ? '' : `, ${policy}`}`,
        history,
        truths: truthsOf(history, keptOf(recording), zero),
      };
    }
  }
}
