/**
 * `npm run check:captures`: every capture of the folder that FOLIOSCOPE_CAPTURES names (the bundled ones without it) that
 * exists in several formats, each format held to the others, and binary captures to the reference decoders where these are
 * installed. Prints a table; exit 1 when a difference has no rule that explains it. docs/formats/exactness.md says what the
 * rules are.
 */
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { foldersWithSeveral, membersOf } from './exact/captures.ts';
import { type Comparison, compareFolder, compareTool } from './exact/folder.ts';
import { hasTool, versionOf } from './exact/reference.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'no-reference': { type: 'boolean' }, only: { type: 'string' } },
});

/** From dist/scripts. */
const bundled = fileURLToPath(new URL('../../traces', import.meta.url));
const top = positionals[0] ?? process.env['FOLIOSCOPE_CAPTURES'] ?? bundled;

function tell(comparison: Comparison): void {
  const { folder, what, kind, compared, values, explained, oneSided, unexplained, examples } = comparison;
  const drift = comparison.drift === undefined ? '' : `, clocks within ${(comparison.drift / 1e6).toFixed(3)} ms`;
  console.log(
    `${unexplained === 0 && compared > 0 ? 'ok  ' : 'FAIL'} ${relative(top, folder)}: ${what} (${kind}): ${compared} events, ${values} values${drift}, ${unexplained} unexplained`,
  );
  for (const [rule, count] of explained) console.log(`       ${count} explained: ${rule}`);
  if (oneSided.size > 0) console.log(`       recorded by one side only: ${[...oneSided.keys()].sort().join(', ')}`);
  for (const example of examples.slice(0, 8)) console.log(`       ! ${example}`);
}

for (const tool of ['trace-cmd', 'perf'] as const) {
  console.log(`${tool}: ${hasTool(tool) ? versionOf(tool).trim() : 'not installed'}`);
}

let comparisons = 0;
let compared = 0;
let failed = 0;
const explained = new Map<string, number>();

function take(comparison: Comparison): void {
  tell(comparison);
  comparisons++;
  compared += comparison.compared;
  // Two formats of one run that have nothing in common were not compared at all.
  if (comparison.unexplained > 0 || comparison.compared === 0) failed++;
  for (const [rule, count] of comparison.explained) {
    const key = `${comparison.kind}: ${rule}`;
    explained.set(key, (explained.get(key) ?? 0) + count);
  }
}

const folders = foldersWithSeveral(top).filter((folder) => folder.includes(values.only ?? ''));
for (const folder of folders) {
  for (const comparison of await compareFolder(folder)) take(comparison);
  if (values['no-reference'] === true) continue;
  for (const member of membersOf(folder).filter(({ what }) => what === 'trace.dat' || what === 'perf.data')) {
    const comparison = await compareTool(folder, member);
    if (comparison !== undefined) take(comparison);
    else console.log(`skip ${relative(top, join(folder, member.what))}: its tool is not installed`);
  }
}
console.log(
  `\n${folders.length} folders, ${comparisons} comparisons, ${compared} events, ${failed} with unexplained differences or nothing to compare`,
);
for (const [rule, count] of [...explained].sort()) console.log(`  ${count} ${rule}`);
if (failed > 0 || comparisons === 0) process.exitCode = 1;
