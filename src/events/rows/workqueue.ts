/** System `workqueue` (include/trace/events/workqueue.h): works of lru_add_drain_per_cpu show how wide a drain was. */
import type { EventRow } from '../catalog.ts';
import { decimal, text, u64 } from '../fields.ts';

export const workqueue: readonly EventRow[] = [
  {
    system: 'workqueue',
    name: 'workqueue_queue_work',
    // 5.10 prints the workqueue's address where later kernels print its name; both are kept as text.
    fields: [u64('work'), text('function'), text('workqueue'), decimal('req_cpu'), decimal('cpu')],
    eras: [
      {
        text: 'work struct={work:p} function={function:w} workqueue={workqueue:w} req_cpu={req_cpu:d} cpu={cpu:d}',
        since: '',
        until: '',
        source: 'text of 5.10, 6.1 and 6.12',
      },
    ],
  },
  {
    system: 'workqueue',
    name: 'workqueue_activate_work',
    fields: [u64('work'), text('function')],
    eras: [
      { text: 'work struct {work:p} function={function:w}', since: '6.3', until: '', source: 'source of 6.12' },
      { text: 'work struct {work:p}', since: '', until: '6.2', source: 'source of 6.1' },
    ],
  },
  ...['workqueue_execute_start', 'workqueue_execute_end'].map(
    (name): EventRow => ({
      system: 'workqueue',
      name,
      fields: [u64('work'), text('function')],
      eras: [
        {
          text: 'work struct {work:p}: function {function:w}',
          since: '',
          until: '',
          source: 'text of 5.10 to 6.12 (the end of a work names its function since 5.6)',
        },
        ...(name.endsWith('end')
          ? [{ text: 'work struct {work:p}', since: '', until: '5.5', source: 'older kernels' }]
          : []),
      ],
    }),
  ),
];
