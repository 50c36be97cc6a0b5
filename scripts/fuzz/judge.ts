/**
 * The verdict on one input. What must hold, whatever the input is:
 *   - nothing is thrown but a TraceError (a Broken is a check that failed, anything else a crash);
 *   - batches are well formed and the books balance (`read.ts`);
 *   - the books cover the whole input: every line of text, every byte of a binary file;
 *   - what was cut off shows: a capture that has fewer events than it had says so in skips, losses or remarks;
 *   - a packed stream that was damaged is cut short in the books, or gives exactly what it held;
 *   - the same bytes in other chunks give the same events and the same books;
 *   - processor time and memory stay below bounds that follow from the input's size.
 */
import { packingOf } from '../../src/read/decompress.ts';
import { Meter } from './meter.ts';
import type { Mutant } from './mutate.ts';
import { Broken, type Outcome, readInput } from './read.ts';
import type { Sample } from './samples.ts';

export interface Verdict {
  /** `whole`, `skips`, `refused: CODE`. */
  readonly outcome: string;
  /** What is wrong; undefined when all holds. */
  readonly failure: string | undefined;
  /** It took more memory than it may, unless that is left from inputs before it: to be read again by a new process. */
  readonly isLarge: boolean;
  readonly seconds: number;
  readonly growth: number;
}

/** A second of an emulated or shared machine, and 200 ns for each byte (readers take a fiftieth of that). */
const secondsAllowed = (bytes: number): number => 2 + bytes * 200e-9;

/** What a process with one batch being filled and one in the consumer's hands takes, and eight times the input up to 256 MiB. */
const growthAllowed = (bytes: number): number => 128 * 2 ** 20 + 8 * Math.min(bytes, 2 ** 28);

const meter = new Meter();
const baselines = new WeakMap<Sample, Outcome>();

async function baselineOf(sample: Sample): Promise<Outcome> {
  let known = baselines.get(sample);
  if (known === undefined) {
    known = await readInput(sample, sample.bytes, 1 << 16);
    baselines.set(sample, known);
  }
  return known;
}

/** Reads a mutant and says what became of it. Throws nothing. */
export async function judge(mutant: Mutant, chunk: number, otherChunk: number): Promise<Verdict> {
  let outcome: Outcome | undefined;
  let failure: string | undefined;
  meter.start();
  let seconds = 0;
  let growth = 0;
  try {
    outcome = await readInput(mutant.sample, mutant.bytes, chunk);
    seconds = meter.seconds();
    growth = meter.growth();
    failure = await findFault(mutant, outcome, otherChunk);
  } catch (error) {
    seconds = meter.seconds();
    growth = meter.growth();
    failure = describe(error);
  }
  if (failure === undefined && seconds > secondsAllowed(mutant.unpacked)) {
    failure = `took ${seconds.toFixed(1)} s of processor time for ${mutant.unpacked} bytes`;
  }
  const isLarge = failure === undefined && growth > growthAllowed(mutant.unpacked);
  if (isLarge) failure = `took ${Math.round(growth / 2 ** 20)} MiB for ${mutant.unpacked} bytes`;
  return { outcome: nameOf(outcome), failure, isLarge, seconds, growth };
}

function nameOf(outcome: Outcome | undefined): string {
  if (outcome === undefined) return 'failed';
  if (outcome.refused !== '') return `refused: ${outcome.refused}`;
  return outcome.skipped > 0 ? 'skips' : 'whole';
}

function describe(error: unknown): string {
  if (error instanceof Broken) return error.message;
  if (error instanceof Error) return `crash: ${error.stack ?? error.message}`;
  return `crash: ${String(error)}`;
}

