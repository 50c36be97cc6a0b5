/**
 * Probe definitions, as tracefs `kprobe_events` and `dynamic_events` print them (Documentation/trace/kprobetrace.rst,
 * fprobetrace.rst), and the kinds that follow from them.
 *
 *     p:fs/try_to_migrate try_to_migrate folio=%x0:x64 ref=+0x34(%x0):s32
 *     r10:fs/migrate_pages_ret migrate_pages ret=$retval:s32
 *     f:fs/move move_to_new_folio%return ret=$retval
 */
import type { Field, Probe, Storage } from './kinds.ts';
import { findFunction, type ProbedFunction, roleOfDereference, roleOfName } from './probes.ts';

/** One argument of a definition. */
export interface ProbeArgument {
  readonly name: string;
  /** Parameter, from 0, that the value comes from; -1 when it is none (`$retval`, `$comm`, a symbol). */
  readonly parameter: number;
  /** Offset read through the parameter's pointer; undefined when the value is the parameter itself. */
  readonly offset: number | undefined;
  readonly isReturnValue: boolean;
  /** A BTF name or path (`src`, `src->_refcount.counter`), which kernels from 6.5 on take; else empty. */
  readonly path: string;
  /** `x64`, `s32`, `symbol`, ...; empty when not given. */
  readonly type: string;
}

export interface ProbeDefinition {
  readonly system: string;
  readonly name: string;
  readonly function: string;
  readonly isReturn: boolean;
  readonly arguments: readonly ProbeArgument[];
}

/** Reads one line; undefined when it is no probe on a function's entry or return. */
export function parseProbeDefinition(line: string): ProbeDefinition | undefined {
  const match = /^([prf])(\d*):(?:([^\s/]+)\/)?(\S+)\s+(\S+)\s*(.*)$/.exec(line.trim());
  if (!match) return undefined;
  const [, letter, , system = '', name = '', place = '', rest = ''] = match;
  const isReturn = letter === 'r' || place.endsWith('%return');
  const symbol = /^(?:[\w-]+:)?([A-Za-z_][\w.$]*)(?:\+(?:0x)?0+)?(?:%(?:return|entry))?$/.exec(place);
  if (!symbol?.[1]) return undefined;
  return {
    system,
    name,
    function: symbol[1],
    isReturn,
    arguments: rest === '' ? [] : rest.split(/\s+/).map((text, i) => parseArgument(text, i + 1)),
  };
}

function parseArgument(text: string, place: number): ProbeArgument {
  const equals = text.indexOf('=');
  const named = equals > 0 ? text.slice(0, equals) : /^[a-z_]\w*$/i.test(text) ? text : `arg${place}`;
  const [fetch = '', type = ''] = splitType(text.slice(equals + 1));
  const dereference = /^\+(0x[0-9a-f]+|\d+)\((.*)\)$/.exec(fetch);
  const base = dereference?.[2] ?? fetch;
  const register = /^%x(\d)$/.exec(base);
  const argument = /^\$arg(\d+)$/.exec(base);
  return {
    name: named,
    parameter: register ? Number(register[1]) : argument ? Number(argument[1]) - 1 : -1,
    offset: dereference?.[1] === undefined ? undefined : Number(dereference[1]),
    isReturnValue: fetch === '$retval',
    path: /^[a-z_]\w*(?:->[\w.]+)?$/i.test(fetch) ? fetch : '',
    type,
  };
}

/** `+0x34(%x0):s32` to its fetch and its type. */
function splitType(text: string): [string, string] {
  const colon = text.lastIndexOf(':');
  return colon > text.lastIndexOf(')') && colon > 0 ? [text.slice(0, colon), text.slice(colon + 1)] : [text, ''];
}

/** Roles whose values are pointers, flag words and entries: kept as 64 bits. */
const wideRoles =
  /^(?:folio|src|dst|mapping|entry|mm|pmd|ptep|list|fbatch|args|range|control)$|\.(?:flags|mapping|index|pte)$/;

/** What an event's text shows of an argument, where there is no definition. */
export type Shown = 'hex' | 'decimal' | 'text';

/** The storage of an argument by its role, else by its type, else by how the first event printed it. */
export function storageOf(role: string, type: string, shown: Shown): Storage {
  if (role === 'move_fn' || role === 'caller') return 'text';
  if (role !== '') return wideRoles.test(role) ? 'u64' : 'number';
  if (/^(?:string|ustring|symstr|symbol|char)/.test(type) || type.endsWith(']')) return 'text';
  if (/^[xu]64$/.test(type)) return 'u64';
  if (/^[xsu]\d+$/.test(type)) return 'number';
  return shown === 'text' ? 'text' : shown === 'hex' ? 'u64' : 'number';
}

/** What a probe's kind is made from: the function, and the arguments that the first event showed. */
export interface ProbeShape {
  readonly function: string;
  readonly isReturn: boolean;
  readonly source: Probe['source'];
  readonly arguments: readonly { readonly name: string; readonly shown: Shown }[];
  readonly definition: ProbeDefinition | undefined;
}

/** Name of the first field of return probes: where the function returned to, as printed. */
export const callerField = '__probe_ret_ip';

/** Fields and roles of a probe. Return probes have the caller first. */
export function probeFields(shape: ProbeShape): { fields: Field[]; probe: Probe } {
  const known = findFunction(shape.function);
  const fields: Field[] = [];
  const roles: string[] = [];
  if (shape.isReturn) {
    fields.push({ name: callerField, storage: 'text', print: 'text' });
    roles.push('caller');
  }
  for (const { name, shown } of shape.arguments) {
    const defined = shape.definition?.arguments.find((argument) => argument.name === name);
    const role = defined
      ? roleOfDefined(known, defined)
      : shape.isReturn
        ? roleOfReturnName(name)
        : roleOfName(known, name);
    const storage = storageOf(role, defined?.type ?? '', shown);
    fields.push({ name, storage, print: storage === 'text' ? 'text' : shown === 'decimal' ? 'decimal' : 'hex' });
    roles.push(role);
  }
  return {
    fields,
    probe: {
      function: shape.function,
      meaning: known?.meaning ?? '',
      isReturn: shape.isReturn,
      roles,
      source: shape.source,
    },
  };
}

function roleOfReturnName(name: string): string {
  return /^(?:ret|rc|retval|result|arg1)$/.test(name) ? 'return' : '';
}

/** The third parameter of alloc_contig_range is a migratetype (0 to 5) or, later, flags: only the user's name can tell. */
function roleOfDefined(known: ProbedFunction | undefined, argument: ProbeArgument): string {
  if (argument.isReturnValue) return 'return';
  if (argument.path !== '') return roleOfPath(known, argument.path);
  if (argument.parameter < 0) return '';
  if (!known) return roleOfName(known, argument.name);
  const role = known?.parameters[argument.parameter] ?? '';
  if (argument.offset !== undefined) return roleOfDereference(role, argument.offset);
  return role === 'migratetype' && argument.name === 'aflags' ? 'alloc_flags' : role;
}

/** `src` or `src->_refcount.counter`: the kernel's own parameter names. */
function roleOfPath(known: ProbedFunction | undefined, path: string): string {
  const [parameter = '', member = ''] = path.split('->');
  const role = roleOfName(known, parameter);
  if (member === '' || role === '') return role;
  const part = /^(?:page\.)?(?:_(refcount|mapcount)\.counter|(flags)(?:\.f)?|(mapping)|(index))$/.exec(member);
  const name = part?.slice(1).find((found) => found !== undefined);
  return name === undefined ? '' : `${role}.${name}`;
}
