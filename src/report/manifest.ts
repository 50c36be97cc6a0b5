/** What went into a comparison, by hash, and what was asked: enough to make the same bytes again, or to see what is not as it was. */
import { count } from './numbers.ts';
import { type Table, table } from './tables.ts';

/** Goes up when a key changes its meaning or goes away. */
export const manifestSchema = 1;

/** A file that was read. */
export interface Input {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A policy that was replayed: by its answers on every axis where it is one of ours, else by the file among the inputs. */
export interface ManifestPolicy {
  readonly name: string;
  readonly source: string;
  readonly choices?: Readonly<Record<string, string>>;
}

export interface Manifest {
  readonly manifest: typeof manifestSchema;
  readonly version: string;
  readonly modelVersion: number;
  readonly command: 'compare' | 'report';
  /** As they were named; `-` is stdin, of which nothing is known. */
  readonly files: readonly string[];
  /** Options of the command by name, as far as they were given and bear on what comes out. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly seed: number;
  /** By capture. */
  readonly draws: readonly number[];
  readonly inputs: readonly Input[];
  readonly policies: readonly ManifestPolicy[];
}

/** Inputs, what was asked, and each policy by its choice on every axis. */
export function manifestTables(manifest: Manifest): Table[] {
  const { inputs, files, policies, seed, draws, version, modelVersion, options } = manifest;
  const axes = [...new Set(policies.flatMap(({ choices = {} }) => Object.keys(choices)))].sort();
  const shared = axes.filter((axis) => new Set(policies.map(({ choices }) => choices?.[axis])).size === 1);
  const differing = axes.filter((axis) => !shared.includes(axis));
  const isStdin = files.includes('-');
  return [
    {
      ...table(
        ['input', 'bytes>', 'SHA-256'],
        inputs.map(({ path, bytes, sha256 }) => [path, count(bytes), sha256]),
        {
          title: 'Inputs, with their sidecars, probe lists and policy files',
          notes: isStdin ? ['One capture was read from stdin, of which nothing is known.'] : [],
        },
      ),
      stacked: true,
    },
    table(
      ['', ''],
      [
        ['folioscope', version],
        ['model version', String(modelVersion)],
        ['seed', String(seed)],
        ['draws, by capture', draws.map(count).join(', ')],
        ...Object.entries(options).map(([name, value]) => [`option ${name}`, textOf(value)]),
      ],
      { title: 'Versions, seed and options' },
    ),
    {
      ...table(
        ['policy', 'from', 'choices'],
        policies.map(({ name, source, choices }) => [
          name,
          source,
          choices === undefined
            ? 'its file is among the inputs'
            : differing.map((axis) => `${axis}: ${choices[axis] ?? 'not asked'}`).join('; '),
        ]),
        {
          title: 'Policies, by their choice on each axis on which they differ',
          notes:
            shared.length === 0
              ? []
              : [`The same in all: ${shared.map((axis) => `${axis}: ${policies[0]?.choices?.[axis]}`).join('; ')}.`],
        },
      ),
      stacked: true,
    },
  ].filter(({ rows }) => rows.length > 0);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
