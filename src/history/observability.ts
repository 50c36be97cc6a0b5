/** Which facts a capture can show at all: from the kinds of event it holds and the logs they filled. */
import type { Capture } from '../events/capture.ts';
import type { Certainty, Observability, Request } from './facts.ts';

export interface Evidenced {
  readonly calls: number;
  readonly episodes: number;
  readonly attempts: number;
  readonly references: boolean;
  readonly requests: readonly Request[];
  readonly drainsProbed: boolean;
  readonly windows: number;
}

const adders = ['folio_add_lru', 'folio_activate', 'folio_mark_accessed', 'folio_batch_add_and_move'];
const entryWaiters = ['migration_entry_wait_on_locked', 'folio_put_wait_locked'];
const lockers = ['folio_lock', 'folio_lock_killable', 'folio_lock_or_retry', 'folio_wait_bit_common'];

export function observe(capture: Capture, evidenced: Evidenced): Observability {
  const has = (names: readonly string[]): Certainty =>
    capture.kinds.some((kind) => names.includes(kind.probe?.meaning ?? kind.name)) ? 'seen' : 'unknown';
  const insertions = has(['mm_lru_insertion']);
  const worst = (): Certainty => {
    const all = evidenced.requests.map((request) => request.certainty);
    if (all.length === 0 || all.includes('unknown')) return 'unknown';
    return all.includes('inferred') ? 'inferred' : 'seen';
  };
  return {
    calls: evidenced.calls > 0 ? 'seen' : 'unknown',
    episodes: evidenced.episodes > 0 ? 'seen' : 'unknown',
    attempts: evidenced.attempts > 0 ? 'seen' : 'unknown',
    batchAdds: has(adders),
    batchFlushes: insertions,
    activations: has(['mm_lru_activate']),
    mlockBatches: has(['mlock_folio', 'mlock_new_folio', 'munlock_folio']),
    drains: evidenced.drainsProbed ? 'seen' : insertions === 'seen' ? 'inferred' : 'unknown',
    windows: evidenced.windows > 0 ? 'seen' : 'unknown',
    entryWaits: has(entryWaiters),
    lockWaits: has(lockers),
    references: evidenced.references ? 'seen' : 'unknown',
    requests: worst(),
    durations: capture.clock.unit === 'ns' ? 'seen' : 'unknown',
  };
}
