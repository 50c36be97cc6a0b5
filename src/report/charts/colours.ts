/**
 * The one palette of a page: who has which colour, and which shape beside it. A policy or a cause looks the same in every
 * chart, and nothing is told by its colour alone: a shape or a name always says it, too.
 */

import type { Cause } from '../../history/facts.ts';
import { bounds as boundPolicies } from '../../policies/bounds.ts';
import { threads } from '../../policies/threads.ts';

/**
 * Okabe and Ito's colours (2008), moved as little as it takes to be read on a white page and on the dark grounds of
 * browsers (3:1 at least, WCAG 2.1 success criterion 1.4.11) and to stay apart with each sort of colour blindness. Black is
 * `currentColor`, yellow is left out.
 */
export const colours = {
  blue: '#0072B2',
  orange: '#C78500',
  green: '#009E73',
  vermilion: '#C23B00',
  sky: '#2B96EE',
  purple: '#BC79BC',
  grey: '#6A6A6A',
} as const;

/** How something is drawn: its colour, and a shape of Vega for where it is a point. */
export interface Look {
  readonly colour: string;
  readonly shape: string;
}

/** The recorded policy everywhere: what all others are held against. */
export const recordedLook: Look = { colour: 'currentColor', shape: 'diamond' };

// Grey is for what cannot be told, so no policy has it.
const policyColours = [
  colours.blue,
  colours.orange,
  colours.green,
  colours.vermilion,
  colours.sky,
  colours.purple,
] as const;
const policyShapes = [
  'circle',
  'square',
  'triangle-up',
  'cross',
  'triangle-down',
  'triangle-right',
  'triangle-left',
] as const;
const boundShapes = ['triangle-up', 'triangle-down', 'square', 'circle'] as const;
// For kernels and a user's own, of which no list is known: a star and a hexagon, which no policy of a thread has.
const otherShapes = [
  'M0,-1L0.26,-0.36L0.95,-0.31L0.43,0.14L0.59,0.81L0,0.45L-0.59,0.81L-0.43,0.14L-0.95,-0.31L-0.26,-0.36Z',
  'M0,-1L0.87,-0.5L0.87,0.5L0,1L-0.87,0.5L-0.87,-0.5Z',
] as const;

/** The n-th pair of a colour and a shape: all colours before the second shape. */
function pairAt(place: number, shapes: readonly string[]): Look {
  return {
    colour: policyColours[place % policyColours.length]!,
    shape: shapes[Math.floor(place / policyColours.length) % shapes.length]!,
  };
}

// Those that every comparison shows come first, so that they differ in colour and not in shape only.
const rank = { always: 0, sometimes: 1, asked: 2 } as const;
const rankOf = ({ shown }: (typeof threads)[number]): number =>
  shown === 'always' ? rank.always : shown === undefined ? rank.asked : rank.sometimes;
const named: ReadonlyMap<string, Look> = new Map([
  ...[...threads]
    .sort((a, b) => rankOf(a) - rankOf(b))
    .map(({ name }, place): [string, Look] => [name, pairAt(place, policyShapes)]),
  ...boundPolicies.map(({ name }, place): [string, Look] => [
    name,
    { colour: 'currentColor', shape: boundShapes[place % boundShapes.length]! },
  ]),
]);

/**
 * The look of each policy of a page: a named one always has the same, kernels and a user's own get theirs in the order of
 * `policies`, and `recorded` is ink.
 */
export function policyLooks(policies: readonly string[], recorded: string): ReadonlyMap<string, Look> {
  let others = 0;
  return new Map(
    [...new Set(policies)].map((name) => [
      name,
      name === recorded ? recordedLook : (named.get(name) ?? pairAt(others++, otherShapes)),
    ]),
  );
}

/** The look of each cause of a failure: what is alike has one colour, and a shape each. */
export const causeLooks: Readonly<Record<Cause, Look>> = {
  'add batch': { colour: colours.orange, shape: 'circle' },
  'activate batch': { colour: colours.orange, shape: 'square' },
  'deactivate batch': { colour: colours.orange, shape: 'triangle-up' },
  'mlock batch': { colour: colours.orange, shape: 'cross' },
  'lock-blocked fault': { colour: colours.vermilion, shape: 'circle' },
  'entry waiter': { colour: colours.vermilion, shape: 'square' },
  'lock contention': { colour: colours.vermilion, shape: 'triangle-up' },
  pin: { colour: colours.blue, shape: 'circle' },
  'transient reference': { colour: colours.blue, shape: 'square' },
  writeback: { colour: colours.sky, shape: 'circle' },
  'buffer heads': { colour: colours.sky, shape: 'square' },
  'not on LRU': { colour: colours.green, shape: 'circle' },
  'no memory': { colour: colours.purple, shape: 'circle' },
  'cannot tell': { colour: colours.grey, shape: 'circle' },
};
