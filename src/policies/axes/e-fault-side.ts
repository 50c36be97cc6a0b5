/** E: what a fault does that came through the window between the cleared entry and the migration entry. */
import type { AxisOfChoice } from '../axis.ts';

const thread = 'thread "mm: Retry migration earlier upon refcount mismatch", 2024-08';

export const faultSide: AxisOfChoice = {
  axis: 'E',
  question: 'what does a fault do that found the entry cleared, before it takes a reference and sleeps on the lock?',
  needs: ['episodes'],
  choices: [
    {
      name: 'as is',
      does: 'takes a page-cache reference and sleeps on the folio lock with it',
      mainline: [{}],
      source: 'do_pte_missing(), do_fault(); all versions',
      directions: { S: '=', R: '=', L: '=', W: '=', D: '=', C: '=' },
      settles: { faultSide: 'as is' },
    },
    {
      name: 'recheck before ->fault',
      does: 'looks at the entry again just before ->fault, and waits on the migration entry if there is one by then',
      source: `proposed in ${thread}`,
      directions: { S: '+', R: '-', L: '=', W: '?', D: '=', C: '=' },
      settles: { faultSide: 'recheck entry' },
    },
    {
      name: 'drop reference and retry',
      does: 'drops its reference before it sleeps and comes again by VM_FAULT_RETRY',
      source: `proposed in ${thread}; judged of little help for filemap`,
      directions: { S: '+', R: '-', L: '=', W: '?', D: '=', C: '=' },
      settles: { faultSide: 'drop reference' },
    },
  ],
};
