import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { chartFiles, specText } from './chart-files.ts';
import { charts } from './charts/charts.ts';
import { widths } from './charts/figure.ts';
import { svgToPng } from './png.ts';
import { renderSvg } from './svg.ts';
import { madeUpFacts } from './test-support.ts';

const facts = madeUpFacts();

test('each spec stands alone: its text is JSON that names its schema, fetches nothing, and draws what the page draws', async () => {
  for (const chart of charts) {
    for (const width of Object.values(widths)) {
      const figure = chart(facts, width);
      assert.ok(figure.spec, figure.id);
      const text = specText(figure);
      const own = JSON.parse(text) as TopLevelSpec & { readonly $schema: string; readonly description: string };
      assert.equal(own.$schema, 'https://vega.github.io/schema/vega-lite/v6.json');
      assert.ok(own.description.includes(figure.finding), figure.id);
      assert.doesNotMatch(text, /"url"|currentColor/, figure.id);
      const drawn = await renderSvg(own, figure.id);
      const page = (await renderSvg(figure.spec, figure.id)).replaceAll('currentColor', '#000000');
      assert.equal(drawn.replace(/<rect width="\d+" height="\d+" fill="#ffffff"\/>/, ''), page, figure.id);
    }
  }
});

test('the Vega editor, which has nothing of ours, compiles each spec without a word and draws our look', async () => {
  for (const chart of charts) {
    const own = JSON.parse(specText(chart(facts))) as TopLevelSpec;
    const said: string[] = [];
    const say = (...what: readonly unknown[]) => said.push(what.join(' '));
    const logger = { level: () => logger, error: say, warn: say, info: () => logger, debug: () => logger };
    const compiled = compile(own, { logger: logger as unknown as ReturnType<typeof vega.logger> }).spec;
    const view = new vega.View(vega.parse(compiled), { renderer: 'none' });
    const svg = await view.toSVG();
    view.finalize();
    assert.deepEqual(said, [], chart(facts).id);
    assert.match(svg, /font-family="DejaVu Sans, sans-serif"/, chart(facts).id);
  }
});

test('files are named after their figures, with drawings as asked for, and each capture has its own', async () => {
  const few = [facts, facts];
  const specs = Object.keys(await chartFiles(few, ['vega'], svgToPng));
  assert.equal(specs.length, 2 * 2 * charts.length);
  assert.ok(
    specs.every((name) => /^c[12]-[a-z]+-(wide|narrow)\.vl\.json$/.test(name)),
    specs.join(' '),
  );
  const all = await chartFiles([facts], ['svg', 'png'], svgToPng);
  assert.equal(Object.keys(all).length, 3 * 2 * charts.length);
  const svg = all['flow-wide.svg'];
  assert.ok(typeof svg === 'string');
  assert.match(svg, /^<svg style="background:#ffffff;color:#000000" /);
  const png = all['flow-narrow.png'];
  assert.ok(png instanceof Uint8Array);
  assert.deepEqual([...png.subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47]);
});
