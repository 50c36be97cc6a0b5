/**
 * Facts and events as Arquero tables, for notebooks and scripts: one row a fact (or an event of one kind), columns under the
 * names of `history/facts.ts` (or the kernel's field names). Results are small; events should be few millions at most.
 */
import { type ColumnTable, from, table } from 'arquero';
import type { OpenCapture } from '../events/capture.ts';
import { qualifiedName } from '../events/kinds.ts';
import type { History } from '../history/facts.ts';
import { valueText } from './cells.ts';

/** One row a migrate_pages() call. Times are ns since the first event; NaN = not known. */
export function callTable(history: History): ColumnTable {
  return from(
    history.calls.map(({ folios, ...call }) => ({
      ...call,
      folios: folios.length,
      failedFolios: folios.filter(({ outcome }) => outcome === 'failed').length,
    })),
  );
}

/** One row a folio of a call: what became of it, in how many episodes, and how long it was behind entries (ns). */
export function folioTable(history: History): ColumnTable {
  return from(
    history.calls.flatMap((call) =>
      call.folios.map((folio) => ({
        call: call.id,
        reason: call.reason,
        mode: call.mode,
        pfn: folio.pfn,
        destination: folio.destination,
        order: folio.order,
        outcome: folio.outcome,
        episodes: folio.episodes.length,
        underEntries: folio.episodes.reduce(
          (sum, id) => sum + history.episodes[id]!.end - history.episodes[id]!.start,
          0,
        ),
      })),
    ),
  );
}

/** One row an episode. */
export function episodeTable(history: History): ColumnTable {
  return from([...history.episodes]);
}

/**
 * The events of one kind, named `system:name` or `name`: time (ns since the first event), cpu, pid, comm and the event's own
 * fields; 64-bit fields as exact text. Reads the capture to its end. Times count from this capture's first event: those of two
 * tables have no axis in common, even where the clocks have the same name.
 */
export async function eventTable(open: OpenCapture, event: string): Promise<ColumnTable> {
  const { capture } = open;
  const columns = new Map<string, (number | string | undefined)[]>();
  const put = (name: string, row: number, value: number | string | undefined) => {
    let column = columns.get(name);
    if (column === undefined) {
      column = [];
      columns.set(name, column);
    }
    column[row] = value;
  };
  let rows = 0;
  for await (const batch of open.batches) {
    for (let i = 0; i < batch.length; i++) {
      const kind = capture.kinds[batch.kind[i]!]!;
      if (kind.name !== event && qualifiedName(kind) !== event) continue;
      put('time', rows, batch.time[i]!);
      put('cpu', rows, batch.cpu[i]!);
      put('pid', rows, batch.pid[i]!);
      put('comm', rows, capture.strings.text(batch.comm[i]!));
      const fields = batch.fields[kind.id]!;
      const at = batch.row[i]!;
      kind.fields.forEach((field, f) => {
        const column = fields.columns[f]!;
        const value =
          column.storage === 'number' ? column.values[at]! : valueText(column, field, at, batch, capture.strings);
        if (value !== undefined) put(field.name, rows, value);
      });
      rows++;
    }
  }
  // A field that a later event brings, or that is missing at the end, is undefined where it was not recorded.
  for (const column of columns.values()) column.length = rows;
  return table(Object.fromEntries(columns));
}
