/** The layouts of a trace, and which of them the beginning of an input is in. */
import {
  type ContextReader,
  newLineContext,
  readBare,
  readDefault,
  readLatency,
  readRaw,
  readVerbose,
} from './context.ts';
import { readGraph } from './graph.ts';

export interface Layout {
  readonly id: 'default' | 'latency' | 'verbose' | 'raw' | 'graph' | 'bare';
  /** For the user. */
  readonly title: string;
  readonly read: ContextReader;
}

/** In the order in which equals are preferred. */
export const layouts: readonly Layout[] = [
  { id: 'default', title: 'default layout', read: readDefault },
  { id: 'latency', title: 'latency format', read: readLatency },
  { id: 'verbose', title: 'latency format, verbose', read: readVerbose },
  { id: 'raw', title: 'raw option', read: readRaw },
  { id: 'graph', title: 'function_graph tracer', read: readGraph },
  { id: 'bare', title: 'without context (context-info off)', read: readBare },
];

export interface LayoutVote {
  readonly layout: Layout;
  /** Lines looked at that could be events, and how many of them are of this layout. */
  readonly lines: number;
  readonly fitting: number;
  /** The kernel's header was seen. */
  readonly hasHeader: boolean;
}

/** How many bytes decide. */
export const voteSize = 65536;

/** Most lines that are looked at. */
const voteLines = 400;

/** Judges whole lines of the beginning; the line that the end cuts counts only when it is alone. */
export function chooseLayout(head: Uint8Array): LayoutVote {
  const context = newLineContext();
  const fitting = new Array<number>(layouts.length).fill(0);
  let lines = 0;
  let hasHeader = false;
  let graph = false;
  let start = 0;
  while (start < head.length && lines < voteLines) {
    let end = head.indexOf(10, start);
    if (end < 0) {
      if (lines > 0) break;
      end = head.length;
    }
    if (startsWith(head, start, '# tracer: ')) {
      hasHeader = true;
      graph ||= startsWith(head, start, '# tracer: function_graph');
    } else if (
      end > start &&
      head[start] !== 35 &&
      !startsWith(head, start, ' => ') &&
      !startsWith(head, start, 'CPU:')
    ) {
      lines++;
      for (let i = 0; i < layouts.length; i++) {
        if (layouts[i]!.read(head, start, end, context)) {
          fitting[i]!++;
          break;
        }
      }
    }
    start = end + 1;
  }
  let best = 0;
  for (let i = 1; i < layouts.length; i++) if (fitting[i]! > fitting[best]!) best = i;
  if (graph) best = layouts.findIndex((layout) => layout.id === 'graph');
  return { layout: layouts[best]!, lines, fitting: fitting[best]!, hasHeader };
}

/** True when the bytes at `at` are this ASCII text. */
export function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  if (at + text.length > bytes.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}
