/** Options that every command which reads captures shares, and what they mean to the rooms below. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ScenarioError } from '../base/errors.ts';
import type { PolicyMaker } from '../compare/compare.ts';
import { parseProbeDefinition } from '../events/probe-definitions.ts';
import { resolvePolicy } from '../policies/policies.ts';
import type { ReadOptions } from '../read/format.ts';

/** As commander parses them; an option not given is absent. */
export interface CaptureOptions {
  readonly json?: boolean;
  readonly kernel?: string;
  readonly pageSize?: number;
  readonly paBits?: number;
  readonly recorded?: string;
  readonly probes?: string;
  readonly map?: string;
  readonly threads?: number;
  readonly maxLoss: number;
}

/** Share of the input that may be unreadable before a conclusion is refused (docs/decisions/losses.md). */
export const defaultMaxLoss = 0.001;

function parseKernel(text: string): string {
  if (!/^\d+\.\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError('Write X.Y or X.Y.Z, for example 6.1.192.');
  return text;
}

function parsePageSize(text: string): number {
  const size = { '4k': 4096, '16k': 16384, '64k': 65536 }[text.toLowerCase()] ?? Number(text);
  if (![4096, 16384, 65536].includes(size)) throw new InvalidArgumentError('arm64 has 4096, 16384 and 65536.');
  return size;
}

function parsePaBits(text: string): number {
  const bits = Number(text);
  if (bits !== 48 && bits !== 52) throw new InvalidArgumentError('CONFIG_ARM64_PA_BITS is 48 or 52.');
  return bits;
}

function parseFraction(text: string): number {
  const share = text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text);
  if (text.trim() === '' || !(share >= 0 && share <= 1)) throw new InvalidArgumentError('Write a share from 0 to 1.');
  return share;
}

/** A whole number of at least `least`, for `argParser`. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`Write a whole number of at least ${least}.`);
    return value;
  };
}

/** An option that may be given again: values in the order given. */
export function again(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

/** Adds `--json`. */
export function addJson(command: Command): Command {
  return command.option('--json', 'data for machines: the keys are those of docs/cli.md');
}

/** Adds what every command that reads a capture takes. */
export function addCaptureOptions(command: Command): Command {
  return addJson(command)
    .addOption(new Option('--kernel <version>', 'kernel that was recorded, for example 6.1.192').argParser(parseKernel))
    .addOption(new Option('--page-size <bytes>', 'its page size: 4096, 16384 or 65536').argParser(parsePageSize))
    .addOption(new Option('--pa-bits <bits>', 'its physical address bits: 48 or 52').argParser(parsePaBits))
    .option('--recorded <policy>', 'policy that the recorded kernel ran')
    .option('--probes <file>', 'lines of its kprobe_events: which function each probe is on')
    .option('--map <file>', 'JSON object for CSV: {"header name": "column or event field"}')
    .addOption(
      new Option(
        '--threads <n>',
        '1, or 2 for large captures where there are CPUs (default: what is faster)',
      ).argParser(wholeNumber(1)),
    )
    .addOption(
      new Option('--max-loss <share>', 'share of unreadable input above which no conclusion is drawn')
        .argParser(parseFraction)
        .default(defaultMaxLoss),
    );
}

/**
 * A file that an option (or an argument) names.
 *
 * @throws ScenarioError when it cannot be read
 */
export function readText(option: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const why = { ENOENT: 'there is no such file', EACCES: 'permission denied', EISDIR: 'that is a folder' }[code];
    throw new ScenarioError('option/file', `${option} ${path}: ${why ?? message}`);
  }
}

function readMap(path: string): Record<string, string> {
  const form = 'write {"header name": "column or event field", ...}; docs/formats/csv.md lists the columns';
  let value: unknown;
  try {
    value = JSON.parse(readText('--map', path));
  } catch (error) {
    if (error instanceof ScenarioError) throw error;
    throw new ScenarioError('option/map', `--map ${path}: ${(error as Error).message}`, form);
  }
  const isMap =
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((one) => typeof one === 'string');
  if (!isMap) throw new ScenarioError('option/map', `--map ${path}: not an object of names`, form);
  return value as Record<string, string>;
}

/** Lines of a probe file; one in which nothing is a probe on a function is another file than was meant. */
function readProbes(path: string): string[] {
  const lines = readText('--probes', path).split(/\r?\n/).filter(Boolean);
  if (lines.some((line) => parseProbeDefinition(line) !== undefined)) return lines;
  throw new ScenarioError(
    'option/probes',
    `--probes ${path}: no line of it defines a probe on a function`,
    'give lines of /sys/kernel/tracing/kprobe_events, for example p:mm/try_to_migrate try_to_migrate folio=%x0:x64',
  );
}

/**
 * What the user said, for the reading room.
 *
 * @throws ScenarioError for a file that cannot be read or holds something else, and for a policy that does not exist.
 */
export function readOptionsOf(options: CaptureOptions): ReadOptions {
  if (options.recorded !== undefined) checkPolicy(options.recorded);
  return {
    ...(options.kernel === undefined ? {} : { kernelVersion: options.kernel }),
    ...(options.pageSize === undefined ? {} : { pageSize: options.pageSize }),
    ...(options.paBits === undefined ? {} : { paBits: options.paBits }),
    ...(options.recorded === undefined ? {} : { recordedPolicy: options.recorded }),
    ...(options.map === undefined ? {} : { csvMap: readMap(options.map) }),
    ...(options.probes === undefined ? {} : { probeDefinitions: readProbes(options.probes) }),
  };
}

/**
 * Makes sure that a policy exists before an hour is spent on reading; what it is laid over does not matter for that.
 *
 * @throws ScenarioError with the nearest names.
 */
export function checkPolicy(name: string): void {
  resolvePolicy(name);
}

/**
 * A user's policy as a module of decision functions, known by the hash of its bytes.
 *
 * @throws ScenarioError for a file that cannot be read, is no module, or exports no policy.
 */
async function policyModule(path: string): Promise<PolicyMaker> {
  const sha256 = createHash('sha256').update(readText('--policy', path)).digest('hex');
  const { moduleMaker } = await import('../policies/module.ts');
  let module: unknown;
  try {
    module = await import(pathToFileURL(resolve(path)).href);
  } catch (error) {
    throw new ScenarioError(
      'option/file',
      `--policy ${path}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return moduleMaker(module, path, sha256);
}

const isModule = (policy: string): boolean => /\.m?js$/.test(policy);

/** Whether a policy of the command line is a file, not a name. */
export function isPolicyFile(policy: string): boolean {
  return isModule(policy) || /\.(ya?ml|json)$/.test(policy);
}

/**
 * A policy to replay under: its name, or the maker of a user's own when a file is named. A mistake in either is said before
 * any capture is read.
 */
export async function policyOf(name: string): Promise<string | PolicyMaker> {
  if (isModule(name)) return policyModule(name);
  if (!isPolicyFile(name)) {
    checkPolicy(name);
    return name;
  }
  const text = readText('--policy', name);
  // Loaded here: what reads YAML is a third of the start-up time, and few command lines name a file.
  const { parseUserPolicy } = await import('../policies/user.ts');
  parseUserPolicy(text, name);
  return (recorded, options) => parseUserPolicy(text, name, recorded, options);
}
