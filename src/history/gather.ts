/** The one pass over the batches: hands each event to the listeners that know its kind, and counts. */
import { IntegerColumn } from '../base/columns.ts';
import type { KindColumns } from '../events/batch.ts';
import { contextFlags } from '../events/batch.ts';
import type { OpenCapture } from '../events/capture.ts';
import type { EventKind } from '../events/kinds.ts';
import type { Now } from './log.ts';

/** What is done with one event: its row in its kind's columns. */
export type Take = (row: number) => void;
/** What is done with the events of one kind in one batch; undefined for kinds that a topic does not care for. */
export type Listener = (kind: EventKind) => ((columns: KindColumns) => Take) | undefined;

export interface Counts {
  readonly byKind: Float64Array;
  readonly byCpu: readonly { readonly cpu: number; readonly events: number }[];
}

/** Does an event of this kind leave a run of insertions unbroken? */
function isQuiet(kind: EventKind): boolean {
  // Insertions and activations are the run. Reference events fire for the folios of a batch inside its flush
  // (mm/swap.c folio_batch_move_lru -> folios_put). Events that nothing knows are not trusted to end anything.
  return (
    kind.form === 'generic' ||
    kind.system === 'page_ref' ||
    (kind.form === 'catalogued' && (kind.name === 'mm_lru_insertion' || kind.name === 'mm_lru_activate'))
  );
}

/**
 * Reads a capture to its end. A listener that meets a drain leaves its row in `now.drain`: it stays there for the CPU's
 * insertions that follow, until the CPU's next other event.
 */
export async function gather(open: OpenCapture, now: Now, listeners: readonly Listener[]): Promise<Counts> {
  const { capture } = open;
  let counts = new Float64Array(64);
  const perCpu = new Map<number, number>();
  const epoch = new IntegerColumn();
  const drain = new IntegerColumn();
  const binders: ((columns: KindColumns) => Take)[][] = [];
  const quiet: boolean[] = [];
  for await (const batch of open.batches) {
    while (binders.length < capture.kinds.length) {
      const kind = capture.kinds[binders.length]!;
      quiet.push(isQuiet(kind));
      binders.push(listeners.map((listen) => listen(kind)).filter((binder) => binder !== undefined));
    }
    if (counts.length < capture.kinds.length) {
      const grown = new Float64Array(capture.kinds.length * 2);
      grown.set(counts);
      counts = grown;
    }
    const takes: (Take | undefined)[] = capture.kinds.map((kind) => {
      const columns = batch.fields[kind.id];
      const bound = binders[kind.id]!;
      if (columns === undefined || bound.length === 0) return undefined;
      const all = bound.map((binder) => binder(columns));
      if (all.length === 1) return all[0]!;
      return (row) => {
        for (const take of all) take(row);
      };
    });
    const interrupt = contextFlags.hardirq | contextFlags.softirq | contextFlags.nmi;
    for (let i = 0; i < batch.length; i++) {
      const kind = batch.kind[i]!;
      counts[kind]!++;
      const cpu = batch.cpu[i]!;
      while (epoch.length <= cpu + 1) {
        epoch.push(0);
        drain.push(-1);
      }
      if (!quiet[kind]! && (batch.flags[i]! & interrupt) === 0) {
        epoch.data[cpu + 1]!++;
        drain.data[cpu + 1] = -1;
      }
      const take = takes[kind];
      if (take === undefined) continue;
      now.ordinal = batch.ordinal[i]!;
      now.time = batch.time[i]!;
      now.cpu = cpu;
      now.pid = batch.pid[i]!;
      now.comm = batch.comm[i]!;
      now.epoch = epoch.data[cpu + 1]!;
      now.drain = drain.data[cpu + 1]!;
      take(batch.row[i]!);
      // A listener that saw a drain of this CPU left its row here.
      drain.data[cpu + 1] = now.drain;
    }
    for (let i = 0; i < batch.length; i++) {
      const cpu = batch.cpu[i]!;
      perCpu.set(cpu, (perCpu.get(cpu) ?? 0) + 1);
    }
  }
  return {
    byKind: counts.slice(0, capture.kinds.length),
    byCpu: [...perCpu].map(([cpu, events]) => ({ cpu, events })).sort((a, b) => a.cpu - b.cpu),
  };
}
