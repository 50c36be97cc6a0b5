/** What this capture can answer before anything is replayed: each axis of choice, and what to record for the rest. */
import type { Answer, AxisAnswer } from '../../compare/comparison.ts';
import { list } from '../numbers.ts';
import { type Table, table } from '../tables.ts';
import { colours } from './colours.ts';
import { type Chart, type Figure, spec, widths } from './figure.ts';

const words: Readonly<Record<Answer, string>> = {
  observed: 'answers from what it shows',
  bounded: 'gives bounds',
  assumed: 'needs an assumption',
  'cannot answer': 'cannot answer',
};

const colourOf: Readonly<Record<Answer, string>> = {
  observed: colours.green,
  bounded: colours.sky,
  assumed: colours.orange,
  'cannot answer': colours.grey,
};

/** A row for each reason; axes that share one share their row. */
export function identifiableTable(axes: readonly AxisAnswer[]): Table {
  const groups = grouped(axes, ({ answer, why, assumes }) => JSON.stringify([answer, why, assumes]));
  return {
    ...table(
      ['axis', 'this capture', 'because', 'assumes'],
      groups.map(({ letters, of: { answer, why, assumes } }) => [
        letters,
        words[answer],
        why,
        answer === 'observed' ? '' : assumes.join(', '),
      ]),
      {
        title: 'What this capture can answer, by axis of choice',
        notes: ['“folioscope policies” has the question of each axis, --assume NAME=VALUE sets what is assumed.'],
      },
    ),
    stacked: true,
  };
}

/** Commands for the device, each once, with the axes that it would answer. */
export function recordTable(axes: readonly AxisAnswer[]): Table {
  return table(
    ['for axis', 'record this next time'],
    grouped(
      axes.filter(({ record }) => record !== ''),
      ({ record }) => record,
    ).map(({ letters, of }) => [letters, of.record]),
    { title: 'To record for more' },
  );
}

function grouped(axes: readonly AxisAnswer[], keyOf: (one: AxisAnswer) => string) {
  const groups = new Map<string, AxisAnswer[]>();
  for (const one of axes) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return [...groups.values()].map((group) => ({ letters: group.map(({ axis }) => axis).join(', '), of: group[0]! }));
}

/** `It answers A, B and C from what it shows; gives bounds on G; ...`. */
export function identifiableSentence(axes: readonly AxisAnswer[]): string {
  const parts = (Object.keys(words) as Answer[]).flatMap((answer) => {
    const letters = axes.filter((one) => one.answer === answer).map(({ axis }) => axis);
    if (letters.length === 0) return [];
    return [
      answer === 'observed'
        ? `answers axis ${list(letters)} from what it shows`
        : `${words[answer]} on ${list(letters)}`,
    ];
  });
  return `Before anything is replayed: this capture ${parts.join('; ')}.`;
}

/** A square for each axis, in the colour of its answer. */
function strip(axes: readonly AxisAnswer[], size: number): Figure['spec'] {
  if (axes.length === 0) return undefined;
  const values = axes.map(({ axis, answer }, place) => ({
    axis,
    answer: words[answer],
    from: place + 0.06,
    middle: place + 0.5,
    to: place + 0.94,
  }));
  const x = (field: string): object => ({
    field,
    type: 'quantitative',
    scale: { domain: [0, Math.max(axes.length, 17)], nice: false },
    axis: null,
  });
  return spec({
    width: size - 20,
    height: 40,
    data: { values },
    layer: [
      {
        mark: { type: 'rect', y: 18, y2: 40 },
        encoding: {
          x: x('from'),
          x2: { field: 'to' },
          color: {
            field: 'answer',
            type: 'nominal',
            scale: { domain: Object.values(words), range: Object.values(colourOf) },
            legend: { orient: 'top', title: null, columns: size < 500 ? 2 : 4 },
          },
        },
      },
      {
        mark: { type: 'text', align: 'center', baseline: 'middle', y: 8 },
        encoding: { x: x('middle'), text: { field: 'axis', type: 'nominal' } },
      },
    ],
  });
}

export const identifiable: Chart = ({ comparison: { identifiable: axes } }, size = widths.wide) => ({
  id: 'identifiable',
  title: 'What this capture can answer',
  finding: identifiableSentence(axes),
  tables: [identifiableTable(axes), recordTable(axes)],
  spec: strip(axes, size),
});
