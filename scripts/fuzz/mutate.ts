/** One mutated input: a sample, one to a few edits of it, and what it is wrapped in. */
import { gunzipSync } from 'node:zlib';
import { addTo } from '../../src/base/groups.ts';
import { packingOf } from '../../src/read/decompress.ts';
import type { Dice } from './dice.ts';
import { cut, edits, type Material } from './edits.ts';
import { concatenate, gzipBomb, gzipOf, zstdOf, zstdWithTail } from './packings.ts';
import { placesOf } from './places.ts';
import type { Sample } from './samples.ts';

export interface Mutant {
  readonly sample: Sample;
  /** What is read. */
  readonly bytes: Uint8Array;
  /** What it unpacks to; undefined where the packing itself is damaged. */
  readonly plain: Uint8Array | undefined;
  /** Sizes for the bounds of memory and time: all that it may unpack to. */
  readonly unpacked: number;
  /** A gzip stream that does not unpack. */
  readonly isDamagedGzip: boolean;
  /** The sample's beginning and nothing else: then what is missing must be seen to be missing. */
  readonly isCut: boolean;
  /** What was done, in words, for whoever looks at a failure. */
  readonly steps: readonly string[];
}

const weights = edits.reduce((sum, { weight }) => sum + weight, 0);

function anyEdit(dice: Dice): (typeof edits)[number] {
  let at = dice.below(weights);
  for (const entry of edits) {
    at -= entry.weight;
    if (at < 0) return entry;
  }
  throw new RangeError('weights of edits do not add up');
}

const places = new WeakMap<Sample, readonly number[]>();

/**
 * The mutant that these dice make. Some samples are taken as they are, wrapped differently: they must be read whole.
 *
 * @param samples all that may be mutated, at least one
 */
export function mutate(samples: readonly Sample[], dice: Dice): Mutant {
  const sample = chooseSample(samples, dice);
  let known = places.get(sample);
  if (known === undefined) {
    known = placesOf(sample.format, sample.bytes);
    places.set(sample, known);
  }
  const material: Material = {
    places: known,
    isText: sample.shape === 'text' || sample.file.endsWith('.format'),
    other: dice.pick(samples).bytes,
  };
  const steps: string[] = [];
  let plain = sample.bytes;
  let isCut = false;
  if (dice.oneIn(7)) {
    plain = cut(plain, dice, material);
    isCut = true;
    steps.push(`cut to ${plain.length} bytes`);
  } else {
    for (let n = dice.oneIn(3) ? dice.size(6) : 1; n > 0 && plain.length > 0; n--) {
      const { name, edit } = anyEdit(dice);
      plain = edit(plain, dice, material);
      steps.push(name);
    }
  }
  const base = { sample, isCut, isDamagedGzip: false };
  if (sample.shape === 'folder' || sample.format === 'sidecar' || sample.format === 'probes' || !dice.oneIn(8)) {
    return { ...base, bytes: plain, plain, unpacked: plain.length, steps };
  }
  return wrapped(base, plain, dice, steps);
}

interface Choice {
  readonly small: readonly Sample[];
  readonly all: readonly Sample[];
}

const choices = new WeakMap<readonly Sample[], readonly Choice[]>();

/** Every format as often as any other; of its samples the small ones, but for one time in forty. */
function chooseSample(samples: readonly Sample[], dice: Dice): Sample {
  let byFormat = choices.get(samples);
  if (byFormat === undefined) {
    const groups = new Map<string, Sample[]>();
    for (const sample of samples) addTo(groups, sample.format, sample);
    byFormat = [...groups.values()].map((all) => ({ all, small: all.filter((sample) => !sample.isBig) }));
    choices.set(samples, byFormat);
  }
  const { small, all } = dice.pick(byFormat);
  return dice.pick(small.length > 0 && !dice.oneIn(40) ? small : all);
}

/** Packed, packed twice and more, damaged in its packing, or followed by megabytes of the same. */
function wrapped(
  base: Pick<Mutant, 'sample' | 'isCut' | 'isDamagedGzip'>,
  plain: Uint8Array,
  dice: Dice,
  steps: readonly string[],
): Mutant {
  const pack = (bytes: Uint8Array): Uint8Array => (dice.oneIn(3) ? zstdOf(bytes) : gzipOf(bytes));
  switch (dice.below(8)) {
    case 0:
    case 1:
      return { ...base, bytes: pack(plain), plain, unpacked: plain.length, steps: [...steps, 'packed'] };
    case 2: {
      let bytes = plain;
      const depth = 2 + dice.below(4);
      for (let i = 0; i < depth; i++) bytes = pack(bytes);
      const known = depth <= 3 ? plain : undefined;
      return { ...base, bytes, plain: known, unpacked: plain.length, steps: [...steps, `packed ${depth} times`] };
    }
    case 3: {
      if (!dice.oneIn(12)) break;
      const size = dice.pick([1, 4, 16]) << 20;
      const isZstd = dice.oneIn(2);
      const bytes = isZstd ? zstdWithTail(plain, size >> 17) : gzipBomb(plain, plain.subarray(-4096), size);
      return {
        ...base,
        bytes,
        plain: undefined,
        unpacked: size + plain.length,
        steps: [...steps, 'bomb'],

        isCut: false,
      };
    }
    case 4: {
      // Two members one behind the other are one stream (RFC 1952, 2.2).
      const at = dice.below(plain.length);
      const bytes = concatenate([gzipOf(plain.subarray(0, at)), gzipOf(plain.subarray(at))]);
      return { ...base, bytes, plain, unpacked: plain.length, steps: [...steps, 'two members'] };
    }
    default:
  }
  const packed = pack(plain);
  const { name, edit } = anyEdit(dice);
  const bytes = dice.oneIn(3)
    ? packed.subarray(0, dice.below(packed.length))
    : edit(packed, dice, { places: [], isText: false, other: base.sample.bytes });
  // What another reader of the same stream makes of it; undefined when it is damaged, or was no gzip.
  const isGzip = packingOf(bytes)?.id === 'gzip';
  const inside = isGzip ? inflated(bytes) : undefined;
  return {
    ...base,
    bytes,
    plain: inside,
    isDamagedGzip: isGzip && inside === undefined,
    unpacked: Math.max(plain.length, inside?.length ?? 0) * 2,
    steps: [...steps, `packed, then ${name}`],
    isCut: false,
  };
}

function inflated(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return new Uint8Array(gunzipSync(bytes, { maxOutputLength: 1 << 26 }));
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}
