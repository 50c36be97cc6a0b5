/**
 * Runs every compiled test with node's own runner. A glob of a fixed depth misses files in silence and a stale `dist`
 * keeps deleted ones, so the number of compiled test files must equal the number of sources. Skipped tests are listed
 * after the run; with FOLIOSCOPE_REQUIRE_TOOLS=1 a skip for want of a tool is a failure.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const dist = join(here, '..');
const root = join(dist, '..');

function filesEndingIn(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name))
    .sort();
}

const houses = ['src', 'scripts'];
const compiled = houses.flatMap((house) => filesEndingIn(join(dist, house), '.test.js'));
const sources = houses.flatMap((house) => filesEndingIn(join(root, house), '.test.ts'));
const stem = (base: string, path: string): string =>
  relative(base, path)
    .split(sep)
    .join('/')
    .replace(/\.[jt]s$/, '');
const compiledStems = new Set(compiled.map((path) => stem(dist, path)));
const missing = sources.filter((path) => !compiledStems.has(stem(root, path)));
if (sources.length === 0 || missing.length > 0 || compiled.length !== sources.length) {
  console.error(`test: ${sources.length} test files in src and scripts, ${compiled.length} compiled`);
  for (const path of missing) console.error(`  not compiled: ${relative(root, path)}`);
  process.exit(1);
}

const folder = mkdtempSync(join(tmpdir(), 'folioscope-test-'));
const list = join(folder, 'skips.ndjson');
// The reporter that this node would choose by itself, named because a second one is added.
const [major = 0] = process.versions.node.split('.').map(Number);
const reporter = process.stdout.isTTY || major >= 23 ? 'spec' : 'tap';
const run = spawnSync(
  process.execPath,
  [
    '--enable-source-maps',
    '--test',
    `--test-reporter=${reporter}`,
    '--test-reporter-destination=stdout',
    `--test-reporter=${new URL('./skips-reporter.js', import.meta.url)}`,
    `--test-reporter-destination=${list}`,
    ...compiled,
  ],
  { stdio: 'inherit', cwd: root },
);
const skips = readFileSync(list, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as { file: string; name: string; reason: string });
rmSync(folder, { recursive: true });

// stderr, so that node's closing lines stay the last of stdout.
// Captures outside the repository are no tool that anyone could install.
const wanting = skips.filter((skip) => !skip.reason.includes('FOLIOSCOPE_CAPTURES'));
const reasons = `${wanting.length} for want of a tool, ${skips.length - wanting.length} without FOLIOSCOPE_CAPTURES`;
console.error(
  `test: ${compiled.length} files on node ${process.versions.node}, ${skips.length} tests skipped (${reasons})`,
);
for (const skip of skips) console.error(`  skipped: ${skip.name}: ${skip.reason}`);
let code = run.status ?? 1;
if (run.signal) console.error(`test: the runner was ended by ${run.signal}`);
if (process.env['FOLIOSCOPE_REQUIRE_TOOLS'] === '1' && wanting.length > 0) {
  console.error(`test: FOLIOSCOPE_REQUIRE_TOOLS=1, and ${wanting.length} tests were skipped: that is a failure`);
  code = code === 0 ? 1 : code;
}
process.exitCode = code;
