/** Real captures: names, numbers and times that nobody made up keep to the bounds of a drawing too. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { workOut } from '../../history/history.ts';
import { openCapture } from '../../read/file.ts';
import { tracePath } from '../../test-support.ts';
import { renderSvg } from '../svg.ts';
import { madeUpFacts } from '../test-support.ts';
import { sections } from './charts.ts';
import { widths } from './figure.ts';

// These rest on history alone; what the others say of a comparison is tested on made-up ones.
const happened = sections.find(({ id }) => id === 'failed')!.charts;

for (const capture of [
  'debian-6.1-4k/contig_lowmem_apps/trace.txt.gz',
  'debian-6.1-4k/lossy/trace.txt.gz',
  'debian-6.1-4k/pin_vmsplice_fail/trace.txt.gz',
  'debian-6.12-4k/shanon_hot/trace.txt.gz',
  'lab-6.12-4k/hmm_migrate_vma/trace.txt.gz',
  'lab-6.12-4k/pageref_gup_tc/trace.dat.gz',
]) {
  test(`${capture}: every figure of what happened has words, and is drawn within its width and 2000 marks`, async () => {
    const history = await workOut(await openCapture(tracePath(capture)));
    const facts = { history, comparison: madeUpFacts().comparison };
    let drawn = 0;
    for (const chart of happened) {
      for (const width of Object.values(widths)) {
        const { id, finding, spec } = chart(facts, width);
        assert.match(finding, /\.$/, id);
        assert.doesNotMatch(finding, /NaN|undefined/, id);
        if (spec === undefined) continue;
        const svg = await renderSvg(spec, id);
        const drawnWidth = Number(/<svg[^>]* width="([\d.]+)"/.exec(svg)?.[1]);
        assert.ok(drawnWidth <= width + 12, `${id} at ${width} is ${drawnWidth} wide`);
        const marks = svg.match(/<(path|rect|line|text|circle|use)\b/g)!.length;
        assert.ok(marks <= 2000 && svg.length < 100_000, `${id}: ${marks} marks, ${svg.length} characters`);
        assert.doesNotMatch(svg, /NaN|undefined|null/, id);
        drawn++;
      }
    }
    assert.ok(drawn >= 8, `${drawn} drawings`);
  });
}
