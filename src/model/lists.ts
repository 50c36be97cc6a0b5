/** What requesters do to lists of folios before and after a call. */
import { hasLeft } from './isolate-block.ts';
import type { Kernel, Member, Run, Step } from './kernel.ts';
import { putback, serviceTime, takeOffLru } from './migrate.ts';
import { migratePages } from './plans.ts';

/** Isolates what can be isolated; the others are remembered as not isolated. */
export function* isolateAll(kernel: Kernel, run: Run, members: readonly Member[]): Generator<Step, Member[], void> {
  const list: Member[] = [];
  for (const member of members) {
    const isolating = serviceTime(kernel, run, member, 'isolate');
    if (!kernel.pass(isolating)) yield isolating;
    if (takeOffLru(kernel, run, member)) list.push(member);
    else member.ending = 'not isolated';
  }
  return list;
}

/** putback_movable_pages(): into this CPU's add batch. */
export function* putbackAll(kernel: Kernel, run: Run, members: readonly Member[]): Generator<Step, void, void> {
  for (const member of members) yield* putback(kernel, run, member);
}

/** One try at a chunk: isolate, one call, put back what is left. Returns how many folios are still in their place. */
export function* tryOnce(kernel: Kernel, run: Run, members: readonly Member[]): Generator<Step, number, void> {
  const list = yield* isolateAll(kernel, run, members);
  if (list.length > 0) {
    const rest = yield* migratePages(kernel, run, list, run.demand?.mode ?? 'sync');
    yield* putbackAll(kernel, run, rest.left);
  }
  return members.filter((member) => !hasLeft(member)).length;
}

/** ns that a recording shows before this chunk. */
export function gapOf(run: Run, chunk: number): number {
  return run.demand?.chunks[chunk]?.gap ?? 0;
}