async function findFault(mutant: Mutant, outcome: Outcome, otherChunk: number): Promise<string | undefined> {
  const { sample, bytes, plain } = mutant;
  if (otherChunk > 0) {
    const again = await readInput(sample, bytes, otherChunk);
    // How much of a damaged packed stream is given out before the damage is its inflater's affair.
    const isTold = isDamageTold(mutant, outcome) && isDamageTold(mutant, again);
    if (again.digest !== outcome.digest && !isTold) {
      return `other chunks, another reading: ${firstDifference(outcome.digest, again.digest)}`;
    }
  }
  if (outcome.refused !== '' || sample.format === 'sidecar' || sample.format === 'probes') return undefined;
  if (plain === undefined) return damagedPacking(mutant, outcome);
  return coverage(sample, plain, outcome) ?? (mutant.isCut ? await missingShows(mutant, plain, outcome) : undefined);
}

function isDamageTold(mutant: Mutant, outcome: Outcome): boolean {
  if (outcome.isCutShort || outcome.refused === 'damaged') return true;
  return mutant.plain === undefined && outcome.refused !== '';
}

function firstDifference(a: string, b: string): string {
  let at = 0;
  while (a[at] === b[at] && at < a.length) at++;
  const from = Math.max(0, at - 60);
  return `"${a.slice(from, at + 80)}" and "${b.slice(from, at + 80)}"`;
}

/** Every line of a text, every byte of a binary file is in the books. */
function coverage(sample: Sample, plain: Uint8Array, outcome: Outcome): string | undefined {
  if (packingOf(plain) !== undefined) return undefined; // Edited into a packed stream.
  if (sample.shape === 'folder') return undefined; // Its other files are counted too: its own tests know how.
  let size = plain.length;
  if (outcome.unit === 'lines') {
    size = 0;
    for (let at = plain.indexOf(10); at >= 0; at = plain.indexOf(10, at + 1)) size++;
    if (plain.length > 0 && plain[plain.length - 1] !== 10) size++;
  } else if (outcome.unit !== 'bytes') return undefined;
  // A damaged stream adds a unit of its own.
  if (outcome.total === size || (outcome.isCutShort && outcome.total === size + 1)) return undefined;
  // Lines of systrace that are packed behind its mark: how many there are, only who unpacks it knows.
  if (outcome.format === 'systrace' && /TRACE:[ \r]*\n\x78/.test(new TextDecoder('latin1').decode(plain)))
    return undefined;
  // Packed chunks of trace.dat count as what they hold, which is seldom less.
  if (outcome.format === 'trace-dat' && isPackedInside(plain) && outcome.total > size / 2) return undefined;
  return `${outcome.total} ${outcome.unit} in the books, ${size} in the input`;
}

/** trace.dat 7 names its packing behind the size of a page (trace-cmd.dat.v7(5), INITIAL FORMAT). */
function isPackedInside(plain: Uint8Array): boolean {
  const start = new TextDecoder('latin1').decode(plain.subarray(0, 22));
  return start.slice(10, 11) === '7' && start.slice(18) !== 'none';
}

async function missingShows(mutant: Mutant, plain: Uint8Array, outcome: Outcome): Promise<string | undefined> {
  const baseline = await baselineOf(mutant.sample);
  if (mutant.sample.shape !== 'text') {
    if (outcome.events >= baseline.events || outcome.signs !== baseline.signs) return undefined;
    // Whole pages of one CPU: nothing in the others says how many there were.
    if (mutant.sample.shape === 'folder' && plain.length % 4096 === 0) return undefined;
    return `${plain.length} of ${mutant.sample.bytes.length} bytes give ${outcome.events} of ${baseline.events} events, and nothing shows it`;
  }
  const lastLine = new TextDecoder('latin1').decode(plain.subarray(plain.lastIndexOf(10) + 1));
  if (lastLine.trim() === '' || lastLine.startsWith('#') || outcome.skipped > 0) return undefined;
  return `cut in the middle of "${lastLine}", and nothing is skipped`;
}

/** gzip has a checksum, so a stream that does not unpack is seen to be damaged; zstd's is optional, and ours have none. */
function damagedPacking(mutant: Mutant, outcome: Outcome): string | undefined {
  if (!mutant.isDamagedGzip || outcome.isCutShort) return undefined;
  return `a damaged gzip stream reads as ${outcome.events} events, and nothing shows the damage`;
}
