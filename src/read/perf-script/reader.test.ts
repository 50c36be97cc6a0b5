import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { balance } from '../../events/capture.ts';
import { tracePath } from '../../test-support.ts';
import { readChunked } from '../test-support.ts';
import { perfScript } from './format.ts';

const encoder = new TextEncoder();
const read = (text: string, sizes?: number[], options = {}) =>
  readChunked(perfScript, encoder.encode(text), sizes, options);

const sample = `# ========
# captured on    : Fri Nov 20 08:53:05 2026
# os release : 6.12.117-fslab
# perf version : 6.12.117
# arch : aarch64
# cmdline : /usr/bin/perf record -a
# nrcpus online : 4
# ========
#
         swapper     0 [000]     0.000000: PERF_RECORD_COMM: init.sh:1/1
         init.sh     1 [001]     5.540771:                      pagemap:mm_lru_insertion: folio=0xfffffc0000088f80 pfn=0x4223e lru=0 flags=Ma b  
            :170   170 [002]     5.540771:                     migrate:set_migration_pte: addr=ffff80008000, pte=3000041f00780 order=0
         swapper     0 [001]     5.600000: PERF_RECORD_LOST lost 12
init.sh     1 [001]     5.700000:                  fs:lru_add_drain_cpu: (ffff8000803324b0) cpu=0
\tffff8000803324b0 lru_add_drain_cpu+0x0 ([kernel.kallsyms])
\tffff80008037d874 do_wp_page+0xe64 ([kernel.kallsyms])

         init.sh     1 [001]     5.800000:                      my:own_event: hello=1 world
what is this
`;

test('events, header facts, records, call chains and strangers: every line is one of them', () => {
  const definitions = ['p:fs/lru_add_drain_cpu lru_add_drain_cpu cpu=%x0:s32'];
  const { capture, events } = read(sample, [], { probeDefinitions: definitions });
  assert.deepEqual(
    events.map((event) => `${event.time} ${event.cpu} ${event.pid} ${event.comm} ${event.system}:${event.name}`),
    [
      '5540771000 1 1 init.sh pagemap:mm_lru_insertion',
      '5540771000 2 170 undefined migrate:set_migration_pte',
      '5700000000 1 1 init.sh fs:lru_add_drain_cpu',
      '5800000000 1 1 init.sh my:own_event',
    ],
  );
  assert.deepEqual(events[0]?.values, [0xfffffc0000088f80n, 0x4223e, 0, 0x1 | 0x2 | 0x10]);
  assert.deepEqual(events[1]?.values, [0xffff80008000, 0x3000041f00780n, 0]);
  assert.equal(events[2]?.probe?.meaning, 'lru_add_drain_cpu');
  assert.equal(events[2]?.probe?.source, 'definition');
  assert.deepEqual(events[3]?.values, ['hello=1 world']);
  assert.deepEqual(capture.kernelRelease, { value: '6.12.117-fslab', from: 'capture' });
  assert.equal(capture.arch?.value, 'arm64');
  assert.equal(capture.tool?.value, 'perf version 6.12.117');
  assert.equal(capture.command?.value, '/usr/bin/perf record -a');
  assert.equal(capture.cpus?.value, 4);
  const { accounting } = capture;
  assert.deepEqual([accounting.decoded, accounting.generic, accounting.comment, accounting.skipped], [3, 1, 14, 1]);
  assert.equal(accounting.total, sample.split('\n').length - 1);
  assert.ok(balance(accounting));
  assert.deepEqual(accounting.skips, [
    { reason: 'no line of perf script', count: 1, firstPlace: 'line 19', firstText: 'what is this' },
  ]);
});

test('lost events are a loss on their CPU, from its event before to its event after', () => {
  const { capture } = read(sample);
  assert.deepEqual(
    capture.losses.map(({ cpu, count, start, end, how, place }) => ({ cpu, count, start, end, how, place })),
    [{ cpu: 1, count: 12, start: 0, end: 159229000, how: 'lost', place: 'line 13' }],
  );
});

