/** P: how many base pages are unmapped before the first is moved. */
import type { AxisOfChoice, Choice, Ground } from '../axis.ts';

/** HPAGE_PMD_NR on arm64: entries of one page of page-table entries, eight bytes each. */
function pagesOfPmd({ pageSize }: Ground): number {
  return pageSize / 8;
}

const pattern = /^([1-9]\d{0,4}) pages$/;

/** The first folio of a batch stays unmapped until the last is moved; fewer flushes of TLBs. */
const larger: Choice['directions'] = { S: '?', R: '=', L: '++', W: '++', D: '-', C: '=' };
const single: Choice['directions'] = { S: '=', R: '=', L: '=', W: '=', D: '=', C: '=' };

function parse(name: string): Choice | undefined {
  const found = pattern.exec(name);
  if (found === null) return undefined;
  return {
    name,
    does: `unmaps ${found[1]} pages before the first is moved`,
    source: 'own choice',
    directions: found[1] === '1' ? single : larger,
    settles: ({ decisions }) =>
      decisions.plan.loop === 'per-folio' ? {} : { plan: { unmapBatchPages: Number(found[1]) } },
  };
}

export const unmapBatch: AxisOfChoice = {
  axis: 'P',
  question: 'how many pages are unmapped before the first is moved?',
  needs: [],
  choices: [
    {
      name: 'one folio',
      does: 'unmaps one folio, moves it, goes to the next',
      mainline: [{ before: '6.3' }],
      source: 'migrate_pages(), up to 6.2',
      directions: single,
      settles: { plan: { unmapBatchPages: 1, cutPages: Number.POSITIVE_INFINITY } },
    },
    {
      name: 'one folio, lists cut',
      does: 'unmaps one folio, moves it, goes to the next; lists are cut at HPAGE_PMD_NR pages, each with its own passes',
      branches: [{ branch: '6.1', from: 116 }],
      source: '6.1.116 (NR_MAX_BATCHED_MIGRATION backported without the batching)',
      directions: single,
      settles: (ground) => ({ plan: { unmapBatchPages: 1, cutPages: pagesOfPmd(ground) } }),
    },
    {
      name: 'HPAGE_PMD_NR',
      does: 'unmaps up to HPAGE_PMD_NR pages before the first is moved',
      mainline: [{ since: '6.3' }],
      source: 'NR_MAX_BATCHED_MIGRATION, 6.3 and later',
      directions: larger,
      settles: (ground) => ({ plan: { unmapBatchPages: pagesOfPmd(ground) } }),
    },
  ],
  numbered: { form: 'N pages', pattern, parse, samples: ['1 pages', '32 pages', '1024 pages'] },
};
