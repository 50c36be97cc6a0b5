/** Batches that are lent hold what batches that are kept hold, to the last byte, in every format. */
import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  dump,
  perfData,
  perfettoTrace,
  perfScriptText,
  stockText,
  traceDat,
  tracefsText,
} from '../../scripts/bench/inputs.ts';
import type { EventBatch } from '../events/batch.ts';
import { workOut } from '../history/history.ts';
import { openCapture } from './file.ts';

const folder = mkdtempSync(join(tmpdir(), 'folioscope-lent-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** All that is in the columns of a batch. */
function digest(batch: EventBatch): string {
  const hash = createHash('sha1');
  const add = (list: ArrayBufferView & { readonly length: number }, length: number): void => {
    const size = list.byteLength / Math.max(1, list.length);
    hash.update(new Uint8Array(list.buffer, list.byteOffset, Math.min(list.length, length) * size));
  };
  const { length, fields, arena } = batch;
  for (const name of ['ordinal', 'time', 'cpu', 'pid', 'tgid', 'comm', 'flags', 'kind', 'row'] as const)
    add(batch[name], length);
  for (const of of fields) {
    for (const column of of?.columns ?? []) {
      const lists =
        column.storage === 'u64'
          ? [column.values.hi, column.values.lo, column.present]
          : column.storage === 'bytes'
            ? [column.start, column.end]
            : [column.values];
      for (const list of lists) add(list, of!.length);
    }
  }
  add(arena, arena.length);
  return hash.digest('hex');
}

async function read(path: string, lendsBatches: boolean) {
  const { capture, batches } = await openCapture(path, { lendsBatches, threads: 1 });
  const columns = new Set<Float64Array>();
  const digests: string[] = [];
  for await (const batch of batches) {
    digests.push(digest(batch));
    columns.add(batch.time);
  }
  return { digests, books: capture.accounting, columns: columns.size };
}

const inputs = {
  'text of probes': (path: string) => tracefsText(path, 40e6),
  'text of stock events': (path: string) => stockText(path, 40e6),
  'perf script': (path: string) => perfScriptText(path, 40e6),
  'trace.dat': (path: string) => traceDat(path, 12e6),
  'perf.data': (path: string) => perfData(path, 30e6),
  Perfetto: (path: string) => perfettoTrace(path, 40e6),
  CSV: (path: string) => dump(path, 25e6, false),
  'CSV in quotes': (path: string) => dump(path, 25e6, true),
};

for (const [name, make] of Object.entries(inputs))
  test(`columns are filled again, and hold the same: ${name}`, async () => {
    const path = await make(join(folder, name.replaceAll(' ', '-')));
    const kept = await read(path, false);
    const lent = await read(path, true);
    assert.ok(kept.digests.length > 3, `${kept.digests.length} batches`);
    assert.equal(kept.columns, kept.digests.length);
    // Events of a Perfetto trace wait for those that may come before them: of a small one, up to its end.
    if (name !== 'Perfetto') assert.ok(lent.columns <= 3, `${lent.columns} sets of columns`);
    assert.deepEqual(lent, { ...kept, columns: lent.columns });
    rmSync(path);
  });

test('what happened is worked out of lent batches as of kept ones', async () => {
  const path = await tracefsText(join(folder, 'text'), 20e6);
  const facts = async (lendsBatches: boolean): Promise<string> =>
    JSON.stringify(await workOut(await openCapture(path, { lendsBatches, threads: 1 })), (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : ArrayBuffer.isView(value) ? Array.from(value as Uint8Array) : value,
    );
  assert.equal(await facts(true), await facts(false));
});
