/**
 * Random numbers keyed by what they are for. A draw is a pure function of (seed, key...), so two policies see the same
 * luck for the same event and purpose even after their control flow has parted, and a replay is the same on one thread
 * or many. There is no state to advance and none to share.
 */

/** A 32-bit hash of up to a handful of integers: murmur3's finaliser over a running mix (public domain, A. Appleby). */
function mix(seed: number, key: number): number {
  let h = seed ^ Math.imul(key | 0, 0xcc9e2d51);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** What a draw is for; each purpose has luck of its own. The numbers are part of the result: append, never renumber. */
export const purposes = {
  faultWindow: 1,
  transientReference: 2,
  transientDuration: 3,
  cause: 4,
  parameter: 5,
  serviceTime: 6,
  lockContention: 7,
  pinDuration: 8,
  bootstrap: 9,
  fold: 10,
  lateReference: 11,
  touch: 12,
  deed: 13,
  law: 14,
  release: 15,
  wake: 16,
  entryTouch: 17,
  hold: 18,
  staleWaiters: 19,
  read: 20,
  draw: 21,
  world: 22,
} as const;
export type Purpose = keyof typeof purposes;

/**
 * A key of 53 bits from the integers that tell a thing from all others of its kind (when it was, which frame): for `a` of
 * `uniform`. An identity, never a running number: a number that counts shifts when one thing more stands before it.
 */
export function keyOf(a: number, b = 0, c = 0, d = 0): number {
  const hash = (seed: number) => {
    let h = mix(mix(seed, a), Math.floor(a / 2 ** 32));
    h = mix(mix(h, b), Math.floor(b / 2 ** 32));
    h = mix(mix(h, c), Math.floor(c / 2 ** 32));
    return mix(mix(h, d), Math.floor(d / 2 ** 32)) >>> 0;
  };
  return (hash(0x9e3779b9) >>> 11) * 2 ** 32 + hash(0);
}

/** A uniform number in (0, 1), never 0 and never 1, from 52 bits of two hashes. */
export function uniform(seed: number, purpose: Purpose, a: number, b = 0, c = 0): number {
  let h = mix(seed | 0, purposes[purpose]);
  h = mix(h, a | 0);
  h = mix(h, Math.floor(a / 2 ** 32));
  h = mix(h, b | 0);
  h = mix(h, c | 0);
  const high = mix(h, 0x9e3779b9) >>> 6; // 26 bits
  const low = mix(h, 0x7f4a7c15) >>> 6; // 26 bits
  return (high * 2 ** 26 + low + 0.5) / 2 ** 52;
}

/** An exponential draw with the given mean. */
export function exponential(mean: number, u: number): number {
  return -mean * Math.log(u);
}

/** A standard normal draw from two uniforms (Box and Muller, 1958). */
export function normal(u: number, v: number): number {
  return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
}
