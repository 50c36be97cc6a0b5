/** System `sched` (include/trace/events/sched.h): who slept and who woke. */
import type { EventRow } from '../catalog.ts';
import { decimal, text } from '../fields.ts';

export const sched: readonly EventRow[] = [
  {
    system: 'sched',
    name: 'sched_switch',
    fields: [
      text('prev_comm'),
      decimal('prev_pid'),
      decimal('prev_prio'),
      text('prev_state'),
      text('next_comm'),
      decimal('next_pid'),
      decimal('next_prio'),
    ],
    eras: [
      {
        text: 'prev_comm={prev_comm:w} prev_pid={prev_pid:d} prev_prio={prev_prio:d} prev_state={prev_state:w} ==> next_comm={next_comm:w} next_pid={next_pid:d} next_prio={next_prio:d}',
        since: '2.6',
        until: '',
        source: 'source of 6.1 to 7.2',
      },
      {
        text: '{prev_comm:w}:{prev_pid:d} [{prev_prio:d}] {prev_state:w} ==> {next_comm:w}:{next_pid:d} [{next_prio:d}]',
        since: '',
        until: '',
        source: 'perf script and trace-cmd report: libtraceevent plugins/plugin_sched_switch.c',
      },
    ],
  },
  ...['sched_waking', 'sched_wakeup', 'sched_wakeup_new'].map(
    (name): EventRow => ({
      system: 'sched',
      name,
      fields: [text('comm'), decimal('pid'), decimal('prio'), decimal('target_cpu'), decimal('success')],
      eras: [
        {
          text: 'comm={comm:w} pid={pid:d} prio={prio:d} target_cpu={target_cpu:d}',
          widths: { target_cpu: 3 },
          since: '4.14',
          until: '',
          source: 'source of 6.1 to 7.2',
        },
        {
          text: 'comm={comm:w} pid={pid:d} prio={prio:d} success={success:d} target_cpu={target_cpu:d}',
          widths: { target_cpu: 3 },
          since: '',
          until: '4.13',
          source: 'older kernels; the last release is not confirmed',
        },
        {
          text: '{comm:w}:{pid:d} [{prio:d}] CPU:{target_cpu:d}',
          widths: { target_cpu: 3 },
          since: '4.14',
          until: '',
          source: 'perf script and trace-cmd report: libtraceevent plugins/plugin_sched_switch.c',
        },
        {
          text: '{comm:w}:{pid:d} [{prio:d}] success={success:d} CPU:{target_cpu:d}',
          widths: { target_cpu: 3 },
          since: '',
          until: '4.13',
          source: 'the same, of kernels whose record has it',
        },
      ],
    }),
  ),
];
