/** Names near to a mistyped one. */

/** Edits (insert, delete, replace) that turn one string into the other (Wagner and Fischer, 1974). */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, previous[j]! + 1, row[j - 1]! + 1));
    }
    previous = row;
  }
  return previous[b.length]!;
}

/** Up to three names within a third of their length, the nearest first; also those that contain the text, or begin it. */
export function nearest(text: string, names: readonly string[]): string[] {
  const wanted = text.toLowerCase();
  return names
    .map((name) => {
      const known = name.toLowerCase();
      const contained = wanted.length >= 3 && known.includes(wanted);
      return { name, distance: contained ? 0.5 : editDistance(wanted, known), limit: Math.max(2, known.length / 3) };
    })
    .filter(({ distance, limit }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name);
}
