/** The files of Vega for browsers, out of the packages that are installed: an interactive page holds them. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ScenarioError } from '../base/errors.ts';
import type { RuntimeTexts } from '../report/interactive.ts';

/** @throws ScenarioError when the packages were installed without their files for browsers */
export function browserRuntime(): RuntimeTexts {
  // The packages name no other file than their modules: the files for browsers lie beside those.
  const read = (name: string): string => readBeside(name, `${name}.min.js`);
  return { vega: read('vega'), vegaLite: read('vega-lite'), interpreter: interpreter() };
}

function readBeside(name: string, file: string): string {
  const path = fileURLToPath(new URL(`./${file}`, import.meta.resolve(name)));
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new ScenarioError('option/interactive', `--interactive: ${path} is not there`, 'install the packages again');
  }
}

const imports = /^import \{ ([\w, ]+) \} from ['"]vega-util['"];$/m;
const exports = /^export \{ (\w+) as expressionInterpreter \};$/m;

/**
 * Vega's interpreter of expressions, which spares the page from allowing text to become functions. It comes as a module only, which
 * imports what Vega's own file for browsers holds as well, so its one import and one export become a function's.
 */
function interpreter(): string {
  const module = readBeside('vega-interpreter', 'vega-interpreter.js');
  const [taken, given] = [module.match(imports)?.[1], module.match(exports)?.[1]];
  if (taken === undefined || given === undefined) {
    throw new ScenarioError(
      'option/interactive',
      '--interactive: the package vega-interpreter is not as it was when this was written',
      'install the version that package-lock.json names: npm ci',
    );
  }
  const body = module
    .replace(imports, '')
    .replace(exports, '')
    .replace(/^\/\/# sourceMappingURL.*$/m, '');
  return `globalThis.expressionInterpreter=(({${taken}})=>{${body}\nreturn ${given};})(globalThis.vega);`;
}
