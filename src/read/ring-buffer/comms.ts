/** Names of tasks by thread id, as `saved_cmdlines` of tracefs lists them. */
import type { StringTable } from '../../base/strings.ts';

/** Thread ids are below this (include/linux/threads.h PID_MAX_LIMIT). */
const pidLimit = 4 * 1024 * 1024;

/** Task names as interned strings, found without making anything. */
export class Comms {
  #names = new Int32Array(0);

  /**
   * Takes lines of `saved_cmdlines` (`46 kcompactd1`). A name pushed out of the kernel's cache is `<...>` there, which is
   * no name. Thread 0 is the idle task of each CPU, in no list (kernel/trace/trace_sched_switch.c __trace_find_cmdline()).
   */
  constructor(text: string, strings: StringTable) {
    const found: [pid: number, name: string][] = [[0, '<idle>']];
    let most = 0;
    for (const match of text.matchAll(/^ *(\d{1,7}) (.*)$/gm)) {
      const pid = Number(match[1]);
      const name = match[2]!;
      if (pid === 0 || pid >= pidLimit || name === '<...>' || name === '') continue;
      found.push([pid, name]);
      if (pid > most) most = pid;
    }
    this.#names = new Int32Array(most + 1).fill(-1);
    for (const [pid, name] of found) this.#names[pid] = strings.intern(name);
  }

  /** The interned name; -1 when it is not known. */
  of(pid: number): number {
    return pid >= 0 && pid < this.#names.length ? this.#names[pid]! : -1;
  }

  /** As `of` for places `[from, to)`. */
  fill(pids: Int32Array, names: Int32Array, from: number, to: number): void {
    look(this.#names, pids, names, from, to);
  }
}

/** Process ids by thread id, as `saved_tgids` of tracefs lists them (`46 46`). */
export class Tgids {
  readonly #tgids: Int32Array;

  constructor(text: string) {
    const found: [pid: number, tgid: number][] = [];
    let most = -1;
    for (const match of text.matchAll(/^ *(\d{1,7}) (\d{1,7})\s*$/gm)) {
      const pid = Number(match[1]);
      if (pid >= pidLimit) continue;
      found.push([pid, Number(match[2])]);
      if (pid > most) most = pid;
    }
    this.#tgids = new Int32Array(most + 1).fill(-1);
    for (const [pid, tgid] of found) this.#tgids[pid] = tgid;
  }

  /** -1 when it is not known. */
  of(pid: number): number {
    return pid >= 0 && pid < this.#tgids.length ? this.#tgids[pid]! : -1;
  }

  /** As `of` for places `[from, to)`. */
  fill(pids: Int32Array, tgids: Int32Array, from: number, to: number): void {
    look(this.#tgids, pids, tgids, from, to);
  }
}

function look(known: Int32Array, pids: Int32Array, found: Int32Array, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const pid = pids[i]!;
    found[i] = pid >= 0 && pid < known.length ? known[pid]! : -1;
  }
}
