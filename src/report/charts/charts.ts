/**
 * The charts of a report, in sections that follow a reader's questions: how far to trust it, what happened and who did it,
 * what else could have been, what to do now, and what all of it rests on.
 */
import { accounting } from './accounting.ts';
import { blame } from './blame.ts';
import { costs } from './costs.ts';
import { counterfactual } from './counterfactual.ts';
import { drains } from './drains.ts';
import { episodes } from './episodes.ts';
import { fidelity } from './fidelity.ts';
import type { Chart } from './figure.ts';
import { fill } from './fill.ts';
import { flow } from './flow.ts';
import { frames } from './frames.ts';
import { held } from './held.ts';
import { identifiable } from './identifiable.ts';
import { ladder } from './ladder.ts';
import { occupancy } from './occupancy.ts';
import { outcomes } from './outcomes.ts';
import { pareto } from './pareto.ts';
import { residency } from './residency.ts';
import { sensitivity } from './sensitivity.ts';
import { timeline } from './timeline.ts';
import { tries } from './tries.ts';
import { waiters } from './waiters.ts';

export interface Section {
  /** Part of anchors: stable. */
  readonly id: 'trust' | 'failed' | 'policies' | 'next' | 'appendix';
  readonly title: string;
  readonly charts: readonly Chart[];
}

export const sections: readonly Section[] = [
  { id: 'trust', title: 'What was captured, and how far to trust it', charts: [fidelity, identifiable] },
  {
    id: 'failed',
    title: 'What failed, and who is to blame',
    charts: [
      outcomes,
      blame,
      ladder,
      timeline,
      frames,
      tries,
      episodes,
      waiters,
      held,
      residency,
      occupancy,
      drains,
      fill,
    ],
  },
  {
    id: 'policies',
    title: 'What other policies would have changed, and at what price',
    charts: [counterfactual, flow, pareto, costs],
  },
  { id: 'next', title: 'What to do next', charts: [] },
  { id: 'appendix', title: 'Appendix: what all of this rests on', charts: [sensitivity, accounting] },
];

/** All of them, in the order of the page. */
export const charts: readonly Chart[] = sections.flatMap((section) => section.charts);
