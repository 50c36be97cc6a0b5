/** What move_pages(2) and its like returned, where their events were recorded. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { end, start, told } from '../tiny.test.ts';

const enter = 'sys_move_pages(pid: 0, nr_pages: 4, pages: ffffa000, nodes: 0, status: ffffb000, flags: 2)';

test('a request returns what its syscall did: pages that did not move, or a negative errno', async () => {
  const { requests } = await told(`
    0 a-1 1.000000 ${enter}
    0 a-1 1.000001 ${start}
    0 a-1 1.000002 ${end(3, 1)}
    0 a-1 1.000003 sys_move_pages -> 0x1
    0 a-1 1.000004 ${enter}
    0 a-1 1.000005 ${start}
    0 a-1 1.000006 ${end(4, 0)}
    0 a-1 1.000007 sys_move_pages -> 0x0
    0 a-1 1.000008 ${enter}
    0 a-1 1.000009 ${start}
    0 a-1 1.000010 ${end(0, 2)}
    0 a-1 1.000011 sys_move_pages -> 0xfffffffffffffff2
    0 a-1 1.000012 ${enter}
    0 a-1 1.000013 ${start}
    0 a-1 1.000014 ${end(4, 0)}`);
  assert.deepEqual(
    requests.map(({ kind, certainty, basis, returned }) => [kind, certainty, basis, returned]),
    [1, 0, -14, Number.NaN].map((returned) => ['move_pages', 'seen', 'syscall events', returned]),
  );
});
