/**
 * The two kinds of trouble that a user can mend. Anything else that is thrown is a bug of ours.
 *
 * A message says what is wrong and where; `hint` says the way out. The command line prints both on stderr and exits
 * with the code that `exitCodeOf` names. Libraries throw; they never print.
 */

/** Exit codes of the command line (docs/cli.md). 130 on Ctrl-C is the shell's convention. */
export const exitCodes = { done: 0, failed: 1, usage: 2, capture: 3, interrupted: 130 } as const;

/** A capture that cannot be read, or that cannot feed what was asked of it. */
export class TraceError extends Error {
  override readonly name = 'TraceError';
  readonly code: string;
  /** The file, as the user named it. */
  readonly file: string;
  /** Where in the file: `line 12`, `byte 8192`; empty when the whole file is meant. */
  readonly place: string;
  readonly hint: string;

  constructor(code: string, where: { file: string; place?: string }, cause: string, hint = '') {
    super(`${where.file}${where.place ? ` at ${where.place}` : ''}: ${cause}`);
    this.code = code;
    this.file = where.file;
    this.place = where.place ?? '';
    this.hint = hint;
  }
}

/** A wish that cannot be met: a bad option, an unknown policy, a scenario file with a mistake, an unwritable folder. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
  readonly code: string;
  readonly hint: string;

  constructor(code: string, message: string, hint = '') {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** The exit code for whatever was thrown. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof TraceError) return exitCodes.capture;
  if (error instanceof ScenarioError) return exitCodes.usage;
  return exitCodes.failed;
}
