/** The charts of a report, in the order in which a reader needs them: what happened, who did it, how sure, what else. */
import { accounting } from './accounting.ts';
import { blame } from './blame.ts';
import { counterfactual } from './counterfactual.ts';
import { drains } from './drains.ts';
import { episodes } from './episodes.ts';
import { fidelity } from './fidelity.ts';
import type { Chart } from './figure.ts';
import { fill } from './fill.ts';
import { identifiable } from './identifiable.ts';
import { outcomes } from './outcomes.ts';
import { residency } from './residency.ts';
import { sensitivity } from './sensitivity.ts';
import { timeline } from './timeline.ts';

export const charts: readonly Chart[] = [
  fidelity,
  identifiable,
  counterfactual,
  sensitivity,
  outcomes,
  blame,
  timeline,
  episodes,
  residency,
  drains,
  fill,
  accounting,
];
