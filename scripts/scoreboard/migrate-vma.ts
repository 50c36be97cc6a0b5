/** migrate_vma: one try at a folio's lock against two, and the dirty bit that collect drops. */
import { exponential, uniform } from '../../src/base/random.ts';
import { emptyBackground, type FolioSpec } from '../../src/model/demand.ts';
import { Machine, type MachineResult } from '../../src/model/machine.ts';
import { emptyWorld, type World } from '../../src/model/world.ts';
import { resolvePolicy } from '../../src/policies/policies.ts';
import type { ScoreRow } from './row.ts';

/** Folios of one PMD, which is one range here; collecting one takes one unit of time, anything else none. */
const pages = 512;
/** The mean gap between the tries of a folio: its successors are collected first. */
const meanGap = (pages - 1) / 2;
const start = 1e6;

function migrate(policy: string, world: World, kind: FolioSpec['kind']): MachineResult {
  const folios = Array.from({ length: pages }, (): FolioSpec => ({ order: 0, kind, mapped: 1 }));
  return new Machine(resolvePolicy(policy).decisions, world, {
    cpus: 1,
    folios,
    requests: [
      {
        id: 0,
        model: 'migrate_vma',
        reason: 'migrate_vma',
        mode: 'sync',
        cpu: 0,
        start,
        end: start,
        chunks: [{ folios: folios.map((_, id) => id), gap: 0 }],
      },
    ],
    background: emptyBackground,
  }).run();
}

/** One folio in ten is locked when it is collected, for an exponential rest of a hold of this mean. */
function holding(mean: number, seed: number, draw: number): World {
  return {
    ...emptyWorld,
    serviceTime: (service) => (service === 'collect' ? 1 : 0),
    obstacles: (_, folio) => {
      if (uniform(seed, 'lockContention', folio, draw) > 0.1) return [];
      const until = start + folio + 1 + exponential(mean, uniform(seed, 'hold', folio, draw));
      return [{ holder: 'lock contention', from: 0, until, references: 0 }];
    },
  };
}

/** Of the folios that one try does not get, the share that the second does not get either. */
function secondFails(holdInGaps: number, seed: number, draws: number): number {
  let one = 0;
  let two = 0;
  for (let draw = 0; draw < draws; draw++) {
    const world = holding(holdInGaps * meanGap, seed, draw);
    one += migrate('linux-5.17', world, 'anon').requests[0]!.counters.failedFolios;
    two += migrate('linux-5.16', world, 'anon').requests[0]!.counters.failedFolios;
  }
  return two / one;
}

const secondTry: ScoreRow = {
  id: 'vma-second-try',
  result:
    'migrate_vma: of the folios whose lock the first try does not get (A), how many does the second, in prepare, not get either (B)?',
  source: 'Alistair Popple, thread "mm/migrate.c: Remove MIGRATE_PFN_LOCKED", 2021-10; ab09243aa95a (5.17)',
  given: 'no hold times, no range sizes, no counts',
  fixed: '',
  run({ seed, draws }) {
    // A range has some fifty folios to count.
    const ranges = Math.ceil(draws / 10);
    const [short, equal, long, longer] = [0.1, 1, 10, 100].map((hold) => secondFails(hold, seed, ranges));
    const percent = (part: number | undefined) => `${(100 * (part ?? Number.NaN)).toFixed(0)} %`;
    return {
      says: `locks held for 0.1, 1, 10 and 100 times the mean gap between the two tries: ${percent(short)}, ${percent(equal)}, ${percent(long)} and ${percent(longer)} fail again`,
      low: short ?? Number.NaN,
      high: longer ?? Number.NaN,
      estimate: long ?? Number.NaN,
      unit: 'share that fails again',
    };
  },
  published: 'unlikely that the second attempt succeeds',
  judge: ({ low, high }) => (low > 0.5 ? 'agrees' : high < 0.5 ? 'disagrees' : 'cannot be told'),
  why: 'The share is e^(-gap/hold) for one folio, and neither was published. The claim holds where a lock is held for longer than about one and a half gaps; the gap is the rest of the collection and lru_add_drain(), some microseconds, and a lock that is held over I/O or another migration lasts longer than that. That is an argument, not a measurement.',
};

const dirtyBit: ScoreRow = {
  id: 'vma-dirty-bit',
  result:
    'migrate_vma_collect_pmd() clears an entry without keeping its dirty bit: harmless for private anonymous memory (A), lost data should file-backed memory ever come (B)',
  source: 'Ralph Campbell and Alistair Popple, thread "mm/migrate.c: Remove MIGRATE_PFN_LOCKED", 2021-10-26 and -28',
  given: 'read from the source',
  fixed: '',
  run() {
    const found = (policy: string, kind: FolioSpec['kind']) =>
      migrate(policy, emptyWorld, kind).findings.filter((finding) => finding.kind === 'lost data').length;
    const anon = found('linux-5.16', 'anon') + found('linux-5.17', 'anon');
    const file = found('linux-5.16', 'file') + found('linux-5.17', 'file');
    return {
      says: `ranges with a finding, of two each (5.16, 5.17): ${anon} of anonymous memory, ${file} of file-backed memory`,
      low: file - anon,
      high: file - anon,
      estimate: file,
      unit: 'ranges of 2',
    };
  },
  published: 'no issue today, easy to miss if file-backed pages are to be supported',
  judge: ({ low }) => (low === 2 ? 'as built' : 'disagrees'),
  why: 'The model says so because the rule was read from the same source: a check that the finding works, not evidence. It is said of any version, since the fix (fd35ca3d12cc) went to stable kernels, too.',
};

export const rows: readonly ScoreRow[] = [secondTry, dirtyBit];
