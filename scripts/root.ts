/** The folder of package.json, wherever the compiled scripts lie below it. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root: string = findRoot();

function findRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package-lock.json'))) {
    const up = dirname(folder);
    if (up === folder) throw new Error('no package-lock.json above the scripts');
    folder = up;
  }
  return folder;
}
