/**
 * Records stored many at once, column by column (event-block.ts), are what they are one by one: the same events, kinds,
 * losses and books. One by one is how they are read where pages do not fit into one block of memory (page-pool.ts), which
 * is brought about here; and so is a block of memory that has room for hardly more than the pages at hand.
 */
import { strict as assert } from 'node:assert';
import { mock, test } from 'node:test';
import fc from 'fast-check';
import { Dice } from '../../../scripts/fuzz/dice.ts';
import { mutate } from '../../../scripts/fuzz/mutate.ts';
import { findSamples, type Sample } from '../../../scripts/fuzz/samples.ts';
import { TraceError } from '../../base/errors.ts';
import type { Capture, OpenCapture } from '../../events/capture.ts';
import { tracePath } from '../../test-support.ts';
import { readFileSet, readPacked } from '../bytes.ts';
import { gunzipNode } from '../file.ts';
import { setDown } from '../file-source.ts';
import type { FileSet } from '../format.ts';
import { MemorySource } from '../sources.ts';
import { type PlainEvent, readEvents } from '../test-support.ts';
import { PagePool } from './page-pool.ts';
import { formatText, headerPage, type Item, type PageShape, pagesOf } from './test-support.ts';

async function openSample(sample: Sample, bytes: Uint8Array): Promise<OpenCapture> {
  if (sample.shape !== 'folder') return readPacked('test', once(bytes), {}, gunzipNode, setDown);
  const names = [...sample.files.keys()];
  const contentOf = (name: string) => (name === sample.file ? bytes : sample.files.get(name)!);
  const files = { names, open: async (name: string) => new MemorySource([contentOf(name)]) };
  return (await readFileSet('test', files, {}, async () => undefined))!;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

interface Told {
  readonly refused: string;
  readonly events: readonly PlainEvent[];
  readonly capture: Partial<Capture>;
}

/** All that a reading tells, or why it was refused. */
async function read(open: () => Promise<OpenCapture>): Promise<Told> {
  try {
    const reading = await open();
    const events = await readEvents(reading);
    const { accounting, losses, remarks, kinds, inversions, end } = reading.capture;
    return { refused: '', events, capture: { accounting, losses, remarks, kinds, inversions, end } };
  } catch (error) {
    if (error instanceof TraceError) return { refused: error.message, events: [], capture: {} };
    throw error;
  }
}

const { of } = PagePool;
const ways = {
  'without a pool': () => undefined,
  'with one page to spare': (cpus: number, pageSize: number) => of(cpus, pageSize, 0),
} as const;

/** Reads in each way, and gives what the usual one told. */
async function alike(open: () => Promise<OpenCapture>, what: string): Promise<Told> {
  const together = await read(open);
  for (const [name, way] of Object.entries(ways)) {
    const mocked = mock.method(PagePool, 'of', way);
    try {
      assert.deepEqual(await read(open), together, `${what} ${name}`);
    } finally {
      mocked.mock.restore();
    }
  }
  return together;
}

const samples = await findSamples(tracePath(), new Set(['trace-dat', 'raw-pages']));

test('samples are read together as one by one', async () => {
  const folders = new Set<string>();
  for (const sample of samples) {
    if (sample.shape === 'folder') {
      const folder = sample.name.slice(0, sample.name.lastIndexOf('/'));
      if (folders.has(folder)) continue;
      folders.add(folder);
    }
    await alike(() => openSample(sample, sample.bytes), sample.name);
  }
  assert.ok(samples.length > 8 && folders.size > 0);
});

const runs = Number(process.env['BLOCKS_RUNS'] ?? 100);
const seed = Number(process.env['BLOCKS_SEED'] ?? 3);
test(`${runs} mutants of them are, too`, async () => {
  for (let i = 0; i < runs; i++) {
    const { sample, bytes, steps, unpacked } = mutate(samples, new Dice(seed, i));
    if (unpacked > 1_000_000) continue;
    await alike(() => openSample(sample, bytes), `seed ${seed}, mutant ${i} of ${sample.name} (${steps.join(', ')})`);
  }
});

const shapes = [
  { isLittleEndian: true, longSize: 8, pageSize: 4096 },
  { isLittleEndian: false, longSize: 8, pageSize: 65536 },
  { isLittleEndian: false, longSize: 4, pageSize: 4096 },
] as const satisfies readonly PageShape[];

const common =
  '\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n';

/** A description whose fields lie where they are said to. */
function described(name: string, id: number, fields: readonly (readonly [string, number, number])[], print: string) {
  const lines = fields.map(([type, offset, size]) => `\tfield:${type};\toffset:${offset};\tsize:${size};\tsigned:0;\n`);
  return `name: ${name}\nID: ${id}\nformat:\n${common}\n${lines.join('')}\nprint fmt: ${print}\n`;
}

const strings = [0, 1, 2, 3, 4, 5, 6, 7];

/** Descriptions of every kind: those of one event twice, probes with and without their function, texts, arrays, stacks. */
function descriptions(longSize: number): Record<string, string> {
  const insertion = formatText('mm_lru_insertion', longSize);
  return {
    'events/pagemap/mm_lru_insertion/format': insertion,
    'again/pagemap/mm_lru_insertion/format': insertion.replace('ID: 444', 'ID: 445'),
    'events/migrate/mm_migrate_pages/format': formatText('mm_migrate_pages', longSize),
    'events/vendor/thermal_note/format': formatText('thermal_note', longSize),
    'events/vendor/narrow/format': described(
      'narrow',
      1302,
      [
        ['u8 a', 8, 1],
        ['s16 b', 10, 2],
        ['u64 c', 12, 8],
        ['unsigned char d', 20, 1],
      ],
      '"a=%d", REC->a',
    ),
    'events/kprobes/moved/format': described(
      'moved',
      1401,
      [
        ['unsigned long __probe_ip', 8, 8],
        ...strings.map((i) => [`__data_loc char[] s${i}`, 16 + 4 * i, 4] as const),
        ['u32 why', 48, 4],
        ['u64 folio', 52, 8],
      ],
      `"(%lx)${strings.map((i) => ` s${i}=\\"%s\\"`).join('')} why=%s folio=0x%Lx", REC->__probe_ip, ${strings.map((i) => `__get_str(s${i})`).join(', ')}, __print_symbolic(REC->why, { 0, "none" }, { 1, "one" }, { 2, "two" }), REC->folio`,
    ),
    'events/kprobes/left/format': described(
      'left',
      1402,
      [
        ['unsigned long __probe_func', 8, 8],
        ['unsigned long __probe_ret_ip', 16, 8],
        ['s32 ret', 24, 4],
      ],
      '"(%lx <- %lx) ret=%d", REC->__probe_func, REC->__probe_ret_ip, REC->ret',
    ),
    'events/ftrace/kernel_stack/format': described('kernel_stack', 4, [['int size', 8, 4]], '"x"'),
    'events/ftrace/print/format': described(
      'print',
      5,
      [
        ['unsigned long ip', 8, 8],
        ['char buf[]', 16, 0],
      ],
      '"%ps: %s", (void *)REC->ip, REC->buf',
    ),
  };
}

const types = [444, 445, 527, 1301, 1302, 1401, 1402, 4, 5, 7, 1403, 65535];
const addresses = [0x1000, 0x1010, 0x2004, 0x3000, 0];
const kallsyms =
  'ffffffc000001000 T folio_add_lru\nffffffc000002000 T lru_add_drain\nffffffc000003000 T migrate_pages_batch\nffffffc000004000 T end_of_it\n';

interface Drawn {
  readonly cpu: number;
  readonly type: number;
  /** Bytes of the record, in words. */
  readonly words: number;
  readonly delta: number;
  readonly value: number;
  /** How its data are said to lie: well, of all of the record, behind its end. */
  readonly text: number;
}

function recordOf({ type, words, value, text }: Drawn, { isLittleEndian }: PageShape): Uint8Array {
  const bytes = new Uint8Array(4 * words).fill(65);
  const view = new DataView(bytes.buffer);
  const put = (at: number, number: number): void => {
    if (at + 4 <= bytes.length) view.setUint32(at, number >>> 0, isLittleEndian);
  };
  const id = types[type]!;
  const wide = (at: number, hi: number, lo: number): void => {
    put(at, isLittleEndian ? lo : hi);
    put(at + 4, isLittleEndian ? hi : lo);
  };
  if (id !== 1301 && id !== 1401) for (let at = 8; at < bytes.length; at += 4) put(at, value + at);
  const data = text === 0 ? (4 << 16) | 56 : text === 1 ? bytes.length << 16 : (40 << 16) | (bytes.length - 8);
  if (id === 1301) for (const at of [16, 20, 24]) put(at, data);
  if (id === 1401) {
    for (const i of strings) put(16 + 4 * i, data);
    put(48, value % 4);
  }
  if (id === 1401 || id === 1402 || id === 5) wide(8, 0xffffffc0, addresses[value % addresses.length]!);
  if (id === 5) bytes.fill(0, 18);
  bytes[2] = value & 0xff;
  put(4, value % 7);
  view.setUint16(0, id, isLittleEndian);
  return bytes;
}

/** A folder of raw pages with these records. */
function folderOf(drawn: readonly Drawn[], shape: PageShape, hasSymbols: boolean): FileSet {
  const encoder = new TextEncoder();
  const contents = new Map<string, Uint8Array>();
  const add = (name: string, text: string) => contents.set(name, encoder.encode(text));
  add('events/header_page', headerPage(shape.longSize, shape.pageSize));
  add('saved_cmdlines', '1 one\n2 two\n5 fi ve\n');
  add('saved_tgids', '1 1\n2 1\n');
  if (hasSymbols) add('kallsyms', kallsyms);
  for (const [name, text] of Object.entries(descriptions(shape.longSize))) add(name, text);
  const items = new Map<number, Item[]>();
  let time = 1_000_000n;
  for (const one of drawn) {
    time += BigInt(one.delta);
    const list = items.get(one.cpu) ?? [];
    items.set(one.cpu, list);
    if (one.text === 2 && one.value % 50 === 0) list.push({ what: 'page', isLossy: true, count: one.value });
    list.push({ what: 'record', time, bytes: recordOf(one, shape) });
  }
  for (const [cpu, list] of items) contents.set(`per_cpu/cpu${cpu}/trace_pipe_raw`, pagesOf(list, shape));
  return {
    names: [...contents.keys()],
    open: async (name) => new MemorySource([contents.get(name)!]),
  };
}

const anyRecord = fc.record({
  cpu: fc.integer({ min: 0, max: 2 }),
  type: fc.integer({ min: 0, max: types.length - 1 }),
  words: fc.integer({ min: 1, max: 60 }),
  delta: fc.integer({ min: 0, max: 3 }),
  value: fc.integer({ min: 0, max: 400 }),
  text: fc.integer({ min: 0, max: 2 }),
});

test('any records are read together as one by one', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyRecord, { minLength: 1, maxLength: 200 }),
      fc.constantFrom(...shapes),
      fc.boolean(),
      async (drawn, shape, hasSymbols) => {
        const files = folderOf(drawn, shape, hasSymbols);
        const told = await alike(async () => (await readFileSet('test', files, {}, async () => undefined))!, 'records');
        assert.equal(told.refused, '');
        assert.equal(told.events.length, drawn.filter(({ type }) => types[type] !== 4).length);
      },
    ),
    { numRuns: 40 },
  );
});

