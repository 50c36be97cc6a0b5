/** Inputs that are read at any place: in memory, set down on a disk, out of a tar. */
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { TraceError } from '../base/errors.ts';
import { openCapture } from './file.ts';
import { folderFiles, setDown } from './file-source.ts';
import type { ByteSource } from './format.ts';
import { MemorySource, partOf } from './sources.ts';
import { isTar, tarFiles } from './tar.ts';

const folder = mkdtempSync(join(tmpdir(), 'sources-'));
after(() => rmSync(folder, { recursive: true }));

async function readAll(source: ByteSource): Promise<string> {
  return new TextDecoder().decode(await source.read(0, source.size));
}

test('bytes in memory are the same wherever the chunks are cut and wherever a read begins', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { maxLength: 8 }),
      fc.nat(170),
      fc.nat(170),
      async (chunks, offset, length) => {
        const whole = Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
        const source = new MemorySource(chunks);
        assert.equal(source.size, whole.length);
        assert.deepEqual([...(await source.read(offset, length))], [...whole.subarray(offset, offset + length)]);
        const part = partOf(source, 3, Math.max(0, whole.length - 5));
        assert.deepEqual(
          [...(await part.read(offset, length))],
          [...whole.subarray(3, 3 + part.size).subarray(offset, offset + length)],
        );
      },
    ),
  );
});

test('what is set down beyond the bound of memory is read back from the disk', async () => {
  const chunk = Uint8Array.from({ length: 1 << 20 }, (_, i) => i % 251);
  async function* many(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 260; i++) {
      chunk[0] = i % 256;
      yield chunk.slice();
    }
  }
  const source = await setDown(many());
  try {
    assert.equal(source instanceof MemorySource, false);
    assert.equal(source.size, 260 << 20);
    for (const i of [0, 1, 255, 259]) {
      const [first, second] = await source.read(i << 20, 2);
      assert.deepEqual([first, second], [i % 256, 1]);
    }
    assert.equal((await source.read((260 << 20) - 1, 10)).length, 1);
  } finally {
    await source.close();
  }
});

test('a tar archive lists its files, long names too, and gives their bytes', async () => {
  const long = `${'d'.repeat(90)}/${'e'.repeat(90)}`;
  mkdirSync(join(folder, 'in', long), { recursive: true });
  writeFileSync(join(folder, 'in', 'one.txt'), 'first');
  writeFileSync(join(folder, 'in', long, 'two.txt'), 'second');
  for (const format of ['gnu', 'ustar', 'pax']) {
    const path = join(folder, `${format}.tar`);
    execFileSync('tar', [`--format=${format}`, '-cf', path, '-C', join(folder, 'in'), '.']);
    const bytes = readFileSync(path);
    assert.ok(isTar(bytes));
    const files = await tarFiles(path, new MemorySource([new Uint8Array(bytes)]));
    assert.deepEqual([...files.names].sort(), [`${long}/two.txt`, 'one.txt'], format);
    assert.equal(await readAll(await files.open('one.txt')), 'first');
    assert.equal(await readAll(await files.open(`${long}/two.txt`)), 'second');
    await assert.rejects(files.open('../etc/passwd'), /no file/);
  }
});

test('a damaged tar archive is an error that names the place', async () => {
  const whole = new Uint8Array(readFileSync(join(folder, 'gnu.tar')));
  const cut = whole.slice(0, 512 * 3);
  cut.fill(0x37, 124, 135); // The first file claims 8 GB.
  await assert.rejects(tarFiles('x.tar', new MemorySource([cut])), (error: unknown) => {
    assert.ok(error instanceof TraceError);
    assert.match(error.message, /x\.tar/);
    assert.match(error.message, /byte 0/);
    return true;
  });
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, value) => {
      const bytes = whole.slice();
      bytes[at] = value;
      try {
        const { names, open } = await tarFiles('x', new MemorySource([bytes]));
        for (const name of names) assert.ok((await (await open(name)).read(0, 1e9)).length <= bytes.length);
      } catch (error) {
        assert.ok(error instanceof TraceError, String(error));
      }
    }),
  );
});

test('a folder that is no capture says what it holds, and what to name instead', async () => {
  const top = mkdtempSync(join(folder, 'held-'));
  const refused = async (path: string, message: RegExp, hint: RegExp) =>
    assert.rejects(openCapture(path), (error) => {
      assert.ok(error instanceof TraceError);
      assert.match(error.message, message);
      assert.match(error.hint, hint);
      return true;
    });
  await refused(top, /: is a directory, not a capture: it holds nothing$/, /^name a capture file; .*formats/);
  writeFileSync(join(top, 'notes.txt'), 'nothing of a trace\n');
  await refused(top, /: its file \(notes\.txt\) is not in a format that is known$/, /formats/);
  mkdirSync(join(top, 'run'));
  writeFileSync(
    join(top, 'run', 'trace.txt'),
    '# tracer: nop\n#\n  a-1     [000] d....     1.000000: mm_lru_activate: folio=1 pfn=0x1\n',
  );
  await refused(top, /: it holds one$/, /^name it: .*run\/trace\.txt$/);
  // Raw pages of another capture, further down: still a folder of captures, and not theirs.
  mkdirSync(join(top, 'raw'));
  writeFileSync(join(top, 'raw', 'raw_cpu0.bin'), new Uint8Array(4096));
  await refused(top, /: it holds one$/, /run\/trace\.txt/);
});

test('a tar archive and a folder that are no capture are refused with a way out', async () => {
  await assert.rejects(openCapture(join(folder, 'gnu.tar')), /no raw ring-buffer pages/);
  await assert.rejects(openCapture(join(folder, 'in')), /is a directory, not a capture/);
  const files = await folderFiles(join(folder, 'in'));
  assert.ok(files.names.includes('one.txt'));
  assert.equal(await readAll(await files.open('one.txt')), 'first');
  await assert.rejects(files.open('../gnu.tar'), /no file/);
  await files.close();
});
