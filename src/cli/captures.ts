/** Opening a capture for a command, and the books that every command shows when something could not be read. */
import { exitCodes, ScenarioError, TraceError } from '../base/errors.ts';
import type { Accounting, Capture, OpenCapture } from '../events/capture.ts';
import type { History } from '../history/facts.ts';
import { workOut } from '../history/history.ts';
import { openCapture } from '../read/file.ts';
import { count, percent } from '../report/numbers.ts';
import { showFailure } from './failure.ts';
import { type CaptureOptions, readOptionsOf } from './options.ts';
import { say } from './output.ts';
import { startProgress } from './progress.ts';

/** Stops before anything is read when stdin is asked for twice: it can be read once. */
export function checkFiles(files: readonly string[]): void {
  if (files.filter((file) => file === '-').length > 1)
    throw new ScenarioError('usage/stdin', 'stdin (-) is named twice and can be read once', 'put it into a file first');
}

/**
 * Opens a capture and hands it to `use`, with the progress of reading on the terminal. `use` looks at one batch at a time
 * and keeps none, unless it `holds` them.
 */
export async function withCapture<T>(
  path: string,
  options: CaptureOptions,
  use: (open: OpenCapture) => Promise<T>,
  { doing = 'reading', holds = false }: { readonly doing?: string; readonly holds?: boolean } = {},
): Promise<T> {
  const progress = startProgress(`${doing} ${path}`);
  let open: OpenCapture | undefined;
  try {
    const { threads } = options;
    const how = { ...readOptionsOf(options), ...(threads === undefined ? {} : { threads }) };
    open = await openCapture(path, { ...how, onProgress: progress.update, lendsBatches: !holds });
    return await use(open);
  } finally {
    // A use that failed before it asked for events would leave the file open.
    await open?.close?.();
    progress.end();
  }
}

/** A capture that could not be read or replayed, and why. */
export interface LeftOut {
  readonly file: string;
  readonly why: string;
}

/**
 * Does something with each capture. One that cannot be read, or of which too little is known, is said on stderr and does not
 * keep the others from their turn; `worst` is the exit code that follows.
 *
 * @throws ScenarioError for options that are wrong whatever the capture
 */
export async function eachReadable<T>(
  files: readonly string[],
  options: CaptureOptions,
  use: (file: string) => Promise<T>,
): Promise<{ done: T[]; leftOut: LeftOut[]; worst: number }> {
  readOptionsOf(options);
  const done: T[] = [];
  const leftOut: LeftOut[] = [];
  let worst: number = exitCodes.done;
  for (const file of files) {
    try {
      done.push(await use(file));
    } catch (error) {
      if (!(error instanceof TraceError || error instanceof ScenarioError)) throw error;
      worst = Math.max(worst, showFailure(error));
      leftOut.push({ file, why: error.message });
    }
  }
  return { done, leftOut, worst };
}

/**
 * Nothing here puts times of two captures on one axis: each is read, replayed and drawn by itself. Readers may, so they are
 * told when the clocks are different ones, or when nobody says which they are.
 */
export function differentClocks(captures: readonly Capture[]): string[] {
  const nameOf = ({ clock }: Capture): string =>
    clock.unit === 'none' ? 'no times' : (clock.name?.value ?? 'not known');
  const names = new Set(captures.map(nameOf));
  if (captures.length < 2 || (names.size === 1 && !names.has('not known'))) return [];
  const each = [...names]
    .map(
      (name) =>
        `${name}: ${captures
          .filter((capture) => nameOf(capture) === name)
          .map(({ source }) => source)
          .join(', ')}`,
    )
    .join('; ');
  const isUnlike = [...names].filter((name) => name !== 'not known').length > 1;
  const told = isUnlike ? 'The captures have different clocks' : 'The clock of a capture is not known';
  return [`${told}: no time of one may be set against one of another (${each}).`];
}

/** Share of the input that could not be read; 0 of nothing. */
export function lossShare(books: Accounting): number {
  return books.total === 0 ? 0 : books.skipped / books.total;
}

/** The skipped input by reason with the first place of each, a line each; nothing when nothing was skipped. */
export function skippedLines(capture: Capture): string[] {
  const { skips, skipped, total, unit } = capture.accounting;
  if (skipped === 0) return [];
  return [
    `${capture.source}: ${count(skipped)} of ${count(total)} ${unit} skipped (${percent(skipped / total)}):`,
    ...skips.map((note) => {
      const text = note.firstText === '' ? '' : `: ${note.firstText}`;
      return `  ${count(note.count)} ${note.reason} (first: ${note.firstPlace}${text})`;
    }),
  ];
}

/** The error for a capture of which too much could not be read, or undefined when it may be trusted. */
export function tooMuchSkipped(capture: Capture, maxLoss: number): TraceError | undefined {
  const share = lossShare(capture.accounting);
  if (capture.accounting.cutShort === true && maxLoss < 1) {
    const why = capture.accounting.skips.at(-1)?.reason ?? 'the input ends early';
    return new TraceError(
      'capture/cut-short',
      { file: capture.source },
      `${why}: how much is missing behind ${count(capture.accounting.total)} ${capture.accounting.unit} is not known`,
      'copy it again; --max-loss 1 takes it as it is',
    );
  }
  if (share <= maxLoss) return undefined;
  const { skipped, total, unit } = capture.accounting;
  return new TraceError(
    'capture/skipped',
    { file: capture.source },
    `${count(skipped)} of ${count(total)} ${unit} could not be read: ${percent(share)}, and --max-loss allows ${percent(maxLoss)}`,
    'folioscope inspect says why and where; --max-loss SHARE accepts more',
  );
}

/**
 * Reads a capture and works out what happened, for commands that draw conclusions. Says on stderr what was skipped.
 *
 * @param use works it out while it looks at the batches too; as for `withCapture`, it may say that it holds them
 * @throws TraceError when the capture cannot be read, or when more of it than `--max-loss` was skipped.
 */
export async function historyOf(
  path: string,
  options: CaptureOptions,
  use: (open: OpenCapture) => Promise<History> = workOut,
  how: { readonly holds?: boolean } = {},
): Promise<History> {
  const history = await withCapture(path, options, use, how);
  for (const line of skippedLines(history.capture)) say(line);
  const refusal = tooMuchSkipped(history.capture, options.maxLoss);
  if (refusal) throw refusal;
  return history;
}
