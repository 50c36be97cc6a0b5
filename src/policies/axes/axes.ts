/** The axes that are modelled, in the order in which they are laid. */
import type { AxisOfChoice } from '../axis.ts';
import { referenceCheck } from './a-reference-check.ts';
import { mismatch } from './b-mismatch.ts';
import { passes } from './c-passes.ts';
import { entryOrder } from './d-entry-order.ts';
import { faultSide } from './e-fault-side.ts';
import { entryWait } from './f-entry-wait.ts';
import { lruCaches } from './g-lru-caches.ts';
import { lruFlag } from './h-lru-flag.ts';
import { unpinnable } from './i-unpinnable.ts';
import { mlockBatching } from './j-mlock.ts';
import { drainAfterMove } from './k-drain-after-move.ts';
import { batchCapacity } from './l-batch-capacity.ts';
import { vmaLockAttempts } from './m-vma-lock-attempts.ts';
import { drainAll } from './n-drain-all.ts';
import { contiguousTries } from './o-contiguous-tries.ts';
import { unmapBatch } from './p-unmap-batch.ts';
import { largeFolios } from './q-large-folios.ts';

export const axes: readonly AxisOfChoice[] = [
  referenceCheck,
  mismatch,
  passes,
  entryOrder,
  faultSide,
  entryWait,
  lruCaches,
  lruFlag,
  unpinnable,
  mlockBatching,
  drainAfterMove,
  batchCapacity,
  vmaLockAttempts,
  drainAll,
  contiguousTries,
  unmapBatch,
  largeFolios,
];
