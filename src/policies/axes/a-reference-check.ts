/** A: when references are compared (kernel-model 1.5). */
import type { AxisOfChoice } from '../axis.ts';

export const referenceCheck: AxisOfChoice = {
  axis: 'A',
  question: 'when are references compared with what is expected?',
  needs: ['episodes'],
  choices: [
    {
      name: 'at freeze',
      does: 'compares references only when they are frozen, before the copy',
      mainline: [{ before: '6.11' }],
      source: 'folio_migrate_mapping(), up to 6.10',
      directions: { S: '=', R: '=', L: '=', W: '=', D: '=', C: '=' },
      settles: { checkBeforeUnmap: false, checkAtEndOfUnmap: false, checkBeforeCopy: false },
    },
    {
      name: 'before copy and at freeze',
      does: 'compares references before the copy and freezes them after it',
      mainline: [{ since: '6.11' }],
      source: '__migrate_folio(), 6.11 and later',
      directions: { S: '=', R: '=', L: '=', W: '=', D: '=', C: '=' },
      settles: { checkBeforeUnmap: false, checkAtEndOfUnmap: false, checkBeforeCopy: true },
    },
    {
      name: 'at end of unmap',
      does: 'also compares references at the end of unmapping, where a mismatch restores the entries and drops the lock',
      source: 'Dev Jain, "mm: Retry migration earlier upon refcount mismatch", 2024-08-09, patch 1/2 (not merged)',
      directions: { S: '+', R: '+', L: '-', W: '-', D: '=', C: '=' },
      settles: { checkBeforeUnmap: false, checkAtEndOfUnmap: true },
    },
    {
      name: 'before unmap',
      does: 'also compares references under the lock before unmapping, so that a mismatch costs no episode',
      source: 'the prefilter of isolate_migratepages_block(), made a check of every folio',
      directions: { S: '?', R: '+', L: '-', W: '-', D: '=', C: '=' },
      settles: { checkBeforeUnmap: true, checkAtEndOfUnmap: false },
    },
  ],
};
