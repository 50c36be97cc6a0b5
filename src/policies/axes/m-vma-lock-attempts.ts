/** M: how often migrate_vma tries to lock a folio. */
import type { AxisOfChoice } from '../axis.ts';

export const vmaLockAttempts: AxisOfChoice = {
  axis: 'M',
  question: 'how many chances has migrate_vma to lock a folio?',
  needs: ['requests'],
  choices: [
    {
      name: 'two',
      does: 'tries to lock a folio when it collects it and, where that failed, once more when it prepares it',
      mainline: [{ before: '5.17' }],
      source: 'migrate_vma_collect_pmd(), migrate_vma_prepare() with MIGRATE_PFN_LOCKED, up to 5.16',
      directions: { S: '=', R: '=', L: '=', W: '=', D: '=', C: '=' },
      settles: { vmaLockAttempts: 2 },
    },
    {
      name: 'one',
      does: 'leaves a folio alone that it cannot lock when it collects it',
      mainline: [{ since: '5.17' }],
      source: 'ab09243aa95a "mm/migrate.c: remove MIGRATE_PFN_LOCKED", 5.17',
      directions: { S: '=', R: '-', L: '?', W: '?', D: '=', C: '=' },
      settles: { vmaLockAttempts: 1 },
    },
  ],
};
