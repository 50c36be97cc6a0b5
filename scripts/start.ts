/** `npm start`: replays the bundled captures and writes the report of them, as `folioscope report` would. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run } from '../src/cli/program.ts';

process.chdir(fileURLToPath(new URL('../..', import.meta.url)));
// Two kernels, with probes and with stock events only; refused references under move_pages, contiguous allocation
// against busy memory, a pin that fails, CMA against half-filled activate batches, and a recording with losses.
const captures = [
  'pairs/shared-anon-hot/baseline/run01',
  'debian-6.12-4k/shanon_hot',
  'debian-6.1-4k/shanon_hot',
  'debian-6.1-4k/contig_lowmem_apps',
  'debian-6.1-4k/contig_lowmem_apps_stockev',
  'debian-6.1-4k/pin_vmsplice_fail',
  'debian-6.1-4k/lossy',
  'pairs/cma-second-reads/baseline/run02',
].map((name) => `traces/${name}/trace.txt.gz`);
const missing = captures.filter((path) => !existsSync(path));
if (missing.length > 0) throw new Error(`not in this checkout: ${missing.join(', ')}`);
process.exitCode = await run(['report', ...captures, '-o', 'out/report']);
