import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { deflateSync, gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { atraceText, atraceZlib, oldSystracePage, systracePage } from '../../../scripts/make-systrace.ts';
import { TraceError } from '../../base/errors.ts';
import { balance } from '../../events/capture.ts';
import { tracePath } from '../../test-support.ts';
import { detectFormat } from '../detect.ts';
import { formats } from '../formats.ts';
import { readChunked } from '../test-support.ts';
import { tracefs } from '../tracefs/tracefs.ts';
import { systrace } from './format.ts';

const encoder = new TextEncoder();

function sample(name: string): Uint8Array {
  return new Uint8Array(gunzipSync(readFileSync(tracePath('synthetic', 'systrace', `${name}.gz`))));
}

/** The text of the kernel that the samples were made of. */
function bare(): string {
  const text = new TextDecoder().decode(sample('atrace.txt'));
  return text.slice(text.indexOf('TRACE:\n') + 7);
}

const trace = bare();
const plain = readChunked(tracefs, encoder.encode(trace));

function lineCount(bytes: Uint8Array): number {
  return bytes.filter((byte) => byte === 10).length;
}

const forms: readonly [name: string, bytes: Uint8Array, lines: number][] = [
  ['atrace text', sample('atrace.txt'), lineCount(sample('atrace.txt'))],
  ['atrace -z', sample('atrace.z'), lineCount(encoder.encode(trace)) + 2],
  ['a page', sample('page.html'), lineCount(sample('page.html'))],
  ['an old page', encoder.encode(oldSystracePage(trace)), lineCount(encoder.encode(oldSystracePage(trace)))],
];

for (const [name, bytes, lines] of forms) {
  test(`${name}: recognised, every line in the books, the events of the text`, () => {
    const found = detectFormat(bytes.subarray(0, 65536), formats);
    assert.equal(found?.format.id, 'systrace');
    const { capture, events } = readChunked(systrace, bytes);
    assert.deepEqual(events, plain.events);
    assert.ok(events.length > 2000);
    assert.ok(balance(capture.accounting));
    assert.equal(capture.accounting.total, lines);
    assert.equal(capture.accounting.skipped, 0, JSON.stringify(capture.accounting.skips));
    assert.equal(capture.cpus?.value, 4);
    assert.equal(capture.format, 'systrace');
  });

  test(`${name}: cut into any chunks, the same events and books`, () => {
    // A beginning and an end are enough: what is between is lines like others.
    const short = name.includes('page')
      ? encoder.encode(`${new TextDecoder().decode(bytes.subarray(0, 300))}\n${pageEnd}`)
      : bytes;
    const whole = readChunked(systrace, short);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 8 }), (sizes) => {
        const cut = readChunked(systrace, short, sizes);
        assert.deepEqual(cut.capture.accounting, whole.capture.accounting);
        assert.equal(cut.events.length, whole.events.length);
      }),
      { numRuns: 15 },
    );
  });
}

const line =
  '            bash-791     (    791) [002] d....   134.240909: mm_lru_activate: folio=00000000f405ae1a pfn=0x85aa9\n';
const pageEnd = `<script class="trace-data" type="application/text">\n# tracer: nop\n${line.repeat(5)}</script>\n`;

test('markers of atrace keep their text', () => {
  const marks = plain.events.filter(({ name }) => name === 'tracing_mark_write');
  assert.deepEqual(marks.map(({ values }) => values[0]).slice(0, 3), [
    'B|800|contig_alloc_get',
    'E|800',
    'C|800|contig_rc|0',
  ]);
});

test('lines keep their numbers: a bad one inside a page is told by its line in the file', () => {
  const page = `<!DOCTYPE html>\n<title>Android System Trace</title>\n<script class="trace-data" type="application/text">\n${line}no event\n${line}</script>\n`;
  const { capture, events } = readChunked(systrace, encoder.encode(page));
  assert.equal(events.length, 2);
  assert.deepEqual(
    capture.accounting.skips.map(({ firstPlace, count }) => [firstPlace, count]),
    [['line 5', 1]],
  );
});

test('trace may begin on the line of the tag and end on that of the closing one', () => {
  const page = `<html><!-- trace-viewer -->\n<script class="trace-data" type="application/text">${line}${line.trimEnd()}</script>\n</html>\n`;
  const { capture, events } = readChunked(systrace, encoder.encode(page));
  assert.equal(events.length, 2);
  assert.ok(balance(capture.accounting));
  assert.equal(capture.accounting.total, 4);
});

