import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { uniform } from '../base/random.ts';
import { align, shiftOf, type Wish } from './align.ts';

const list = (...addresses: number[]): Wish => ({
  kind: 'move_pages, syscall_or_cpuset',
  frames: Number.NaN,
  addresses,
  orders: addresses.map(() => 0).join(' '),
});
const range = (frames: number): Wish => ({ kind: 'contiguous allocation', frames, addresses: [], orders: '' });
const unnamed = (orders: string): Wish => ({ kind: 'compaction', frames: Number.NaN, addresses: [], orders });
const places = (a: readonly Wish[], b: readonly Wish[]) => align(a, b).pairs.map((pair) => [pair.a, pair.b]);

/** 60 requests for one to four of 16 pages, drawn anew each time. */
const workload = Array.from({ length: 60 }, (_, i) => {
  const first = Math.floor(uniform(1, 'bootstrap', i) * 12);
  const pages = 1 + Math.floor(uniform(1, 'bootstrap', i, 1) * 4);
  return list(...Array.from({ length: pages }, (_, p) => 0x1000 * (first + p)));
});
const moved = (wish: Wish, by: number) => ({ ...wish, addresses: wish.addresses.map((address) => address + by) });

test('the same workload in an address space that lies elsewhere is paired one to one', () => {
  const other = workload.map((wish) => moved(wish, 0x7000_0000));
  assert.equal(shiftOf(workload, other), 0x7000_0000);
  const { pairs, onlyA, onlyB } = align(workload, other);
  assert.deepEqual(
    pairs.map(({ a, b, alike }) => [a, b, alike]),
    workload.map((_, i) => [i, i, 1]),
  );
  assert.deepEqual([onlyA, onlyB], [[], []]);
});

test('what only one of them has stands alone, and what follows is paired all the same', () => {
  const without = workload.filter((_, i) => i !== 10 && i !== 11).map((wish) => moved(wish, -0x5000));
  const extra = [...without.slice(0, 30), list(0x999_000), ...without.slice(30)];
  const { pairs, onlyA, onlyB } = align(workload, extra);
  assert.equal(pairs.length, 58);
  assert.deepEqual([onlyA.length, onlyB], [2, [30]]);
  assert.deepEqual(pairs.at(-1), { a: 59, b: 58, alike: 1 });
});

test('half of the folios in common is enough to be partners, less is not', () => {
  const known = [list(1, 2, 3), list(50, 60), list(70, 80)];
  assert.deepEqual(places([...known, list(5, 6, 7, 8)], [...known, list(5, 6)]).at(-1), [3, 3]);
  assert.deepEqual(places([...known, list(5, 6, 7, 8)], [...known, list(5)]).at(-1), [2, 2]);
});

test('ranges are partners when they are as long, and of one kind', () => {
  assert.deepEqual(places([range(512), range(64)], [range(512), range(32), range(64)]), [
    [0, 0],
    [1, 2],
  ]);
  assert.deepEqual(places([range(512)], [{ ...range(512), kind: 'memory offline' }]), []);
  assert.deepEqual(places([range(512)], [list(1)]), []);
});

test('where no addresses are known as many folios of the same orders are alike', () => {
  assert.deepEqual(places([unnamed('0 0'), unnamed('0 9')], [unnamed('0 9')]), [[1, 0]]);
});

test('nothing and something', () => {
  assert.deepEqual(align([], [range(1), range(2)]), { pairs: [], onlyA: [], onlyB: [0, 1] });
  assert.deepEqual(align([range(1)], []), { pairs: [], onlyA: [0], onlyB: [] });
});
