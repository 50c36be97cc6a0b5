/**
 * The house keeps its walls: every import of every source file against the table below, which is that of
 * docs/architecture.md. Tests are free to import what they like; everything else is not.
 */
import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { test } from 'node:test';
import { root } from './test-support.ts';

interface Room {
  readonly rooms: readonly string[];
  readonly packages: readonly string[];
  /** Files that may import `node:`; a worker touches the machine by being one. */
  readonly edges: RegExp | undefined;
}

const everyRoom = [
  'base',
  'events',
  'read',
  'history',
  'model',
  'policies',
  'replay',
  'compare',
  'write',
  'report',
  'check',
];

/** Who may import what. A room may always import itself. */
const rooms: Readonly<Record<string, Room>> = {
  base: { rooms: [], packages: [], edges: undefined },
  events: { rooms: ['base'], packages: [], edges: undefined },
  read: {
    rooms: ['base', 'events'],
    packages: ['csv-parse', 'zstddec', 'fflate', 'pbf'],
    edges: /^src\/read\/(file(-[a-z]+)*|(.*-)?worker)\.ts$/,
  },
  history: { rooms: ['base', 'events'], packages: [], edges: undefined },
  model: { rooms: ['base'], packages: [], edges: undefined },
  policies: { rooms: ['base', 'model'], packages: ['zod', 'yaml'], edges: undefined },
  replay: {
    rooms: ['base', 'events', 'history', 'model', 'policies'],
    packages: ['zod', 'yaml'],
    edges: /^src\/replay\/(.*-)?worker\.ts$/,
  },
  compare: {
    rooms: ['base', 'events', 'history', 'model', 'policies', 'replay'],
    packages: ['arquero'],
    edges: undefined,
  },
  write: {
    rooms: ['base', 'events', 'history', 'replay'],
    packages: ['arquero', 'hyparquet', 'hyparquet-writer'],
    edges: undefined,
  },
  report: {
    rooms: ['base', 'events', 'history', 'policies', 'replay', 'compare', 'write'],
    packages: ['arquero', 'vega', 'vega-lite', '@resvg/resvg-js'],
    edges: /^src\/report\/png\.ts$/,
  },
  check: {
    rooms: ['base', 'events', 'history', 'policies', 'replay', 'report'],
    packages: ['zod'],
    edges: undefined,
  },
  cli: { rooms: everyRoom, packages: ['commander'], edges: /./ },
};

/** Packages with a rule of their own inside their room: nothing but a chart's file knows Vega, nothing but png.ts resvg. */
const keepers: readonly { readonly package: RegExp; readonly room: string; readonly files: RegExp }[] = [
  { package: /^vega(-lite)?$/, room: 'report', files: /^src\/report\/(charts\/.+|png|svg)\.ts$/ },
  { package: /^@resvg\/resvg-js$/, room: 'report', files: /^src\/report\/png\.ts$/ },
];

/** Files at the root of src. `index.ts` stands for the browser: nothing of the machine, directly or behind it. */
const rootFiles: Readonly<Record<string, Room>> = {
  'src/index.ts': { rooms: everyRoom, packages: [], edges: undefined },
  'src/node.ts': { rooms: [...everyRoom, 'src/index.ts'], packages: [], edges: undefined },
  'src/test-support.ts': { rooms: [], packages: [], edges: /./ },
};

/** Modules that only `node.ts` and `cli/` may reach, because they touch the machine or are native. */
const machine = /^src\/(read\/file(-[a-z]+)*|report\/png)\.ts$/;

interface Import {
  readonly from: string;
  readonly line: number;
  readonly what: string;
}

