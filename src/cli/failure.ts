/** What the user sees of an error, and the exit code: one line and a hint for what they can mend, a stack for a bug. */
import { CommanderError } from 'commander';
import { exitCodeOf, exitCodes, ScenarioError, TraceError } from '../base/errors.ts';
import { InterruptError } from './interrupt.ts';
import { say } from './output.ts';

/** Prints an error on stderr and gives the exit code for it (design: 1 a bug, 2 usage, 3 the capture). */
export function showFailure(error: unknown): number {
  if (error instanceof CommanderError) return showUsage(error);
  if (error instanceof TraceError || error instanceof ScenarioError) {
    for (const line of error.message.split('\n')) say(`folioscope: ${line}`);
    if (error.hint !== '') for (const line of error.hint.split('\n')) say(`  hint: ${line}`);
    return exitCodeOf(error);
  }
  if (error instanceof InterruptError) {
    say(`folioscope: ${error.message}`);
    return exitCodes.interrupted;
  }
  const bug = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write('folioscope: this is a bug in folioscope, please report it with the lines below\n');
  for (const line of bug.split('\n')) say(line);
  return exitCodeOf(error);
}

/** commander has printed help and version by itself; its errors come as `error: ...` with a guess on a second line. */
function showUsage(error: CommanderError): number {
  if (error.exitCode === 0) return exitCodes.done;
  if (error.code !== 'commander.help') {
    const [first = '', ...rest] = error.message.split('\n');
    say(`folioscope: ${first.replace(/^error: /, '')}`);
    for (const line of rest) say(`  hint: ${line.replace(/^\((.*)\)$/, '$1')}`);
    if (rest.length === 0) say('  hint: folioscope help [command] shows what there is');
  }
  return exitCodes.usage;
}
