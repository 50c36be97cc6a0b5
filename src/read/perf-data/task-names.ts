/**
 * The names of tasks as they are at the event being read, the way perf keeps them (tools/perf/util/machine.c
 * machine__process_comm_event(), machine__process_fork_event()): a record says a name, a new thread has its parent's. A
 * thread that ended keeps its name, since it may be seen on its way out.
 */

/** Largest thread id that the kernel gives (PID_MAX_LIMIT, 4 Mi), so that they can index an array. */
const mostThreads = 1 << 22;

/** No id that a thread of a capture may have. */
const nobody = -2;

export class TaskNames {
  #names = new Int32Array(0);
  #processes = new Int32Array(0);

  /** @param idle interned name of the idle task, which no record says (perf_session__register_idle_thread()) */
  constructor(idle: number) {
    this.#reach(0);
    this.#names[0] = idle;
    this.#processes[0] = 0;
  }

  /** The interned name of a thread; -1 when no record told it. */
  find(pid: number, tid: number): number {
    if (tid < 0 || tid >= this.#names.length) return -1;
    // A thread that nothing was known of belongs from now on to the process that it was seen in.
    if (this.#processes[tid] === nobody) this.#processes[tid] = pid;
    return this.#names[tid]!;
  }

  /** PERF_RECORD_COMM. */
  set(pid: number, tid: number, name: number): void {
    if (!this.#reach(tid)) return;
    this.#names[tid] = name;
    if (this.#processes[tid]! < 0) this.#processes[tid] = pid;
  }

  /** PERF_RECORD_FORK. */
  fork(pid: number, tid: number, parentPid: number, parentTid: number): void {
    if (!this.#reach(tid)) return;
    let inherited = -1;
    if (this.#reach(parentTid)) {
      // The id belonged to somebody else before: what he was called says nothing.
      const known = this.#processes[parentTid]!;
      if (known >= 0 && known !== parentPid) this.#names[parentTid] = -1;
      this.#processes[parentTid] = parentPid;
      inherited = this.#names[parentTid]!;
    }
    this.#names[tid] = inherited;
    this.#processes[tid] = pid;
  }

  /** Makes room for a thread's id; false when it is none. */
  #reach(tid: number): boolean {
    if (tid < 0 || tid >= mostThreads) return false;
    const { length } = this.#names;
    if (tid < length) return true;
    const room = Math.min(mostThreads, Math.max(1024, 2 ** Math.ceil(Math.log2(tid + 1))));
    const names = new Int32Array(room).fill(-1, length);
    names.set(this.#names);
    const processes = new Int32Array(room).fill(nobody, length);
    processes.set(this.#processes);
    this.#names = names;
    this.#processes = processes;
    return true;
  }
}
