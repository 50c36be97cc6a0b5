/**
 * Scenarios on which the model's speed is measured. What counts as a model event stands in docs/speed.md: a background row
 * applied, or one step of a process.
 */
import type { Background, BackgroundSource, FolioSource, RequestDemand } from '../../src/model/demand.ts';
import { Machine, type MachineInput } from '../../src/model/machine.ts';
import { lawWorld } from '../../src/model/made-up.ts';
import { resolvePolicy } from '../../src/policies/policies.ts';

export interface ModelRun {
  readonly events: number;
  /** Background rows among them. */
  readonly rows: number;
  readonly moved: number;
  readonly seconds: number;
  /** CPU time of this process, the collector's threads included: what a shared machine leaves comparable. */
  readonly cpuSeconds: number;
  /** Bytes of the heap and of typed arrays that were held at the end, after a collection; NaN without --expose-gc. */
  readonly held: number;
}

export type Mix = 'rows' | 'steps' | 'mixed';

const cpus = 8;
const blockRows = 65_536;
/** Folios of one call, as compaction takes them (COMPACT_CLUSTER_MAX). */
const listLength = 32;
/** ns from a folio's allocation to the next one's, and to its accesses, in folios. */
const tick = 4000;
const [first, second, migration] = [1000, 2000, 3000];

/** ns, rounded, as a 6.12 kernel on a small arm64 core shows them. */
const services = { isolate: 200, destination: 400, unmap: 1500, entry: 100, flush: 3000, attempt: 200, copy: 1000 };

/** Each folio is added once and accessed twice, in ascending order of time: three rows a tick, 8 CPUs in turn. */
function rowsOf(folios: number, rounds: number): BackgroundSource {
  let next = 0;
  const end = (folios * rounds + second) * 3;
  return {
    next(): Background | undefined {
      if (next >= end) return undefined;
      const time = new Float64Array(blockRows);
      const cpu = new Uint16Array(blockRows);
      const action = new Uint8Array(blockRows);
      const folio = new Int32Array(blockRows);
      let length = 0;
      while (length < blockRows && next < end) {
        const n = Math.floor(next / 3);
        const which = next % 3;
        next++;
        const place = n - (which === 0 ? 0 : which === 1 ? first : second);
        if (place < 0 || place >= folios * rounds) continue;
        time[length] = n * tick + which * 1300;
        cpu[length] = place & (cpus - 1);
        // The first round allocates; later ones only touch what is there.
        action[length] = which === 0 && place < folios ? 0 : 9;
        folio[length] = place % folios;
        length++;
      }
      return { length, time, cpu, action, folio };
    },
  };
}

/** Compaction-like calls, one list after the other, each some time after its folios were last touched. */
function* requestsOf(folios: number, rounds: number): Generator<RequestDemand> {
  for (let place = 0, id = 0; place < folios * rounds; place += listLength, id++) {
    const members = Array.from(
      { length: Math.min(listLength, folios * rounds - place) },
      (_, i) => (place + i) % folios,
    );
    const start = (place + listLength + migration) * tick;
    const chunks = [{ folios: members, gap: 0 }];
    yield {
      id,
      model: 'compaction',
      reason: 'compaction',
      mode: 'async',
      cpu: id & (cpus - 1),
      start,
      end: start,
      chunks,
    };
  }
}

const nothing: BackgroundSource = { next: () => undefined };

/** Runs `rounds` times over `folios`, all of which stay alive. */
export function runModel(mix: Mix, folios: number, rounds = 1): ModelRun {
  const spec = { order: 0, kind: 'file', mapped: 1, notOnLru: mix !== 'steps' } as const;
  const source: FolioSource = { length: folios, spec: () => spec };
  let moved = 0;
  const input: MachineInput = {
    cpus,
    folios: source,
    requests: mix === 'rows' ? [] : requestsOf(folios, rounds),
    background: mix === 'steps' ? nothing : rowsOf(folios, rounds),
    onRequest: ({ counters }) => {
      moved += counters.movedFolios;
    },
  };
  const world = lawWorld({ seed: 1, services });
  const machine = new Machine(resolvePolicy('linux-6.12.117').decisions, world, input);
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  const { events } = machine.run();
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const used = process.cpuUsage(cpu);
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  const held = gc === undefined ? Number.NaN : heapUsed + arrayBuffers;
  // The machine must outlive the collection.
  if (machine.now < 0) throw new Error('time runs forward');
  const rows = mix === 'steps' ? 0 : 3 * folios * rounds;
  return { events, rows, moved, seconds, cpuSeconds: (used.user + used.system) / 1e6, held };
}
