import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { PickedEvent } from '../write/pick.ts';
import { eventsOfPage, type Look } from './evidence-page.ts';
import { buildReport } from './report.ts';
import { madeUpFacts } from './test-support.ts';

const hostile = '<script>alert(1)</script><img src=x onerror=alert(2)>" onclick="x" \u202e\u001b[31m';

/** Events as long as a kernel's markers may be, under names that would command a page. */
function heavy(wanted: number[]): Look {
  return (ordinals) => {
    wanted.push(...ordinals);
    const event = (ordinal: number): PickedEvent => ({
      ordinal,
      time: '1.000000',
      cpu: '0',
      task: hostile,
      event: hostile,
      fields: hostile.repeat(100),
    });
    return Promise.resolve(new Map(ordinals.map((ordinal) => [ordinal, event(ordinal)])));
  };
}

const input = { command: 'folioscope report x', version: '0.0.0' };

function anchorsOf(html: string): { ids: string[]; targets: string[] } {
  return {
    ids: [...html.matchAll(/ id="([^"]+)"/g)].map(([, id = '']) => id),
    targets: [...html.matchAll(/ href="#([^"]+)"/g)].map(([, id = '']) => id),
  };
}

test('every link of a page has its target, every block is led to, and no anchor stands twice', async () => {
  const captures = [madeUpFacts('a/one.txt'), madeUpFacts('b/two.txt')];
  for (const some of [captures, captures.slice(1)]) {
    const { html } = await buildReport({ ...input, captures: some });
    const { ids, targets } = anchorsOf(html);
    assert.equal(new Set(ids).size, ids.length);
    for (const target of targets) assert.ok(ids.includes(target), target);
    const blocks = ids.filter((id) => /^c\d+-ev-/.test(id));
    assert.ok(blocks.length > 20 * some.length, `${blocks.length} blocks`);
    for (const block of blocks) assert.ok(targets.includes(block), block);
  }
});

test('events are looked up once for a page, each once, no more than there is room for, and stay text', async () => {
  const wanted: number[] = [];
  const { html } = await buildReport({ ...input, captures: [{ ...madeUpFacts(), look: heavy(wanted) }] });
  assert.ok(wanted.length > 100 && wanted.length <= eventsOfPage, `${wanted.length} events`);
  assert.deepEqual(
    wanted,
    [...new Set(wanted)].sort((a, b) => a - b),
  );
  assert.ok(html.includes('&lt;script&gt;alert(1)'));
  assert.doesNotMatch(html, /<script|<img|" onclick|[\u001b\u202e]/);
  assert.ok(html.length < 3_000_000, `${html.length} characters`);
  const rows = html.match(/<tr><td>\d+<td>/g)?.length ?? 0;
  assert.ok(rows >= wanted.length && rows <= 1.2 * eventsOfPage, `${rows} rows`);
});

test('a capture that cannot be read again has its events by number, with the command that lists them', async () => {
  const captures = [{ ...madeUpFacts(), events: "folioscope events 'a b.txt' --kernel 6.1.192" }];
  const { html } = await buildReport({ ...input, captures });
  assert.match(html, /events are named by their numbers only/);
  assert.match(html, /folioscope events &#39;a b\.txt&#39; --kernel 6\.1\.192 --behind failures,reason=/);
});

test('behind a number of a policy stand its draws and the folios that end otherwise, which lead on', async () => {
  const { html } = await buildReport({ ...input, captures: [madeUpFacts()] });
  const [, block = ''] = /id="c1-ev-policy,name=waiters-undo"(.*?)<\/details>/s.exec(html) ?? [];
  assert.match(block, /Folios that end otherwise most often: 1 of 1/);
  assert.match(block, /href="#c1-ev-folios,pfn=0x80003,request=0">0x80003/);
  assert.match(block, /<td class="n">100 %<\/td><td class="n">25 %/);
  assert.match(block, /folios given up/);
});
