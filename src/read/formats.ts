/** The input formats. Adding one is adding a line; the detector asks each of them, and the surest wins. */
import { csv } from './csv/format.ts';
import type { Format } from './format.ts';
import { perfData, perfPipe } from './perf-data/format.ts';
import { perfScript } from './perf-script/format.ts';
import { perfetto } from './perfetto/format.ts';
import { rawPages } from './raw-pages/format.ts';
import { systrace } from './systrace/format.ts';
import { traceCmdReport } from './trace-cmd-report/format.ts';
import { traceDat } from './trace-dat/format.ts';
import { tracefs } from './tracefs/tracefs.ts';

export const formats: readonly Format[] = [
  tracefs,
  perfScript,
  perfData,
  perfPipe,
  traceCmdReport,
  csv,
  perfetto,
  systrace,
  traceDat,
  rawPages,
];
