/** `folioscope rerun`: the same comparison again, from its manifest or from the JSON that carries it. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { ScenarioError, TraceError } from '../base/errors.ts';
import { modelVersion } from '../replay/outcome.ts';
import { type Input, type Manifest, manifestSchema } from '../report/manifest.ts';
import { type CompareOptions, compareFiles } from './compare.ts';
import { inputAt } from './manifest.ts';
import { defaultMaxLoss } from './options.ts';
import { say } from './output.ts';
import { version } from './version.ts';

/** What of a manifest is needed to do it again. */
type Asked = Pick<Manifest, 'version' | 'modelVersion' | 'files' | 'options' | 'inputs'>;

interface RerunOptions {
  readonly anyway?: boolean;
}

const wanted = 'give what `folioscope compare --json` printed, or wrote with --manifest';

/** @throws ScenarioError for a file that holds no manifest, or one of another schema */
function readManifest(path: string): Asked {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new ScenarioError('rerun/file', `${path}: ${error.message}`, wanted);
  }
  const manifest = isObject(value) && isObject(value['manifest']) ? value['manifest'] : value;
  if (isManifest(manifest)) return manifest;
  throw new ScenarioError('rerun/file', `${path}: holds no manifest of schema ${manifestSchema}`, wanted);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Holds all that is used here; `compare` looks at its options itself. */
function isManifest(value: unknown): value is Asked {
  if (!isObject(value) || value['manifest'] !== manifestSchema || value['command'] !== 'compare') return false;
  const { files, inputs, options } = value;
  const isInput = (one: unknown) =>
    isObject(one) &&
    typeof one['path'] === 'string' &&
    typeof one['bytes'] === 'number' &&
    typeof one['sha256'] === 'string';
  return (
    typeof value['version'] === 'string' &&
    typeof value['modelVersion'] === 'number' &&
    Array.isArray(files) &&
    files.length > 0 &&
    files.every((one) => typeof one === 'string') &&
    Array.isArray(inputs) &&
    inputs.every(isInput) &&
    isObject(options)
  );
}

/** What is not as it was; empty when the same bytes can be made. */
async function differences(manifest: Asked): Promise<string[]> {
  const changed: string[] = [];
  if (manifest.modelVersion !== modelVersion)
    changed.push(`it was made by model ${manifest.modelVersion}, and this is model ${modelVersion}`);
  else if (manifest.version !== version())
    changed.push(`it was made by version ${manifest.version}, and this is ${version()}`);
  if (manifest.files.includes('-')) changed.push('it was made of stdin, of which nothing is known');
  for (const input of manifest.inputs) {
    const now = await inputAt(input.path);
    if (!isSame(now, input))
      changed.push(`${input.path} is another file now: sha256 ${now.sha256}, not ${input.sha256}`);
  }
  return changed;
}

function isSame(a: Input, b: Input): boolean {
  return a.sha256 === b.sha256 && a.bytes === b.bytes;
}

async function rerun(path: string, { anyway }: RerunOptions): Promise<void> {
  const manifest = readManifest(path);
  const changed = await differences(manifest);
  const [first] = changed;
  if (first !== undefined && anyway !== true) {
    throw new TraceError(
      'rerun/changed',
      { file: path },
      `cannot make the same again: ${changed.join('; ')}`,
      '--anyway makes it of what there is now',
    );
  }
  for (const one of changed) say(`note: ${one}`);
  // The options were parsed when they were written; what is missing has its default.
  const options = { maxLoss: defaultMaxLoss, ...manifest.options, json: true } as CompareOptions;
  await compareFiles(manifest.files, options);
}

export function rerunCommand(): Command {
  return new Command('rerun')
    .description('make a comparison again, byte by byte, from its manifest')
    .argument('<manifest>', 'what `compare --json` printed, or wrote with --manifest')
    .option('--anyway', 'also when an input or the model is not what it was')
    .action(rerun);
}
