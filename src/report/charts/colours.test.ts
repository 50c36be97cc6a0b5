import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { causes } from '../../history/facts.ts';
import { namedPolicies } from '../../policies/policies.ts';
import { causeLooks, colours, policyLooks, recordedLook } from './colours.ts';

type Triple = readonly [number, number, number];

/** Red, green and blue as light, 0 to 1. */
function light(hex: string): Triple {
  const channel = (at: number): number => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

/** WCAG 2.1, "contrast ratio". */
function contrast(a: string, b: string): number {
  const [low, high] = [a, b]
    .map((hex) => {
      const [red, green, blue] = light(hex);
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05;
    })
    .sort((x, y) => x - y);
  return high! / low!;
}

/** Machado, Oliveira and Fernandes 2009, full severity; rows of a matrix on light. */
const sight: Readonly<Record<string, readonly Triple[]>> = {
  usual: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

const dot = (a: Triple, b: Triple): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** Oklab (Ottosson 2020) of a colour as somebody sees it, times 100. */
function seen(hex: string, matrix: readonly Triple[]): Triple {
  const of = light(hex);
  const through = matrix.map((row) => Math.min(1, Math.max(0, dot(row, of)))) as unknown as Triple;
  const cones = (
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ] as const
  ).map((row) => Math.cbrt(dot(row, through))) as unknown as Triple;
  return [
    100 * dot([0.2104542553, 0.793617785, -0.0040720468], cones),
    100 * dot([1.9779984951, -2.428592205, 0.4505937099], cones),
    100 * dot([0.0259040371, 0.7827717662, -0.808675766], cones),
  ];
}

test('every colour reads on a white page and on the dark grounds of browsers', () => {
  // Canvas of a dark page: Chromium, Safari, Firefox.
  for (const ground of ['#FFFFFF', '#121212', '#1E1E1E', '#1C1B22'])
    for (const [name, hex] of Object.entries(colours))
      assert.ok(contrast(hex, ground) >= 3, `${name} on ${ground}: ${contrast(hex, ground).toFixed(2)}`);
});

test('no two colours run together, whoever looks', () => {
  // Two just distinguishable colours are about 2 apart; Okabe and Ito's own with this grey come down to 3.2.
  const least = 5.5;
  for (const [who, matrix] of Object.entries(sight))
    for (const [a, first] of Object.entries(colours))
      for (const [b, second] of Object.entries(colours)) {
        if (a >= b) continue;
        const [x, y] = [seen(first, matrix), seen(second, matrix)];
        const apart = Math.hypot(x[0] - y[0], x[1] - y[1], x[2] - y[2]);
        assert.ok(apart >= least, `${a} and ${b}, ${who}: ${apart.toFixed(1)}`);
      }
});

test('every policy with a name looks different from every other, and the same in any company', () => {
  const names = namedPolicies.map(({ name }) => name).filter((name) => !name.includes('['));
  assert.ok(names.length > 30);
  const company = [...names, 'linux-6.12', 'linux-6.1', 'my-own'];
  const all = policyLooks(company, 'linux-6.12');
  const pairs = [...all.values()].map(({ colour, shape }) => `${colour} ${shape}`);
  assert.equal(new Set(pairs).size, pairs.length);
  assert.deepEqual(all.get('linux-6.12'), recordedLook);
  const few = policyLooks(['linux-7.2', 'drain-once', 'oracle'], 'linux-7.2');
  for (const name of ['drain-once', 'oracle']) assert.deepEqual(few.get(name), all.get(name));
});

test('policies of a user have theirs by order', () => {
  const looks = policyLooks(['linux-6.12', 'mine', 'drain-once', 'yours'], 'linux-6.12');
  assert.notDeepEqual(looks.get('mine'), looks.get('yours'));
  assert.deepEqual(policyLooks(['linux-6.12', 'other'], 'linux-6.12').get('other'), looks.get('mine'));
});

test('causes differ in colour or shape, and only what cannot be told is grey', () => {
  assert.equal(new Set(causes.map((cause) => JSON.stringify(causeLooks[cause]))).size, causes.length);
  assert.deepEqual(
    causes.filter((cause) => causeLooks[cause].colour === colours.grey),
    ['cannot tell'],
  );
});
