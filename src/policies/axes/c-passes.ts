/** C: how often one call tries. */
import type { AxisOfChoice, Choice, Direction } from '../axis.ts';

/** Not nothing at all: `0`, `0 + 0`. */
const pattern = /^(?!0+(?: \+ 0+)?$)(?:(\d{1,3}) \+ )?(\d{1,3})$/;

/** NR_MAX_MIGRATE_PAGES_RETRY, the same in all versions. */
const usual = 10;

function directionsOf(passes: number): Choice['directions'] {
  const more: Direction = passes > usual ? '+' : passes < usual ? '-' : '=';
  return { S: more, R: more, L: more, W: more, D: more, C: '=' };
}

function parse(name: string): Choice | undefined {
  const found = pattern.exec(name);
  if (found === null) return undefined;
  const first = Number(found[1] ?? 0);
  const then = Number(found[2]);
  return {
    name,
    does:
      first === 0
        ? `tries ${then} passes`
        : `a synchronous call tries ${first} passes together without waiting, then ${then} singly; an asynchronous one ${first + then}`,
    source: 'own choice',
    directions: directionsOf(first + then),
    settles: { plan: { asyncPasses: first + then, syncFirstPasses: first, syncThenPasses: then } },
  };
}

export const passes: AxisOfChoice = {
  axis: 'C',
  question: 'how many passes has one call?',
  needs: [],
  choices: [
    {
      name: '10',
      does: 'tries 10 passes in every mode',
      mainline: [{ before: '6.3' }],
      source: 'NR_MAX_MIGRATE_PAGES_RETRY: 10 passes, up to 6.2',
      directions: directionsOf(usual),
      settles: { plan: { asyncPasses: 10, syncFirstPasses: 0, syncThenPasses: 10 } },
    },
    {
      name: '3 + 7',
      does: 'a synchronous call tries 3 passes together without waiting, then 7 singly; an asynchronous one 10',
      mainline: [{ since: '6.3' }],
      source: 'NR_MAX_MIGRATE_ASYNC_RETRY 3, NR_MAX_MIGRATE_SYNC_RETRY 7, 6.3 and later',
      directions: directionsOf(usual),
      settles: { plan: { asyncPasses: 10, syncFirstPasses: 3, syncThenPasses: 7 } },
    },
  ],
  numbered: { form: 'N or N + M', pattern, parse, samples: ['1', '9 + 21'] },
};
