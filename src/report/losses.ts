/** Events that never reached the capture, in words. */
import type { Capture } from '../events/capture.ts';
import { many } from './numbers.ts';

/** One sentence on what the kernel or the recording tool lost. */
export function lossSentence(capture: Capture): string {
  const real = capture.losses.filter((loss) => loss.how !== 'buffer started');
  const late = capture.losses.length - real.length;
  const started = late > 0 ? ` On ${many(late, 'CPU')} the buffer starts later than the capture.` : '';
  if (real.length === 0) return `No lost events are reported.${started}`;
  const known = real.filter((loss) => !Number.isNaN(loss.count));
  const events = known.reduce((sum, loss) => sum + loss.count, 0);
  const cpus = new Set(real.map((loss) => loss.cpu).filter((cpu) => cpu >= 0)).size;
  const unknown = real.length - known.length;
  const number =
    known.length === 0 ? 'an unknown number of events' : `${unknown > 0 ? 'at least ' : ''}${many(events, 'event')}`;
  return `The capture says that ${number} were lost in ${many(real.length, 'place')}${cpus > 0 ? ` on ${many(cpus, 'CPU')}` : ''}.${started}`;
}
