/** Several buffers of the kernel in one capture: the top one and those of instances. */
import type { Capture } from '../../events/capture.ts';

/** The columns of an event do not say which buffer it was in; so it is said how many came from where. */
export function remarkInstances(
  capture: Capture,
  given: readonly { readonly name: string; readonly events: number }[],
): void {
  const counts = new Map<string, number>();
  for (const { name, events } of given) counts.set(name, (counts.get(name) ?? 0) + events);
  if ([...counts.keys()].every((name) => name === '')) return;
  const told = [...counts].map(([name, count]) =>
    name === ''
      ? `${count} from the top buffer`
      : `${count} from buffer "${name.slice(0, 80).replace(/[^ -~]/g, '.')}"`,
  );
  capture.remarks.push(
    `events of several buffers are in one order: ${told.join(', ')}; what two of them recorded is there twice`,
  );
}
