/** The input formats. Adding one is adding a line; the detector asks each of them, and the surest wins. */
import type { Format } from './format.ts';
import { perfScript } from './perf-script/format.ts';

export const formats: readonly Format[] = [perfScript];
