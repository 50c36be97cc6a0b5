/** The command line as commander sees it: one line a command, each in a file of its own. */
import { join } from 'node:path';
import { Command } from 'commander';
import { exitCodes } from '../base/errors.ts';
import { analyzeCommand } from './analyze.ts';
import { checkCommand } from './check.ts';
import { compareCommand } from './compare.ts';
import { completionCommand } from './completion.ts';
import { diffCommand } from './diff.ts';
import { eventsCommand } from './events.ts';
import { exportCommand } from './export.ts';
import { showFailure } from './failure.ts';
import { fitCommand } from './fit.ts';
import { folioCommand } from './folio.ts';
import { formatsCommand } from './formats.ts';
import { addExamples, firstSteps } from './help.ts';
import { inspectCommand } from './inspect.ts';
import { manCommand } from './man.ts';
import { notebookCommand } from './notebook.ts';
import { screenWidth } from './output.ts';
import { policiesCommand } from './policies.ts';
import { reportCommand } from './report.ts';
import { rerunCommand } from './rerun.ts';
import { scenarioCommand } from './scenario.ts';
import { validateCommand } from './validate.ts';
import { packageFolder, version } from './version.ts';

/** The program with every command; what completes it and its manual are made of it. */
export function program(): Command {
  const folioscope = new Command('folioscope')
    .description('Replays arm64 traces of page migration and LRU batching under other policies.')
    .version(version())
    .configureHelp({ showGlobalOptions: false })
    .configureOutput({
      outputError: () => undefined,
      getOutHelpWidth: () => screenWidth(),
      getErrHelpWidth: () => screenWidth(),
    })
    .exitOverride();
  for (const command of [
    inspectCommand,
    eventsCommand,
    exportCommand,
    analyzeCommand,
    folioCommand,
    checkCommand,
    compareCommand,
    validateCommand,
    diffCommand,
    reportCommand,
    rerunCommand,
    scenarioCommand,
    fitCommand,
    notebookCommand,
    policiesCommand,
    formatsCommand,
    completionCommand,
    manCommand,
  ])
    folioscope.addCommand(command().copyInheritedSettings(folioscope));
  for (const command of folioscope.commands) addExamples(command);
  return folioscope;
}

/** Runs one command line (without node and the script) and gives its exit code; says on stderr what went wrong. */
export async function run(args: readonly string[]): Promise<number> {
  try {
    if (args.length === 0) {
      process.stderr.write(firstSteps(program().description(), join(packageFolder(), 'traces')));
      return exitCodes.usage;
    }
    await program().parseAsync(args, { from: 'user' });
    return typeof process.exitCode === 'number' ? process.exitCode : exitCodes.done;
  } catch (error) {
    return showFailure(error);
  }
}
