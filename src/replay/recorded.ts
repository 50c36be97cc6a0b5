/** Which policy the recording kernel ran: without it nothing can be compared. */
import { ScenarioError } from '../base/errors.ts';
import type { Capture } from '../events/capture.ts';
import { resolvePolicy } from '../policies/policies.ts';
import type { Policy } from '../policies/policy.ts';

/** `option`, `sidecar`, `capture`: where the name came from, in words for a report. */
const said = {
  option: 'given as an option',
  sidecar: "said by the capture's sidecar",
  capture: 'said by the capture',
  default: 'assumed',
} as const;

/**
 * The recorded policy of a capture: the named one (an option, or the sidecar's) laid over the kernel's own version, or
 * that version alone. `from` says where both came from.
 *
 * @throws ScenarioError when the capture says neither and no option does.
 */
export function recordedPolicy(capture: Capture): { policy: Policy; from: string } {
  const version = capture.kernelVersion;
  const named = capture.recordedPolicy;
  if (named?.value.startsWith('linux-')) return { policy: resolvePolicy(named.value), from: said[named.from] };
  if (version === undefined) {
    throw new ScenarioError(
      'no-kernel',
      `${capture.source}: nothing says which kernel recorded this capture`,
      'give --kernel VERSION (what `uname -r` printed, such as 6.12.117), or --recorded linux-VERSION',
    );
  }
  const lay = capture.pageSize === undefined ? {} : { pageSize: capture.pageSize.value };
  const kernel = resolvePolicy(`linux-${version.value}`, undefined, lay);
  const kernelFrom = `kernel ${version.value} ${said[version.from]}`;
  if (named === undefined || named.value === 'baseline') return { policy: kernel, from: kernelFrom };
  return {
    policy: resolvePolicy(named.value, kernel, lay),
    from: `${named.value} ${said[named.from]}, over ${kernelFrom}`,
  };
}