test('what perf says of lost chunks on stderr is a loss of unknown size', () => {
  const { capture } = read('Processed 21 events and lost 5 chunks!\n\nCheck IO/CPU overload!\n\n');
  assert.equal(capture.losses.length, 1);
  assert.ok(Number.isNaN(capture.losses[0]?.count));
  assert.equal(capture.accounting.skipped, 0);
});

test('a probe without a definition is guessed from its name, and says so', () => {
  const { events } = read(sample);
  assert.equal(events[2]?.probe?.function, 'lru_add_drain_cpu');
  assert.equal(events[2]?.probe?.source, 'name');
});

test('nanoseconds are exact', () => {
  const { capture, events } = read(
    '  a 1 [000] 1033.443989123: migrate:x: n=1\n  a 1 [000] 1033.443989124: migrate:x: n=1\n',
  );
  assert.deepEqual(
    events.map((event) => event.time),
    [1033443989123n, 1033443989124n],
  );
  assert.equal(capture.clock.resolution, 1);
});

test('a text cut in the middle of a line loses that line, and says so', () => {
  const cut = sample.slice(0, sample.indexOf('lru=0'));
  const { capture, events } = read(cut);
  assert.equal(events.length, 0);
  assert.equal(
    capture.accounting.skips[0]?.reason,
    'the last line has no line end, so it may be cut; add one if it is whole',
  );
  assert.equal(capture.accounting.skips[0]?.firstPlace, 'line 11');
  assert.ok(balance(capture.accounting));
});

test('any chunking gives the same events and the same books', () => {
  const whole = read(sample);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 8 }), (sizes) => {
      const chunked = read(sample, sizes);
      assert.deepEqual(chunked.events, whole.events);
      assert.deepEqual(chunked.capture.accounting, whole.capture.accounting);
      assert.deepEqual(chunked.capture.losses, whole.capture.losses);
    }),
    { numRuns: 60 },
  );
});

test('any chunking of a real capture gives the same events', () => {
  const bytes = gunzipSync(readFileSync(tracePath('debian-6.12-4k', 'fmt_perf_kprobe_g', 'perf_script.txt.gz')));
  const part = new Uint8Array(bytes.subarray(0, 200_000));
  const whole = readChunked(perfScript, part);
  assert.ok(whole.events.length > 100);
  for (const sizes of [[4096], [1000, 17], [65536]]) {
    assert.deepEqual(readChunked(perfScript, part, sizes).events, whole.events);
  }
});

/** Name, thread, values: what every set of fields has. */
const core = (events: ReturnType<typeof read>['events']): string[] =>
  events.map((event) => `${event.system}:${event.name} ${event.form} ${event.values.join(' ')}`);

const bundled = (name: string): Uint8Array =>
  new Uint8Array(gunzipSync(readFileSync(tracePath('debian-6.12-4k', 'fmt_perf_z', `${name}.txt.gz`))));

test('one perf.data printed with six sets of options: the same events, every line accounted for', () => {
  const plain = readChunked(perfScript, bundled('perf_script'));
  assert.ok(plain.events.length > 1000);
  for (const name of ['F1', 'header', 'ns', 'sym', 'tasks']) {
    const { capture, events } = readChunked(perfScript, bundled(`perf_script_${name}`));
    const count = Math.min(events.length, plain.events.length);
    assert.ok(count === plain.events.length || name === 'header', `${name}: ${events.length} events`);
    assert.deepEqual(core(events).slice(0, count), core(plain.events).slice(0, count), name);
    assert.equal(capture.accounting.skipped, 0, JSON.stringify(capture.accounting.skips));
    assert.deepEqual(capture.accounting.oddities, [], name);
    assert.ok(balance(capture.accounting));
    for (let i = 0; i < count; i++) {
      const one = events[i]!;
      const other = plain.events[i]!;
      // This one was printed with -F comm,pid,time: a process's number, which nothing tells from a thread's. It is remarked.
      if (name === 'header') assert.match(capture.remarks.join(), /taken for the thread/);
      else assert.equal(one.pid, other.pid, name);
      if (one.cpu >= 0) assert.equal(one.cpu, other.cpu, name);
      if (one.comm !== undefined) assert.equal(one.comm, other.comm, name);
      assert.equal((one.time / 1000n) * 1000n, other.time, name);
      if (name === 'F1') assert.ok(one.tgid > 0 || one.pid <= 0, `${one.tgid}`);
    }
  }
});

