/** `folioscope completion`: what makes a shell complete command lines. */
import { Argument, Command } from 'commander';
import { print } from './output.ts';

const shells = ['bash', 'zsh', 'fish'] as const;

export function completionCommand(): Command {
  return new Command('completion')
    .description('print what makes a shell complete command lines: commands, options, policies, files')
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(shells))
    .action(async (shell: (typeof shells)[number], _options: unknown, command: Command) => {
      const { wordsOf } = await import('./completion-words.ts');
      const { bashScript, fishScript, zshScript } = await import('./completion-scripts.ts');
      const write = { bash: bashScript, zsh: zshScript, fish: fishScript }[shell];
      await print(write(wordsOf(command.parent ?? command)));
    });
}
