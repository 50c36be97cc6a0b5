/**
 * Ctrl-C. While a command waits for input the handler below ends it with the shell's 130. A replay is one long
 * computation in which no handler of ours could run, so for that time the handler is taken away and the kernel ends the
 * process (the shell calls that 130 too). Files are written beside their places and renamed in one synchronous step, so
 * in either case there is no half-written one.
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
