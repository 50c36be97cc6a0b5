/** Which records are decoded together: those of one plan, which is that of their event, of probes that of their function. */
import { ColumnPlan, type Plan } from './plan.ts';
import { ProbePlan } from './probe-record.ts';
import type { RecordTable } from './record-table.ts';

/** What is known of an event's id, besides the lane of all its records (above 0). */
const unknown = 0;
const alone = -1;
const byAddress = -2;

/** Addresses of probed functions that are found without asking the plan. */
const slots = 1024;

/** What `of` says of a record that is to be decoded on its own. */
export const noLane = 0;

export class Lanes {
  readonly #table: RecordTable;
  /** By lane; there is none for 0. */
  readonly plans: ColumnPlan[];
  readonly #lanes = new Map<Plan, number>();
  readonly #byType: Int32Array;
  /** Of probes, where the function's address stands in the record. */
  readonly #siteOffsets: Uint32Array;
  readonly #siteTypes = new Int32Array(slots).fill(-1);
  readonly #siteHis = new Uint32Array(slots);
  readonly #siteLos = new Uint32Array(slots);
  readonly #siteLanes = new Int32Array(slots);

  /** @param table with all its descriptions */
  constructor(table: RecordTable) {
    this.#table = table;
    this.#byType = new Int32Array(table.largestId + 1);
    this.#siteOffsets = new Uint32Array(table.largestId + 1);
    this.plans = new Array(1);
  }

  /** The lane of a record; `noLane` when it is to be decoded on its own. Its kind exists from then on. */
  of(type: number, view: DataView, start: number, end: number, isLittleEndian: boolean): number {
    if (type >= this.#byType.length) return noLane;
    const known = this.#byType[type]!;
    if (known > 0) return known;
    if (known === alone) return noLane;
    if (known === unknown) {
      this.#byType[type] = this.#learn(type);
      return this.of(type, view, start, end, isLittleEndian);
    }
    const at = start + this.#siteOffsets[type]!;
    // A record that ends before it is decoded as one with address 0 (`ProbePlan.decode`).
    if (at + 8 > end) return this.#laneAt(type, 0, 0);
    const first = view.getUint32(at, isLittleEndian);
    const second = view.getUint32(at + 4, isLittleEndian);
    const lo = isLittleEndian ? first : second;
    const hi = isLittleEndian ? second : first;
    const slot = ((lo >>> 2) ^ (type << 2)) & (slots - 1);
    if (this.#siteTypes[slot] !== type || this.#siteLos[slot] !== lo || this.#siteHis[slot] !== hi) {
      this.#siteLanes[slot] = this.#laneAt(type, hi, lo);
      this.#siteTypes[slot] = type;
      this.#siteLos[slot] = lo;
      this.#siteHis[slot] = hi;
    }
    return this.#siteLanes[slot]!;
  }

  #learn(type: number): number {
    const plan = this.#table.planOf(type);
    if (plan instanceof ProbePlan && plan.siteOffset >= 0) {
      this.#siteOffsets[type] = plan.siteOffset;
      return byAddress;
    }
    return this.#laneOf(plan) || alone;
  }

  /** The lane of a probe's records, by the address of the function. */
  #laneAt(type: number, hi: number, lo: number): number {
    const plan = this.#table.planOf(type);
    return plan instanceof ProbePlan ? this.#laneOf(plan.planAt(hi, lo)) : noLane;
  }

  #laneOf(plan: Plan | undefined): number {
    if (!(plan instanceof ColumnPlan) || !plan.isRegular) return noLane;
    let lane = this.#lanes.get(plan);
    if (lane === undefined) {
      lane = this.plans.length;
      this.plans.push(plan);
      this.#lanes.set(plan, lane);
    }
    return lane;
  }
}
