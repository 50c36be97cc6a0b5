/** `folioscope formats`: the input formats, who writes each, and how each is recognised. */
import { Command } from 'commander';
import { formats } from '../read/formats.ts';
import { table } from '../report/tables.ts';
import { addJson } from './options.ts';
import { printJson, printLines, printTable } from './output.ts';

export function formatsCommand(): Command {
  return addJson(new Command('formats'))
    .description('list the input formats and how each is recognised')
    .action(async ({ json }: { json?: boolean }) => {
      if (json) {
        await printJson({
          formats: formats.map(({ id, title, writtenBy, recognisedBy, page }) => ({
            id,
            title,
            writtenBy,
            recognisedBy,
            page,
          })),
        });
        return;
      }
      await printTable(
        table(
          ['format', 'what', 'written by', 'recognised by'],
          formats.map(({ id, title, writtenBy, recognisedBy }) => [id, title, writtenBy, recognisedBy]),
        ),
      );
      await printLines([
        'A file is recognised by its bytes, never by its name; gzip and zstd are unpacked on the way. - reads stdin.',
      ]);
    });
}
