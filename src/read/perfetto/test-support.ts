/** For tests: traces put together field by field, with the writer of the scripts. */
import { strict as assert } from 'node:assert';
import { ProtoWriter } from '../../../scripts/proto-writer.ts';
import { balance, type Capture } from '../../events/capture.ts';
import type { ReadOptions } from '../format.ts';
import { type PlainEvent, readChunked } from '../test-support.ts';
import { perfetto } from './format.ts';

export type Fill = (writer: ProtoWriter) => void;

/** A trace of packets; each is of sequence 7 unless it says otherwise. */
export function traceOf(...packets: readonly Fill[]): Uint8Array {
  const out = new ProtoWriter();
  for (const fill of packets) {
    out.message(1, (packet) => {
      fill(packet);
      packet.varint(10, 7);
    });
  }
  return out.bytes.slice();
}

/** A packet with a bundle of one CPU. */
export function bundle(cpu: number, fill: Fill): Fill {
  return (packet) => {
    packet.message(1, (inner) => {
      inner.varint(1, cpu);
      fill(inner);
    });
  };
}

/** An event of a bundle: its time, thread and message. */
export function event(time: number | bigint, pid: number, number: number, fill: Fill): Fill {
  return (inner) => {
    inner.message(2, (one) => one.varint(1, time).varint(2, pid).message(number, fill));
  };
}

/** A GenericFtraceEvent: texts as they are, numbers with a sign, bigints without. */
export function generic(name: string, fields: Readonly<Record<string, string | number | bigint>>): Fill {
  return (message) => {
    message.text(1, name);
    for (const [key, value] of Object.entries(fields)) {
      message.message(2, (field) => {
        field.text(1, key);
        if (typeof value === 'string') field.text(3, value);
        else field.varint(typeof value === 'number' ? 4 : 5, value);
      });
    }
  };
}

export function all(...fills: readonly Fill[]): Fill {
  return (writer) => {
    for (const fill of fills) fill(writer);
  };
}

/** Any event of the catalogue. */
export const insertion: Fill = generic('mm_lru_insertion', {
  folio: 0xfffffc000107da00n,
  pfn: 0x81f68n,
  lru: 0n,
  flags: 0x23n,
});

/** Reads a trace, whose books must add up. */
export function read(bytes: Uint8Array, options: ReadOptions = {}): { capture: Capture; events: PlainEvent[] } {
  const found = readChunked(perfetto, bytes, [], options);
  assert.ok(balance(found.capture.accounting), JSON.stringify(found.capture.accounting));
  return found;
}