test('a page that is cut in the middle of a line behind the trace skips that line', () => {
  const page = new TextEncoder().encode(`<!DOCTYPE html>
<html><script class="trace-data" type="application/text">
# tracer: nop
          <idle>-0     [001] d..2.  1.000001: mm_lru_insertion: page=1 pfn=0x1 lru=0 flags=Ma bd
</script>
<!-- END TRACE -->
</body></html>`);
  const at = new TextDecoder().decode(page).indexOf(' END TRACE');
  const whole = readChunked(systrace, page);
  assert.equal(whole.capture.accounting.skipped, 0);
  const cut = readChunked(systrace, page.subarray(0, at));
  assert.equal(cut.events.length, 1);
  assert.equal(cut.capture.accounting.skipped, 1);
  assert.ok(balance(cut.capture.accounting));
});

test('a zlib stream that is damaged or cut gives what came before, and says so', () => {
  const whole = atraceZlib(trace);
  const cut = readChunked(systrace, whole.subarray(0, 20_000));
  assert.ok(cut.events.length > 100 && cut.events.length < plain.events.length);
  assert.match(cut.capture.accounting.skips.map(({ reason }) => reason).join(), /zlib stream ends early/);
  assert.equal(cut.capture.accounting.cutShort, true);
  assert.ok(balance(cut.capture.accounting));

  // What follows behind the last block is never unpacked, nor kept, however much it is.
  const followed = readChunked(systrace, Buffer.concat([whole, new Uint8Array(200_000)]));
  assert.equal(followed.events.length, plain.events.length);
  assert.match(followed.capture.accounting.skips.map(({ reason }) => reason).join(), /more follows behind its end/);

  // Stored, not packed: a byte may change without the stream breaking, and only the checksum tells.
  const stored = Buffer.concat([Buffer.from('TRACE:\n'), deflateSync(trace, { level: 0 })]);
  const place = stored.indexOf('pfn=0x', 5000) + 6;
  stored[place] = stored[place] === 0x34 ? 0x35 : 0x34;
  const changed = readChunked(systrace, stored);
  assert.match(changed.capture.accounting.skips.map(({ reason }) => reason).join(), /checksum does not fit/);
});

test('pages without trace are refused with what they are; other pages are not taken for traces', () => {
  const json = systracePage('').replace(/# tracer[\s\S]*?<\/script>/, '</script>');
  assert.throws(
    () => readChunked(systrace, encoder.encode(json)),
    (error) => error instanceof TraceError && /not text of the kernel/.test(error.message) && error.hint !== '',
  );
  const cut = '<!DOCTYPE html>\n<title>Android System Trace</title>\n';
  const isDamaged = (error: unknown) => error instanceof TraceError && error.code === 'damaged';
  assert.throws(() => readChunked(systrace, encoder.encode(cut)), isDamaged);
  const isEmpty = (error: unknown) => error instanceof TraceError && /holds no trace/.test(error.message);
  assert.throws(() => readChunked(systrace, encoder.encode(`${cut}</html>\n`)), isEmpty);
  assert.equal(detectFormat(encoder.encode('<!DOCTYPE html>\n<title>News</title>\n'), formats), undefined);
});

test('bytes changed anywhere: no crash, and the books add up', () => {
  const inputs = [
    encoder.encode(atraceText(trace.slice(0, 4000))),
    atraceZlib(trace.slice(0, 4000)),
    encoder.encode(pageEnd),
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...inputs),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      fc.nat(),
      (input, changes, cut) => {
        const bytes = input.slice(0, 1 + (cut % input.length));
        for (const [place, value] of changes) bytes[place % bytes.length] = value;
        const { capture } = readChunked(systrace, bytes, [97]);
        assert.ok(balance(capture.accounting));
      },
    ),
    { numRuns: 300 },
  );
});

test('a line of tags that are never closed takes no more time than its length', () => {
  const tags = `${'<script '.repeat(125_000)}trace-data\n`;
  const page = encoder.encode(`<!DOCTYPE html>\n${tags}${pageEnd}`);
  const whole = readChunked(systrace, encoder.encode(`<!DOCTYPE html>\n${pageEnd}`));
  const began = process.cpuUsage().user;
  const { capture, events } = readChunked(systrace, page);
  // One pattern over such a line took minutes.
  assert.ok(process.cpuUsage().user - began < 5e6);
  assert.equal(capture.accounting.total, whole.capture.accounting.total + 1);
  assert.deepEqual(events, whole.events);
  assert.equal(events.length, 5);
});
