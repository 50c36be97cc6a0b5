/**
 * What came of a unit before, by what its draws answered. A replay of a unit hangs on its scene, its policy, what holds its
 * folios, its pace, and on what it asks its draw: was this episode blocked, did a task come to wait before its end. What can be
 * answered with yes or no is kept as a tree of questions, and at the end of each path what came of the unit: a draw that
 * gives the same answers has the same outcome and need not be played. Where a number is drawn (how long a woken task takes
 * to run) the path ends without one, and a draw that comes there is played.
 */
import type { Background } from '../model/demand.ts';
import { type Condition, isSameCondition } from './condition.ts';
import type { Unit } from './demand.ts';
import type { UnitOutcome } from './job.ts';
import type { Evidence, Parameters } from './parameters.ts';
import type { Scene } from './slice.ts';

/** A pure function of the draw, and of nothing else that another draw could have otherwise after the same answers. */
export type Question = (draw: number, parameters: Parameters) => boolean;

/** Where a world takes its luck from. */
export interface Luck {
  isSo(question: Question): boolean;
  /** Called before a number is drawn that is no answer to a question. */
  drawsNumber(): void;
}

/** The luck of one draw, nothing of which is remembered. */
export function luckOf(draw: number, parameters: Parameters): Luck {
  return { isSo: (question) => question(draw, parameters), drawsNumber: () => undefined };
}

interface Place {
  question: Question | undefined;
  yes: Place | undefined;
  no: Place | undefined;
  outcome: UnitOutcome | undefined;
}

const newPlace = (): Place => ({ question: undefined, yes: undefined, no: undefined, outcome: undefined });

/** The outcomes of one unit under one policy, held in one way. */
export class Recall implements Luck {
  readonly #root = newPlace();
  /** Where the draw that is played has come to; undefined once it is not remembered. */
  #at: Place | undefined;
  #draw = 0;
  #parameters: Parameters | undefined;

  /** The outcome in a draw, if its answers were given before; else the unit is to be played with this as its luck. */
  find(draw: number, parameters: Parameters): UnitOutcome | undefined {
    this.#draw = draw;
    this.#parameters = parameters;
    this.#at = this.#root;
    let place: Place | undefined = this.#root;
    while (place?.question !== undefined) place = place.question(draw, parameters) ? place.yes : place.no;
    return place?.outcome;
  }

  isSo(question: Question): boolean {
    const answer = question(this.#draw, this.#parameters!);
    const place = this.#at;
    if (place === undefined) return answer;
    place.question ??= question;
    if (answer) this.#at = place.yes ??= newPlace();
    else this.#at = place.no ??= newPlace();
    return answer;
  }

  drawsNumber(): void {
    this.#at = undefined;
  }

  /** What came of the unit when it was played. */
  keep(outcome: UnitOutcome): UnitOutcome {
    if (this.#at !== undefined) this.#at.outcome = outcome;
    return outcome;
  }
}

/** What is remembered of a scene whose folios are held in one way. */
export class Held {
  readonly conditions: readonly Condition[];
  readonly #recalls: (Recall | undefined)[] = [];

  constructor(conditions: readonly Condition[]) {
    this.conditions = conditions;
  }

  /** Under the policy that has this place among those replayed. */
  under(policy: number): Recall {
    let recall = this.#recalls[policy];
    if (recall === undefined) {
      recall = new Recall();
      this.#recalls[policy] = recall;
    }
    return recall;
  }
}

interface Remembered {
  readonly scene: Scene;
  readonly steps: Evidence['steps'];
  readonly followsWakes: boolean;
  readonly held: Held[];
}

/** What is remembered of the units of one capture, for one pace and always the same policies. */
export class Memory {
  readonly #units = new Map<Unit, Remembered[]>();

  /**
   * Stages of one capture under different assumptions share a memory: what they have in common is found by what it is. Of the evidence
   * it is what a world reads that is not the same in all of them; whatever else they have of their own comes with the parameters.
   */
  of(scene: Scene, conditions: readonly Condition[], { steps, wakes }: Evidence): Held {
    const { unit } = scene;
    const followsWakes = wakes !== undefined;
    let all = this.#units.get(unit);
    if (all === undefined) {
      all = [];
      this.#units.set(unit, all);
    }
    let here = all.find(
      (one) => one.steps === steps && one.followsWakes === followsWakes && isSameScene(one.scene, scene),
    );
    if (here === undefined) {
      here = { scene, steps, followsWakes, held: [] };
      all.push(here);
    }
    let held = here.held.find((one) => areSame(one.conditions, conditions));
    if (held === undefined) {
      held = new Held(conditions);
      here.held.push(held);
    }
    return held;
  }
}

function areSame(a: readonly Condition[], b: readonly Condition[]): boolean {
  return a === b || (a.length === b.length && a.every((one, i) => isSameCondition(one, b[i]!)));
}

/** Whether two scenes of one unit are played alike: `until` and most assumptions are read when a scene is set, and not in it. */
function isSameScene(a: Scene, b: Scene): boolean {
  if (a === b) return true;
  return (
    a.cpus === b.cpus &&
    a.assumed.backgroundPace === b.assumed.backgroundPace &&
    a.assumed.areaLimit === b.assumed.areaLimit &&
    a.assumed.stuckAreas === b.assumed.stuckAreas &&
    a.assumed.outerLoops === b.assumed.outerLoops &&
    isSameBackground(a.background, b.background)
  );
}

function isSameBackground(a: Background, b: Background): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a.time[i] !== b.time[i] || a.folio[i] !== b.folio[i]) return false;
    if (a.cpu[i] !== b.cpu[i] || a.action[i] !== b.action[i]) return false;
  }
  return true;
}
