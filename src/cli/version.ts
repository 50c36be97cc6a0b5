/** Which folioscope this is. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the package.json nearest above the compiled file, wherever it was compiled to. */
export function packageFolder(): string {
  let manifest = new URL('./package.json', import.meta.url);
  while (!existsSync(manifest) && manifest.pathname !== '/package.json')
    manifest = new URL('../package.json', manifest);
  return fileURLToPath(new URL('.', manifest));
}

/** The version in that package.json. */
export function version(): string {
  return (JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')) as { version: string }).version;
}
