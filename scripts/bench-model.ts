/**
 * The model's part of `npm run bench` alone: `node --expose-gc dist/scripts/bench-model.js`. `--record` writes docs/speed.md,
 * `--quick` shows that it works, `--long` goes up to 10^8 events. With a scenario (`mixed 1000000 1`: kind, folios, rounds)
 * it is one measurement, as a line of JSON.
 */
import { type Mix, runModel } from './bench/model.ts';
import { benchModel } from './bench/model-table.ts';

const [mix, folios, rounds] = process.argv.slice(2);
if (mix === 'rows' || mix === 'steps' || mix === 'mixed') {
  // Compiled first: what is measured is the model, not the engine's start.
  runModel(mix, 3e4);
  const run = runModel(mix satisfies Mix, Number(folios ?? 1e6), Number(rounds ?? 1));
  process.stdout.write(`${JSON.stringify(run)}\n`);
} else {
  const has = (flag: string): boolean => process.argv.includes(flag);
  benchModel({ record: has('--record'), quick: has('--quick'), long: has('--long') });
}
