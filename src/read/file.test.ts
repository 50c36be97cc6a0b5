import { strict as assert } from 'node:assert';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { TraceError } from '../base/errors.ts';
import { balance } from '../events/capture.ts';
import { tracePath } from '../test-support.ts';
import { readBytes } from './bytes.ts';
import { gunzipWeb } from './decompress.ts';
import { gunzipNode, type OpenOptions, openCapture } from './file.ts';
import { chunksOf, readEvents } from './test-support.ts';
import { unzstd } from './zstd.ts';

const folder = mkdtempSync(join(tmpdir(), 'folioscope-read-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** The error that opening gives, checked to name the file. */
async function refusal(path: string, source = path): Promise<TraceError> {
  const error = await openCapture(path).then(
    () => assert.fail(`${path} was opened`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof TraceError)) throw error;
  assert.equal(error.file, source);
  assert.ok(error.message.startsWith(source));
  return error;
}

const lines = Array.from(
  { length: 3000 },
  (_, i) =>
    `          fsl-move   ${1000 + (i % 7)} [00${i % 4}]  ${10 + Math.floor(i / 1000)}.${String(i % 1000).padStart(3, '0')}000:  migrate:set_migration_pte: addr=ffff8000${(i * 4096).toString(16)}, pte=3000041f00780 order=0\n`,
);
const text = lines.join('');

test('what is cut before its format can be told is damaged, not of an unknown format', async () => {
  const whole = readFileSync(tracePath('debian-6.1-4k', 'shanon_hot', 'trace.txt.gz'));
  const path = file('early.gz', whole.subarray(0, 100));
  await assert.rejects(
    openCapture(path),
    (error) =>
      error instanceof TraceError &&
      error.code === 'damaged' &&
      /gzip stream ends early, and the \d+ bytes before that do not tell the format/.test(error.message),
  );
});

test('an empty file is empty, packed or not', async () => {
  assert.match((await refusal(file('empty.txt', ''))).message, /empty\.txt: is empty$/);
  assert.match((await refusal(file('empty.gz', gzipSync('')))).message, /is empty inside its packing/);
});

test('a file that is not there, or may not be read', async () => {
  assert.equal((await refusal(join(folder, 'nothing'))).code, 'not-found');
  assert.equal((await refusal(join(file('a.txt', 'x'), 'below'))).code, 'not-found');
  const path = file('secret.txt', text);
  chmodSync(path, 0);
  // Root may read anything.
  if (process.getuid?.() !== 0) assert.equal((await refusal(path)).code, 'no-permission');
});

test('a directory is refused with the captures in it', async () => {
  const where = join(folder, 'many');
  mkdirSync(where);
  for (let i = 0; i < 7; i++) writeFileSync(join(where, `capture-${i}`), i === 0 ? gzipSync(text) : text);
  writeFileSync(join(where, 'aaa.txt'), 'not a capture\n');
  const error = await refusal(where);
  assert.equal(error.code, 'directory');
  assert.match(error.hint, /capture-0, .*capture-4 and 2 more$/);
  assert.doesNotMatch(error.hint, /aaa|capture-5/);
});

test('what is no capture is named, with what is read instead', async () => {
  const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13);
  const seen = async (name: string, content: string | Uint8Array) => refusal(file(name, content));
  assert.match((await seen('a.png', png)).message, /this is a PNG image$/);
  assert.match((await seen('a.png.gz', gzipSync(png))).message, /this is gzip of a PNG image$/);
  assert.match((await seen('zero', new Uint8Array(5000))).message, /only NUL bytes/);
  assert.match((await seen('prog', Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1))).message, /an ELF program/);
  assert.match((await seen('a.data', 'PERFILE2........')).message, /a\.data at byte 0: .* 104 are needed$/);
  assert.match((await seen('a.dat', '\u0017\u0008\u0044tracing6')).message, /a\.dat at byte 10: .*version/);
  assert.match(
    (await seen('n.txt', 'hello \u001b[31mred\nworld\n')).message,
    /text whose first line is "hello .\[31mred"$/,
  );
  assert.match(
    (
      await seen(
        'noise',
        Uint8Array.from({ length: 400 }, (_, i) => (i * 37) % 256),
      )
    ).message,
    /binary data.*begins 00 25 4a/,
  );
  assert.match(
    (await seen('hist', '# event histogram\n#\n# trigger info: hist:keys=reason:vals=hitcount [active]\n#\n')).message,
    /a histogram trigger: counts, not events$/,
  );
  assert.match(
    (await seen('fields', '      kcompactd1    46 [002]     4.513348: nid=1\n')).hint,
    /with event and trace among the fields/,
  );
  assert.match((await seen('dump', '\n0x1198@perf.data [0x38]: event: 79\n.\n')).hint, /give the perf\.data itself/);
  assert.match((await seen('dmesg', '[    1.000000] one\n[    1.000001] two\n')).message, /a kernel log$/);
  assert.match((await seen('probes', 'p:fs/migrate_pages migrate_pages from=%x0:x64\n')).hint, /--probes FILE/);
  const page = new Uint8Array(4096);
  page.set([0xa0, 0x7b, 0x56, 0x9a, 0x18, 0, 0, 0, 0xf0, 0x0f]);
  assert.match((await seen('raw_cpu0.bin', page)).hint, /give the folder/);
  const all = await seen('j.json', '{"a": 1}');
  assert.match(all.hint, /formats read: tracefs, perf-script, .*csv, .*; folioscope formats says/);
});

