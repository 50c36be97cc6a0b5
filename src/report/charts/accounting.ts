/** Where every unit of the input went, and what the kernel says it lost. */
import { type Accounting, balance, type Capture } from '../../events/capture.ts';
import { lossSentence } from '../losses.ts';
import { count, duration, many, percent } from '../numbers.ts';
import { table } from '../tables.ts';
import { colours } from './colours.ts';
import { bars, type Chart, widths } from './figure.ts';

const series = { decoded: colours.sky, generic: colours.blue, comment: colours.grey, skipped: colours.vermilion };

/** What units are that are understood and hold no event. */
const notEvents: Readonly<Record<Accounting['unit'], string>> = {
  lines: 'headers, comments',
  rows: 'headers, comments',
  bytes: 'headers, padding',
  records: 'no events',
};

/** The four things that become of an input, as readers of this unit are told of them. */
export function accountWords(unit: Accounting['unit']): Readonly<Record<keyof typeof series, string>> {
  return { decoded: 'decoded', generic: 'other events, kept', comment: notEvents[unit], skipped: 'skipped' };
}

export const accounting: Chart = ({ history }, width = widths.wide) => {
  const { capture } = history;
  const { accounting: books } = capture;
  const kinds = Object.keys(series) as readonly (keyof typeof series)[];
  const words = accountWords(books.unit);
  return {
    id: 'accounting',
    title: 'Where every unit of the input went',
    finding: finding(capture),
    tables: [
      table(
        ['', `${books.unit}>`, 'share>'],
        [
          ...kinds.map((kind) => [words[kind], count(books[kind]), percent(books[kind] / books.total)]),
          ['total', count(books.total), books.total > 0 ? '100 %' : '–'],
        ],
      ),
      ...(books.skips.length + books.oddities.length > 0
        ? [
            table(
              ['what', 'reason', 'count>', 'first at', 'begins'],
              [
                ...books.skips.map((note) => [
                  note.count === 0 ? 'missing' : 'skipped',
                  note.reason,
                  note.count === 0 ? '' : count(note.count),
                  note.firstPlace,
                  note.firstText,
                ]),
                ...books.oddities.map((note) => [
                  'noted',
                  note.reason,
                  count(note.count),
                  note.firstPlace,
                  note.firstText,
                ]),
              ],
              { title: 'Skipped, missing and noted, by reason' },
            ),
          ]
        : []),
      ...(capture.losses.length > 0 ? [losses(capture)] : []),
    ],
    spec:
      books.total > 0
        ? bars(
            kinds
              .filter((kind) => books[kind] > 0)
              .map((kind) => ({
                label: `${words[kind]}: ${count(books[kind])} ${books.unit} (${percent(books[kind] / books.total)})`,
                segments: [{ series: kind, value: books[kind] }],
              })),
            series,
            books.unit,
            width,
          )
        : undefined,
  };
};

function losses(capture: Capture) {
  const seconds = capture.clock.unit === 'ns';
  const shown = capture.losses.slice(0, 30);
  const at = (time: number): string => (seconds ? duration(time) : count(time));
  const notes = [
    ...(capture.losses.length > shown.length
      ? [`${many(capture.losses.length - shown.length, 'more loss', 'more losses')} left out.`]
      : []),
  ];
  return table(
    ['CPU>', 'how', 'events>', 'from>', 'to>', 'place'],
    shown.map((loss) => [
      loss.cpu < 0 ? '–' : String(loss.cpu),
      loss.how,
      count(loss.count),
      at(loss.start),
      at(loss.end),
      loss.place,
    ]),
    { title: 'Events that were lost before they reached the capture', notes },
  );
}

function finding(capture: Capture): string {
  const { accounting: books } = capture;
  if (books.total === 0) return 'The input was empty.';
  const skipped =
    books.skipped === 0
      ? 'none was skipped'
      : `${count(books.skipped)} (${percent(books.skipped / books.total)}) were skipped`;
  const sum = balance(books) ? '' : ' The four do not add up to the total: this is a bug of the reader.';
  const generic =
    books.generic === 0 ? '' : ` ${count(books.generic)} hold events that are not in the catalogue and were kept,`;
  const { comment } = accountWords(books.unit);
  const rest = comment === 'no events' ? 'hold no events' : `are ${comment.replace(', ', ' or ')}`;
  const parts = `Of ${count(books.total)} ${books.unit}, ${count(books.decoded)} were decoded,${generic} ${count(books.comment)} ${rest}, and ${skipped}.${sum}`;
  return `${parts} ${lossSentence(capture)}`;
}