test('common fields are where most descriptions say, whichever comes first', async () => {
  const drawn = [0, 2, 5].map((type): Drawn => ({ cpu: 0, type, words: 15, delta: 1, value: 9, text: 0 }));
  const files = folderOf(drawn, shapes[0], false);
  const odd = described('odd', 3000, [], '""').replace('common_pid;\toffset:4', 'common_pid;\toffset:12');
  const withOdd: FileSet = {
    names: ['events/a/odd/format', ...files.names],
    open: async (name) =>
      name === 'events/a/odd/format' ? new MemorySource([new TextEncoder().encode(odd)]) : files.open(name),
  };
  const pids = (await read(async () => (await readFileSet('test', withOdd, {}, async () => undefined))!)).events;
  assert.deepEqual(
    pids.map(({ pid }) => pid),
    [2, 2, 2],
  );
});

test('records are the same at the borders of blocks and batches', async () => {
  const dice = new Dice(1, 1);
  const drawn = Array.from({ length: 70_000 }, (): Drawn => {
    // Now and then every record of a kind is missing for a while, or too short.
    const type = dice.below(types.length);
    const words = dice.oneIn(9) ? 1 + dice.below(20) : 15;
    return { cpu: dice.below(3), type, words, delta: dice.below(3), value: dice.below(400), text: dice.below(3) };
  });
  const files = folderOf(drawn, shapes[0], true);
  const told = await alike(async () => (await readFileSet('test', files, {}, async () => undefined))!, 'records');
  assert.equal(told.events.length, drawn.filter(({ type }) => types[type] !== 4).length);
});
