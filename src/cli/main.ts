#!/usr/bin/env node
/** The bin. Whoever reads our stdout may stop reading (`folioscope events x | head`): that is no error. */
import { exitCodes } from '../base/errors.ts';
import { listenForInterrupt } from './interrupt.ts';
import { run } from './program.ts';

for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.done);
    throw error;
  });
listenForInterrupt();
// The exit code is set, not called for: what stdout still holds is written first.
process.exitCode = await run(process.argv.slice(2));
