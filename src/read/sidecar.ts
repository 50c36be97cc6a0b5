/**
 * The sidecar of a capture: `meta.json` beside it, which says what a trace cannot say of itself (kernel version, page
 * size, zones, probe definitions, the policy that the kernel ran).
 *
 * Two forms are read: the record of our own capture script (`schema: "folioscope-lab-capture/1"`; its `files` list is
 * not used, since files are moved about after it is written), and a plain object with the keys of `Sidecar`.
 */

import { TraceError } from '../base/errors.ts';
import { own } from '../base/own.ts';
import type { Zone } from '../events/capture.ts';
import type { Sidecar } from './format.ts';

const labSchema = 'folioscope-lab-capture/1';

/**
 * The names that the capture script gives to the policy of a kernel, and ours. V0 is the kernel as it was built from
 * its own version's source, so the policy of that version is resolved and nothing is said here.
 */
export const policyOfLabName: Readonly<Record<string, string>> = {
  V0: '',
  V1: 'refcheck-unmap',
  V2: 'drain-once',
  V3: 'waiters-undo',
};

/**
 * Physical address bits where a configuration does not say otherwise: CONFIG_ARM64_PA_BITS has been 48 unless
 * CONFIG_ARM64_PA_BITS_52 is chosen (arch/arm64/Kconfig, since 4.16). CONFIG_ARM64_VA_BITS says nothing about it.
 */
const defaultPaBits = 48;

type Json = Readonly<Record<string, unknown>>;

/** Reads values out of parsed JSON and complains with the place: `kernel.config`. */
class Place {
  readonly #file: string;
  readonly #value: Json;
  readonly #path: string;

  constructor(file: string, value: unknown, path: string) {
    this.#file = file;
    this.#path = path;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.wrong('an object', value);
    this.#value = value as Json;
  }

