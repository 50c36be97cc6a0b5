/** System `ftrace`: what the function tracer itself writes (kernel/trace/trace_entries.h). */
import type { EventRow } from '../catalog.ts';
import { text } from '../fields.ts';

export const ftrace: readonly EventRow[] = [
  {
    system: 'ftrace',
    name: 'function',
    fields: [text('ip'), text('parent_ip')],
    eras: [
      {
        text: '{ip:w} <-- {parent_ip:w}',
        since: '',
        until: '',
        source: 'trace-cmd report: libtraceevent plugins/plugin_function.c',
      },
      {
        text: '{ip:w} <-{parent_ip:w}',
        since: '',
        until: '',
        source: 'kernel/trace/trace_output.c trace_fn_trace(), 6.12',
      },
      { text: '{ip:w}', since: '', until: '', source: 'the same with the option print-parent off' },
    ],
  },
];
