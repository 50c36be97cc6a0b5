/**
 * Times as `trace-cmd report` shows them (lib/trace-cmd/trace-input.c timestamp_calc(), trace-cmd 3.1): a guest's are put on
 * the host's clock, cycles become nanoseconds; an offset is added behind that.
 */
import type { Clockwork } from '../ring-buffer/cpu-cursor.ts';
import type { Options, ShiftSample, TimeShift } from './options.ts';

/** The translation for a CPU of a buffer; undefined when times are what they should be. */
export function clockworkOf(options: Options, cpu: number, isInstance: boolean): Clockwork | undefined {
  // The tool leaves instances on the guest's clock (tracecmd_buffer_instance_handle()).
  const samples = isInstance ? undefined : samplesOf(options.shift, cpu);
  const { tsc } = options;
  if (samples === undefined && tsc === undefined) return undefined;
  return (time) => {
    const shifted = samples === undefined ? time : shiftTime(time, samples, options.shift?.isInterpolated === true);
    return tsc === undefined ? shifted : (shifted * tsc.multiplier) >> tsc.shift;
  };
}

function samplesOf(shift: TimeShift | undefined, cpu: number): readonly ShiftSample[] | undefined {
  const samples = shift?.cpus[cpu];
  return samples === undefined || samples.length === 0 ? undefined : samples;
}

/** timestamp_host_sync() and timestamp_correction_calc(). */
function shiftTime(time: bigint, samples: readonly ShiftSample[], isInterpolated: boolean): bigint {
  const last = samples.length - 1;
  if (last === 0) return BigInt.asUintN(64, time + samples[0]!.offset);
  let low = 0;
  while (low < last - 1 && samples[low + 1]!.time <= time) low++;
  const [from, to] = [samples[low]!, samples[low + 1]!];
  let correction = from.offset;
  if (isInterpolated) {
    const span = to.time - from.time;
    correction += ((time - from.time) * (to.offset - from.offset) + span / 2n) / span;
  }
  return BigInt.asUintN(64, (BigInt.asUintN(64, time * from.scaling) >> from.fraction) + correction);
}
