/** What no line of a text can truly say of its CPU and task. Columns of 32 bits would hide it behind another number. */

/** CPUs of the largest machines: the kernel's NR_CPUS is at most 8192. */
const mostCpus = 8192;

/** pid_t has 32 bits. */
const mostPid = 2 ** 31 - 1;

/** Why such a line is skipped. */
export const impossibleTask = 'the line is of a CPU or task that cannot be';

/** Whether there can be such a CPU, thread and process; -1 is "not known". */
export function isPossible(cpu: number, pid: number, tgid: number): boolean {
  return cpu < mostCpus && pid <= mostPid && pid >= -mostPid && tgid <= mostPid;
}
