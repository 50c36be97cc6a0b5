/** `folioscope rerun`: the same comparison again, from its manifest or from the JSON that carries it. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { ScenarioError, TraceError } from '../base/errors.ts';
import { modelVersion } from '../replay/outcome.ts';
import { type CompareOptions, compareFiles } from './compare.ts';
import { type Input, inputAt, type Manifest, manifestSchema } from './manifest.ts';
import { defaultMaxLoss } from './options.ts';
import { say } from './output.ts';
import { version } from './version.ts';

/** What of a manifest is needed to do it again. */
type Asked = Pick<Manifest, 'version' | 'modelVersion' | 'files' | 'options' | 'inputs'>;

interface RerunOptions {
  readonly anyway?: boolean;
}

/** @throws ScenarioError for a file that holds no manifest, or one of another schema */
async function readManifest(path: string): Promise<Asked> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new ScenarioError(
      'rerun/file',
      `${path}: ${error.message}`,
      'give what `folioscope compare --json` printed, or wrote with --manifest',
    );
  }
  // Loaded here: nothing else of this command's start needs it.
  const { z } = await import('zod');
  const manifest = z.object({
    manifest: z.literal(manifestSchema),
    version: z.string(),
    modelVersion: z.number(),
    command: z.literal('compare'),
    files: z.array(z.string()).min(1),
    options: z.record(z.string(), z.unknown()),
    inputs: z.array(z.object({ path: z.string(), bytes: z.number(), sha256: z.string() })),
  });
  const parsed = z.union([manifest, z.object({ manifest }).transform(({ manifest }) => manifest)]).safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ScenarioError(
    'rerun/file',
    `${path}: holds no manifest of schema ${manifestSchema}`,
    'give what `folioscope compare --json` printed, or wrote with --manifest',
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
  const manifest = await readManifest(path);
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