test('sets without time: only the order is known, and that is said', () => {
  const { capture, events } =
    read(`         init.sh     1 [000]                      pagemap:mm_lru_activate: folio=0x1 pfn=0x7ff82
[001]          1                      pagemap:mm_lru_activate: folio=0x1 pfn=0x7ff82
                     pagemap:mm_lru_activate: folio=0x1 pfn=0x7ff82
         init.sh     1 [000]     5.540793:       pagemap:mm_lru_activate: folio=0x1 pfn=0x7ff82
`);
  assert.deepEqual(
    events.map((event) => `${event.comm} ${event.pid} ${event.cpu} ${event.form}`),
    ['init.sh 1 0 catalogued', 'undefined -1 1 catalogued', 'undefined -1 -1 catalogued'],
  );
  assert.equal(capture.clock.unit, 'none');
  assert.match(capture.variant, /without time/);
  assert.match(capture.remarks.join(), /only the order is known/);
  assert.equal(capture.accounting.skips[0]?.reason, 'the line has a time, where the first event has none');
});

test('columns that -F adds: flags, misc, an address alone', () => {
  const { capture, events } =
    read(`  init.sh     1 [000]     5.540793:  pagemap:mm_lru_activate:                         folio=0x1 pfn=0x7ff82
  init.sh     1 [000] KE        5.540793:  pagemap:mm_lru_activate: folio=0x1 pfn=0x7ff82
  init.sh     1 [000]     5.540793:  pagemap:mm_lru_activate: folio=0x1 pfn=0x7ff82 ffff8000082c8100
  init.sh     1 [000]     5.540793:  pagemap:mm_lru_insertion: folio=0x1 pfn=0x7ff82 lru=0 flags=Ma b   ffff8000082c8100
  init.sh     1 [000]     5.540793:  fs:lru_add_drain_cpu: (ffff8000803324b0) cpu=3 ffff8000082c8100
  init.sh     1 [000]     5.540793:  workqueue:workqueue_activate_work: work struct ffff8000082c8100
  init.sh     1 [000]     5.540793:  migrate:mm_migrate_pages_start: mode=MIGRATE_SYNC reason=syscall_or_cpuset ffff8000082c8100
`);
  assert.equal(events[6]?.values[1], 'syscall_or_cpuset');
  assert.equal(capture.accounting.decoded, 7, JSON.stringify(capture.accounting));
  assert.ok(events.every((event) => event.pid === 1 && event.cpu === 0 && event.comm === 'init.sh'));
  assert.equal(events[5]?.values[0], 0xffff8000082c8100n);
  assert.equal(events[4]?.values[0], 3);
});

test('a CPU or a task that cannot be is damage, and never another number', () => {
  const { capture, events } = read(`  a 4294967297 [000] 1.000000: m:x: n=1
  a 1 [99999] 1.000000: m:x: n=1
  a 1 [003] 1.000000: m:x: n=1
`);
  assert.equal(events.length, 1);
  assert.deepEqual(
    capture.accounting.skips.map((note) => [note.reason, note.count]),
    [['the line is of a CPU or task that cannot be', 2]],
  );
});

test('text without its events cannot be read, and the reason says why', () => {
  const { capture } =
    read(`         init.sh     1 [000]     5.540793: folio=0xfffffc0000ffe080 pfn=0x7ff82 lru=0 flags=Ma b  
folio=0xfffffc0000ffe080 pfn=0x7ff82 lru=0 flags=Ma b  
PERF_RECORD_FINISHED_ROUND
PERF_RECORD_LOST lost 7
`);
  assert.deepEqual(
    capture.accounting.skips.map((note) => note.reason),
    ['the line names no event: perf script was run with -F and without event', 'no line of perf script'],
  );
  assert.equal(capture.accounting.comment, 2);
  assert.equal(capture.losses[0]?.count, 7);
});

