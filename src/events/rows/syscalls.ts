/**
 * System `syscalls`: the calls that migrate on request, which bound the time that batches are disabled. Their text differs by
 * who prints it: the kernel (kernel/trace/trace_syscalls.c print_syscall_enter(), _exit()) `sys_move_pages(pid: 0, ...)`, or
 * the event's print format (perf, trace-cmd) `pid: 0x00000000, ...`.
 */
import type { EventRow } from '../catalog.ts';
import { decimal, hex } from '../fields.ts';

const kernel = 'kernel/trace/trace_syscalls.c, 4.4 to 6.12; 7.x may add to it what it read of user memory';
const tools = "the event's print format";

/** Both events of a call. Numbers are those of the registers: hex. */
function syscall(name: string, parameters: readonly string[]): EventRow[] {
  const list = (how: string): string => parameters.map((parameter) => `${parameter}: {${parameter}:${how}}`).join(', ');
  return [
    {
      system: 'syscalls',
      name: `sys_enter_${name}`,
      fields: parameters.map((parameter) => hex(parameter)),
      eras: [
        { text: `sys_${name}(${list('x')})`, since: '', until: '', source: kernel },
        {
          text: list('0x'),
          widths: Object.fromEntries(parameters.map((parameter) => [parameter, 8])),
          since: '',
          until: '',
          source: tools,
        },
      ],
    },
    {
      system: 'syscalls',
      name: `sys_exit_${name}`,
      // Negative as the kernel returns it: 0xfffffffffffffff2 is -14.
      fields: [decimal('ret')],
      eras: [
        { text: `sys_${name} -> {ret:0x}`, since: '', until: '', source: kernel },
        { text: '{ret:0x}', since: '', until: '', source: tools },
      ],
    },
  ];
}

export const syscalls: readonly EventRow[] = [
  ...syscall('move_pages', ['pid', 'nr_pages', 'pages', 'nodes', 'status', 'flags']),
  ...syscall('migrate_pages', ['pid', 'maxnode', 'old_nodes', 'new_nodes']),
  ...syscall('mbind', ['start', 'len', 'mode', 'nmask', 'maxnode', 'flags']),
];
