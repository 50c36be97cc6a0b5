/** The files of Vega for browsers, out of the packages that are installed: an interactive page holds them. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ScenarioError } from '../base/errors.ts';
import type { RuntimeTexts } from '../report/interactive.ts';

/** @throws ScenarioError when the packages were installed without their files for browsers */
export function browserRuntime(): RuntimeTexts {
  const read = (name: string): string => {
    // The packages name no other file than their modules: the files for browsers lie beside those.
    const path = fileURLToPath(new URL(`./${name}.min.js`, import.meta.resolve(name)));
    try {
      return readFileSync(path, 'utf8');
    } catch {
      throw new ScenarioError(
        'option/interactive',
        `--interactive: ${path} is not there`,
        'install the packages again',
      );
    }
  };
  return { vega: read('vega'), vegaLite: read('vega-lite') };
}
