/** A line of progress on stderr: only on a terminal, only for what takes longer than a second, gone when it is done. */
import { printable } from '../report/tables.ts';
import { screenWidth } from './output.ts';

export interface Progress {
  /** Bytes, draws, ...: only the share is shown. A total of 0 means that it is not known. */
  update(done: number, total: number, what?: string): void;
  /** Takes the line away. */
  end(): void;
}

const patienceMs = 1000;
const everyMs = 100;

/** Progress of one piece of work. */
export function startProgress(what: string, stream: NodeJS.WriteStream = process.stderr): Progress {
  const started = Date.now();
  let shown = 0;
  return {
    update(done, total, step = '') {
      const now = Date.now();
      if (!stream.isTTY || now - started < patienceMs || now - shown < everyMs) return;
      shown = now;
      const share = total > 0 ? `${String(Math.min(100, Math.floor((100 * done) / total))).padStart(3)} % ` : '';
      const left = total > 0 && done > 0 ? ((now - started) * (total - done)) / done / 1000 : 0;
      const wait = left >= 1 ? `${left < 60 ? `${Math.ceil(left)} s` : `${Math.ceil(left / 60)} min`} left: ` : '';
      // What matters first: a narrow terminal cuts the end.
      const line = printable(`${share}${wait}${what}${step === '' ? '' : `: ${step}`}`);
      stream.write(`\r\u001b[2K${line.slice(0, screenWidth(stream) - 1)}`);
    },
    end() {
      if (shown > 0) stream.write('\r\u001b[2K');
      shown = 0;
    },
  };
}