  wrong(expected: string, value: unknown, key = ''): TraceError {
    const place = [this.#path, key].filter((part) => part !== '').join('.') || 'the top';
    const seen = value === undefined ? 'nothing' : (JSON.stringify(value)?.slice(0, 60) ?? String(value));
    return new TraceError(
      'sidecar',
      { file: this.#file, place },
      `the sidecar should have ${expected} here, not ${seen}`,
      'mend the sidecar, or move it away: a capture can be read without one',
    );
  }

  has(key: string): boolean {
    return this.#value[key] !== undefined && this.#value[key] !== null;
  }

  text(key: string): string | undefined {
    return this.#get(key, 'a text', (value): value is string => typeof value === 'string');
  }

  count(key: string): number | undefined {
    return this.#get(key, 'a whole number', (v): v is number => Number.isSafeInteger(v) && (v as number) >= 0);
  }

  truth(key: string): boolean | undefined {
    return this.#get(key, 'true or false', (value): value is boolean => typeof value === 'boolean');
  }

  list(key: string): readonly unknown[] | undefined {
    return this.#get(key, 'a list', (value): value is unknown[] => Array.isArray(value));
  }

  texts(key: string): readonly string[] | undefined {
    const list = this.list(key);
    const odd = list?.find((value) => typeof value !== 'string');
    if (odd !== undefined) throw this.wrong('a list of texts', odd, key);
    return list as readonly string[] | undefined;
  }

  object(key: string): Place | undefined {
    return this.has(key) ? new Place(this.#file, this.#value[key], this.#join(key)) : undefined;
  }

  objects(key: string): readonly Place[] | undefined {
    return this.list(key)?.map((value, i) => new Place(this.#file, value, `${this.#join(key)}[${i}]`));
  }

  keys(): readonly string[] {
    return Object.keys(this.#value);
  }

  #join(key: string): string {
    return this.#path === '' ? key : `${this.#path}.${key}`;
  }

  #get<T>(key: string, expected: string, fits: (value: unknown) => value is T): T | undefined {
    const value = this.#value[key];
    if (value === undefined || value === null) return undefined;
    if (!fits(value)) throw this.wrong(expected, value, key);
    return value;
  }
}

/**
 * What the text of a sidecar says.
 *
 * @throws TraceError `sidecar`, with the place, when it is not JSON, or a value is of the wrong kind.
 */
export function parseSidecar(file: string, text: string): Sidecar {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new TraceError('sidecar', { file }, `the sidecar is not JSON: ${why}`, 'mend it, or move it away');
  }
  const top = new Place(file, value, '');
  if (!top.has('schema')) return parsePlain(top);
  const schema = top.text('schema');
  if (schema !== labSchema) throw top.wrong(`${labSchema}, or no schema at all`, schema, 'schema');
  return parseLab(top);
}

/** Leaves out what is undefined, so that `exactOptionalPropertyTypes` holds. */
function compact(values: { [K in keyof Sidecar]: Sidecar[K] | undefined }): Sidecar {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

const plainKeys = [
  'kernelRelease',
  'kernelVersion',
  'arch',
  'pageSize',
  'paBits',
  'cpus',
  'clock',
  'recordedPolicy',
  'lruGen',
  'preemption',
  'emulator',
  'zones',
  'probeDefinitions',
] as const satisfies readonly (keyof Sidecar)[];

function parsePlain(top: Place): Sidecar {
  const known: readonly string[] = plainKeys;
  const stranger = top.keys().find((key) => !known.includes(key));
  if (stranger !== undefined) throw top.wrong(`one of ${known.join(', ')}`, stranger, stranger);
  const arch = top.text('arch');
  return compact({
    kernelRelease: top.text('kernelRelease'),
    kernelVersion: top.text('kernelVersion'),
    arch: arch === undefined ? undefined : kernelArch(arch),
    pageSize: top.count('pageSize'),
    paBits: top.count('paBits'),
    cpus: top.count('cpus'),
    clock: top.text('clock'),
    recordedPolicy: top.text('recordedPolicy'),
    lruGen: top.truth('lruGen'),
    preemption: top.text('preemption'),
    emulator: top.text('emulator'),
    zones: top.objects('zones')?.map((zone) => parseZone(zone, 'startPfn')),
    probeDefinitions: top.texts('probeDefinitions'),
  });
}

function parseZone(place: Place, startKey: string): Zone {
  const node = place.count('node');
  const zone = place.text('zone');
  const startPfn = place.count(startKey);
  const spanned = place.count('spanned');
  if (node === undefined) throw place.wrong('a node number', undefined, 'node');
  if (zone === undefined) throw place.wrong('the name of a zone', undefined, 'zone');
  if (startPfn === undefined) throw place.wrong('a page frame number', undefined, startKey);
  if (spanned === undefined) throw place.wrong('a count of pages', undefined, 'spanned');
  return { node, zone, startPfn, spanned };
}

function parseLab(top: Place): Sidecar {
  const kernel = top.object('kernel');
  const uname = kernel?.text('uname') ?? '';
  const config = kernel?.object('config');
  const setup = top.object('capture_setup');
  const lru = setup?.text('lru_gen') ?? '';
  const policy = top.text('policy');
  const mapped = policy === undefined ? undefined : own(policyOfLabName, policy);
  if (policy !== undefined && mapped === undefined) {
    throw top.wrong(`one of ${Object.keys(policyOfLabName).join(', ')}`, policy, 'policy');
  }
  return compact({
    ...fromUname(uname),
    pageSize: top.count('page_size'),
    paBits: config === undefined ? undefined : paBitsOf(config),
    cpus: top.object('machine')?.count('cpus'),
    clock: setup?.text('clock'),
    recordedPolicy: mapped === '' ? undefined : mapped,
    // /sys/kernel/mm/lru_gen/enabled: a bit mask; an empty text is a kernel that does not have the file.
    lruGen: lru === '' ? undefined : Number(lru) !== 0,
    preemption: config === undefined ? undefined : preemptionOf(config, uname),
    emulator: top.object('machine')?.text('emulator'),
    zones: top.objects('numa_zones')?.map((zone) => parseZone(zone, 'start_pfn')),
    probeDefinitions: top.texts('kprobe_events'),
  });
}

/**
 * Release, version and architecture out of `uname -a`. Debian names its releases by ABI (`6.1.0-56-arm64`) and writes
 * the upstream version further on (`#1 SMP Debian 6.1.192-2`); others have it in the release (`6.12.117-fslab`).
 */
export function fromUname(uname: string): { kernelRelease?: string; kernelVersion?: string; arch?: string } {
  const release = /^Linux (?:\S+ )??(\d+\.\d+\S*) #/.exec(uname)?.[1] ?? /^Linux (\S+)/.exec(uname)?.[1];
  const version = /\bDebian (\d+\.\d+(?:\.\d+)?)/.exec(uname)?.[1] ?? versionOfRelease(release ?? '');
  const machine = / (aarch64|x86_64|armv\w+|riscv64|ppc64le|s390x|i686)\b/.exec(uname)?.[1];
  return {
    ...(release === undefined ? {} : { kernelRelease: release }),
    ...(version === undefined ? {} : { kernelVersion: version }),
    ...(machine === undefined ? {} : { arch: kernelArch(machine) }),
  };
}

/** The kernel's own name of an architecture (`arch/arm64`), whatever the tool calls it (`uname -m`: `aarch64`). */
export function kernelArch(machine: string): string {
  return machine === 'aarch64' ? 'arm64' : machine;
}

/**
 * The upstream version that a release name tells, or undefined when it does not: a distribution that names releases by
 * ABI (`6.1.0-56-arm64`, `5.15.0-91-generic`) has any stable release behind a `.0`.
 */
export function versionOfRelease(release: string): string | undefined {
  const match = /^(\d+\.\d+)(?:\.(\d+))?(.*)$/.exec(release);
  if (match === null) return undefined;
  const [, base = '', patch, rest = ''] = match;
  if (patch === '0' && /^-\d/.test(rest)) return undefined;
  return patch === undefined ? base : `${base}.${patch}`;
}

function paBitsOf(config: Place): number {
  const said = config.text('CONFIG_ARM64_PA_BITS');
  if (said !== undefined && /^\d+$/.test(said)) return Number(said);
  return config.text('CONFIG_ARM64_PA_BITS_52') === 'y' ? 52 : defaultPaBits;
}

/**
 * The preemption model: kernel/Kconfig.preempt. A kernel that calls itself PREEMPT (init/Makefile writes it into the
 * version for CONFIG_PREEMPT_BUILD) with none of the older choices set is a lazy one (6.13 and later).
 */
function preemptionOf(config: Place, uname: string): string | undefined {
  const is = (name: string): boolean => config.text(name) === 'y';
  if (is('CONFIG_PREEMPT_RT') || /\bPREEMPT_RT\b/.test(uname)) return 'rt';
  if (is('CONFIG_PREEMPT_LAZY')) return 'lazy';
  if (is('CONFIG_PREEMPT')) return 'full';
  if (is('CONFIG_PREEMPT_VOLUNTARY')) return 'voluntary';
  if (is('CONFIG_PREEMPT_NONE')) return 'none';
  return /\bPREEMPT\b/.test(uname) ? 'lazy' : undefined;
}
