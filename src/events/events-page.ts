/** The page docs/formats/events.md, written from the catalogue and the table of probed functions. A test compares it. */
import type { Era, EventRow } from './catalog.ts';
import type { Field } from './kinds.ts';
import { probedFunctions } from './probes.ts';
import { rows } from './rows.ts';

const storages: Readonly<Record<Field['storage'], string>> = {
  number: 'number',
  u64: '64 bits',
  text: 'name',
  bytes: 'text',
};

function releases(era: Era): string {
  if (era.since === '' && era.until === '') return 'all';
  if (era.until === '') return `${era.since} and later`;
  return era.since === '' ? `up to ${era.until}` : `${era.since} to ${era.until}`;
}

function rowSection(row: EventRow): string {
  const fields = row.fields.map((field) => `\`${field.name}\` (${storages[field.storage]}, ${field.print})`).join(', ');
  const aliases = Object.entries(row.aliases ?? {}).map(([from, to]) => `\`${from}\` = \`${to}\``);
  const lines = [`### \`${row.system}:${row.name}\``, '', `Columns: ${fields}.`];
  if (aliases.length > 0) lines.push('', `Other names of columns: ${aliases.join(', ')}.`);
  lines.push('', '| releases | text | where from |', '| --- | --- | --- |');
  for (const era of row.eras)
    lines.push(`| ${releases(era)} | \`${era.text.replaceAll('|', '\\|')}\` | ${era.source} |`);
  return lines.join('\n');
}

function probeTable(): string {
  const lines = ['| meaning | functions | roles of parameters |', '| --- | --- | --- |'];
  const seen = new Map<string, string[]>();
  for (const known of probedFunctions) {
    const key = `${known.meaning}\t${known.parameters.map((role) => role || '–').join(', ')}`;
    seen.set(key, [...(seen.get(key) ?? []), known.name]);
  }
  for (const [key, names] of seen) {
    const [meaning, roles] = key.split('\t');
    lines.push(`| \`${meaning}\` | ${names.map((name) => `\`${name}\``).join(', ')} | ${roles} |`);
  }
  return lines.join('\n');
}

/** The whole page, Markdown. */
export function eventsPage(): string {
  const systems = [...new Set(rows.map((row) => row.system))];
  return `# Events that are understood

This page is written from the catalogue (\`src/events/rows/\`) and the table of functions (\`src/events/probes.ts\`): after a change,
run \`npm run golden\` and look at the difference.

Any other event is kept as it was recorded (*generic*): of a text, its name, task, CPU, time and text, whose \`name=value\` (or
\`name: value\`) pairs are exported beside it as JSON; of a binary capture, all its fields with their types ([records](records.md)).

## Kernel events

The columns of an event are the same whatever kernel printed it. What a kernel does not print is *not recorded*, never 0. The
first text that fits, from the newest to the oldest, decides; the look of the digits never does (\`pfn=785293\` is decimal in 5.10's
\`mm_lru_activate\`, \`pfn=c0000\` is hex in its \`cma_alloc\`). Releases are those of the mainline kernel; a vendor may have backported
an event. An event of a known name whose text fits none of its forms is kept with that text, and noted in the accounting.

In the texts below \`{field:how}\` stands for a value: \`d\` decimal, \`x\` hex without prefix, \`0x\` hex with prefix, \`p\` a pointer
(hashed or raw, with or without \`0x\`), \`w\` text up to what follows, \`f6\` the six columns of LRU flags.
Columns are numbers (exact below 2^53; all ones, as in a failed allocation's \`pfn\`, is -1), 64 bits (pointers, page-table entries, page flags), names
(out of few), or text. The LRU flags are kept as the record has them: 1 mapped, 2 anon, 4 file, 8 swap cache, 16 swap backed, 32 mapped to disk, 64 private.

The same texts are printed, from the same columns, where events are written as a kernel would print them: what is printed reads back
to the same values, and 43,000 lines of real captures come out byte for byte (\`src/events/print.test.ts\`). The print formats that
kernels 5.10 to 7.2 describe themselves by are each filled and read (\`src/events/formats.test.ts\`).

With \`options/fields\` the kernel prints the record instead of its text (\`pfn=0x81b73 (531315)\`): its fields land in the same columns.

${systems
  .map(
    (system) =>
      `## ${system}\n\n${rows
        .filter((row) => row.system === system)
        .map(rowSection)
        .join('\n\n')}`,
  )
  .join('\n\n')}

## Probes on functions

A kprobe, kretprobe or fprobe event is understood by the function it sits on, not by its name. The function is named in the line
(\`(try_to_migrate+0x0/0x118)\`), else in the probe's definition (\`kprobe_events\`, beside the capture or given with
\`--probes\`), else guessed from the event's name. An argument's role comes from what it was fetched from: a register or \`$argN\` is a
parameter, \`+0x34(%x0)\` is a member of what the parameter points to. Without a definition the argument's name is taken as a hint.
A return probe has two more: \`caller\` (where it returned to, \`__probe_ret_ip\`) and \`return\`.

Members of a folio (struct page), the same from 5.10 to 7.2 on arm64: 0 \`flags\`, 24 \`mapping\`, 32 \`index\`, 48 \`mapcount\`, 52 \`refcount\`. So
\`+0x34(%x1)\` on \`move_to_new_folio(dst, src, mode)\` has the role \`src.refcount\`. The count of a batch is its first byte: \`fbatch.nr\`.

Memory that could not be read (\`(fault)\`) is not recorded.

${probeTable()}
`;
}
