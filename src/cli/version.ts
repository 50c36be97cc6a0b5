/** Which folioscope this is. */
import { existsSync, readFileSync } from 'node:fs';

/** The version in the package.json nearest above the compiled file, wherever it was compiled to. */
export function version(): string {
  let manifest = new URL('./package.json', import.meta.url);
  while (!existsSync(manifest) && manifest.pathname !== '/package.json')
    manifest = new URL('../package.json', manifest);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
