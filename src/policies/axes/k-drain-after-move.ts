/** K: whether this CPU is drained after the destination of a move was added. */
import type { AxisOfChoice } from '../axis.ts';

export const drainAfterMove: AxisOfChoice = {
  axis: 'K',
  question: 'is this CPU drained after the destination was added to its batch?',
  needs: [],
  choices: [
    {
      name: 'never',
      does: 'leaves the destination in the batch',
      mainline: [{ before: '5.18' }],
      source: 'up to 5.17',
      directions: { S: '=', R: '=', L: '=', W: '=', D: '=', C: '=' },
      settles: { drainAfterMove: 'never' },
    },
    {
      name: 'always if mapped',
      does: 'drains this CPU after every mapped folio that moved',
      mainline: [{ since: '5.18', before: '6.8' }],
      source: 'migrate_folio_move(), 5.18 to 6.7 and 6.1.y (last mainline release 6.6 or 6.7, not verified)',
      directions: { S: '=', R: '=', L: '+', W: '+', D: '+', C: '++' },
      settles: { drainAfterMove: 'mapped' },
    },
    {
      name: 'only if mlocked',
      does: 'drains this CPU only after an mlocked folio moved',
      mainline: [{ since: '6.8' }],
      branches: [{ branch: '6.6', from: 15 }],
      source: 'eebb3dabbb5c "mm: migrate: record the mlocked page status", 6.8 and 6.6.15',
      directions: { S: '=', R: '=', L: '=', W: '=', D: '=', C: '=' },
      settles: { drainAfterMove: 'mlocked' },
    },
  ],
};
