/**
 * The manifest of a comparison: what went in, by hash, and what was asked, so that `folioscope rerun` makes the same bytes again,
 * or says what is not as it was.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { ScenarioError, TraceError } from '../base/errors.ts';
import type { Comparison } from '../compare/comparison.ts';
import { resolvePolicy } from '../policies/policies.ts';
import { filesReadFor, openError } from '../read/file.ts';
import { modelVersion } from '../replay/outcome.ts';
import { type Input, type Manifest, type ManifestPolicy, manifestSchema } from '../report/manifest.ts';
import { isPolicyFile } from './options.ts';
import { toJson } from './output.ts';
import { openOutput } from './output-file.ts';
import type { ReplayOptions } from './replays.ts';
import { version } from './version.ts';

/** Options that say where something is written or how fast. */
const noMatter = new Set([
  'json',
  'threads',
  'manifest',
  'strict',
  'output',
  'interactive',
  'charts',
  'mail',
  'charts',
  'mail',
]);

/** @throws TraceError for an input that can no longer be read */
export async function manifestOf(
  command: Manifest['command'],
  files: readonly string[],
  options: ReplayOptions,
  comparisons: readonly Comparison[],
): Promise<Manifest> {
  const beside = [options.probes, options.map, ...(options.policy ?? []).filter(isPolicyFile)];
  const read = await Promise.all(files.map(filesThere));
  const paths = [...new Set([...read.flat(), ...beside.filter((path) => path !== undefined)])].sort();
  const inputs: Input[] = [];
  for (const path of paths) inputs.push(await inputAt(path));
  return {
    manifest: manifestSchema,
    version: version(),
    modelVersion,
    command,
    files,
    options: Object.fromEntries(Object.entries(options).filter(([name]) => !noMatter.has(name))),
    seed: comparisons[0]?.seed ?? 0,
    draws: comparisons.map(({ draws }) => draws),
    inputs,
    policies: policiesOf(comparisons),
  };
}

/** None for a capture that is not there: that has been said, and is among what was left out. */
async function filesThere(path: string): Promise<string[]> {
  try {
    return await filesReadFor(path);
  } catch (error) {
    if (error instanceof TraceError) return [];
    throw error;
  }
}

function policiesOf(comparisons: readonly Comparison[]): ManifestPolicy[] {
  const policies = new Map<string, ManifestPolicy>();
  for (const { rows, recorded } of comparisons) {
    for (const { policy: name, source } of rows) {
      const key = `${recorded} ${name}`;
      if (!policies.has(key)) policies.set(key, { name, source, ...choicesOf(name, recorded) });
    }
  }
  return [...policies.values()];
}

/** Of a policy of ours, laid over the recorded one; nothing of a user's own. */
function choicesOf(name: string, recorded: string): Pick<ManifestPolicy, 'choices'> {
  try {
    return { choices: resolvePolicy(name, resolvePolicy(recorded)).choices };
  } catch (error) {
    if (error instanceof ScenarioError) return {};
    throw error;
  }
}

/** @throws TraceError when it cannot be read */
export async function inputAt(path: string): Promise<Input> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      hash.update(chunk as Uint8Array);
      bytes += (chunk as Uint8Array).length;
    }
  } catch (error) {
    throw openError(path, error);
  }
  return { path, bytes, sha256: hash.digest('hex') };
}

/** Writes it to a file of its own, which is none of those that are read. */
export async function writeManifest(path: string, files: readonly string[], manifest: Manifest): Promise<void> {
  const output = openOutput(path, files[0] ?? '-');
  try {
    await output.write(toJson(manifest));
  } catch (error) {
    output.drop();
    throw error;
  }
  output.done();
}
