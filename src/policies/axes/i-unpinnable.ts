/**
 * I: when a longterm pin drains batches while it collects folios that must move before they are pinned
 * (collect_longterm_unpinnable_folios(), kernel-model 5.2 and 5.3).
 *
 * The rules are functions of this file, so that two policies with the same rule can be seen to have the same rule.
 */
import type { UnpinnableAnswer, UnpinnableView } from '../../model/decisions.ts';
import type { AxisOfChoice } from '../axis.ts';

const will = 'thread "mm/gup: Drain batched mlock folio processing before attempting migration", 2025-08';

const never = (): UnpinnableAnswer => 'go on';

function always(view: UnpinnableView): UnpinnableAnswer {
  return view.drained === 0 ? 'drain all CPUs' : 'go on';
}

/** `drain_allow` of 5.13: one all-CPU drain in a collection, for the first folio whose PG_lru is clear. */
function byLruFlag(view: UnpinnableView): UnpinnableAnswer {
  return !view.onLru && view.drained === 0 ? 'drain all CPUs' : 'go on';
}

/** PG_mlocked stands in for "in an mlock batch": the batch itself cannot be asked for a folio. */
function byLruFlagOrMlocked(view: UnpinnableView): UnpinnableAnswer {
  return (!view.onLru || view.mlocked) && view.drained === 0 ? 'drain all CPUs' : 'go on';
}

/** This CPU first, and all only if that was not enough. */
function unlessReferencesAre(expected: number, view: UnpinnableView): UnpinnableAnswer {
  if (view.references === expected || view.drained === 2) return 'go on';
  return view.drained === 0 ? 'drain this CPU' : 'drain all CPUs';
}

/** The "+ 1" of 6.17 forgets that the pin of a small folio counts 1024: with it held, no small folio ever matches. */
function byReferences(view: UnpinnableView): UnpinnableAnswer {
  return view.large ? 'go on' : unlessReferencesAre(view.expected + 1, view);
}

function byReferencesWithBias(view: UnpinnableView): UnpinnableAnswer {
  return view.large ? 'go on' : unlessReferencesAre(view.expected + view.pinReferences, view);
}

function byReferencesOfAll(view: UnpinnableView): UnpinnableAnswer {
  return unlessReferencesAre(view.expected + 1, view);
}

export const unpinnable: AxisOfChoice = {
  axis: 'I',
  question: 'when does a longterm pin drain batches before it isolates a folio?',
  needs: ['batch flushes', 'requests'],
  choices: [
    {
      name: 'LRU flag, all CPUs',
      does: 'drains all CPUs once a collection, when a folio has PG_lru clear',
      mainline: [{ before: '6.14' }],
      source: 'check_and_migrate_movable_pages(), 5.13 and later (what came before 5.13 is not verified)',
      directions: { S: '=', R: '=', L: '=', W: '=', D: '=', C: '=' },
      settles: { onUnpinnable: byLruFlag, emptyCollectEnds: false },
    },
    {
      name: 'LRU flag, all CPUs, nothing listed is success',
      does: 'drains all CPUs once a collection, when a folio has PG_lru clear; pins what it could not isolate',
      mainline: [{ since: '6.14', before: '6.17' }],
      source: '1aaf8c122918, 6.14 to 6.16 (releases not verified; stable branches not looked at)',
      directions: { S: '?', R: '-', L: '=', W: '=', D: '=', C: '=' },
      settles: { onUnpinnable: byLruFlag, emptyCollectEnds: true },
    },
    {
      name: 'LRU flag or mlocked',
      does: 'drains all CPUs once a collection, when a folio has PG_lru clear or is mlocked',
      source: `Will Deacon, ${will}-15 (not merged)`,
      directions: { S: '+', R: '-', L: '=', W: '=', D: '+', C: '=' },
      settles: { onUnpinnable: byLruFlagOrMlocked, emptyCollectEnds: false },
    },
    {
      name: 'references, local then all',
      does: 'drains this CPU, then all, when a small folio has other references than expected + 1: always, as its own pin counts 1024',
      mainline: [{ since: '6.17', before: '7.0' }],
      branches: [
        { branch: '6.12', from: 49, to: 110 },
        { branch: '6.1', from: 155 },
      ],
      source: '98c6d259319e, a09a8a1fbb37, 2da6de30e60d (6.17; 6.12.49; 6.1.155)',
      directions: { S: '++', R: '-', L: '=', W: '=', D: '+', C: '=' },
      settles: { onUnpinnable: byReferences, emptyCollectEnds: false },
    },
    {
      name: 'references with pin bias',
      does: 'drains this CPU, then all, when a small folio has other references than expected and those of one pin',
      mainline: [{ since: '7.0' }],
      branches: [{ branch: '6.12', from: 111 }],
      source:
        '"mm/gup: fix always draining LRU caches in collect_longterm_unpinnable_folios()", 6.12.111, in 7.2 (first mainline release not verified: after 6.18)',
      directions: { S: '++', R: '-', L: '=', W: '=', D: '-', C: '=' },
      settles: { onUnpinnable: byReferencesWithBias, emptyCollectEnds: false },
    },
    {
      name: 'references, also of large folios',
      does: 'drains this CPU, then all, when any folio has other references than expected + 1',
      source: 'Hugh Dickins, "mm: better GUP pin lru_add_drain_all()", without 2da6de30e60d',
      directions: { S: '++', R: '-', L: '=', W: '=', D: '++', C: '=' },
      settles: { onUnpinnable: byReferencesOfAll, emptyCollectEnds: false },
    },
    {
      name: 'always',
      does: 'drains all CPUs once a collection, whatever the folios look like',
      source: 'a bound',
      directions: { S: '++', R: '-', L: '=', W: '=', D: '++', C: '=' },
      settles: { onUnpinnable: always, emptyCollectEnds: false },
    },
    {
      name: 'never',
      does: 'drains nothing before it isolates',
      source: 'a bound',
      directions: { S: '--', R: '+', L: '=', W: '=', D: '--', C: '=' },
      settles: { onUnpinnable: never, emptyCollectEnds: false },
    },
  ],
};
