/** Gaps in a capture: where each CPU was before one, and when its next event ends it. */
import type { Loss } from '../events/capture.ts';

/** Largest CPU number for which times are kept; the kernel's NR_CPUS is at most 8192. */
const maxCpus = 8192;

/** A loss whose end is not known yet. */
type OpenLoss = Omit<Loss, 'end'>;

/** Where a part of a capture says that events were lost. */
export interface LossMark {
  readonly cpu: number;
  readonly count: number;
  readonly how: Loss['how'];
  /** Events of the part before it, and the part's line. */
  readonly events: number;
  readonly at: number;
}

/** When CPUs had their last event. */
export interface LastTimes {
  readonly cpus: Int32Array;
  readonly times: Float64Array;
}

/** What the times of a part's events come to. Plain data. */
export interface PartTimes {
  readonly last: number;
  /** The latest, or 0. */
  readonly end: number;
  readonly inversions: number;
  readonly lasts: LastTimes;
}

export class LossBook {
  readonly #closed: Loss[];
  #open: OpenLoss[] = [];
  readonly #lastOfCpu = new Float64Array(maxCpus).fill(Number.NaN);

  /** @param closed where a loss is put when its end is known */
  constructor(closed: Loss[]) {
    this.#closed = closed;
  }

  /** An event of this CPU (-1 = not known which). */
  event(cpu: number, time: number): void {
    if (this.#open.length > 0) this.#close(cpu, time);
    if (cpu >= 0 && cpu < maxCpus) this.#lastOfCpu[cpu] = time;
  }

  /** As `event` for events `[from, to)` of these columns. */
  events(cpus: Int32Array, times: Float64Array, from: number, to: number): void {
    let i = from;
    for (; i < to && this.#open.length > 0; i++) this.event(cpus[i]!, times[i]!);
    const lastOfCpu = this.#lastOfCpu;
    for (; i < to; i++) {
      const cpu = cpus[i]!;
      if (cpu >= 0 && cpu < maxCpus) lastOfCpu[cpu] = times[i]!;
    }
  }

  /** A gap is open that an event may end. */
  get hasOpen(): boolean {
    return this.#open.length > 0;
  }

  /** The time of each CPU's last event, of those that had one. */
  get lasts(): LastTimes {
    const cpus = Int32Array.from(this.#lastOfCpu.keys()).filter((cpu) => !Number.isNaN(this.#lastOfCpu[cpu]!));
    return { cpus, times: Float64Array.from(cpus, (cpu) => this.#lastOfCpu[cpu]!) };
  }

  /** Forgets them: a part begins. */
  forget(): void {
    this.#lastOfCpu.fill(Number.NaN);
  }

  /** As `event` for all events of a part, while no gap is open. */
  take({ cpus, times }: LastTimes): void {
    for (let i = 0; i < cpus.length; i++) this.#lastOfCpu[cpus[i]!] = times[i]!;
  }

  /** Events were lost here; of a CPU that is not known, the gap began at `lastTime`. */
  lost(cpu: number, count: number, how: Loss['how'], place: string, lastTime: number): void {
    const start = cpu >= 0 && cpu < maxCpus ? this.#lastOfCpu[cpu]! : lastTime;
    this.#open.push({ cpu, count, start, how, place });
  }

  /** The input ended: the gaps still open have no end. */
  finish(): void {
    for (const loss of this.#open) this.#closed.push({ ...loss, end: Number.NaN });
    this.#open = [];
  }

  /** A gap ends with the first event of its CPU. */
  #close(cpu: number, time: number): void {
    // A CPU that never speaks again keeps its gap open: the rest of the input passes here.
    if (!this.#open.some((loss) => loss.cpu === cpu || loss.cpu < 0)) return;
    const still: OpenLoss[] = [];
    for (const loss of this.#open) {
      if (loss.cpu === cpu || loss.cpu < 0) this.#closed.push({ ...loss, end: time });
      else still.push(loss);
    }
    this.#open = still;
  }
}
