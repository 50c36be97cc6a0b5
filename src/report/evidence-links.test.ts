import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { compare } from '../compare/compare.ts';
import { workOut } from '../history/history.ts';
import { openCapture } from '../read/file.ts';
import { tracePath } from '../test-support.ts';
import { charts } from './charts/charts.ts';
import type { Facts } from './charts/figure.ts';
import { Evidence } from './evidence.ts';
import { policyOfId } from './evidence-id.ts';
import { answers } from './summary.ts';
import { supporting } from './supporting.ts';
import type { Table } from './tables.ts';

async function factsOf(...path: string[]): Promise<Facts> {
  const history = await workOut(await openCapture(tracePath(...path, 'trace.txt.gz')));
  return { history, comparison: compare(history, { draws: 2, policies: ['oracle'] }) };
}

/** Tables of a page, with the title of each. */
function tablesOf(facts: Facts): Table[] {
  const own = charts.flatMap((chart) => chart(facts).tables);
  return [...own, ...(['trust', 'failed', 'policies', 'next'] as const).flatMap((id) => supporting(facts, id))];
}

for (const path of [
  ['debian-6.1-4k', 'shanon_hot'],
  ['debian-6.1-4k', 'contig_lowmem_apps'],
  ['debian-5.10-4k', 'shanon_hot'],
  ['lab-6.12-4k', 'hmm_migrate_vma'],
]) {
  test(`${path.join('/')}: a number that leads to facts is the number of those facts`, async () => {
    const facts = await factsOf(...path);
    const evidence = new Evidence(facts.history);
    const policies = new Set(facts.comparison.rows.map(({ policy }) => policy));
    let counted = 0;
    for (const { title, columns, rows, evidence: ids = [] } of tablesOf(facts)) {
      assert.ok(ids.length <= rows.length, title);
      for (const [r, row] of ids.entries()) {
        for (const [c, id] of row.entries()) {
          if (id === undefined) continue;
          const policy = policyOfId(id);
          if (policy !== undefined) {
            assert.ok(policies.has(policy), id);
            continue;
          }
          const { facts: found } = evidence.select(id);
          const cell = rows[r]![c]!.replaceAll('\u202f', '');
          // Expected numbers are sums of probabilities; requests and failures are led to by their names.
          if (!/^\d+$/.test(cell) || /cause=|holder=|^(requests|failures),id=/.test(id)) continue;
          counted++;
          assert.equal(found, Number(cell), `${title ?? ''} ${columns[c]}, row ${r}: ${id}`);
        }
      }
    }
    const { facts: givenUp } = evidence.select('failures,givenUp=yes');
    assert.equal(givenUp, facts.comparison.fidelity.recordedFailures);
    assert.ok(counted > 10, `${counted} numbers`);
  });

  test(`${path.join('/')}: the links of a sentence stand in it, in their order`, async () => {
    const facts = await factsOf(...path);
    const evidence = new Evidence(facts.history);
    const said = [
      ...charts.map((chart) => chart(facts)).map(({ id, finding, links = [] }) => ({ id, text: finding, links })),
      ...answers(facts).map(({ question, answer, links = [] }) => ({ id: question, text: answer, links })),
    ];
    let linked = 0;
    for (const { id, text, links } of said) {
      let at = 0;
      for (const { text: piece, to } of links) {
        if (policyOfId(to) === undefined && evidence.select(to).facts === 0) continue;
        const found = text.indexOf(piece, at);
        assert.ok(found >= at, `${id}: “${piece}” is not in “${text.slice(at)}”`);
        at = found + piece.length;
        linked++;
      }
    }
    assert.ok(linked > 2, `${linked} links`);
  });
}
