import { strict as assert } from 'node:assert';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { golden, tracePath } from '../test-support.ts';
import { notebookText } from './notebook-template.ts';
import { folioscope, small, temporaryFile, temporaryFolder, textOf } from './test-support.ts';

test('the template of the repository is the one that the command fills in', () => {
  golden(
    'notebooks/my-capture.html',
    notebookText({
      title: 'My capture',
      library: '../src/index.ts',
      trace: '../traces/debian-6.1-4k/shanon_hot/trace.txt.gz',
      sidecar: '../traces/debian-6.1-4k/shanon_hot/meta.json',
      reading: {},
      serving: 'To run it: `npm run notebooks`, then serve `out/notebooks`.',
    }),
  );
});

test('a notebook names its capture and the sidecar beside it from where it stands, once', (t) => {
  const out = temporaryFolder(t);
  const { code, stdout } = folioscope(['notebook', small, '-o', join(out, 'own'), '--json']);
  assert.equal(code, 0);
  const { notebook } = JSON.parse(stdout) as { notebook: string };
  assert.equal(notebook, join(out, 'own', 'trace.html'));
  const text = readFileSync(notebook, 'utf8');
  assert.match(text, /from "folioscope";/);
  for (const name of ['trace.txt.gz', 'meta.json'])
    assert.match(text, new RegExp(`FileAttachment\\("\\.\\./[^"]*/traces/debian-6.1-4k/shanon_hot/${name}"\\)`));
  const again = folioscope(['notebook', small, '-o', join(out, 'own')]);
  assert.equal(again.code, 2);
  assert.match(again.stderr, /may hold what you wrote/);
});

test('what was said of a capture on the command line stands in its notebook, and its name harms nothing', (t) => {
  const file = temporaryFile(t, `o'x"<script>.txt`, textOf(small));
  writeFileSync(join(dirname(file), 'kprobe_events.txt'), 'p:mm/try_to_migrate try_to_migrate folio=%x0:x64\n');
  const { code, stderr } = folioscope([
    'notebook',
    file,
    '-o',
    dirname(file),
    '--kernel',
    '6.1.192',
    '--page-size',
    '16k',
  ]);
  assert.equal(code, 0, stderr);
  const text = readFileSync(file.replace(/txt$/, 'html'), 'utf8');
  assert.match(text, /^ +kernelVersion: "6\.1\.192",\n +pageSize: 16384,$/m);
  assert.match(text, /^ +probeDefinitions: \["p:mm\/try_to_migrate try_to_migrate folio=%x0:x64"\],$/m);
  assert.doesNotMatch(text, /x"?<script>/);
  assert.match(text, /FileAttachment\("\.\/o'x\\"\\u003cscript>\.txt"\)/);
  const cut = join(dirname(file), 'a#b.txt');
  renameSync(file, cut);
  assert.match(folioscope(['notebook', cut, '-o', dirname(file)]).stderr, /has a # in its path/);
});

test('a folder, stdin and what is no capture make no notebook', (t) => {
  const out = temporaryFolder(t);
  const refused = (file: string) => {
    const { code, stderr } = folioscope(['notebook', file, '-o', out]);
    return `${code} ${stderr}`;
  };
  assert.match(refused('-'), /^2 .*not stdin/s);
  assert.match(refused(tracePath('debian-6.12-4k', 'fmt_rawpages')), /^3 .*reads one file/s);
  assert.match(refused(temporaryFile(t, 'poem.txt', 'no trace at all\n'.repeat(20))), /^3 /);
  assert.match(refused(join(out, 'nothing.txt')), /^3 .*no such file/s);
});
