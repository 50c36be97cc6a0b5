/**
 * Each bundled perf.data against the text that `perf script` made of it: the same events in the same order, all that the text
 * shows of them, field by field. Nothing is left out.
 */
import { strict as assert } from 'node:assert';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { balance } from '../../events/capture.ts';
import { outsideCaptures, tracePath } from '../../test-support.ts';
import { openCapture } from '../file.ts';
import { type PlainEvent, readEvents } from '../test-support.ts';

/** Fields by their names. */
function valuesOf(event: PlainEvent): Record<string, unknown> {
  return Object.fromEntries(event.fields.map((field, i) => [field.name, event.values[i]]));
}

/** With the time in microseconds, which is what the text shows. */
function identity(event: PlainEvent) {
  const { system, name, cpu, pid, comm, form } = event;
  return { system, name, cpu, pid, comm, form, time: event.time / 1000n, probe: event.probe?.function };
}

async function compare(path: string): Promise<number> {
  const binary = await openCapture(path);
  const events = await readEvents(binary);
  const { accounting } = binary.capture;
  assert.ok(balance(accounting));
  assert.equal(accounting.skipped, 0, path);
  assert.deepEqual(accounting.oddities, []);
  const lines = await readEvents(await openCapture(join(dirname(path), 'perf_script.txt.gz')));
  assert.equal(events.length, lines.length, path);
  events.forEach((event, i) => {
    const line = lines[i]!;
    const where = `${path}, event ${i}`;
    assert.deepEqual(identity(event), identity(line), where);
    const ours = valuesOf(event);
    for (const [name, value] of Object.entries(valuesOf(line)))
      assert.deepEqual(ours[name], value, `${where}, ${name}`);
  });
  const exact = join(dirname(path), 'perf_script_ns.txt.gz');
  if (existsSync(exact)) {
    const times = (await readEvents(await openCapture(exact))).map((event) => event.time);
    assert.deepEqual(
      events.map((event) => event.time),
      times,
      exact,
    );
  }
  return events.length;
}

function pathsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('perf.data.gz'))
    .map((name) => join(folder, name))
    .sort();
}

for (const path of pathsIn(tracePath())) {
  test(`perf.data and perf script agree: ${path.slice(tracePath().length + 1)}`, async () => {
    assert.ok((await compare(path)) > 1000);
  });
}

test('all captures of the folder outside agree', {
  skip: outsideCaptures === undefined && 'no FOLIOSCOPE_CAPTURES',
}, async () => {
  for (const path of pathsIn(outsideCaptures ?? '')) await compare(path);
});

test('the page size is that of the machine that recorded', async () => {
  for (const [kernel, pageSize] of [
    ['debian-6.12-4k', 4096],
    ['debian-6.12-16k', 16384],
  ] as const) {
    const { capture } = await openCapture(tracePath(kernel, 'shanon_hot', 'perf.data.gz'));
    assert.deepEqual(capture.pageSize, { value: pageSize, from: 'capture' });
  }
});

test('what a capture says of itself', async () => {
  const { capture } = await openCapture(tracePath('debian-6.12-4k', 'fmt_perf_kprobe_g', 'perf.data.gz'));
  assert.deepEqual(capture.kernelRelease, { value: '6.12.117+deb12-arm64', from: 'capture' });
  assert.deepEqual(capture.tool, { value: 'perf version 6.1.192', from: 'capture' });
  assert.match(capture.command?.value ?? '', /^\/usr\/bin\/perf record -q -a -g -k CLOCK_MONOTONIC /);
  assert.deepEqual(capture.clock, { unit: 'ns', resolution: 1, name: { value: 'mono', from: 'capture' } });
  assert.deepEqual(capture.cpus, { value: 4, from: 'capture' });
});
