/** The face is for browsers: bundled for one, it must not reach for the machine or for anything native. */
import { strict as assert } from 'node:assert';
import { builtinModules } from 'node:module';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { rolldown } from 'rolldown';
import { root } from './test-support.ts';

const builtin = new Set([...builtinModules, ...builtinModules.map((name) => `node:${name}`)]);

interface Bundled {
  /** Imports of the machine or of native code: what, and from where. */
  readonly forbidden: string[];
  readonly modules: number;
  readonly code: string;
}

/** Bundles a file for the browser and notes what a browser could not load. */
async function bundleForBrowser(entry: string): Promise<Bundled> {
  const forbidden: string[] = [];
  let modules = 0;
  const build = await rolldown({
    input: entry,
    platform: 'browser',
    logLevel: 'silent',
    plugins: [
      {
        name: 'no machine behind the face',
        resolveId(source, importer) {
          if (builtin.has(source) || /\.node$/.test(source) || /^@resvg\//.test(source)) {
            forbidden.push(`${source} from ${relative(root, importer ?? '')}`);
            return { id: source, external: true };
          }
          return null;
        },
        load(id) {
          modules++;
          if (id.endsWith('.node')) forbidden.push(id);
          return null;
        },
      },
    ],
  });
  const { output } = await build.generate({ format: 'esm' });
  await build.close();
  return { forbidden, modules, code: output.map((part) => (part.type === 'chunk' ? part.code : '')).join('\n') };
}

test('index.ts can be bundled for a browser', async () => {
  const { forbidden, modules, code } = await bundleForBrowser(join(root, 'src/index.ts'));
  assert.deepEqual(forbidden, []);
  assert.ok(modules > 50, `only ${modules} modules seen`);
  assert.match(code, /export \{[^}]*readBytes/);
  assert.doesNotMatch(code, /(?:from|import|require)\s*\(?\s*["'](?:node:|@resvg)/);
});

test('the same look at node.ts sees the machine', async () => {
  const { forbidden } = await bundleForBrowser(join(root, 'src/node.ts'));
  assert.ok(
    forbidden.some((one) => one.startsWith('node:fs')),
    'a checker that cannot see node:fs behind node.ts sees nothing',
  );
});
