/** The text of a kernel event as its release prints it: the era of the catalogue's row, or a probe's parenthesis. */
import type { Era, EventRow } from '../../events/catalog.ts';
import { findRow } from '../../events/rows.ts';
import { compileTemplate, type PrintValue, printTemplate, type Template } from '../../events/template.ts';
import { releaseNumber } from '../../history/entries.ts';
import type { KernelEvent } from '../../replay/scenario/events.ts';

/** Who prints: the kernel itself, or a tool by the event's print format. They differ for syscalls alone. */
export type Printer = 'kernel' | 'tool';

/**
 * Makes the text of events. Undefined for an event that the release does not have (mm_migrate_pages_start of 5.10), or that
 * the catalogue does not know.
 */
export function eventTexts(kernel: string, printer: Printer): (event: KernelEvent) => string | undefined {
  const release = releaseNumber(kernel);
  const known = new Map<string, { row: EventRow; template: Template } | undefined>();
  return ({ name, system, values, probe }) => {
    if (probe !== undefined) return probeText(probe);
    let found = known.get(name);
    if (found === undefined && !known.has(name)) {
      const row = findRow(system, name);
      const era = row === undefined ? undefined : eraOf(row, release, printer);
      if (row !== undefined && era !== undefined) {
        found = { row, template: compileTemplate(era.text, row.fields, era.widths) };
      }
      known.set(name, found);
    }
    if (found === undefined) return undefined;
    const { row, template } = found;
    return printTemplate(
      template,
      row.fields.map((field): PrintValue => values[field.name]),
    );
  };
}

/** The newest era that a release lies in. A bound that is not known leaves the era open. */
function eraOf({ eras, system }: EventRow, release: number, printer: Printer): Era | undefined {
  const fitting = eras.filter(
    ({ since, until }) => !(releaseNumber(since) > release) && !(releaseNumber(until) < release),
  );
  return system === 'syscalls' && printer === 'tool' ? fitting.at(-1) : fitting[0];
}

/** Where a probe sits: at the first instruction, or where the function came back to. */
function probeText({ function: name, caller }: NonNullable<KernelEvent['probe']>): string {
  // How long a function is differs from build to build; nobody reads it.
  return caller === undefined ? `(${name}+0x0/0x100)` : `(${caller}+0x40/0x100 <- ${name})`;
}
