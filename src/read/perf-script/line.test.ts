import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { newPerfLine, parsePerfLine, textEnd } from './line.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The parts of a line as one readable text; undefined when it is no event line. */
function parts(text: string): string | undefined {
  // Something before and behind, so that positions are taken seriously.
  const bytes = encoder.encode(`before\n${text}\nbehind 1.000000: x: y`);
  const start = 7;
  const end = start + encoder.encode(text).length;
  const line = newPerfLine();
  if (!parsePerfLine(bytes, start, end, line)) return undefined;
  const cut = (from: number, to: number) => decoder.decode(bytes.subarray(from, to));
  const name = cut(line.nameStart, line.nameEnd);
  return `${cut(line.commStart, line.commEnd)}|${line.pid}/${line.tid}|${line.cpu}|${line.seconds}+${line.nanoseconds}|${name}|${cut(line.textStart, end)}`;
}

test('the default form: comm, tid, cpu, time, event, text', () => {
  assert.equal(
    parts('      kcompactd1    46 [002]     4.513348:      compaction:mm_compaction_kcompactd_sleep: nid=1'),
    'kcompactd1|-1/46|2|4+513348000|compaction:mm_compaction_kcompactd_sleep|nid=1',
  );
});

test('trailing spaces of the text are kept: LRU flags are columns', () => {
  assert.equal(parts('  a 1 [000] 1.000000: pagemap:x: flags=Ma b  '), 'a|-1/1|0|1+0|pagemap:x|flags=Ma b  ');
});

test('process and thread, no comm, no cpu, nanoseconds, a period', () => {
  assert.equal(parts('  a b    46/47    [102] 1033.443989: m:x: n=1'), 'a b|46/47|102|1033+443989000|m:x|n=1');
  assert.equal(parts('   46 [002]     4.513348: m:x: n=1'), '|-1/46|2|4+513348000|m:x|n=1');
  assert.equal(parts('      kcompactd1    46     4.513348960: m:x: n=1'), 'kcompactd1|-1/46|-1|4+513348960|m:x|n=1');
  assert.equal(parts('  a 46 [002] 4.513348:          1 m:x: n=1'), 'a|-1/46|2|4+513348000|m:x|n=1');
});

test('a comm may hold anything', () => {
  assert.equal(parts('    kworker/3:1H    46 [002] 4.513348: m:x: n'), 'kworker/3:1H|-1/46|2|4+513348000|m:x|n');
  assert.equal(parts('       [my] 12 x    46 [002] 4.513348: m:x: n'), '[my] 12 x|-1/46|2|4+513348000|m:x|n');
  // Unpadded (call chains), fifteen characters.
  assert.equal(parts('kworker/0:1-rcu    20 [000] 4.513348: m:x: n'), 'kworker/0:1-rcu|-1/20|0|4+513348000|m:x|n');
  // Padded, and ending in a space of its own.
  assert.equal(parts('          ends   1234 [000] 4.513348: m:x: n'), 'ends  |-1/1234|0|4+513348000|m:x|n');
  assert.equal(parts('       kworker/3     4.513348: m:x: n'), 'kworker/3|-1/-1|-1|4+513348000|m:x|n');
});

test('a time within the text is not the time of the line', () => {
  assert.equal(parts('  a 1 [000] 1.000001: m:x: at 2.000002: y: z'), 'a|-1/1|0|1+1000|m:x|at 2.000002: y: z');
});

test('perf’s own records and probes', () => {
  assert.equal(
    parts('  init 0 [000] 0.000000: PERF_RECORD_COMM: init:1/1'),
    'init|-1/0|0|0+0|PERF_RECORD_COMM|init:1/1',
  );
  assert.equal(parts('  a 0 [000] 0.000000: PERF_RECORD_FORK(1:1):(0:0)'), 'a|-1/0|0|0+0|PERF_RECORD_FORK(1:1):(0:0)|');
  assert.equal(
    parts('init.sh     1 [000]    80.939949:   fs:lru_add_drain_cpu: (ffff8000803324b0) cpu=0'),
    'init.sh|-1/1|0|80+939949000|fs:lru_add_drain_cpu|(ffff8000803324b0) cpu=0',
  );
});

test('what is no event line is none', () => {
  for (const text of [
    '',
    ' ',
    'hello',
    '1.2:',
    'a 1 [000] 1.000000:',
    'a 1 [000] 1.00000: m:x: n',
    `a 1 [000] ${'1'.repeat(400)}.000000: m:x: n`,
    '\tffff8 f+0x1 (k)',
  ]) {
    assert.equal(parts(text), undefined, text);
  }
});

test('address and symbol behind the text are not part of it', () => {
  const cut = (text: string) =>
    decoder.decode(
      encoder.encode(text).subarray(0, textEnd(encoder.encode(text), 0, encoder.encode(text).length, decoder)),
    );
  assert.equal(cut('flags=Ma bd  ffff8000082c8100 lru_add_fn+0x170'), 'flags=Ma bd ');
  assert.equal(cut('nid=1 ffff8000082fd6d8 kcompactd+0x258 ([kernel.kallsyms])'), 'nid=1');
  assert.equal(cut('nid=1 ffff8000082fd6d8 [unknown] ([unknown])'), 'nid=1');
  // An argument that is a bare address, or a symbol with its size, is the event's own.
  assert.equal(cut('pte=1 entry=ffff8000082fd6d8'), 'pte=1 entry=ffff8000082fd6d8');
  assert.equal(cut('at ffff8000082fd6d8 f+0x1/0x20'), 'at ffff8000082fd6d8 f+0x1/0x20');
  assert.equal(cut('func ffff8000082fd6d8'), 'func ffff8000082fd6d8');
});
