/** What a scenario file says with every value in its place and still cannot mean: names of nothing, places that are not. */
import { ScenarioError } from '../../base/errors.ts';
import type { RequestModel } from '../../model/demand.ts';
import { nearest } from '../../policies/nearest.ts';
import { resolvePolicy } from '../../policies/policies.ts';
import { meanOf } from './durations.ts';
import { deedKinds, holds, type Law, others } from './scenario.ts';
import type { Written } from './schema.ts';

export interface Mistake {
  readonly path: readonly (string | number)[];
  readonly says: string;
}

type Task = Written['tasks'][number];
type Line = Task['does'][number];
type Request = Written['requests'][number];
type Say = (path: Mistake['path'], says: string) => void;

/** All of them, in the order of the file's parts. */
export function mistakesIn(written: Written): Mistake[] {
  const mistakes: Mistake[] = [];
  const say: Say = (path, says) => mistakes.push({ path, says });
  checkKernel(written, say);
  checkNames(written, say);
  if (!(written.duration > 0)) say(['duration'], 'a world that ends as it begins');
  const { timeSlice, spin } = written.machine;
  if (timeSlice < 1000) say(['machine', 'timeSlice'], 'no scheduler switches within a microsecond');
  if (spin < 1) say(['machine', 'spin'], 'a fault that takes no time would spin for ever');
  written.tasks.forEach((task, i) => {
    checkCpus(task.cpus ?? [], ['tasks', i, 'cpus'], written, say);
    task.does.forEach((line, j) => {
      checkDeed(line, ['tasks', i, 'does', j], written, say);
    });
  });
  written.requests.forEach((request, i) => {
    checkRequest(request, ['requests', i], written, say);
  });
  for (const [service, law] of Object.entries(written.services)) checkLaw(law, ['services', service], say);
  return mistakes;
}

function checkKernel({ kernel }: Written, say: Say): void {
  try {
    resolvePolicy(`linux-${kernel.replace(/^linux-/, '')}`);
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    say(['kernel'], error.message);
  }
}

function checkNames({ folios, tasks, requests }: Written, say: Say): void {
  for (const [key, list] of Object.entries({ folios, tasks, requests })) {
    const seen = new Set<string>();
    list.forEach(({ name }, i) => {
      if (seen.has(name)) say([key, i, 'name'], `there is one called "${name}" already`);
      seen.add(name);
    });
  }
  folios.forEach(({ name, start, order, clean, kind }, i) => {
    if (name === others) say(['folios', i, 'name'], `"${others}" are the folios that nobody wants migrated`);
    if (clean && kind !== 'file') say(['folios', i, 'clean'], 'only page cache (kind: file) can be dropped');
    if (start === 'fresh' && order > 0)
      say(['folios', i, 'start'], 'a large folio rests in no batch, so none is fresh');
  });
}

function checkCpus(cpus: readonly number[], path: Mistake['path'], { machine }: Written, say: Say): void {
  cpus.forEach((cpu, i) => {
    if (cpu >= machine.cpus) say([...path, i], `there is no CPU ${cpu}: machine.cpus is ${machine.cpus}`);
  });
}

function checkGroup(name: string, path: Mistake['path'], { folios }: Written, say: Say): void {
  if (folios.some((group) => group.name === name)) return;
  const names = folios.map((group) => group.name);
  const near = nearest(name, names);
  say(
    path,
    `no folios are called "${name}"; ${near.length > 0 ? `did you mean ${near[0]}?` : `there are ${names.join(', ')}`}`,
  );
}

function checkLaw(law: Law, path: Mistake['path'], say: Say): void {
  if (law.kind === 'uniform' && law.low > law.high) say([...path, 'uniform'], 'the first is the shorter one');
  if (law.kind !== 'values' || law.weights === undefined) return;
  if (law.weights.length !== law.ns.length) say([...path, 'weights'], `${law.ns.length} values need as many weights`);
  else if (!law.weights.some((weight) => weight > 0)) say([...path, 'weights'], 'one of them must be above 0');
}

