/** `folioscope notebook`: a notebook over a capture of one's own, to be changed and run in a browser. */
import { existsSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { Command } from 'commander';
import { ScenarioError, TraceError } from '../base/errors.ts';
import { besideOf, filesReadFor } from '../read/file.ts';
import { withCapture } from './captures.ts';
import { notebookText } from './notebook-template.ts';
import { addCaptureOptions, type CaptureOptions, readOptionsOf } from './options.ts';
import { prepareFolder, printJson, printLines, writeFiles } from './output.ts';

interface NotebookOptions extends CaptureOptions {
  readonly output: string;
}

/** What a notebook of a capture is called: `trace.txt.gz` gives `trace.html`. */
function nameFor(file: string): string {
  return `${basename(file).replace(/(.)\.[^/]*$/, '$1')}.html`;
}

/**
 * A file's address from a folder, as a notebook names its attachments.
 *
 * @throws ScenarioError for a name that an address would cut short
 */
function addressOf(file: string, folder: string): string {
  const path = relative(resolve(folder), resolve(file)).split(sep).join('/');
  const wrong = /[?#%\\]/.exec(path);
  if (wrong !== null) {
    const why = `has a ${wrong[0]} in its path, which the address of a page cannot name`;
    throw new ScenarioError('notebook/name', `${file}: ${why}`, 'copy it, or name it otherwise');
  }
  return path.startsWith('.') ? path : `./${path}`;
}

/**
 * Writes the notebook. Opens the capture, so that what is none is said now, but does not read it through.
 *
 * @throws TraceError for what is no capture in one file
 * @throws ScenarioError for a place that cannot be written, or where a notebook is already
 */
async function writeNotebook(file: string, options: NotebookOptions): Promise<void> {
  if (file === '-') throw new ScenarioError('usage/stdin', 'a notebook reads a file, not stdin');
  const reading = readOptionsOf(options);
  const [first, ...others] = (await filesReadFor(file)).sort((a, b) => Number(b === file) - Number(a === file));
  if (first !== file) {
    throw new TraceError('directory', { file }, 'that is a folder, and a notebook reads one file', 'put it into a tar');
  }
  await withCapture(file, options, async () => undefined);
  const meta = others.find((other) => basename(other) === 'meta.json');
  // The notebook has the sidecar; a copy of the device's probes beside the capture goes into its options.
  const probes = others.some((other) => other !== meta)
    ? (await besideOf(file, {})).sidecar?.probeDefinitions
    : undefined;
  const name = nameFor(file);
  const path = join(options.output, name);
  if (existsSync(path)) {
    const hint = 'choose another folder with -o DIR, or move it away';
    throw new ScenarioError('notebook/exists', `${path} is there, and may hold what you wrote`, hint);
  }
  const text = notebookText({
    title: `A capture: ${basename(file)}`,
    library: 'folioscope',
    trace: addressOf(file, options.output),
    ...(meta === undefined ? {} : { sidecar: addressOf(join(dirname(file), basename(meta)), options.output) }),
    reading: { ...(probes === undefined ? {} : { probeDefinitions: probes }), ...reading },
    serving: `To run it: \`${install}\`, then \`${build(name)}\`, and serve \`dist\`: \`${serve}\`.`,
  });
  prepareFolder(options.output);
  writeFiles(options.output, { [name]: text });
  if (options.json) await printJson({ notebook: path });
  else await printLines([`notebook: ${path}`, 'to run it, there:', install, build(name), serve]);
}

const install = 'npm install folioscope @observablehq/notebook-kit';
const build = (name: string): string => `npx notebooks build --out dist -- ${JSON.stringify(name)}`;
const serve = 'python3 -m http.server -d dist';

export function notebookCommand(): Command {
  const command = new Command('notebook')
    .description('write a notebook over a capture, to be changed and run in a browser')
    .argument('<file>', 'a capture in one file')
    .option('-o, --output <dir>', 'folder to write into', '.');
  return addCaptureOptions(command).action(writeNotebook);
}
