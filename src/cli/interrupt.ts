/**
 * Ctrl-C. While a command waits for input the handler below ends it with the shell's 130. A comparison is made of parts of under
 * a second each, between which it listens: it stops there, and what was done is told. Other replays are one long computation in
 * which no handler of ours could run, so for that time the handler is taken away and the kernel ends the process (the shell
 * calls that 130 too). Files are written beside their places and renamed in one synchronous step, so there is never a
 * half-written one.
 */
import { exitCodes } from '../base/errors.ts';

function interrupted(): void {
  process.stderr.write('\n');
  process.exit(exitCodes.interrupted);
}

/** From now on Ctrl-C ends the process with 130. */
export function listenForInterrupt(): void {
  process.on('SIGINT', interrupted);
}

/** Runs a long synchronous computation that Ctrl-C can end. */
export function interruptible<T>(work: () => T): T {
  const listening = process.listeners('SIGINT').includes(interrupted);
  process.off('SIGINT', interrupted);
  try {
    return work();
  } finally {
    if (listening) process.on('SIGINT', interrupted);
  }
}

/** A work that was stopped before it gave anything. */
export class InterruptError extends Error {
  override readonly name = 'InterruptError';

  constructor(what: string) {
    super(`${what}: stopped before a first part was done`);
  }
}

/** Somebody may ask a long work to stop. */
export interface Interrupt {
  readonly isAsked: boolean;
  /** Resolves when it is asked. */
  readonly asked: Promise<void>;
  /** Ctrl-C means again what it meant before. */
  end(): void;
}

/** Until its end the first Ctrl-C asks the work to stop, and the second ends the process with 130. */
export function onInterrupt(): Interrupt {
  const listening = process.listeners('SIGINT').includes(interrupted);
  let isAsked = false;
  let ask: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    ask = resolve;
  });
  const stop = (): void => {
    if (isAsked) interrupted();
    isAsked = true;
    ask();
  };
  process.off('SIGINT', interrupted);
  process.on('SIGINT', stop);
  return {
    get isAsked() {
      return isAsked;
    },
    asked,
    end() {
      process.off('SIGINT', stop);
      if (listening) process.on('SIGINT', interrupted);
    },
  };
}
