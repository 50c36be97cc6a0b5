/** Tables of what failed, who is to blame, and what speaks for it. */
import { type Cause, causes, type Evidence, type Failure, type Holder } from '../../history/facts.ts';
import { likeliest } from '../../replay/blame.ts';
import {
  type Facts,
  type FactTable,
  factTable,
  frame,
  int,
  named,
  ordinal,
  orNone,
  real,
  text,
  time,
  yesNo,
} from './table.ts';

const failures: FactTable = factTable<Failure>(
  'failures',
  'a folio that a call, or a request without calls, did not move',
  ({ history }) => history.failures,
  [
    int('failure', 'number of the failure, from 0', ({ id }) => id),
    int('call', 'its call', ({ call }) => orNone(call), 'its request makes no calls'),
    int(
      'request',
      'its request',
      ({ call, request }, { history }) => orNone(request ?? history.calls[call]?.request ?? -1),
      'none is known',
    ),
    int('place', 'place of the folio in the table `folios`', ({ folio }) => folio),
    frame('pfn', 'frame of the folio', ({ pfn }) => pfn, 'only the totals of the call count it'),
    int('pages', 'base pages', ({ pages }) => pages, 'not known', 'pages'),
    time('time', 'when it was given up', (failure) => failure.time, 'not seen'),
    named('likeliest', 'likeliest cause', ({ id }, { posteriors }) => likeliest(posteriors[id]!)),
    real('probability', 'probability of that cause', ({ id }, { posteriors }) => Math.max(...posteriors[id]!)),
  ],
);

/** One cause of one failure that is not out of the question. */
interface Blame {
  readonly failure: number;
  readonly cause: Cause;
  readonly probability: number;
  readonly who: Holder | undefined;
}

function blames({ history, posteriors }: Facts): Blame[] {
  return history.failures.flatMap(({ id, evidence }) =>
    causes.flatMap((cause, i) => {
      const probability = posteriors[id]![i]!;
      if (probability === 0) return [];
      const who = evidence.find((one) => one.cause === cause && one.who !== undefined)?.who;
      return [{ failure: id, cause, probability, who }];
    }),
  );
}

const unnamed = 'no evidence names it';

const blame: FactTable = factTable<Blame>(
  'blame',
  'a possible cause of a failure; those of one failure add up to 1',
  blames,
  [
    int('failure', 'the failure', ({ failure }) => failure),
    named('cause', 'one of the fourteen causes', ({ cause }) => cause),
    real('probability', 'its probability', ({ probability }) => probability),
    int('cpu', 'CPU of the batch that held the folio', ({ who }) => orNone(who?.cpu ?? -1), unnamed),
    int('pid', 'task that held it', ({ who }) => orNone(who?.pid ?? -1), unnamed),
    named('comm', 'its name', ({ who }) => who?.comm ?? '', unnamed),
    time('since', 'since when', ({ who }) => who?.since ?? Number.NaN, unnamed),
  ],
);

const evidence: FactTable = factTable<Evidence & { readonly failure: number }>(
  'evidence',
  'what speaks for or against a cause of a failure',
  ({ history }) => history.failures.flatMap(({ id, evidence: all }) => all.map((one) => ({ ...one, failure: id }))),
  [
    int('failure', 'the failure', ({ failure }) => failure),
    named('cause', 'the cause', ({ cause }) => cause),
    text('says', 'the evidence in words', ({ says }) => says),
    real(
      'weight',
      'how much likelier it is under this cause than under `cannot tell`; 1 says nothing',
      (e) => e.weight,
    ),
    named('assumed', '`yes`: the weight is an assumption, not counted in this capture', (e) =>
      yesNo(e.assumed === true),
    ),
    named('missing', '`yes`: a mark that was looked for and not found', (e) => yesNo(e.missing === true)),
    ordinal('event', 'the event behind it', (one) => orNone(one.ordinal), 'none'),
  ],
);

export const failureTables: readonly FactTable[] = [failures, blame, evidence];
