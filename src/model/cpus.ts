/**
 * CPUs that tasks share, as far as a livelock needs them: which task runs, and when one is made to give way. Tasks that
 * spin are not stepped through; their time is worked out when something changes.
 *
 * One queue for all CPUs, round robin with one slice length, stands for the scheduler: load balancing is perfect. A task
 * whose slice is over while another waits is only *asked* to go (TIF_NEED_RESCHED); it goes at its next point of
 * yielding, which is what preemption models differ in: anywhere (full), where the kernel says might_sleep() or
 * cond_resched() (voluntary), or only where it says cond_resched() or returns to user mode (none).
 */
import type { Kernel } from './kernel.ts';
import type { CpuRules } from './world.ts';

/** Something that wants a CPU. Its fields are changed through `Cpus` only. */
export interface Task {
  /** CPU that it runs on, or ran on last; where it first wants to run. */
  cpu: number;
  /** CPU time until `due` is called; Infinity = it spins until somebody says otherwise. */
  needs: number;
  /** CPU time between its points of yielding: 0 = anywhere, Infinity = nowhere. */
  grain: number;
  /** CPU time since its present stretch began, from which `grain` counts; the beginning is a point of yielding, too. */
  ran: number;
  /** Called when `needs` have been met, on its CPU. It must ask for more or leave. */
  readonly due: () => void;
}

export class Cpus {
  /** Slices, spins and patience; undefined = every task finds a CPU of its own, and nobody ever waits for one. */
  readonly rules: CpuRules | undefined;
  readonly #kernel: Kernel;
  readonly #running: (Task | undefined)[];
  /** When each running task got its CPU. */
  readonly #sliceFrom: number[];
  readonly #queue: Task[] = [];
  readonly #standstill: (running: readonly Task[]) => void;
  /** Up to when `ran` and `needs` are accounted. */
  #at = 0;
  /** Number of the last alarm; earlier ones are void. */
  #alarm = 0;
  #busy = false;

  /** `standstill` is told when tasks wait, every CPU is taken, and none of those that run will ever end or give way. */
  constructor(
    kernel: Kernel,
    cpus: number,
    rules: CpuRules | undefined,
    standstill: (running: readonly Task[]) => void,
  ) {
    if (rules !== undefined && !(rules.timeSlice > 0)) throw new Error('a time slice takes time');
    this.#kernel = kernel;
    this.rules = rules;
    this.#running = Array.from({ length: cpus }, () => undefined);
    this.#sliceFrom = Array.from({ length: cpus }, () => 0);
    this.#standstill = standstill;
  }

  /** The task can run: at once on its own CPU or another that is idle, else at the end of the queue. */
  start(task: Task): void {
    this.#advance();
    const own = task.cpu < this.#running.length && this.#running[task.cpu] === undefined;
    let cpu = own ? task.cpu : this.#running.indexOf(undefined);
    if (cpu < 0 && this.rules === undefined) cpu = this.#running.length;
    if (cpu >= 0) this.#give(cpu, task);
    else this.#queue.push(task);
    this.#arm();
  }

  /** The task sleeps or has ended. Its CPU goes to whoever has waited longest. */
  leave(task: Task): void {
    this.#advance();
    const waiting = this.#queue.indexOf(task);
    if (waiting >= 0) this.#queue.splice(waiting, 1);
    const cpu = this.#running.indexOf(task);
    if (cpu >= 0) {
      this.#running[cpu] = undefined;
      this.#next(cpu);
    }
    this.#arm();
  }

  /** A new stretch of the task, from now on; whether it runs or waits stays as it is. */
  change(task: Task, needs: number, grain: number): void {
    this.#advance();
    task.needs = needs;
    task.grain = grain;
    task.ran = 0;
    this.#arm();
  }

  /** A task that spins comes to the end of its present round of `round` ns, and is due then. */
  endSpin(task: Task, round: number): void {
    this.#advance();
    const over = round > 0 ? task.ran % round : 0;
    task.needs = over <= tick ? 0 : round - over;
    this.#arm();
  }

  #give(cpu: number, task: Task): void {
    this.#running[cpu] = task;
    this.#sliceFrom[cpu] = this.#kernel.now;
    task.cpu = cpu;
  }

  #next(cpu: number): void {
    const task = this.#queue.shift();
    if (task !== undefined) this.#give(cpu, task);
  }

  /** Brings the accounts of running tasks up to now. */
  #advance(): void {
    const passed = this.#kernel.now - this.#at;
    this.#at = this.#kernel.now;
    if (passed === 0) return;
    for (const task of this.#running) {
      if (task === undefined) continue;
      task.ran += passed;
      task.needs = Math.max(0, task.needs - passed);
    }
  }

  /** From now until this CPU's task is asked to go and does; Infinity = nobody waits, or it never does. */
  #yieldsIn(cpu: number): number {
    const task = this.#running[cpu];
    if (task === undefined || this.rules === undefined || this.#queue.length === 0) return Number.POSITIVE_INFINITY;
    if (task.grain === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
    const asked = Math.max(0, this.#sliceFrom[cpu]! + this.rules.timeSlice - this.#kernel.now);
    if (task.grain === 0) return asked;
    return Math.max(0, Math.ceil((task.ran + asked - tick) / task.grain) * task.grain - task.ran);
  }

  /** Sets the alarm for whatever comes next, or finds that nothing ever will. */
  #arm(): void {
    if (this.#busy) return;
    const alarm = ++this.#alarm;
    let next = Number.POSITIVE_INFINITY;
    for (const [cpu, task] of this.#running.entries()) {
      if (task !== undefined) next = Math.min(next, task.needs, this.#yieldsIn(cpu));
    }
    if (next < Number.POSITIVE_INFINITY) {
      const work = () => {
        if (alarm === this.#alarm) this.#happen();
      };
      this.#kernel.queue.push(this.#kernel.now + next, { work, account: this.#kernel.background });
    } else if (this.#queue.length > 0) {
      this.#standstill(this.#running.filter((task) => task !== undefined));
    }
  }

  /** Whatever is due now: stretches that end, CPU by CPU, then tasks that give way. */
  #happen(): void {
    this.#busy = true;
    this.#advance();
    for (let cpu = 0; cpu < this.#running.length; cpu++) {
      // A task that ends lets another in, which may be due at once.
      for (let task = this.#running[cpu]; task !== undefined && task.needs <= tick; task = this.#running[cpu]) {
        task.needs = 0;
        task.due();
      }
    }
    for (let cpu = 0; cpu < this.#running.length; cpu++) {
      const task = this.#running[cpu];
      if (task === undefined || this.#yieldsIn(cpu) > tick) continue;
      this.#queue.push(task);
      this.#next(cpu);
    }
    this.#busy = false;
    this.#arm();
  }
}

/** ns below which two times are one: sums of fractional times differ in their last digits. */
const tick = 1e-3;
