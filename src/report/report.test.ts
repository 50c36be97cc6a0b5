import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { golden } from '../test-support.ts';
import { charts } from './charts/charts.ts';
import type { Facts } from './charts/figure.ts';
import { svgToPng } from './png.ts';
import { buildReport } from './report.ts';
import { answers, overview, shortNames } from './summary.ts';
import { renderSvg } from './svg.ts';
import { madeUpFacts } from './test-support.ts';

const input = {
  captures: [madeUpFacts('made/up.txt')],
  command: 'folioscope report made/up.txt -o out',
  version: '0.0.0',
};

test('the Markdown of a report reads as it did, in lines that a mail can carry', async () => {
  const { markdown } = await buildReport(input);
  golden('docs/report/example.md', markdown);
  for (const line of markdown.split('\n')) assert.ok([...line].length <= 80, line);
});

test('the same input gives the same bytes in all three forms', async () => {
  assert.deepEqual(await buildReport(input), await buildReport({ ...input, captures: [madeUpFacts('made/up.txt')] }));
});

test('the JSON has the documented keys, and null where a number is not known', async () => {
  const { json } = await buildReport(input);
  assert.doesNotMatch(json, /NaN/);
  const report = JSON.parse(json);
  assert.deepEqual(Object.keys(report), ['schema', 'version', 'command', 'generated', 'captures', 'pooled']);
  assert.deepEqual(Object.keys(report.captures[0]), [
    'source',
    'capture',
    'summary',
    'observed',
    'counts',
    'failures',
    'refusals',
    'comparison',
    'figures',
  ]);
  assert.equal(report.captures[0].comparison.rows[0].value.rcuWaits.estimate, null);
  assert.equal(report.captures[0].counts.failedFolios, 27);
  assert.equal(report.captures[0].figures.length, charts.length);
});

test('several captures begin with an overview, and no id of one drawing meets another', async () => {
  const { html, markdown } = await buildReport({
    ...input,
    captures: [madeUpFacts('a/one.txt'), madeUpFacts('b/two.txt')],
  });
  assert.ok(markdown.indexOf('## The captures') < markdown.indexOf('## a/one.txt'));
  const ids = [...html.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]);
  assert.equal(new Set(ids).size, ids.length);
  for (const [, used] of html.matchAll(/url\(#([^)]+)\)|href="#([^"]+)"/g))
    if (used !== undefined) assert.ok(ids.includes(used), used);
});

const markup = '<script>alert(1)</script>';

/** Every text that comes from a capture, replaced by markup. */
function hostile(): Facts {
  const { history, comparison } = madeUpFacts(`${markup}/x.txt`);
  return {
    history: {
      ...history,
      capture: { ...history.capture, remarks: [markup], kernelRelease: { value: markup, from: 'capture' } },
      calls: history.calls.map((call) => ({
        ...call,
        comm: markup,
        reason: `"><img src=x onerror=alert(2)>`,
        mode: markup,
      })),
      drains: history.drains.map((drain) => ({ ...drain, comm: '</text></svg><script>alert(3)</script>' })),
      requests: history.requests.map((request) => ({ ...request, comm: markup, basis: markup })),
      failures: history.failures.map((failure) => ({
        ...failure,
        evidence: failure.evidence.map((each) => ({ ...each, says: markup })),
      })),
    },
    comparison: {
      ...comparison,
      rows: comparison.rows.map((row) => ({ ...row, title: markup, changes: [markup], why: markup })),
      remarks: [markup],
    },
  };
}

test('markup in a capture stays text in the page and in the Markdown', async () => {
  const { html, markdown } = await buildReport({ ...input, captures: [hostile(), hostile()], command: markup });
  assert.doesNotMatch(html, /<script|<img|<\/text><\/svg><s/i);
  assert.match(html, /&lt;script&gt;alert\(1\)/);
  assert.doesNotMatch(markdown.replace(/^ {4}.*$/gm, ''), /(?<!\\)<(script|img|\/svg)/i);
});

test('the page asks for nothing: no address but those of the SVG and the schema of nothing', async () => {
  const { html } = await buildReport(input);
  const addresses = new Set([...html.matchAll(/https?:\/\/[^"'\s)<]+/g)].map((match) => match[0]));
  assert.deepEqual(
    [...addresses].filter((address) => !address.startsWith('http://www.w3.org/')),
    [],
  );
  assert.doesNotMatch(html, /<(link|script|iframe|img|object|embed|base)\b/i);
});

test('a chart becomes a PNG that has something on it', async () => {
  const chart = charts[0]!;
  const spec = chart(madeUpFacts()).spec;
  assert.ok(spec);
  const svg = await renderSvg(spec, 'x');
  const png = svgToPng(svg, { scale: 1 });
  assert.deepEqual([...png.slice(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const width = new DataView(png.buffer, png.byteOffset).getUint32(16);
  assert.ok(Math.abs(width - Number(/width="([\d.]+)"/.exec(svg)?.[1])) <= 1);
  const blank = svgToPng(svg.replace(/<g[\s\S]*<\/g>/, ''), { scale: 1 });
  assert.ok(png.length > blank.length * 2, 'the drawing takes more bytes than a blank of its size');
});

test('the overview says which captures the model misses, and each row leads to its capture', async () => {
  const made = madeUpFacts('b/two.txt');
  const fidelity = { ...made.comparison.fidelity, within: false, state: 'poor' as const };
  const missed = { ...made, comparison: { ...made.comparison, fidelity } };
  const [kept, outside] = overview([madeUpFacts('a/one.txt'), missed]).rows;
  assert.deepEqual(kept?.slice(2, 5), ['27 of 200', '27', '22 [15, 31]']);
  assert.equal(kept?.at(-1), 'waiters-undo, [-19.4, -13], bounded');
  assert.equal(outside?.[4], '22 [15, 31], outside');
  assert.match(outside?.at(-1) ?? '', /direction only$/);
  const { html } = await buildReport({ ...input, captures: [madeUpFacts('a/one.txt'), missed] });
  assert.match(html, /<a href="#c2">b\/two\.txt/);
});

test('another number of episodes is not another outcome', () => {
  const made = madeUpFacts('a/one.txt');
  const sure = (reproduced: number, otherOutcome: number) => {
    const reproduction = { folios: 200, reproduced, otherOutcome, misses: [] };
    const all = answers({ ...made, comparison: { ...made.comparison, reproduction } });
    return all.find(({ question }) => question === 'Replayed with everything seen')?.answer ?? '';
  };
  assert.match(sure(200, 0), /^All 200 folios end as recorded\.$/);
  assert.match(sure(198, 0), /^All 200 folios end as recorded, 2 after another number of episodes\.$/);
  assert.match(sure(198, 1), /1 of 200 folios does not end as recorded, and 1 after .*: this is a bug/);
});

test('captures are named by what tells them apart', () => {
  assert.deepEqual(shortNames(['x/pairs/run1/trace.txt', 'x/pairs/run2/trace.txt']), ['run1', 'run2']);
  assert.deepEqual(shortNames(['x/a/one.txt', 'x/b/two.txt']), ['a/one.txt', 'b/two.txt']);
  assert.deepEqual(shortNames(['/very/long/run1/trace.txt']), ['run1/trace.txt']);
  assert.deepEqual(shortNames(['a.txt', 'b.txt']), ['a.txt', 'b.txt']);
  assert.deepEqual(shortNames(['-', 'x/b.txt']), ['-', 'x/b.txt']);
});
