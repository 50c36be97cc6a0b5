/** The capture that a kernel would have written of a scenario, in the forms that people give to each other. */
import type { Policy } from '../policies/policy.ts';
import { readBytes } from '../read/bytes.ts';
import { eventsOf } from '../replay/scenario/events.ts';
import { recordScenario } from '../replay/scenario/record.ts';
import type { Scenario } from '../replay/scenario/scenario.ts';
import { eventsToCsv } from '../write/csv.ts';
import { ftraceText } from '../write/emit/ftrace.ts';
import { perfScriptText } from '../write/emit/perf-script.ts';
import { say } from './output.ts';
import { openOutput } from './output-file.ts';
import type { EmitForm } from './scenario.ts';

export interface EmitOptions {
  readonly form: EmitForm;
  readonly policy: Policy;
  readonly seed: number;
  /** File, or undefined for stdout. */
  readonly output: string | undefined;
  /** The scenario's file, which is not written over. */
  readonly input: string;
}

/** Writes one draw, the first, of a scenario under one policy. */
export async function emitScenario(
  scenario: Scenario,
  { form, policy, seed, output, input }: EmitOptions,
): Promise<void> {
  const { kernel, machine } = scenario;
  const out = openOutput(output, input);
  try {
    const events = eventsOf(recordScenario(scenario, policy, { seed }));
    for await (const piece of piecesOf(form, events, scenario)) await out.write(piece);
    out.done();
  } catch (error) {
    out.drop();
    throw error;
  }
  say(`to read it: --kernel ${kernel} --page-size ${machine.pageSize}`);
}

async function* piecesOf(
  form: EmitForm,
  events: ReturnType<typeof eventsOf>,
  { kernel, machine }: Scenario,
): AsyncGenerator<string | Uint8Array> {
  if (form === 'perf-script') {
    yield* perfScriptText(events, { kernel });
    return;
  }
  const text = ftraceText(events, { cpus: machine.cpus, kernel });
  if (form === 'ftrace') {
    yield* text;
    return;
  }
  // As any capture becomes CSV: read, and exported.
  const encoder = new TextEncoder();
  const bytes = (async function* () {
    for (const piece of text) yield encoder.encode(piece);
  })();
  const open = await readBytes('the emitted text', bytes, { kernelVersion: kernel, pageSize: machine.pageSize });
  yield* eventsToCsv(open);
}
