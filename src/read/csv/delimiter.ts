/** What stands between the cells of a table. */

const quote = 34;

/** The likeliest of comma, semicolon and tab in a header line: the one that cuts it most often. */
export function findDelimiter(bytes: Uint8Array, start: number, end: number): number {
  let best = 44;
  let most = 0;
  for (const candidate of [44, 9, 59]) {
    let count = 0;
    let quoted = false;
    for (let i = start; i < end; i++) {
      if (bytes[i] === quote) quoted = !quoted;
      else if (bytes[i] === candidate && !quoted) count++;
    }
    if (count > most) {
      most = count;
      best = candidate;
    }
  }
  return best;
}
