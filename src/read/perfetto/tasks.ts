/**
 * Names and processes of tasks. An ftrace event in a Perfetto trace has the task's number only: names come from sched
 * events as they go by (they say who a task was at that time, so they win), and from the process trees that are written after
 * the bundles they belong to. As in Perfetto's own tools, an event has the name known last when it leaves the window of
 * `order.ts`; in a recording that fits into it, that is the name known in the end.
 */
import type { StringTable } from '../../base/strings.ts';

/** Above all pids of the kernel (PID_MAX_LIMIT, include/linux/threads.h). */
const mostPids = 4 * 1024 * 1024 + 1;

/** CPUs of which the task that runs is remembered; NR_CPUS is at most 8192. */
const mostCpus = 8192;

export class Tasks {
  readonly #strings: StringTable;
  readonly #idle: number;
  #comms = new Int32Array(32768).fill(-1);
  #tgids = new Int32Array(32768).fill(-1);
  /** Names of processes by their command line: of use where no thread's name is known. */
  #fallbacks = new Int32Array(32768).fill(-1);
  readonly #running = new Int32Array(mostCpus).fill(-1);
  readonly #swappers: number[] = [];

  constructor(strings: StringTable) {
    this.#strings = strings;
    // What the kernel's text has for pid 0 on every CPU (kernel/trace/trace.c __trace_find_cmdline()).
    this.#idle = strings.intern('<idle>');
  }

  /** Interned name of a task; -1 where not known. */
  comm(pid: number): number {
    if (pid <= 0 || pid >= this.#comms.length) return pid === 0 ? this.#idle : -1;
    const comm = this.#comms[pid]!;
    return comm >= 0 ? comm : this.#fallbacks[pid]!;
  }

  tgid(pid: number): number {
    return pid > 0 && pid < this.#tgids.length ? this.#tgids[pid]! : -1;
  }

  /** What an event says: true from now on. */
  rename(pid: number, comm: number): void {
    if (this.#room(pid)) this.#comms[pid] = comm;
  }

  /** A new task: in the process of its parent, or one of its own. */
  born(pid: number, parent: number, isThread: boolean): void {
    if (this.#room(pid)) this.#tgids[pid] = isThread ? this.tgid(parent) : pid;
  }

  /** What a process tree says of a thread: the name holds where no event has told one. */
  thread(pid: number, tgid: number, comm: number): void {
    if (!this.#room(pid)) return;
    if (tgid > 0) this.#tgids[pid] = tgid;
    if (comm >= 0 && this.#comms[pid]! < 0) this.#comms[pid] = comm;
  }

  /** What a process tree says of a process: its command is no thread's name, but better than none. */
  process(pid: number, command: number): void {
    if (!this.#room(pid)) return;
    this.#tgids[pid] = pid;
    this.#fallbacks[pid] = command;
  }

  /** The task that a CPU runs, from the event before on it; -1 where that is not known. */
  running(cpu: number): number {
    return cpu >= 0 && cpu < mostCpus ? this.#running[cpu]! : -1;
  }

  runs(cpu: number, pid: number): void {
    if (cpu >= 0 && cpu < mostCpus) this.#running[cpu] = pid;
  }

  /** `swapper/3`: what sched events call a CPU's idle task (kernel/sched/core.c init_idle()). */
  swapper(cpu: number): number {
    if (cpu < 0 || cpu >= mostCpus) return -1;
    this.#swappers[cpu] ??= this.#strings.intern(`swapper/${cpu}`);
    return this.#swappers[cpu];
  }

  #room(pid: number): boolean {
    if (pid <= 0 || pid >= mostPids) return false;
    if (pid >= this.#comms.length) {
      const size = Math.min(mostPids, Math.max(pid + 1, this.#comms.length * 2));
      this.#comms = grown(this.#comms, size);
      this.#tgids = grown(this.#tgids, size);
      this.#fallbacks = grown(this.#fallbacks, size);
    }
    return true;
  }
}

function grown(column: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(size).fill(-1);
  larger.set(column);
  return larger;
}