/** `from '…'`, `import '…'`, `import('…')`, and the URL of a worker. Comments are blanked first. */
function importsOf(file: string, text: string): Import[] {
  const bare = text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|\s)\/\/[^\n]*/g, '$1');
  const found: Import[] = [];
  for (const pattern of [
    /\b(?:from\s|import\b\s*\(?)\s*['"]([^'"\n]+)['"]/g,
    /new URL\(\s*['"](\.[^'"\n]+\.[jt]s)['"]/g,
  ])
    for (const match of bare.matchAll(pattern))
      found.push({ from: file, line: bare.slice(0, match.index).split('\n').length, what: match[1] ?? '' });
  return found;
}

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.split(sep).join('/')}`)
    .filter((name) => name.endsWith('.ts'))
    .sort();
}

function roomOf(path: string): string {
  const [house, room, ...rest] = path.split('/');
  return house === 'src' && room !== undefined && rest.length > 0 ? room : path;
}

function packageOf(what: string): string {
  return what
    .split('/')
    .slice(0, what.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The rule that an import of a shipped file breaks, or undefined. */
function broken({ from, what }: Import): string | undefined {
  const home = roomOf(from);
  const rule = rooms[home] ?? rootFiles[from];
  if (!rule) return `${home} is no room of the house and no known root file`;
  if (what.startsWith('.')) {
    const target = relative(root, join(root, dirname(from), what))
      .split(sep)
      .join('/');
    if (!target.startsWith('src/')) return 'only scripts may import scripts';
    if (/(\.test|test-support)\.[jt]s$/.test(target)) return 'shipped code imports no test code';
    if (machine.test(target) && home !== 'cli' && from !== 'src/node.ts' && !machine.test(from))
      return `only node.ts and cli reach ${target}`;
    const room = roomOf(target);
    if (room !== home && !rule.rooms.includes(room)) return `${home} may not import ${room}`;
    return undefined;
  }
  const name = packageOf(what);
  if (what.startsWith('node:')) return rule.edges?.test(from) ? undefined : `${from} may not touch the machine`;
  if (builtinModules.includes(name)) return `write node:${what}`;
  if (!rule.packages.includes(name)) return `${home} may not use the package ${name}`;
  const keeper = keepers.find((one) => one.room === home && one.package.test(name));
  if (keeper && !keeper.files.test(from)) return `within ${home}, ${name} belongs to ${keeper.files}`;
  return undefined;
}

// A room may have made-up facts for its tests in a test-support.ts of its own, which is test code.
const shipped = sources('src').filter(
  (path) => !path.endsWith('.test.ts') && (path === 'src/test-support.ts' || !path.endsWith('/test-support.ts')),
);
const texts = new Map(shipped.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
const imports = shipped.flatMap((path) => importsOf(path, texts.get(path) ?? ''));

test('every import keeps to the rooms', () => {
  // A checker that sees nothing passes everything; the house has more rooms than this before it has a window.
  assert.ok(imports.length >= 20, `only ${imports.length} imports seen in ${shipped.length} files`);
  const seen = new Set(imports.map(({ from }) => roomOf(from)));
  for (const room of ['events', 'read', 'history', 'policies', 'replay', 'compare', 'report', 'cli'])
    assert.ok(seen.has(room), `no import seen in src/${room}`);
  const faults = imports.flatMap((one) => {
    const rule = broken(one);
    return rule === undefined ? [] : [`${one.from}:${one.line} imports ${one.what}: ${rule}`];
  });
  assert.deepEqual(faults, []);
});

test('a wrong import is seen: each of these breaks a rule', () => {
  const wrong: [string, string][] = [
    ['src/base/errors.ts', "import { x } from '../events/batch.ts';"],
    ['src/model/world.ts', "import type { History } from '../history/facts.ts';"],
    ['src/read/tracefs.ts', "import { readFileSync } from 'node:fs';"],
    ['src/read/tracefs.ts', "import { readFileSync } from 'fs';"],
    ['src/read/bytes.ts', "export * from './file.ts';"],
    ['src/history/calls.ts', "const it = await import('arquero');"],
    ['src/history/calls.ts', "import '../cli/main.ts';"],
    ['src/compare/compare.ts', "import * as vega from 'vega';"],
    ['src/report/html.ts', "import { parse } from 'vega';"],
    ['src/report/report.ts', "import { root } from '../test-support.ts';"],
    ['src/report/report.ts', "import { bench } from '../../scripts/bench.ts';"],
    ['src/index.ts', "export { openCapture } from './read/file.ts';"],
    ['src/utils/all.ts', "import { x } from '../base/errors.ts';"],
    ['src/events/batch.ts', "type X = import('../read/format.ts').Reader;"],
    ['src/replay/replay.ts', "new Worker(new URL('../read/worker.ts', import.meta.url));"],
  ];
  for (const [from, text] of wrong) {
    const found = importsOf(from, text);
    assert.equal(found.length, 1, `${text} is one import`);
    assert.notEqual(broken(found[0]!), undefined, `${from}: ${text}`);
  }
  assert.deepEqual(importsOf('src/base/a.ts', "/** import 'x' from 'y' */\n// import { z } from 'z';\n"), []);
});

test('scripts are imported by scripts only, and use no package but those of development', () => {
  const scripts = sources('scripts').filter((path) => !path.endsWith('.test.ts'));
  assert.ok(scripts.length > 0);
  for (const path of scripts)
    for (const { what, line } of importsOf(path, readFileSync(join(root, path), 'utf8')))
      assert.ok(!/test-support/.test(what), `${path}:${line} imports test code`);
});

test('luck and the clock come in from outside: no Math.random, no Date.now, no Buffer below the command line', () => {
  for (const [path, text] of texts) {
    if (roomOf(path) === 'cli' || path === 'src/test-support.ts') continue;
    const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/[^\n]*/g, '$1');
    assert.doesNotMatch(code, /\bMath\.random\b|\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b/, path);
    if (path !== 'src/read/file.ts' && path !== 'src/report/png.ts') assert.doesNotMatch(code, /\bBuffer\b/, path);
  }
});

test('the lock holds flechette 2.6.0: 2.7.0 depends on a package that was never published', () => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version?: string }>;
  };
  const versions = Object.entries(lock.packages)
    .filter(([path]) => path.endsWith('node_modules/@uwdata/flechette'))
    .map(([, entry]) => entry.version);
  assert.deepEqual(versions, ['2.6.0']);
});

test('no file is too long to read in one sitting', () => {
  const long: string[] = [];
  for (const path of sources('src')) {
    const lines = readFileSync(join(root, path), 'utf8').split('\n').length;
    if (lines > 401) long.push(`${path}: ${lines - 1} lines`);
  }
  assert.deepEqual(long, [], '400 at most');
});
