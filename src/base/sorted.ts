/**
 * Of a sorted sequence of `length` elements, how many lead it for which `holds`: where the first is for which it does
 * not, by halving. `holds` is true up to some place and false from there on.
 */
export function countLeading(length: number, holds: (index: number) => boolean, from = 0): number {
  let low = from;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
