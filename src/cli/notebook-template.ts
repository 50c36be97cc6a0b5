/**
 * The notebook for a capture of one's own, in the form of Observable's notebook kit: one HTML file, a `<script>` a cell.
 * `notebooks/my-capture.html` is this template over a bundled capture, and a test keeps it so.
 */
import type { ReadOptions } from '../read/format.ts';
import { escapeHtml } from '../report/tables.ts';

export interface NotebookOf {
  readonly title: string;
  /** Where the library is imported from: `folioscope`, or a path. */
  readonly library: string;
  /** The capture, and the sidecar beside it, as paths from the notebook. */
  readonly trace: string;
  readonly sidecar?: string;
  /** Further options of reading, where neither the capture nor a sidecar says them. */
  readonly reading: ReadOptions;
  /** How to run the notebook, a sentence of Markdown. */
  readonly serving: string;
}

/** A literal that can end neither itself nor the script it stands in. */
function literal(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}

/** The notebook's source. Pure. */
export function notebookText({ title, library, trace, sidecar, reading, serving }: NotebookOf): string {
  const given = Object.entries(reading).map(([name, value]) => `      ${name}: ${literal(value)},`);
  const beside = sidecar === undefined ? [] : [`      sidecar: parseSidecar("meta.json", await meta.text()),`];
  return `<!doctype html>
<notebook theme="air">
  <title>${escapeHtml(title)}</title>
  <script id="1" type="text/markdown">
    # My capture

    Change the name of the file in the second box of code, and everything below is of that capture. ${serving}
  </script>
  <script id="2" type="text/x-typescript" pinned>
    import {
      charts, compare, difference, type Figure, htmlTable, interval, many, parseSidecar, readBytes,
      renderSvg, table, workOut,
    } from ${literal(library)};
  </script>
  <script id="3" type="text/x-typescript" pinned>
    const trace = FileAttachment(${literal(trace)});${
      sidecar === undefined
        ? ''
        : `
    // What a trace does not say of its kernel; without one, see the options below.
    const meta = FileAttachment(${literal(sidecar)});`
    }
    async function* bytes() {
      yield new Uint8Array(await trace.arrayBuffer());
    }
    const capture = await readBytes(trace.name, bytes(), {
      // Where the capture does not say them: kernelVersion: "6.12.117", pageSize: 4096,
${[...beside, ...given].join('\n')}
    });
    const history = await workOut(capture);
  </script>
  <script id="4" type="text/markdown">
    ## What was read

    <b id="key">\${history.capture.events}</b> events, \${history.capture.accounting.skipped} of
    \${history.capture.accounting.total} \${history.capture.accounting.unit} could not be read. Linux
    \${history.capture.kernelVersion?.value ?? "of unknown version"}; \${many(history.calls.length, "call")} of migrate_pages,
    \${many(history.requests.length, "request")}, \${many(history.failures.length, "failure")}. Lost, as far as the kernel says:
    \${history.capture.losses.length === 0 ? "nothing" : many(history.capture.losses.length, "stretch", "stretches")}.
  </script>
  <script id="5" type="text/x-typescript" pinned>
    const comparison = compare(history, { seed: 1, draws: 60 });
    const figures = charts.map((chart) => chart({ history, comparison }, 640));
    const shown = (markup: string) => {
      const box = document.createElement("div");
      box.innerHTML = markup;
      return box;
    };
    async function drawn({ id, finding, spec }: Figure) {
      const box = document.createElement("figure");
      box.innerHTML = spec ? await renderSvg(spec, id) : "";
      const caption = document.createElement("figcaption");
      caption.textContent = finding;
      box.prepend(caption);
      return box;
    }
    const figure = (id: string) => drawn(figures.find((each) => each.id === id)!);
  </script>
  <script id="6" type="text/markdown">
    ## What failed, and who is to blame
  </script>
  <script id="7" type="text/x-typescript" pinned>
    display(await figure("outcomes"));
    display(await figure("blame"));
  </script>
  <script id="8" type="text/markdown">
    ## How far to believe a replay
  </script>
  <script id="9" type="text/x-typescript" pinned>
    display(await figure("fidelity"));
  </script>
  <script id="10" type="text/markdown">
    ## Other policies
  </script>
  <script id="11" type="text/x-typescript" pinned>
    display(await figure("counterfactual"));
    display(shown(htmlTable(table(
      ["policy", "folios given up>", "less the recorded>", "all-CPU drains, less the recorded>", "answer"],
      comparison.rows.map((row) => [
        row.policy,
        interval(row.value.failedFolios),
        difference(row.difference.failedFolios),
        difference(row.difference.allCpuDrains),
        row.answer,
      ]),
    ))));
  </script>
  <script id="12" type="text/markdown">
    ## What it cannot tell, and what to record next
  </script>
  <script id="13" type="text/x-typescript" pinned>
    const wanting = comparison.identifiable.filter(({ record }) => record !== "");
    display(shown(htmlTable(table(
      ["axis", "this capture", "because"],
      wanting.map(({ axis, question, answer, why }) => [\`\${axis}: \${question}\`, answer, why]),
    ))));
    const commands = document.createElement("pre");
    commands.textContent = [...new Set(wanting.map(({ record }) => record))].join("\\n\\n") || "Nothing is wanting.";
    commands.style.whiteSpace = "pre-wrap";
    display(commands);
  </script>
</notebook>
`;
}
