/** `folioscope formats`: the input formats, who writes each, how each is recognised, and how it is read. */
import { Command } from 'commander';
import type { Format } from '../read/format.ts';
import { formats } from '../read/formats.ts';
import { addJson } from './options.ts';
import { printFacts, printJson, printLines } from './output.ts';

const readings: Readonly<Record<Format['access'], { readonly read: string; readonly stdin: string }>> = {
  stream: { read: 'from front to back', stdin: 'as it comes' },
  random: { read: 'at any place', stdin: 'set down first: in memory, beyond 256 MiB in a temporary file' },
  folder: { read: 'from a folder, or from a tar archive of it', stdin: 'a tar archive, set down first' },
};

export function formatsCommand(): Command {
  return addJson(new Command('formats'))
    .description('list the input formats and how each is recognised')
    .action(async ({ json }: { json?: boolean }) => {
      if (json) {
        await printJson({
          formats: formats.map(({ id, title, writtenBy, recognisedBy, access, page }) => ({
            id,
            title,
            writtenBy,
            recognisedBy,
            access,
            stdin: access === 'stream' ? 'as it comes' : 'set down',
            page: `docs/formats/${page}.md`,
          })),
        });
        return;
      }
      for (const { id, title, writtenBy, recognisedBy, access, page } of formats)
        await printFacts(`${id}: ${title}`, [
          ['written by', writtenBy],
          ['recognised by', recognisedBy],
          ['read', readings[access].read],
          ['stdin (-)', readings[access].stdin],
          ['more', `docs/formats/${page}.md`],
        ]);
      await printLines([
        'A file is recognised by its bytes, never by its name; gzip and zstd are unpacked on the way, and a packed file is read as stdin is. inspect --quick reads heads and tails only.',
      ]);
    });
}
