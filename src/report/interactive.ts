/** The scripts of an interactive page: Vega's runtimes, the data they draw, and what ties both to the page. All inline. */
import type { History } from '../history/facts.ts';
import { blameOf, likeliest } from '../replay/blame.ts';
import { sections } from './charts/charts.ts';
import { type Facts, widths } from './charts/figure.ts';
import { enhance, type InteractiveCapture, type InteractiveData, type InteractiveTable } from './interactive-script.ts';
import { theme } from './svg.ts';
import { printable } from './tables.ts';

/** The files for browsers of the packages that draw, as text. */
export interface RuntimeTexts {
  readonly vega: string;
  readonly vegaLite: string;
  /** Sets `expressionInterpreter`, to be run behind Vega. */
  readonly interpreter: string;
}

/** Rows of a capture that a page holds of each table. */
const mostRows = 5000;
/** The one figure whose axis is the capture's time. */
const brushed = 'timeline';

/**
 * JSON that can stand in a `<script>`: nothing in it ends the element or begins a comment (HTML, "Restrictions for contents of
 * script elements"), and no text in it fools a reader.
 */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => (typeof one === 'string' ? printable(one) : one))
    .replaceAll('<', '\\u003c')
    .replaceAll('>', '\\u003e')
    .replaceAll('&', '\\u0026');
}

/**
 * Elements for the end of a page, and what its content security policy has to allow: these scripts by their hashes,
 * nothing else. Vega's expressions are interpreted, so that no text becomes a function.
 */
export async function interactiveParts(
  captures: readonly Facts[],
  runtime: RuntimeTexts,
): Promise<{ html: string; policy: string }> {
  const data: InteractiveData = {
    captures: captures.map((facts, i) => captureData(facts, `c${i + 1}`)),
    theme: { ...theme, mark: { tooltip: { content: 'encoding' } } },
    layout: ['place', 'at', 'top', 'bottom', 'text', 'row', 'middle', 'label', 'name'],
  };
  const main = `(${enhance.toString()})(JSON.parse(document.getElementById('drawn').textContent),globalThis);`;
  const scripts = [runtime.vega, runtime.vegaLite, runtime.interpreter, main];
  if (scripts.some((script) => /<\/script|<!--/i.test(script))) throw new Error('a script would end its own element');
  const hashes = await Promise.all(scripts.map(async (script) => `'sha256-${await sha256(script)}'`));
  const html = [
    `<script type="application/json" id="drawn">${scriptJson(data)}</script>`,
    ...scripts.map((script) => `<script>${script}</script>`),
  ];
  return { html: `${html.join('\n')}\n`, policy: `script-src ${hashes.join(' ')}` };
}

async function sha256(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return btoa(String.fromCharCode(...digest));
}

function captureData(facts: Facts, anchor: string): InteractiveCapture {
  const figures = sections
    .flatMap(({ charts }) => charts)
    .flatMap((chart) => {
      const { id, spec: wide } = chart(facts);
      const { spec: narrow } = chart(facts, widths.narrow);
      if (wide === undefined || narrow === undefined) return [];
      return [{ anchor: `${anchor}-${id}`, wide, narrow, brush: id === brushed }];
    });
  const { unit } = facts.history.capture.clock;
  const timed = unit !== 'none';
  return {
    figures,
    under: `${anchor}-${brushed}`,
    unit: unit === 'ns' ? 'seconds since the first event' : 'clock units since the first event',
    tables: timed ? [callRows(facts.history), failureRows(facts.history)].filter(({ rows }) => rows.length > 0) : [],
  };
}

/** Times as the timeline's axis has them. */
function timeIn({ capture }: History, time: number): number {
  return capture.clock.unit === 'ns' ? time / 1e9 : time;
}

function callRows(history: History): InteractiveTable {
  const rows = history.calls.slice(0, mostRows).map((call) => {
    const { id, start, end, reason, mode, comm, pid, folios, startOrdinal, endOrdinal } = call;
    return [
      timeIn(history, Number.isNaN(start) ? end : start),
      id,
      reason,
      mode,
      `${comm}-${pid}`,
      folios.length,
      folios.filter(({ outcome }) => outcome === 'failed').length,
      startOrdinal >= 0 ? startOrdinal : endOrdinal,
    ];
  });
  const columns = ['time', 'call', 'reason', 'mode', 'task', 'folios', 'failed', 'event no.'];
  return { title: 'Calls', columns, rows, leftOut: history.calls.length - rows.length };
}

function failureRows(history: History): InteractiveTable {
  const { failures, calls } = history;
  const posteriors = blameOf(history);
  const rows = failures
    .slice(0, mostRows)
    .map(({ time, call, pfn, evidence }, i) => [
      timeIn(history, time),
      call < 0 ? '–' : call,
      Number.isNaN(pfn) ? '–' : `0x${pfn.toString(16)}`,
      likeliest(posteriors[i]!),
      evidence.map(({ says }) => says).join('; '),
      calls[call]?.startOrdinal ?? '–',
    ]);
  const columns = ['time', 'call', 'folio', 'most likely held by', 'evidence', 'event no.'];
  return { title: 'Failures of single calls', columns, rows, leftOut: failures.length - rows.length };
}
