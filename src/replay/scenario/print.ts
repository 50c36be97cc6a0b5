/** A scenario as the text of a file: what is usual is left out, and `parseScenario` gives the same scenario back. */
import { stringify } from 'yaml';
import { printDuration } from './durations.ts';
import { defaultModes } from './models.ts';
import type { DeedLine, FolioGroup, Law, RequestLine, Scenario, ScenarioMachine, TaskGroup } from './scenario.ts';

type Plain = Record<string, unknown>;

/** YAML. */
export function printScenario(scenario: Scenario): string {
  const { name, about, thread, kernel, seed, duration, machine, folios, tasks, requests } = scenario;
  const { services, falseWaiters, estimated } = scenario;
  const plain: Plain = {
    name,
    ...(about === '' ? {} : { about }),
    ...(thread === undefined ? {} : { thread }),
    kernel: `linux-${kernel}`,
    ...(seed === 1 ? {} : { seed }),
    duration: printDuration(duration),
    machine: machineAsWritten(machine),
    folios: folios.map((group) => without(group, usualGroup)),
    ...(tasks.length === 0 ? {} : { tasks: tasks.map((task) => taskAsWritten(task, machine.cpus)) }),
    requests: requests.map(requestAsWritten),
    ...(Object.keys(services).length === 0 ? {} : { services: mapValues(services, lawAsWritten) }),
    ...(falseWaiters === 0 ? {} : { falseWaiters }),
    ...(estimated === undefined ? {} : { estimated }),
  };
  return stringify(plain, { lineWidth: 120, flowCollectionPadding: false, aliasDuplicateObjects: false });
}

const usualGroup: Partial<FolioGroup> = { order: 0, mapped: 1, mlocked: false, clean: false, start: 'on lru' };

const usualMachine: Partial<ScenarioMachine> = {
  pageSize: 4096,
  preemption: 'full',
  timeSlice: 4e6,
  spin: 1e3,
  patience: 1e9,
  flushes: 'broadcast',
  tlbMiss: 0.1,
  lruGen: false,
};

function without(of: object, usual: object): Plain {
  return Object.fromEntries(Object.entries(of).filter(([key, value]) => (usual as Plain)[key] !== value));
}

function machineAsWritten(machine: ScenarioMachine): Plain {
  const plain = without(machine, usualMachine);
  for (const key of ['timeSlice', 'spin', 'patience'] as const) {
    if (key in plain) plain[key] = printDuration(machine[key]);
  }
  return plain;
}

function taskAsWritten({ name, count, cpus, does }: TaskGroup, all: number): Plain {
  const everywhere = cpus.length === all && cpus.every((cpu, i) => cpu === i);
  return {
    name,
    ...(count === 1 ? {} : { count }),
    ...(everywhere ? {} : { cpus }),
    does: does.map(lineAsWritten),
  };
}

function lineAsWritten({ deed, every, at, pick }: DeedLine): Plain {
  const plain: Plain = { ...deed };
  if ('for' in deed) plain['for'] = lawAsWritten(deed.for);
  if ('launch' in deed) plain['launch'] = { ...deed.launch, within: printDuration(deed.launch.within) };
  if (every !== undefined) plain['every'] = lawAsWritten(every);
  if (at !== undefined) plain['at'] = at.map(printDuration);
  if (pick !== undefined) plain['pick'] = pick;
  return plain;
}

function requestAsWritten({ mode, cpu, at, list, lists, waiters, ...rest }: RequestLine): Plain {
  return {
    ...rest,
    ...(mode === defaultModes[rest.model] ? {} : { mode }),
    ...(cpu === 0 ? {} : { cpu }),
    at: 'count' in at ? { ...at, every: lawAsWritten(at.every) } : at.map(printDuration),
    ...(list === 1 ? {} : { list }),
    ...(lists === 1 ? {} : { lists }),
    ...(waiters === undefined ? {} : { waiters: { ...waiters, within: printDuration(waiters.within) } }),
  };
}

function lawAsWritten(law: Law): unknown {
  switch (law.kind) {
    case 'fixed':
      return printDuration(law.ns);
    case 'exponential':
      return { exponential: printDuration(law.mean) };
    case 'uniform':
      return { uniform: [printDuration(law.low), printDuration(law.high)] };
    case 'values':
      return {
        values: law.ns.map(printDuration),
        ...(law.weights === undefined ? {} : { weights: law.weights }),
      };
  }
}

function mapValues<T>(of: Readonly<Partial<Record<string, T>>>, make: (value: T) => unknown): Plain {
  return Object.fromEntries(Object.entries(of).map(([key, value]) => [key, make(value as T)]));
}