test('a line of anything, put anywhere behind the first event, leaves the other lines as they were', () => {
  const lines = sample.split('\n').slice(0, -2);
  const whole = read(`${lines.join('\n')}\n`);
  const garbage = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.constantFrom(
      '[000] 1.000000:',
      'a:b: c',
      ' 1.5: x:y: z',
      '9999999999.999999999: a:b: c',
      '\tffff f',
      'PERF_RECORD_X',
    ),
  );
  fc.assert(
    fc.property(garbage, fc.integer({ min: 11, max: lines.length }), (noise, at) => {
      const line = noise.replace(/[\n\r]/g, ' ');
      const { capture, events } = read(`${[...lines.slice(0, at), line, ...lines.slice(at)].join('\n')}\n`);
      assert.ok(balance(capture.accounting));
      assert.equal(capture.accounting.total, lines.length + 1);
      if (events.length === whole.events.length) assert.deepEqual(events, whole.events);
      else assert.equal(events.length, whole.events.length + 1);
    }),
    { numRuns: 200 },
  );
});

test('a line means the same alone and behind others like it, damaged or not', () => {
  const real = new TextDecoder().decode(bundled('perf_script_ns')).split('\n').slice(0, 500);
  const whole = read(`${real.join('\n')}\n`).events;
  real.slice(0, 200).forEach((line, i) => {
    assert.deepEqual(read(`${line}\n`).events[0], whole[i], line);
  });
  const before = `${real.join('\n')}\n`;
  let compared = 0;
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 499 }),
      fc.integer({ min: 0, max: 120 }),
      fc.constantFrom('', ' ', '0', '[', ':', 'x', '.', '7.123456: ', '\t', 'é'),
      fc.integer({ min: 0, max: 3 }),
      (which, at, insert, cut) => {
        const line = `${real[which]!.slice(0, at)}${insert}${real[which]!.slice(at + cut)}\n`;
        const { capture, events } = read(line);
        const alone = events[0];
        // The first event decides whether there are times; behind one, a line that begins with a tab is of its call chain.
        if (alone?.form !== 'catalogued' || capture.clock.unit !== 'ns' || line.startsWith('\t')) return;
        assert.deepEqual(read(before + line).events.at(-1), alone, line);
        compared++;
      },
    ),
    { numRuns: 150 },
  );
  assert.ok(compared > 30, `${compared}`);
});

test('the detector goes by the bytes: perf writes the system before the name, tracefs does not', () => {
  const sure = (text: string) => perfScript.detect(encoder.encode(text))?.sure ?? 0;
  assert.ok(sure(sample) > 0.9);
  assert.ok(sure(sample.slice(sample.indexOf('         init.sh     1 [001]'))) > 0.8);
  assert.equal(
    sure('          sleep-167     [002] d..2.     5.532815: mm_lru_insertion: folio=0 pfn=0x1 lru=0 flags=Ma b  \n'),
    0,
  );
  assert.equal(sure('time_ns,cpu,pid,tgid,comm,event\n1,2,3,4,a,b\n'), 0);
  assert.equal(sure('hello\nworld\n'), 0);
  assert.ok(sure('  init.sh     1 [000]           pagemap:mm_lru_activate: folio=0x1 pfn=0x7ff82\n') > 0.8);
  assert.equal(sure('see note:this: it is text\n'), 0);
});

test('a clock that nobody knows is not taken for one', () => {
  const text =
    '# ========\n# captured on    : today\n# clockid : constructor (0)\n# ========\n#\n  a 1 [000] 1.000001: pagemap:mm_lru_activate: folio=0x1 pfn=0x1\n';
  const { capture } = readChunked(perfScript, new TextEncoder().encode(text));
  assert.deepEqual(capture.clock.name, { value: 'perf', from: 'default' });
});
