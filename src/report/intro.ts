/** For somebody who has never heard of any of this: what a page is about, and its words. */
import { escapeHtml } from './tables.ts';

const lead =
  'Linux moves memory from one place to another while programs use it (page migration), and sometimes it cannot. This page says which pages could not be moved in a recording, who held them at that moment, and whether another kernel, patch or setting would have moved them: the recording was replayed through a model of the kernel, first as it was, to see how far the model can be believed.';

const words: readonly (readonly [word: string, meaning: string])[] = [
  ['folio', 'One page of memory, or several that the kernel handles as one.'],
  ['call', 'One call of migrate_pages() on a list of folios. A folio may be tried in several calls.'],
  [
    'request',
    'What asked for the calls, with its own retries: move_pages(2), a contiguous allocation, compaction, and so on.',
  ],
  ['given up', 'A folio that its request was left with after its retries. This is what replays count.'],
  [
    'batch, drain',
    'Each CPU gathers folios in small batches before they go on the lists of the LRU. A folio in a batch is held and cannot move. A drain empties batches.',
  ],
  [
    'migration entry, stall',
    'While a folio moves, its page-table entries are replaced. A task that touches it then waits: that wait is the stall.',
  ],
  [
    'policy',
    'What a kernel does: a version, a patch that was proposed, a setting. “Recorded” is the one that the capture was made under.',
  ],
  [
    'draw',
    'One replay. What the recording does not show is drawn at random, with the same luck for all policies; numbers over many draws have intervals.',
  ],
];

/** HTML. */
export function introHtml(): string {
  const items = words.map(([word, meaning]) => `<dt>${escapeHtml(word)}</dt><dd>${escapeHtml(meaning)}</dd>`);
  return `<p class="lead">${escapeHtml(lead)}</p>
<details><summary>Words of this page</summary><dl>${items.join('\n')}</dl></details>`;
}
