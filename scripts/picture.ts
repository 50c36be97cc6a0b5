/** Draws the picture of the README from a bundled capture: `npm run picture` writes docs/counterfactual.png. */
import { writeFileSync } from 'node:fs';
import { compare } from '../src/compare/compare.ts';
import { workOut } from '../src/history/history.ts';
import { openCapture } from '../src/read/file.ts';
import { counterfactual } from '../src/report/charts/counterfactual.ts';
import { svgToPng } from '../src/report/png.ts';
import { renderSvg } from '../src/report/svg.ts';

const history = await workOut(await openCapture('traces/pairs/shared-anon-hot/baseline/run01/trace.txt.gz'));
const comparison = compare(history, { seed: 1 });
const figure = counterfactual({ history, comparison }, 880);
if (figure.spec === undefined) throw new Error(figure.finding);
writeFileSync(
  'docs/counterfactual.png',
  svgToPng(await renderSvg(figure.spec, 'counterfactual'), { scale: 2, background: 'white' }),
);
process.stdout.write(`${figure.finding}\n`);
