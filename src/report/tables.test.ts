import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { escapeMarkdown, htmlTable, markdownTable, printable, table, textTable, wrap } from './tables.ts';

const small = table(
  ['task', 'folios>'],
  [
    ['mover', '12'],
    ['kswapd0', '–'],
  ],
  { title: 'Who moved' },
);

test('one table in three languages', () => {
  assert.equal(
    textTable(small),
    [
      'Who moved',
      '',
      'task     folios',
      '-------  ------',
      'mover        12',
      'kswapd0       –',
      '–: cannot tell from this capture.',
      '',
    ].join('\n'),
  );
  assert.equal(
    markdownTable(small),
    [
      '**Who moved**',
      '',
      '| task    | folios |',
      '| ------- | -----: |',
      '| mover   |     12 |',
      '| kswapd0 |      – |',
      '',
      '–: cannot tell from this capture.',
      '',
    ].join('\n'),
  );
  const html = htmlTable(small);
  assert.match(html, /<caption>Who moved<\/caption>/);
  assert.match(html, /<td>mover<\/td><td class="n">12<\/td>/);
});

test('columns that do not fit go below, led by the first, and long text wraps', () => {
  const wide = table(
    ['policy', ...Array.from({ length: 8 }, (_, i) => `metric number ${i}>`)],
    [['waiters-undo-caller', ...Array.from({ length: 8 }, () => '1234 [1000, 2000]')]],
  );
  const lines = textTable(wide).split('\n');
  assert.ok(lines.every((line) => line.length <= 80));
  assert.equal(lines.filter((line) => line.startsWith('waiters-undo-caller')).length, 3);
  assert.equal((textTable(wide).match(/1234 \[1000, 2000\]/g) ?? []).length, 8);
  const text = textTable(table(['a', 'why'], [['x', 'word '.repeat(40).trim()]]));
  assert.ok(text.split('\n').every((line) => line.length <= 80));
  assert.equal((text.match(/word/g) ?? []).length, 40);
});

test('no cell can leave its cell, in any language', () => {
  const cell = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 30 }),
    fc.constantFrom(
      '<script>alert(1)</script>',
      'a|b',
      '"><img src=x onerror=y>',
      '`x`',
      '\u202eabc',
      '\u001b[31m',
      'a\nb',
    ),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { maxLength: 4 }), (rows) => {
      const made = table(['one', 'two>'], rows);
      const html = htmlTable(made);
      const tags = html.match(/<[^>]*>/g) ?? [];
      for (const tag of tags)
        assert.match(
          tag,
          /^<\/?(div|table|thead|tbody|tr|th|td|p)( class="(n|scroll|note)"| scope="col"| role="region"| tabindex="0"| aria-label="one, two")*>$/,
        );
      assert.equal(tags.filter((tag) => tag.startsWith('<td')).length, rows.length * 2);
      const markdown = markdownTable(made)
        .split('\n')
        .filter((line) => line.startsWith('|'));
      assert.equal(markdown.length, rows.length + 2);
      for (const line of markdown) assert.equal(line.replace(/\\./g, '').split('|').length, 4, line);
      for (const text of [textTable(made), markdownTable(made)])
        assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u202a-\u202e]/);
      const lines = textTable(made).split('\n');
      for (const line of lines) assert.ok([...line].length <= 80, line);
    }),
  );
});

test('what Markdown would take for markup is escaped, intervals stay as they are', () => {
  assert.equal(escapeMarkdown('12 [8, 17] of syscall_or_cpuset'), '12 [8, 17] of syscall_or_cpuset');
  assert.equal(escapeMarkdown('[x](http://e) <b> *c* &lt; _d_'), '[x\\](http://e) \\<b\\> \\*c\\* \\&lt; \\_d\\_');
});

test('wrapping loses no character but the spaces it breaks at', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 120 }), fc.integer({ min: 3, max: 40 }), (text, width) => {
      const clean = printable(text);
      const lines = wrap(clean, width);
      assert.ok(lines.every((line) => line.length <= width));
      assert.equal(lines.join('').replaceAll(' ', ''), clean.replaceAll(' ', ''));
    }),
  );
});
