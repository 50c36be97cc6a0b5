/** Luck belongs to what it is about: taking something out of a capture leaves the luck of everything else alone. */
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync, strFromU8, strToU8 } from 'fflate';
import type { History } from '../history/facts.ts';
import { workOut } from '../history/history.ts';
import { resolvePolicy } from '../policies/policies.ts';
import { readBytes } from '../read/bytes.ts';
import { tracePath } from '../test-support.ts';
import { addsOf } from './adds.ts';
import { demandOf, type Unit } from './demand.ts';
import { toldApart } from './keys.ts';
import { stageOf } from './stage.ts';

const folder = tracePath('pairs', 'shared-anon-hot', 'baseline', 'run01');
const text = strFromU8(gunzipSync(readFileSync(join(folder, 'trace.txt.gz'))));

async function historyOf(lines: readonly string[]): Promise<History> {
  const chunks = (async function* () {
    yield strToU8(lines.join('\n'));
  })();
  return workOut(await readBytes('cut', chunks, { kernelVersion: '6.12.117', pageSize: 4096 }));
}

const secondsOf = (line: string) => Number(/\] \S+ +(\d+\.\d{6}): /.exec(line)?.[1] ?? Number.NaN);

/** By the recording's own time and the task: what each request, and each of its folios, is keyed by. */
function keysOf(history: History): Map<string, { unit: number; members: ReadonlyMap<number, number> }> {
  const { origin } = history.capture;
  return new Map(
    demandOf(history).units.map(({ start, pid, key, members }: Unit) => [
      `${origin + BigInt(Math.round(start))} ${pid}`,
      { unit: key, members: new Map(members.map(({ pfn, key }) => [pfn, key])) },
    ]),
  );
}

/** Keys of adds that are thrown between bounds, by frame and flush (as a time of the recording). */
function throwsOf(history: History): Map<string, number> {
  const { origin } = history.capture;
  const adds = addsOf(history);
  const keys = new Map<string, number>();
  for (let i = 0; i < adds.length; i++) {
    if (adds.key[i] !== 0) keys.set(`${adds.pfn[i]} ${origin + BigInt(Math.round(adds.flushed[i]!))}`, adds.key[i]!);
  }
  return keys;
}

const lines = text.split('\n');
const whole = await historyOf(lines);
const known = keysOf(whole);

test('without its first request a capture has the luck of all others as before, though it begins later', async () => {
  const first = whole.calls[0]!;
  const end = (Number(whole.capture.origin) + first.end) / 1e9;
  const cut = await historyOf(lines.filter((line) => !(secondsOf(line) <= end + 1e-6)));
  assert.ok(cut.capture.origin > whole.capture.origin);
  const left = keysOf(cut);
  assert.equal(left.size, known.size - 1);
  for (const [when, { unit, members }] of left) {
    assert.equal(unit, known.get(when)?.unit, when);
    for (const [pfn, key] of members) assert.equal(key, known.get(when)!.members.get(pfn), `${when}, frame ${pfn}`);
  }
  const before = throwsOf(whole);
  const throws = throwsOf(cut);
  // At the cut an add may be bounded that was known before.
  const both = [...throws.keys()].filter((which) => before.has(which));
  assert.ok(both.length > 50 && both.length > 0.9 * throws.size, `${both.length} of ${throws.size} throws`);
  for (const which of both) assert.equal(throws.get(which), before.get(which), which);
});

test('without one folio of a request the others of it have their luck as before', async () => {
  const unit = demandOf(whole).units[3]!;
  const { pfn, key } = unit.members[1]!;
  assert.notEqual(key, unit.members[0]!.key);
  const { episodes } = unit.members[1]!;
  const address = `addr=${episodes[0]!.address.toString(16)},`;
  const [, struct, frame] = /folio=([0-9a-f]{16}) pfn=(0x[0-9a-f]+)/.exec(text)!;
  const pointer = `${(BigInt(`0x${struct}`) + 64n * (BigInt(pfn) - BigInt(frame!))).toString(16)}`;
  const [from, to] = [unit.start, unit.end].map((time) => (Number(whole.capture.origin) + time) / 1e9) as [
    number,
    number,
  ];
  const cut = await historyOf(
    lines.filter((line) => {
      const at = secondsOf(line);
      return !(at >= from && at <= to && (line.includes(address) || line.includes(pointer)));
    }),
  );
  const left = keysOf(cut).get(`${whole.capture.origin + BigInt(Math.round(unit.start))} ${unit.pid}`)!;
  assert.ok(!left.members.has(pfn), 'the folio is gone');
  for (const one of unit.members) {
    if (one.pfn !== pfn) assert.equal(left.members.get(one.pfn), one.key, `frame ${one.pfn}`);
  }
});

test('what has one key is told apart, and nothing else is', () => {
  const distinct = toldApart();
  const keys = [5, 6, 5, 5].map(distinct);
  assert.deepEqual(keys.slice(0, 2), [5, 6]);
  assert.equal(new Set(keys).size, 4);
  const { scenes } = stageOf(whole, resolvePolicy('linux-6.12.117'));
  const all = scenes.flatMap(({ unit }) => [unit.key, ...unit.members.map(({ key }) => key)]);
  assert.equal(new Set(all).size, all.length);
});
