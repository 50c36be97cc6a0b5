/** Who is believed about a capture: what it says of itself, then the user, then its sidecar; contradictions are said. */
import type { Capture, Known, Provenance } from '../events/capture.ts';
import type { ReadOptions } from './format.ts';
import { kernelArch, versionOfRelease } from './sidecar.ts';

/** Facts that more than one source may state. */
interface Facts {
  kernelRelease: string;
  kernelVersion: string;
  arch: string;
  tool: string;
  command: string;
  pageSize: number;
  paBits: number;
  cpus: number;
  recordedPolicy: string;
  lruGen: boolean;
  preemption: string;
  emulator: string;
}

const titles: Readonly<Record<keyof Facts, string>> = {
  kernelRelease: 'the kernel release',
  kernelVersion: 'the kernel version',
  arch: 'the architecture',
  tool: 'the recording tool',
  command: 'the command of the recording',
  pageSize: 'the page size',
  paBits: 'the physical address bits',
  cpus: 'the number of CPUs',
  recordedPolicy: 'the recorded policy',
  lruGen: 'whether multi-gen LRU is on',
  preemption: 'the preemption model',
  emulator: 'the emulator',
};

const rank: Readonly<Record<Provenance, number>> = { capture: 3, option: 2, sidecar: 1, default: 0 };
const voices: Readonly<Record<Provenance, string>> = {
  capture: 'the capture itself',
  option: 'the option given',
  sidecar: 'the sidecar',
  default: 'the default',
};

function remark(capture: Capture, text: string): void {
  if (!capture.remarks.includes(text)) capture.remarks.push(text);
}

/**
 * Sets a fact unless a better source has already said it; a contradiction becomes a remark either way.
 * Readers use it for what they find in the input (`from: 'capture'`).
 */
export function learn<K extends keyof Facts>(capture: Capture, key: K, value: Facts[K], from: Provenance): void {
  const facts = capture as unknown as { [P in keyof Facts]?: Known<Facts[P]> };
  const before = facts[key];
  const fresh = { value, from } as unknown as NonNullable<(typeof facts)[K]>;
  if (before === undefined) {
    facts[key] = fresh;
    return;
  }
  const better = rank[from] > rank[before.from];
  if (before.value !== value && before.from !== from) {
    const [used, unused] = better ? [fresh, before] : [before, fresh];
    remark(
      capture,
      `${titles[key]}: ${voices[used.from]} says ${String(used.value)} (used), ${voices[unused.from]} says ${String(unused.value)}`,
    );
  }
  if (better) facts[key] = fresh;
}

/** Adds what the sidecar and the user say to a capture whose reader has seen the beginning of the input (or all of it). */
export function settleFacts(capture: Capture, options: ReadOptions): void {
  const { sidecar } = options;
  const state = <K extends keyof Facts>(key: K, value: Facts[K] | undefined, from: Provenance): void => {
    if (value !== undefined) learn(capture, key, value, from);
  };
  state('kernelVersion', options.kernelVersion, 'option');
  state('pageSize', options.pageSize, 'option');
  state('paBits', options.paBits, 'option');
  state('recordedPolicy', options.recordedPolicy, 'option');
  if (sidecar !== undefined) {
    state('kernelRelease', sidecar.kernelRelease, 'sidecar');
    state('kernelVersion', sidecar.kernelVersion, 'sidecar');
    state('arch', sidecar.arch === undefined ? undefined : kernelArch(sidecar.arch), 'sidecar');
    state('pageSize', sidecar.pageSize, 'sidecar');
    state('paBits', sidecar.paBits, 'sidecar');
    state('cpus', sidecar.cpus, 'sidecar');
    state('recordedPolicy', sidecar.recordedPolicy, 'sidecar');
    state('lruGen', sidecar.lruGen, 'sidecar');
    state('preemption', sidecar.preemption, 'sidecar');
    state('emulator', sidecar.emulator, 'sidecar');
    if (capture.zones.length === 0 && sidecar.zones !== undefined) capture.zones = sidecar.zones;
    settleClock(capture, sidecar.clock);
  }
  // A release that tells its upstream version is as good a source as itself.
  const release = capture.kernelRelease;
  const version = release === undefined ? undefined : versionOfRelease(release.value);
  if (release !== undefined && version !== undefined && capture.kernelVersion === undefined) {
    learn(capture, 'kernelVersion', version, release.from);
  }
}

/** A sidecar names the clock of the ring buffer; perf has one of its own, and its reader has said so by now. */
function settleClock(capture: Capture, name: string | undefined): void {
  if (name === undefined || name === '' || capture.clock.name !== undefined) return;
  capture.clock = { ...capture.clock, name: { value: name, from: 'sidecar' } };
}
