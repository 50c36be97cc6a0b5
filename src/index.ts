/**
 * The library's face: bytes in; tables, chart specs and strings out. Nothing behind it touches the machine or is native,
 * so that a browser and a notebook can import it; `node.ts` adds paths and pictures. A test bundles this file for the
 * browser and fails on anything of the kind.
 */
export { exitCodeOf, ScenarioError, TraceError } from './base/errors.ts';
export { uniform } from './base/random.ts';
export type { CompareOptions, PolicyMaker } from './compare/compare.ts';
export { compare } from './compare/compare.ts';
export type {
  Assumption,
  BlameRow,
  Comparison,
  Fidelity,
  Interval,
  PolicyRow,
  Refusal,
  Reproduction,
} from './compare/comparison.ts';
export type { Diff, DiffRow, Lengths, RunsRow } from './compare/diff.ts';
export { diff, diffRuns } from './compare/diff.ts';
export type { Measures } from './compare/measures.ts';
export { measuresOf } from './compare/measures.ts';
export type { ScenarioAssumption, ScenarioComparison, ScenarioOptions, ScenarioRow } from './compare/scenario.ts';
export { basePolicyOf, compareScenario, usualScenarioDraws } from './compare/scenario.ts';
export type {
  Prediction,
  PredictOptions,
  Run,
  Spread,
  ValidateOptions,
  Validation,
  ValidationRow,
} from './compare/validate.ts';
export { predict, runOf, validate } from './compare/validate.ts';
export type { Column, EventBatch, KindColumns, U64Column } from './events/batch.ts';
export { contextFlags, fieldOfRole, numberColumn, textColumn, u64Column } from './events/batch.ts';
export type { Accounting, Capture, Clock, Known, Loss, Note, OpenCapture, Zone } from './events/capture.ts';
export { balance } from './events/capture.ts';
export type { EventKind, Field, Probe } from './events/kinds.ts';
export { qualifiedName } from './events/kinds.ts';
export type {
  Attempt,
  Call,
  CallFolio,
  Cause,
  Drain,
  Episode,
  Evidence,
  Failure,
  Flush,
  History,
  Hold,
  Observability,
  Request,
  StayTable,
  Wait,
  Window,
  WithoutCalls,
} from './history/facts.ts';
export { batchKinds, causes } from './history/facts.ts';
export { workOut } from './history/history.ts';
export { describePolicy, type PolicyPage } from './policies/describe.ts';
export { type DecisionModule, moduleMaker } from './policies/module.ts';
export { defaultPolicyNames, namedPolicies, resolvePolicy } from './policies/policies.ts';
export type { Axis, Need, Policy } from './policies/policy.ts';
export { policySchema } from './policies/schema.ts';
export { parseUserPolicy } from './policies/user.ts';
export { readBytes } from './read/bytes.ts';
export type { Format, ReadOptions, Sidecar } from './read/format.ts';
export { formats } from './read/formats.ts';
export { parseSidecar } from './read/sidecar.ts';
export { blameOf, likeliest } from './replay/blame.ts';
export type { Metric, PolicyOutcome } from './replay/outcome.ts';
export { metricNames, metrics, modelVersion } from './replay/outcome.ts';
export { recordedPolicy } from './replay/recorded.ts';
export { replay } from './replay/replay.ts';
export { eventsOf } from './replay/scenario/events.ts';
export type { ScenarioMetric } from './replay/scenario/outcome.ts';
export { scenarioMetricNames, scenarioMetrics } from './replay/scenario/outcome.ts';
export { printScenario } from './replay/scenario/print.ts';
export { recordScenario } from './replay/scenario/record.ts';
export type { Law, Scenario } from './replay/scenario/scenario.ts';
export { parseScenario, scenarioSchema } from './replay/scenario/schema.ts';
export { type Stage, type StageOptions, stageOf } from './replay/stage.ts';
export { type Withheld, withheld } from './replay/withheld.ts';
export { charts, type Section, sections } from './report/charts/charts.ts';
export type { Chart, Facts, Figure } from './report/charts/figure.ts';
export { validationFigure } from './report/charts/validation.ts';
export { diffTables } from './report/diff.ts';
export { difference, duration, interval, many, percent } from './report/numbers.ts';
export type { ReportInput } from './report/report.ts';
export { buildReport } from './report/report.ts';
export { renderSvg } from './report/svg.ts';
export type { Table } from './report/tables.ts';
export { htmlTable, markdownTable, table, textTable } from './report/tables.ts';
export { eventsToArrow } from './write/arrow.ts';
export { eventsToCsv } from './write/csv.ts';
export { ftraceText } from './write/emit/ftrace.ts';
export type { EventFilter } from './write/filter.ts';
export { eventsToNdjson } from './write/ndjson.ts';
export { eventsToParquet } from './write/parquet.ts';
export { callTable, episodeTable, eventTable, folioTable } from './write/tables.ts';
