import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tracePath } from '../test-support.ts';
import { folioscope, temporaryFile, temporaryFolder } from './test-support.ts';

const capture = tracePath('pairs', 'shared-anon-hot', 'baseline', 'run01', 'trace.txt.gz');

test('fit writes a scenario that says what it is not sure of, and that runs', (t) => {
  const file = join(temporaryFolder(t), 'fitted.yaml');
  const { code, stdout } = folioscope(['fit', capture, '-o', file]);
  assert.equal(code, 0);
  assert.equal(stdout, '');
  const yaml = readFileSync(file, 'utf8');
  assert.match(yaml, /^# /);
  assert.match(yaml, /^kernel: linux-6\.12\.117$/m);
  assert.match(yaml, /^estimated:$/m);
  assert.equal(folioscope(['scenario', file, '--policy', 'drain-once', '--draws', '2']).code, 0);
  const { scenario, remarks } = JSON.parse(folioscope(['fit', capture, '--json']).stdout);
  assert.equal(scenario.requests[0].model, 'move_pages');
  assert.ok(remarks.length > 0);
});

test('a capture without requests, or of no known kernel, makes no scenario', (t) => {
  const line = '     task-1       [000] .....     1.000000: mm_lru_activate: folio=fffffc0000008000 pfn=0x200\n';
  const file = temporaryFile(t, 'quiet.txt', `# tracer: nop\n#\n${line}`);
  const quiet = folioscope(['fit', file, '--kernel', '6.12']);
  assert.equal(quiet.code, 3);
  assert.match(quiet.stderr, /no call of migrate_pages/);
  assert.match(folioscope(['fit', file]).stderr, /give --kernel/);
});
