/**
 * Events that the trace describes itself (denser_generic_event_encoding, Perfetto 50 and later): each bundle has the
 * descriptions of those in it.
 *
 *     GenericEventDescriptor   field_id 1 · event_descriptor 2 (DescriptorProto) · group_name 3
 *     DescriptorProto          name 1 · field 2 { name 1 · number 3 · type 5 }
 */
import type { Described } from './events.ts';
import { sorts } from './scratch.ts';
import { Wire } from './wire.ts';

/** FieldDescriptorProto.Type: text and bytes; the numbers without sign (uint64, fixed64, fixed32, bool, uint32). */
const typeString = 9;
const typeBytes = 12;
const unsignedTypes = new Set([4, 6, 7, 8, 13]);

/** Most fields that are believed. */
const mostFields = 128;

const outer = new Wire();
const middle = new Wire();
const inner = new Wire();

/** The number of the event and what is said of it; undefined when the range says nothing of use. */
export function describe(bytes: Uint8Array, start: number, stop: number): [number, Described] | undefined {
  let number = 0;
  let group = noBytes;
  let from = 0;
  let to = 0;
  outer.open(bytes, start, stop);
  while (outer.next()) {
    if (outer.field === 1 && outer.type === 0) number = outer.lo;
    else if (outer.field === 2 && outer.type === 2) {
      from = outer.start;
      to = outer.stop;
    } else if (outer.field === 3 && outer.type === 2) group = bytes.slice(outer.start, outer.stop);
  }
  let name = noBytes;
  const fields = new Map<number, { name: Uint8Array; sort: number }>();
  middle.open(bytes, from, to);
  while (middle.next()) {
    if (middle.type !== 2) continue;
    if (middle.field === 1) name = bytes.slice(middle.start, middle.stop);
    else if (middle.field === 2 && fields.size < mostFields) {
      const field = fieldOf(bytes, middle.start, middle.stop);
      if (field !== undefined) fields.set(field.number, field);
    }
  }
  if (outer.isBroken || middle.isBroken || number === 0 || name.length === 0) return undefined;
  if (group.length === 0) return [number, { key: name, fields }];
  const key = new Uint8Array(group.length + 1 + name.length);
  key.set(group);
  key[group.length] = 58;
  key.set(name, group.length + 1);
  return [number, { key, fields }];
}

function fieldOf(
  bytes: Uint8Array,
  start: number,
  stop: number,
): { number: number; name: Uint8Array; sort: number } | undefined {
  let number = 0;
  let type = 0;
  let name = noBytes;
  inner.open(bytes, start, stop);
  while (inner.next()) {
    if (inner.field === 1 && inner.type === 2) name = bytes.slice(inner.start, inner.stop);
    else if (inner.field === 3 && inner.type === 0) number = inner.lo;
    else if (inner.field === 5 && inner.type === 0) type = inner.lo;
  }
  if (inner.isBroken || number === 0 || name.length === 0) return undefined;
  const sort =
    type === typeString
      ? sorts.text
      : type === typeBytes
        ? sorts.bytes
        : unsignedTypes.has(type)
          ? sorts.unsigned
          : sorts.signed;
  return { number, name, sort };
}

const noBytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
