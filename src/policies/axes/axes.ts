/** The axes that are modelled, in the order in which they are laid; and those that are not, with the reason. */
import type { AxisOfChoice } from '../axis.ts';
import type { Axis } from '../policy.ts';
import { referenceCheck } from './a-reference-check.ts';
import { mismatch } from './b-mismatch.ts';
import { passes } from './c-passes.ts';
import { entryOrder } from './d-entry-order.ts';
import { entryWait } from './f-entry-wait.ts';
import { lruCaches } from './g-lru-caches.ts';
import { lruFlag } from './h-lru-flag.ts';
import { mlockBatching } from './j-mlock.ts';
import { drainAfterMove } from './k-drain-after-move.ts';
import { batchCapacity } from './l-batch-capacity.ts';
import { drainAll } from './n-drain-all.ts';
import { contiguousTries } from './o-contiguous-tries.ts';
import { unmapBatch } from './p-unmap-batch.ts';

export const axes: readonly AxisOfChoice[] = [
  referenceCheck,
  mismatch,
  passes,
  entryOrder,
  entryWait,
  lruCaches,
  lruFlag,
  mlockBatching,
  drainAfterMove,
  batchCapacity,
  drainAll,
  contiguousTries,
  unmapBatch,
];

/** Axes that no policy can choose yet. The model behaves as said here, whatever the kernel version. */
export const notModelled: readonly { readonly axis: Axis; readonly title: string; readonly instead: string }[] = [
  { axis: 'E', title: 'fault side', instead: 'a fault does not look at the entry again before it takes its reference' },
  {
    axis: 'I',
    title: 'drain trigger of longterm pins',
    instead: 'a folio off the LRU makes a pin drain all CPUs once a collection (5.13 to 6.16)',
  },
  { axis: 'M', title: 'lock attempts in migrate_vma', instead: 'migrate_vma is not replayed' },
  { axis: 'Q', title: 'large folios in batches', instead: 'large folios flush a batch at once, as in all versions' },
];