/** Something repeated so often that time stands still. */
function checkRepeat(law: Law, path: Mistake['path'], say: Say): void {
  checkLaw(law, path, say);
  if (!(meanOf(law) > 0)) say(path, 'takes no time, so that it would never end');
}

function checkDeed(line: Line, path: Mistake['path'], written: Written, say: Say): void {
  const given = deedKinds.filter((key) => line[key] !== undefined);
  const [deed] = given;
  if (deed === undefined || given.length > 1) {
    say(path, `one deed a line: ${deed === undefined ? `one of ${deedKinds.join(', ')}` : given.join(' or ')}`);
    return;
  }
  const of = deed === 'launch' ? line.launch?.of : deed === 'drain' ? undefined : line[deed];
  const place = deed === 'launch' ? [...path, 'launch', 'of'] : [...path, deed];
  const isHold = Object.hasOwn(holds, deed);
  if (of === others) {
    if (isHold || deed === 'touch') say(place, 'nobody wants them migrated, so that it makes no difference');
  } else if (of !== undefined) checkGroup(of, place, written, say);
  if (isHold && line.for === undefined) say(path, `for how long? ${deed} needs \`for\``);
  if (!isHold && line.for !== undefined) say([...path, 'for'], `${deed} is over at once`);
  if (line.for !== undefined) checkLaw(line.for, [...path, 'for'], say);
  if (line.every !== undefined) checkRepeat(line.every, [...path, 'every'], say);
  if ((line.every === undefined) === (line.at === undefined)) {
    say(path, 'when? Either `every`, how far apart, or `at`, a list of times');
  }
  if (deed === 'touch' && line.at !== undefined) say([...path, 'at'], 'touches are many: say `every`');
  checkTimes(line.at ?? [], [...path, 'at'], written, say);
  if (
    line.pick !== undefined &&
    (isHold || deed === 'touch' || deed === 'drain' || deed === 'launch' || of === others)
  ) {
    say([...path, 'pick'], `${deed} takes any folio`);
  }
  if (line.launch !== undefined && line.launch.faults + line.launch.reads === 0) {
    say([...path, 'launch'], 'nothing happens: say how many `faults` or `reads`');
  }
}

function checkTimes(times: readonly number[], path: Mistake['path'], { duration }: Written, say: Say): void {
  times.forEach((time, i) => {
    if (time >= duration) say([...path, i], 'the world has ended by then: `duration` is shorter');
  });
}

/** Members of a request that only some models know. */
const onlyOf = {
  areas: ['cma'],
  repeats: ['longterm pin'],
  drainsAll: ['compaction'],
  waiters: ['thp split'],
} as const satisfies Partial<Record<keyof Request, readonly RequestModel[]>>;

function checkRequest(request: Request, path: Mistake['path'], written: Written, say: Say): void {
  checkGroup(request.of, [...path, 'of'], written, say);
  checkCpus([request.cpu], path, written, (_, says) => say([...path, 'cpu'], says));
  if (Array.isArray(request.at)) checkTimes(request.at, [...path, 'at'], written, say);
  else checkRepeat(request.at.every, [...path, 'at', 'every'], say);
  for (const [key, models] of Object.entries(onlyOf) as [keyof typeof onlyOf, readonly RequestModel[]][]) {
    if (request[key] !== undefined && !models.includes(request.model)) {
      say([...path, key], `only ${models.join(' and ')} knows that`);
    }
  }
  const group = written.folios.find(({ name }) => name === request.of);
  const wanted = request.list * (request.lists + (request.areas ?? 1) - 1);
  if (group !== undefined && wanted > group.count) {
    say([...path, 'list'], `one request takes ${wanted} folios, and there are ${group.count} of ${group.name}`);
  }
  if (request.model === 'thp split' && group?.order === 0) say([...path, 'of'], 'a folio of order 0 cannot be split');
}
