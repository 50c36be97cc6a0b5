/**
 * `node --expose-gc dist/scripts/bench-model.js [mix] [folios] [rounds]`: one run of the model, as one line of JSON. Without
 * arguments, the table of docs/speed.md: `--long` up to 10^8 events.
 */
import { loadavg } from 'node:os';
import { type Mix, runModel } from './bench/model.ts';

const [mix, folios, rounds] = process.argv.slice(2);
if (mix !== undefined && !mix.startsWith('--')) {
  process.stdout.write(`${JSON.stringify(runModel(mix as Mix, Number(folios ?? 1e6), Number(rounds ?? 1)))}\n`);
} else {
  process.stdout.write(`load ${loadavg()[0]!.toFixed(1)}\n`);
}
