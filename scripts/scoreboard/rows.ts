/** The rows of the scoreboard, thread by thread. */
import { row as lruDisableFall } from './cma.ts';
import { row as lruDisableRest } from './cma-rest.ts';
import { row as deferral } from './deferral.ts';
import { row as drainPiggyback } from './drain-piggyback.ts';
import { row as gupMlock } from './gup.ts';
import { row as gupActivate } from './gup-activate.ts';
import { rows as headPage } from './head-page.ts';
import { rows as migrateVma } from './migrate-vma.ts';
import { rows as movePages } from './move-pages.ts';
import { row as offline } from './offline.ts';
import { rows as others } from './others.ts';
import { row as rcu } from './rcu.ts';
import type { ScoreRow } from './row.ts';
import { row as tlbFlushes } from './tlb-flushes.ts';
import { rows as tolerance } from './tolerance.ts';

export const rows: readonly ScoreRow[] = [
  ...movePages,
  ...tolerance,
  tlbFlushes,
  deferral,
  lruDisableFall,
  lruDisableRest,
  offline,
  drainPiggyback,
  rcu,
  gupMlock,
  gupActivate,
  ...migrateVma,
  ...headPage,
  ...others,
];
