/** Events as JSON, one object a line, under the names that the CSV has. */
import type { OpenCapture } from '../events/capture.ts';
import { qualifiedName } from '../events/kinds.ts';
import { pairsOf } from '../events/pairs.ts';
import { columnsOfKind, contextText, probeText } from '../events/table.ts';
import { absoluteTime, timeColumn, valueText } from './cells.ts';
import { chooser } from './csv.ts';
import { type EventFilter, parseFilter } from './filter.ts';

const rowsPerPiece = 2048;

/**
 * The events of a capture, in pieces of whole lines. What was not recorded is left out. Values are exact: decimal numbers
 * are JSON numbers up to 2^53 and texts beyond, where JSON readers would round; hex ones are texts (`"0x81e58"`). An event that
 * nothing knows has its text and, beside it, the `name=value` pairs found in it as texts: `"fields":{"name":"value"}` (of a
 * name that comes twice, the last).
 *
 * @throws ScenarioError for a filter that cannot be met, before anything is given out
 */
export async function* eventsToNdjson(open: OpenCapture, filter?: EventFilter): AsyncGenerator<string> {
  const parsed = parseFilter(filter);
  const { capture } = open;
  const names: string[] = [];
  const probes: string[] = [];
  const keys: string[][] = [];
  for await (const batch of open.batches) {
    const choose = chooser(capture, parsed);
    const timeText = absoluteTime(capture.clock, capture.origin);
    const time = JSON.stringify(timeColumn(capture.clock));
    let piece = '';
    let rows = 0;
    for (let i = 0; i < batch.length; i++) {
      if (!choose(batch, i)) continue;
      const id = batch.kind[i]!;
      const kind = capture.kinds[id]!;
      names[id] ??= JSON.stringify(qualifiedName(kind));
      probes[id] ??= kind.probe === undefined ? '' : JSON.stringify(probeText(kind, kind.probe));
      keys[id] ??= columnsOfKind(kind).map((column) => JSON.stringify(column));
      const parts: string[] = [];
      const when = timeText(batch.time[i]!);
      if (when !== '') parts.push(`${time}:${numberOrText(when)}`);
      if (batch.cpu[i]! >= 0) parts.push(`"cpu":${batch.cpu[i]}`);
      if (batch.pid[i]! >= 0) parts.push(`"pid":${batch.pid[i]}`);
      if (batch.tgid[i]! >= 0) parts.push(`"tgid":${batch.tgid[i]}`);
      if (batch.comm[i]! >= 0) parts.push(`"comm":${JSON.stringify(capture.strings.text(batch.comm[i]!))}`);
      parts.push(`"event":${names[id]}`);
      const columns = batch.fields[id]!;
      const row = batch.row[i]!;
      kind.fields.forEach((field, index) => {
        const text = valueText(columns.columns[index]!, field, row, batch, capture.strings);
        if (text === undefined) return;
        const isDecimal = (field.storage === 'number' || field.storage === 'u64') && field.print !== 'hex';
        parts.push(`${keys[id]![index]!}:${isDecimal ? numberOrText(text) : JSON.stringify(text)}`);
      });
      if (kind.form === 'generic' && kind.fields[0]?.storage === 'bytes') {
        const text = valueText(columns.columns[0]!, kind.fields[0], row, batch, capture.strings) ?? '';
        const pairs = pairsOf(text);
        if (pairs.length > 0) {
          parts.push(`"fields":${JSON.stringify(Object.fromEntries(pairs.map(({ name, value }) => [name, value])))}`);
        }
      }
      if (probes[id] !== '') parts.push(`"probe":${probes[id]}`);
      if (batch.flags[i] !== 0) parts.push(`"context":"${contextText(batch.flags[i]!)}"`);
      piece += `{${parts.join(',')}}\n`;
      if (++rows % rowsPerPiece === 0) {
        yield piece;
        piece = '';
      }
    }
    if (piece !== '') yield piece;
  }
}

/** An integer as a JSON number where a double holds it, else as a text. */
function numberOrText(digits: string): string {
  return Number.isSafeInteger(Number(digits)) ? digits : `"${digits}"`;
}
