/** What a comparison says of requests that make no calls. */
import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { workOut } from '../history/history.ts';
import { readBytes } from '../read/bytes.ts';
import { tracePath } from '../test-support.ts';
import { compare } from './compare.ts';
import type { Comparison } from './comparison.ts';

const text = gunzipSync(readFileSync(tracePath('debian-6.1-4k', 'thp_split_race', 'trace.txt.gz'))).toString();

async function compared(lines: readonly string[]): Promise<Comparison> {
  const bytes = new TextEncoder().encode(`${lines.join('\n')}\n`);
  async function* once(): AsyncGenerator<Uint8Array> {
    yield bytes;
  }
  const history = await workOut(await readBytes('splits', once(), { kernelVersion: '6.1.192', pageSize: 4096 }));
  return compare(history, { draws: 2, policies: ['drain-once'] });
}

/** The lines without the head, whose counts are of a longer text. */
const lines = text.split('\n').filter((line) => !line.includes('entries-in-buffer'));

test('a split whose end the capture does not hold may have ended either way; so may one more where events were lost', async () => {
  const whole = await compared(lines);
  assert.ok(!whole.remarks.some((remark) => remark.includes('either way')));
  const place = lines.findIndex((line) => line.includes(' try_to_migrate: '));
  assert.match(lines[place - 1]!, /\[001\].* split_huge_page: /);
  const lossy = await compared([...lines.slice(0, place), 'CPU:1 [LOST 5 EVENTS]', ...lines.slice(place)]);
  const failed = ({ rows }: Comparison) => rows[0]!.value.failedFolios;
  assert.equal(failed(lossy).estimate, failed(whole).estimate);
  assert.ok(failed(lossy).high > failed(whole).high);
  assert.ok(lossy.remarks.some((remark) => remark.includes('lost events during')));
  // Up to its start and no further: nothing tells what became of the last split.
  const last = lines.findLastIndex((line) => line.includes(' split_huge_page: '));
  const open = await compared(lines.slice(0, last + 1));
  assert.equal(failed(open).high, failed(whole).high + 1);
  assert.equal(open.reproduction.folios, whole.reproduction.folios - 1);
});

test('splits are said to be replayed alone', async () => {
  const { remarks, reproduction } = await compared(lines);
  assert.ok(
    remarks.some((remark) => remark.startsWith(`Each of ${reproduction.folios} attempts to split a huge page`)),
  );
});

test('what a capture asks for brings the alternatives that are about it into a comparison, and no others', async () => {
  const namesOf = async (capture: string) => {
    const bytes = gunzipSync(readFileSync(tracePath('debian-6.1-4k', capture, 'trace.txt.gz')));
    async function* once(): AsyncGenerator<Uint8Array> {
      yield bytes;
    }
    const history = await workOut(await readBytes(capture, once(), { kernelVersion: '6.1.192', pageSize: 4096 }));
    return compare(history, { draws: 2 }).rows.map(({ policy }) => policy);
  };
  const about = {
    thp_split_race: ['tail-page-wait', 'wait-cond-resched'],
    pin_vmsplice_fail: ['gup-lru-flag', 'gup-mlock-drain', 'gup-refcheck-biased'],
  };
  const all = Object.values(about).flat();
  for (const [capture, own] of Object.entries(about)) {
    const names = await namesOf(capture);
    assert.deepEqual(
      all.filter((name) => names.includes(name)),
      own,
      capture,
    );
  }
});
