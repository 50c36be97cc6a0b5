/** The report for programs: stable keys, documented in docs/report.md. Numbers that are not known are null. */
import { pool } from '../compare/pool.ts';
import type { Capture } from '../events/capture.ts';
import type { Figure } from './charts/figure.ts';
import type { ReportInput } from './report.ts';
import { answers } from './summary.ts';

/** Goes up when a key changes its meaning or goes away. */
export const reportSchema = 2;

/** JSON text of the report. NaN becomes null; nothing else is lost. */
export function reportJson(input: ReportInput, figures: readonly (readonly Figure[])[]): string {
  return `${JSON.stringify(
    {
      schema: reportSchema,
      version: input.version,
      command: input.command,
      generated: input.generated ?? null,
      ...(input.notes === undefined ? {} : { notes: input.notes }),
      captures: input.captures.map((facts, i) => ({
        source: facts.history.capture.source,
        capture: captureFacts(facts.history.capture),
        summary: answers(facts),
        observed: facts.history.observed,
        counts: {
          calls: facts.history.calls.length,
          folios: facts.history.calls.reduce((sum, call) => sum + call.folios.length, 0),
          failedFolios: facts.history.failures.length,
          episodes: facts.history.episodes.length,
          requests: facts.history.requests.length,
          stays: facts.history.stays.length,
          flushes: facts.history.flushes.length,
          drains: facts.history.drains.length,
        },
        failures: facts.history.failures,
        refusals: facts.history.refusals,
        comparison: facts.comparison,
        figures: figures[i]!.map(({ id, title, finding, links, tables }) => ({ id, title, finding, links, tables })),
      })),
      ...(input.manifest === undefined ? {} : { manifest: input.manifest }),
      pooled: pool(input.captures.map(({ comparison }) => comparison)),
    },
    null,
    1,
  )}\n`;
}

function captureFacts(capture: Capture): Record<string, unknown> {
  return {
    format: capture.format,
    variant: capture.variant,
    kernelRelease: capture.kernelRelease ?? null,
    kernelVersion: capture.kernelVersion ?? null,
    arch: capture.arch ?? null,
    pageSize: capture.pageSize ?? null,
    cpus: capture.cpus ?? null,
    clock: capture.clock,
    // An exact integer may be beyond what a JSON reader's numbers hold.
    origin: capture.origin.toString(),
    span: capture.end,
    events: capture.events,
    inversions: capture.inversions,
    accounting: capture.accounting,
    losses: capture.losses,
    remarks: capture.remarks,
  };
}
