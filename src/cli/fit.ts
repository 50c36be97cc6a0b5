/** `folioscope fit`: a scenario out of a real capture. */
import { Command } from 'commander';
import { recordedPolicy } from '../replay/recorded.ts';
import { stageOf } from '../replay/stage.ts';
import { many } from '../report/numbers.ts';
import { historyOf } from './captures.ts';
import { addCaptureOptions, type CaptureOptions } from './options.ts';
import { printJson, say } from './output.ts';
import { openOutput } from './output-file.ts';

interface FitOptions extends CaptureOptions {
  readonly output?: string;
}

/** What is not certain stands at the head of the file, too: a scenario is handed on without what was said when it was made. */
function withRemarks(yaml: string, remarks: readonly string[]): string {
  return `${remarks.map((remark) => `# ${remark}\n`).join('')}${yaml}`;
}

export function fitCommand(): Command {
  const command = new Command('fit')
    .description('make a scenario out of a capture: its requests, with rates and times estimated from it')
    .argument('<file>', 'a capture; - for stdin')
    .option('-o, --output <file>', 'file to write (default: stdout)');
  return addCaptureOptions(command).action(async (file: string, options: FitOptions) => {
    // Loaded here: what reads and writes YAML is a third of the start-up time of every command.
    const { fitScenario } = await import('../replay/scenario/fit.ts');
    const { printScenario } = await import('../replay/scenario/print.ts');
    const output = options.json ? undefined : openOutput(options.output, file);
    try {
      const history = await historyOf(file, options);
      const { policy } = recordedPolicy(history.capture);
      const { scenario, remarks } = fitScenario(stageOf(history, policy));
      if (output === undefined) {
        await printJson({ scenario, remarks });
        return;
      }
      await output.write(withRemarks(printScenario(scenario), remarks));
      output.done();
      const sorts = many(scenario.requests.length, 'sort of requests', 'sorts of requests');
      say(`${file}: ${sorts}, ${many(remarks.length, 'remark')} at its head`);
    } catch (error) {
      output?.drop();
      throw error;
    }
  });
}
