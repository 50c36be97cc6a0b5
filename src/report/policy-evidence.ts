/** Behind a number of a replay: what its draws gave, metric by metric, and the folios that end otherwise most often. */
import { metricNames, metrics } from '../replay/outcome.ts';
import type { Facts } from './charts/figure.ts';
import { factsId } from './evidence-id.ts';
import { count, difference, drawsSentence, interval, inUnit, percent } from './numbers.ts';
import { escapeHtml, type HrefOf, htmlTable, table } from './tables.ts';

/** HTML; the policy is one of the comparison's rows. */
export function policyHtml({ comparison }: Facts, policy: string, hrefOf: HrefOf): string {
  const row = comparison.rows.find((one) => one.policy === policy)!;
  const { draws, seed, level, recorded } = comparison;
  const known = metricNames.filter((metric) => !Number.isNaN(row.value[metric].low));
  const values = table(
    ['of a draw', 'under this policy>', `difference from ${recorded}>`, 'its deviation>', 'for lost events>', 'told'],
    known.map((metric) => {
      const { title, unit } = metrics[metric];
      const number = (value: number) => inUnit(value, unit);
      return [
        title,
        interval(row.value[metric], unit),
        difference(row.difference[metric], unit),
        number(row.deviation[metric]),
        row.lost[metric] > 0 ? `±${number(row.lost[metric])}` : '',
        policy === recorded ? '' : row.told[metric],
      ];
    }),
    {
      title: 'Its draws',
      notes: [
        'Deviation: standard deviation of the difference over draws. For lost events: what the ends of the difference are moved apart by.',
      ],
    },
  );
  const { folios, most } = row.differing;
  const others = table(
    ['folio', 'of call>', `given up under ${recorded}>`, 'under this policy>'],
    most.map(({ call, pfn, recorded: share, own }) => [
      Number.isNaN(pfn) ? 'pfn not known' : `0x${pfn.toString(16)}`,
      call < 0 ? '–' : String(call),
      percent(share),
      percent(own),
    ]),
    {
      title: `Folios that end otherwise most often: ${count(most.length)} of ${count(folios)}`,
      notes: ['Shares of draws in which the folio is given up. The link shows what was recorded of it.'],
      evidence: most.map(({ call, request, pfn }) => {
        if (Number.isNaN(pfn)) return [];
        const where = call < 0 ? {} : { call };
        return [factsId('folios', { pfn: `0x${pfn.toString(16)}`, ...(request < 0 ? where : { request }) })];
      }),
    },
  );
  const says = `${row.title}. ${drawsSentence({ draws, seed, level })}`;
  const none =
    policy === recorded ? '' : '<p>No folio is given up in another share of draws than under the recorded policy.</p>';
  const differing = most.length === 0 ? none : htmlTable(others, undefined, hrefOf);
  return `<p>${escapeHtml(says)}</p>${htmlTable(values)}${differing}`;
}
