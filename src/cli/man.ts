/** `folioscope man`: the manual, for man(1). */
import { Command } from 'commander';
import { manPage } from './man-page.ts';
import { print } from './output.ts';

export function manCommand(): Command {
  return new Command('man')
    .description('print the manual as a page for man(1)')
    .action(async (_options: unknown, command: Command) => print(manPage(command.parent ?? command)));
}