test('packings that are not unpacked come with the command that does', async () => {
  const error = await refusal(file('a.xz', Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 1, 2)));
  assert.equal(error.code, 'packed');
  assert.match(error.hint, /xz -dk .*a\.xz$/);
  assert.match(
    (await refusal(file('a b.xz', Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 1, 2)))).hint,
    /xz -dk '.*a b\.xz'$/,
  );
  assert.match((await refusal(file('a.lz4', Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 1)))).hint, /lz4 -dk/);
  assert.match((await refusal(file('a.bz2', 'BZh91AY'))).hint, /bunzip2/);
});

test('plain, gzip, gzip of two members, and gzip of gzip hold the same events', async () => {
  const plain = await readEvents(await openCapture(file('p.txt', text)));
  assert.equal(plain.length, 3000);
  const half = lines.slice(0, 1501).join('');
  const members = Buffer.concat([gzipSync(half), gzipSync(text.slice(half.length))]);
  for (const content of [gzipSync(text), members, gzipSync(gzipSync(text))]) {
    const open = await openCapture(file('p.gz', content));
    assert.deepEqual(await readEvents(open), plain);
    assert.equal(open.capture.accounting.skipped, 0);
  }
});

/** One zstd frame of raw blocks (RFC 8878, 3.1.1): what a compressor writes for data that does not shrink. */
function zstdFrame(content: Uint8Array): Uint8Array {
  const parts: number[] = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58];
  for (let at = 0; at < content.length; at += 65536) {
    const block = content.subarray(at, at + 65536);
    const header = (block.length << 3) | (at + 65536 >= content.length ? 1 : 0);
    parts.push(header & 255, (header >> 8) & 255, header >> 16, ...block);
  }
  return Uint8Array.from(parts);
}

test('zstd is read, in chunks of any size', async () => {
  const frame = zstdFrame(new TextEncoder().encode(text));
  const plain = await readEvents(await openCapture(file('p.txt', text)));
  assert.deepEqual(await readEvents(await openCapture(file('p.zst', frame))), plain);
  const chunks = Array.from({ length: Math.ceil(frame.length / 999) }, (_, i) => frame.slice(i * 999, i * 999 + 999));
  assert.deepEqual(await readEvents(await readBytes('p', chunksOf(...chunks))), plain);
});

test('a cut gzip keeps what could be read, and the damage is a counted skip', async () => {
  const packed = gzipSync(text);
  const open = await openCapture(file('cut.gz', packed.subarray(0, Math.floor(packed.length * 0.7))));
  const events = await readEvents(open);
  const whole = await readEvents(await openCapture(file('p.txt', text)));
  assert.ok(events.length > 500 && events.length < 3000, `${events.length} events`);
  assert.deepEqual(events, whole.slice(0, events.length));
  const { accounting, remarks } = open.capture;
  assert.deepEqual(
    accounting.skips.map(({ reason, count }) => `${reason}: ${count}`),
    ['the last line has no line end, so it may be cut; add one if it is whole: 1', 'gzip stream ends early: 1'],
  );
  assert.ok(balance(accounting));
  assert.equal(accounting.cutShort, true);
  assert.match(remarks.join(), /gzip stream ends early: .*not known/);
});

test('everything that a cut gzip holds is given out, as zlib itself would with what it has', async () => {
  const bytes = readFileSync(tracePath('debian-6.1-4k', 'shanon_hot', 'trace.txt.gz'));
  for (const part of [0.2, 0.5, 0.99]) {
    const cut = bytes.subarray(0, Math.floor(bytes.length * part));
    const expected = gunzipSync(cut, { finishFlush: 2 });
    const result = { damage: '' };
    let length = 0;
    for await (const chunk of gunzipNode(chunksOf(new Uint8Array(cut)), result)) length += chunk.length;
    assert.equal(length, expected.length);
    assert.equal(result.damage, 'gzip stream ends early');
  }
});

