/** What a capture says of itself, in words: the same for a whole look at it and for a quick one. */
import type { Capture, Known, Loss } from '../events/capture.ts';
import { duration } from '../report/numbers.ts';

const sources = { capture: 'the capture', sidecar: 'sidecar', option: 'option', default: 'default' } as const;

/** A fact with where it is from. */
export function known<T extends string | number | boolean>(fact: Known<T> | undefined, unit = ''): string {
  return fact === undefined ? 'not known' : `${String(fact.value)}${unit} (${sources[fact.from]})`;
}

/** Where nobody names a policy, the kernel ran its own. */
function policyText({ recordedPolicy, kernelVersion }: Capture): string {
  if (recordedPolicy !== undefined || kernelVersion === undefined) return known(recordedPolicy);
  return `linux-${kernelVersion.value} (by the kernel's version)`;
}

/** A release may name a build and not a version: Debian's 6.1.0-56 is some 6.1.y. */
function kernelText({ kernelRelease, kernelVersion }: Capture): string {
  if (kernelRelease === undefined) return known(kernelVersion);
  if (kernelVersion === undefined) return `release ${known(kernelRelease)}, which does not tell the version: --kernel`;
  return `${known(kernelVersion)}, release ${known(kernelRelease)}`;
}

/** `mono (the capture), steps of 1 ns`. */
export function clockText({ clock }: Capture): string {
  if (clock.unit === 'none') return 'none: this capture has no times';
  if (Number.isNaN(clock.resolution)) return 'not known';
  const step = clock.unit === 'ns' ? `steps of ${duration(clock.resolution)}` : 'integer: orders, no durations';
  return `${clock.name === undefined ? 'name not known' : known(clock.name)}, ${step}`;
}

/** Format, tool and kernel, a row each; what only some captures say is left out of the others. */
export function originRows(capture: Capture): [string, string][] {
  const { format, variant, tool, command } = capture;
  return [
    ['format', variant === format ? format : `${format}: ${variant}`],
    ...(tool === undefined ? [] : [['written by', known(tool)] as [string, string]]),
    ...(command === undefined ? [] : [['recorded by', known(command)] as [string, string]]),
    ['kernel', kernelText(capture)],
    ['architecture', known(capture.arch)],
    ['page size', known(capture.pageSize, ' bytes')],
    ['physical address', known(capture.paBits, ' bits')],
    ['recorded policy', policyText(capture)],
    ['clock', clockText(capture)],
  ];
}

/** The keys that `inspect --json` and `inspect --quick --json` share. */
export function originData(capture: Capture) {
  return {
    source: capture.source,
    format: capture.format,
    variant: capture.variant,
    tool: capture.tool ?? null,
    command: capture.command ?? null,
    kernelRelease: capture.kernelRelease ?? null,
    kernelVersion: capture.kernelVersion ?? null,
    arch: capture.arch ?? null,
    pageSize: capture.pageSize ?? null,
    paBits: capture.paBits ?? null,
    cpus: capture.cpus ?? null,
    recordedPolicy: capture.recordedPolicy ?? null,
    lruGen: capture.lruGen ?? null,
    preemption: capture.preemption ?? null,
    emulator: capture.emulator ?? null,
    zones: capture.zones,
    clock: { unit: capture.clock.unit, resolution: capture.clock.resolution, name: capture.clock.name ?? null },
  };
}

/** Losses added up by CPU and by how they came about. */
export function lossGroups(losses: readonly Loss[]) {
  const groups = new Map<string, { loss: Loss; gaps: number; events: number; unknown: number }>();
  for (const loss of losses) {
    const key = `${loss.cpu} ${loss.how}`;
    const group = groups.get(key) ?? { loss, gaps: 0, events: 0, unknown: 0 };
    group.gaps++;
    if (Number.isNaN(loss.count)) group.unknown++;
    else group.events += loss.count;
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => a.loss.cpu - b.loss.cpu || (a.loss.how < b.loss.how ? -1 : 1));
}
