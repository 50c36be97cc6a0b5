/**
 * Binary captures against the reference decoders, live: `trace-cmd report -t` (raw fields, printed texts, flags) and
 * `perf script --ns` on the same file, event by event and field by field. Differences are explained by the rules of
 * `scripts/exact/differential.ts`, or there is none. The other side is read by patterns of `scripts/exact/reference.ts` alone.
 */
import { strict as assert } from 'node:assert';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { membersOf } from '../../scripts/exact/captures.ts';
import { compareWithReference } from '../../scripts/exact/differential.ts';
import { compareTool } from '../../scripts/exact/folder.ts';
import { hasTool, pairsIn, type Said } from '../../scripts/exact/reference.ts';
import { skipWithout, tracePath } from '../test-support.ts';
import type { PlainEvent } from './test-support.ts';

const folders = [
  ...new Set(
    readdirSync(tracePath(), { recursive: true, encoding: 'utf8' })
      .filter((path) => /(?:trace\.dat|perf\.data)(?:\.gz)?$/.test(path) && !path.startsWith('synthetic'))
      .map((path) => join(tracePath(), dirname(path))),
  ),
].sort();

/** By file, the fewest events that must have been compared. */
const fewest = 500;

for (const tool of ['trace-cmd', 'perf'] as const) {
  test(`${tool} says the same of every bundled capture of its own`, {
    skip: skipWithout(tool, hasTool(tool)),
  }, async (t) => {
    let files = 0;
    for (const folder of folders) {
      for (const member of membersOf(folder)) {
        if (member.what !== (tool === 'perf' ? 'perf.data' : 'trace.dat')) continue;
        const comparison = await compareTool(folder, member);
        assert.ok(comparison !== undefined, `${tool} is not there`);
        assert.equal(comparison.unexplained, 0, `${folder}: ${comparison.examples.slice(0, 10).join('\n')}`);
        assert.ok(comparison.compared >= fewest, `${folder}: ${comparison.compared} events`);
        t.diagnostic(
          `${folder}: ${comparison.compared} events, ${comparison.values} values, ${JSON.stringify([...comparison.explained])}`,
        );
        files++;
      }
    }
    assert.ok(files >= 2, `${files} files`);
  });
}

const said: Said = {
  time: 7705069392n,
  cpu: 3,
  pid: 180,
  tgid: undefined,
  comm: 'fsl-mover',
  flags: '',
  event: 'mm_lru_insertion',
  text: 'folio=0xfffffc000107da00 pfn=0x81f68 lru=0 flags=0x33',
};
const event: PlainEvent = {
  time: 7705069392n,
  cpu: 3,
  pid: 180,
  tgid: -1,
  comm: 'fsl-mover',
  flags: 0,
  system: 'pagemap',
  name: 'mm_lru_insertion',
  form: 'catalogued',
  fields: ['folio', 'pfn', 'lru', 'flags'].map((name) => ({ name, storage: 'number', print: 'hex' })),
  probe: undefined,
  values: [0xfffffc000107da00n, 0x81f68, 0, 0x33],
};

function differences(ours: PlainEvent, theirs: Said): string[] {
  const lines = { said: [theirs], rest: [] };
  return compareWithReference({ ours: [ours], raw: lines, printed: lines }).unexplained.map(({ field }) => field);
}

test('the comparison sees every kind of difference', () => {
  assert.deepEqual(differences(event, said), []);
  assert.deepEqual(differences({ ...event, time: event.time + 1n }, said), ['time']);
  assert.deepEqual(differences({ ...event, cpu: 2 }, said), ['cpu']);
  assert.deepEqual(differences({ ...event, pid: 181 }, said), ['pid']);
  assert.deepEqual(differences({ ...event, comm: undefined }, said), ['comm']);
  assert.deepEqual(differences({ ...event, name: 'mm_lru_activate' }, said), ['event']);
  assert.deepEqual(differences({ ...event, values: [0xfffffc000107da00n, 0x81f69, 0, 0x33] }, said), ['pfn']);
  assert.deepEqual(differences({ ...event, values: [0xfffffc000107da00n, undefined, 0, 0x33] }, said), ['pfn']);
  assert.deepEqual(differences(event, { ...said, text: `${said.text} more=1` }), ['more']);
  assert.deepEqual(differences(event, { ...said, text: said.text.replace(' lru=0', '') }), ['lru']);
  const twice = { said: [said, said], rest: [] };
  const more = compareWithReference({ ours: [event], raw: twice, printed: twice });
  assert.ok(more.different > 0, 'one event fewer is a difference');
});

test('pairs of a text are told apart where values hold spaces', () => {
  assert.deepEqual(
    [...pairsIn('folio=0x1 pfn=0x2 lru=0 flags= f  d ')],
    [
      ['folio', '0x1'],
      ['pfn', '0x2'],
      ['lru', '0'],
      ['flags', ' f  d '],
    ],
  );
  assert.deepEqual(
    [...pairsIn('addr=ffff924b8000, pte=3000041f00780 order=0').values()],
    ['ffff924b8000', '3000041f00780', '0'],
  );
});
