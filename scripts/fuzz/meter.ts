/** How much memory this process took at most since it was last asked, and how much processor time. */
import { openSync, readSync, writeSync } from 'node:fs';

/** Opens for reading or writing; undefined where there is no such thing (it is Linux's). */
function tryOpen(path: string, flags: string): number | undefined {
  try {
    return openSync(path, flags);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}

export class Meter {
  readonly #status = tryOpen('/proc/self/status', 'r');
  /** Writing 5 sets the high-water mark back (Documentation/filesystems/proc.rst, clear_refs). */
  readonly #reset = tryOpen('/proc/self/clear_refs', 'w');
  readonly #buffer = new Uint8Array(4096);
  #idle = Number.POSITIVE_INFINITY;
  #cpu = process.cpuUsage();

  /** Begins to measure. */
  start(): void {
    if (this.#reset !== undefined) writeSync(this.#reset, '5');
    // What is left of inputs before may hide what this one takes, so the least that the process ever was counts.
    this.#idle = Math.min(this.#idle, this.#read('VmRSS:', process.memoryUsage.rss));
    this.#cpu = process.cpuUsage();
  }

  /** Bytes that the process was larger at most since `start` than when it was smallest. */
  growth(): number {
    return this.#read('VmHWM:', process.memoryUsage.rss) - this.#idle;
  }

  /** Processor seconds since `start`. */
  seconds(): number {
    const { user, system } = process.cpuUsage(this.#cpu);
    return (user + system) / 1e6;
  }

  #read(key: string, otherwise: () => number): number {
    if (this.#status === undefined) return otherwise();
    const length = readSync(this.#status, this.#buffer, 0, this.#buffer.length, 0);
    const text = new TextDecoder().decode(this.#buffer.subarray(0, length));
    const at = text.indexOf(key);
    return Number.parseInt(text.slice(at + key.length), 10) * 1024;
  }
}