test('a corrupt gzip or zstd is damage too, and an error when nothing can be read', async () => {
  const packed = gzipSync(text);
  packed.fill(0x55, packed.length >> 1, (packed.length >> 1) + 40);
  const open = await openCapture(file('bad.gz', packed));
  await readEvents(open);
  assert.match(open.capture.accounting.skips.map((skip) => skip.reason).join(), /gzip stream is damaged \(/);
  const frame = zstdFrame(new TextEncoder().encode(text));
  const cut = await openCapture(file('cut.zst', frame.subarray(0, 100_000)));
  await readEvents(cut);
  assert.match(cut.capture.accounting.skips.map((skip) => skip.reason).join(), /zstd stream ends early/);
  assert.equal((await refusal(file('dead.gz', packed.subarray(0, 12)))).code, 'damaged');
  assert.equal(
    (await refusal(file('dead.zst', Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0xff, 0xff, 0xff, 0xff, 1, 2, 3)))).code,
    'damaged',
  );
});

test('the browser’s gzip gives the same bytes, and reports a cut', async () => {
  const packed = new Uint8Array(gzipSync(text));
  const whole = { damage: '' };
  let out = '';
  for await (const chunk of gunzipWeb(chunksOf(packed), whole)) out += Buffer.from(chunk).toString();
  assert.equal(out, text);
  assert.equal(whole.damage, '');
  const cut = { damage: '' };
  for await (const chunk of gunzipWeb(chunksOf(packed.slice(0, packed.length >> 1)), cut)) assert.ok(chunk.length > 0);
  assert.match(cut.damage, /gzip stream ends early or is damaged/);
});

test('zstd that ends early says so', async () => {
  const result = { damage: '' };
  const frame = zstdFrame(new TextEncoder().encode(text));
  for await (const chunk of unzstd(chunksOf(frame.slice(0, 70_000)), result)) assert.ok(chunk.length > 0);
  assert.equal(result.damage, 'zstd stream ends early');
});

test('meta.json beside the capture is used; a malformed one is an error; another may be named', async () => {
  const where = join(folder, 'with-sidecar');
  mkdirSync(where);
  const path = join(where, 'capture');
  writeFileSync(path, text);
  writeFileSync(join(where, 'meta.json'), '{"kernelVersion": "6.6.30"}');
  const versionOf = async (options?: OpenOptions) => {
    const { capture, close } = await openCapture(path, options);
    await close?.();
    return capture.kernelVersion;
  };
  assert.deepEqual(await versionOf(), { value: '6.6.30', from: 'sidecar' });
  const other = file('other.json', '{"kernelVersion": "6.12.1"}');
  assert.equal((await versionOf({ sidecarPath: other }))?.value, '6.12.1');
  writeFileSync(join(where, 'meta.json'), '{"kernelVersion": 6}');
  assert.equal((await refusal(path, join(where, 'meta.json'))).code, 'sidecar');
  await assert.rejects(
    openCapture(path, { sidecarPath: join(where, 'none.json') }),
    /none\.json: there is no such file/,
  );
});

test('probe definitions beside the capture are used where the sidecar has none', async () => {
  const where = join(folder, 'with-probes');
  mkdirSync(where);
  const path = join(where, 'capture');
  writeFileSync(path, '   a  1 [000]  1.000000: my:probe_7: (ffff8000803324b0) x=3\n');
  writeFileSync(join(where, 'kprobe_events.txt'), 'p:my/probe_7 lru_add_drain_cpu x=%x0:s32\n');
  const [event] = await readEvents(await openCapture(path));
  assert.equal(event?.probe?.meaning, 'lru_add_drain_cpu');
  assert.deepEqual(event?.probe?.roles, ['cpu']);
  writeFileSync(join(where, 'meta.json'), '{"probeDefinitions": ["p:my/probe_7 folio_add_lru x=%x0:x64"]}');
  const [other] = await readEvents(await openCapture(path));
  assert.equal(other?.probe?.meaning, 'folio_add_lru');
});

test('progress counts the bytes on the disk to the end', async () => {
  const path = file('big.txt', text.repeat(12));
  const seen: number[][] = [];
  const open = await openCapture(path, { onProgress: (bytes, total) => seen.push([bytes, total]) });
  await readEvents(open);
  const size = text.length * 12;
  assert.ok(seen.length >= 3, 'several chunks');
  assert.deepEqual(seen.at(-1), [size, size]);
});
