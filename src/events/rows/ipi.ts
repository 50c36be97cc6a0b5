/** System `ipi` (include/trace/events/ipi.h): how a drain reaches other CPUs. TLB flushes of arm64 send none. */
import type { EventRow } from '../catalog.ts';
import { decimal, text } from '../fields.ts';

const source = 'include/trace/events/ipi.h of 4.4 and later; arm64 has them';
const sent = 'include/trace/events/ipi.h of 6.4 and later';

export const ipi: readonly EventRow[] = [
  {
    system: 'ipi',
    name: 'ipi_raise',
    fields: [text('target_mask'), text('reason')],
    aliases: { target_cpus: 'target_mask' },
    eras: [{ text: 'target_mask={target_mask:w} ({reason:w})', since: '', until: '', source }],
  },
  ...['ipi_entry', 'ipi_exit'].map(
    (name): EventRow => ({
      system: 'ipi',
      name,
      fields: [text('reason')],
      eras: [{ text: '({reason:w})', since: '', until: '', source }],
    }),
  ),
  {
    system: 'ipi',
    name: 'ipi_send_cpu',
    fields: [decimal('cpu'), text('callsite'), text('callback')],
    eras: [{ text: 'cpu={cpu:d} callsite={callsite:w} callback={callback:w}', since: '6.4', until: '', source: sent }],
  },
  {
    system: 'ipi',
    name: 'ipi_send_cpumask',
    fields: [text('cpumask'), text('callsite'), text('callback')],
    eras: [
      {
        text: 'cpumask={cpumask:w} callsite={callsite:w} callback={callback:w}',
        since: '6.4',
        until: '',
        source: sent,
      },
    ],
  },
];
