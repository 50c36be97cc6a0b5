/**
 * Makes a Perfetto trace out of tracefs text, packet by packet as traced on a device would have written it: bundles of each
 * CPU for each read period, process trees behind them, statistics at both ends. No real Perfetto capture of migrate and LRU
 * events is to be had; the events are real all the same, and the text beside them says what must come out.
 *
 *     node dist/scripts/perfetto-encoder.js trace.txt.gz out.perfetto-trace [skip events] [dense]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { deflateSync, gunzipSync } from 'node:zlib';
import { encodeEvent, parseLine, type TextEvent } from './perfetto-messages.ts';
import { ProtoWriter } from './proto-writer.ts';

export interface EncoderOptions {
  /** Events at the beginning of the text that are left out. */
  readonly skip?: number;
  /** At most so many events after those. */
  readonly events?: number;
  /** The encoding of Perfetto 50: descriptions of generic events, and packets packed with zlib. */
  readonly isDense?: boolean;
  readonly release?: string;
  readonly pageSize?: number;
  /** Added to all times, ns. */
  readonly shift?: bigint;
  /** Times that can be moved (`ProtoWriter.stamps`); they must lie between 2^42 and 2^49 then. */
  readonly isMovable?: boolean;
  /** How often the buffers are read. */
  readonly periodNs?: bigint;
}

export interface EncodedTrace {
  readonly bytes: Uint8Array;
  readonly stamps: readonly number[];
  readonly events: number;
  /** The packets of the recording itself: what stands before, and behind. */
  readonly headLength: number;
  readonly tailStart: number;
}

const sequence = 7;

class Encoder {
  readonly out = new ProtoWriter();
  readonly #options: EncoderOptions;
  readonly #symbols = new Map<string, number>();
  readonly #newSymbols: string[] = [];
  readonly #described = new Map<string, number>();
  #descriptions = new Map<number, Uint8Array>();
  readonly #lastOfCpu = new Map<number, bigint>();
  readonly #known = new Set<number>();
  #packed = new ProtoWriter();

  constructor(options: EncoderOptions) {
    this.#options = options;
  }

  #packet(fill: (packet: ProtoWriter) => void): void {
    const into = this.#options.isDense ? this.#packed : this.out;
    into.message(1, (packet) => {
      fill(packet);
      packet.varint(3, 9999).varint(10, sequence).varint(79, 1234);
    });
  }

  /** Gives out the packets that are to be packed together. */
  flush(): void {
    if (this.#packed.length === 0) return;
    const packed = deflateSync(this.#packed.bytes);
    this.#packed = new ProtoWriter();
    this.out.message(1, (packet) => packet.raw(50, packed));
  }

  head(cpus: number, asked: readonly string[]): void {
    const { release = '6.1.0-56-arm64', pageSize = 4096 } = this.#options;
    this.#packet((packet) => packet.message(89, (uuid) => uuid.varint(1, 0x0123456789abcdefn).varint(2, -2n)));
    this.#packet((packet) =>
      packet.message(33, (config) =>
        config.message(2, (source) =>
          source.message(1, (inner) =>
            inner.text(1, 'linux.ftrace').message(100, (ftrace) => {
              for (const event of asked) ftrace.text(1, event);
            }),
          ),
        ),
      ),
    );
    this.#packet((packet) =>
      packet.message(6, (snapshot) => {
        for (const clock of [6, 3, 1]) snapshot.message(1, (one) => one.varint(1, clock).varint(2, 5_000_000_000n));
      }),
    );
    this.#packet((packet) =>
      packet.message(45, (info) =>
        info
          .message(1, (uts) => uts.text(1, 'Linux').text(2, '#1 SMP').text(3, release).text(4, 'aarch64'))
          .text(4, 'Perfetto v50.1 (made by folioscope)')
          .varint(6, pageSize)
          .varint(8, cpus),
      ),
    );
    this.stats(1, cpus, []);
  }

  /** @param lost events that the kernel overwrote, by CPU */
  stats(phase: number, cpus: number, lost: readonly number[]): void {
    this.#packet((packet) =>
      packet.message(34, (stats) => {
        stats.varint(1, phase);
        for (let cpu = 0; cpu < cpus; cpu++) {
          stats.message(2, (one) =>
            one
              .varint(1, cpu)
              .varint(3, 100 + (lost[cpu] ?? 0))
              .varint(8, 0),
          );
        }
      }),
    );
  }

  bundle(cpu: number, events: readonly TextEvent[]): void {
    const { isMovable = false, isDense = false, shift = 0n } = this.#options;
    const time = (packet: ProtoWriter, field: number, value: bigint): void => {
      if (isMovable) packet.stamp(field, value);
      else packet.varint(field, value);
    };
    this.#descriptions = new Map();
    this.#packet((packet) => {
      packet.message(1, (bundle) => {
        bundle.varint(1, cpu);
        const before = this.#lastOfCpu.get(cpu);
        if (before === undefined) bundle.varint(10, 0);
        else time(bundle, 10, before);
        for (const event of events) {
          if (event.name.startsWith('sched_')) continue;
          const encoded = encodeEvent(event, {
            symbol: (name) => this.#symbol(name),
            ...(isDense ? { describe: (name, fields) => this.#describe(name, fields) } : {}),
          });
          bundle.message(2, (one) => {
            time(one, 1, event.time + shift);
            one.varint(2, event.pid).raw(encoded.number, encoded.message);
          });
        }
        this.#sched(bundle, events, shift, isMovable);
        for (const description of this.#descriptions.values()) bundle.raw(11, description);
      });
      if (this.#newSymbols.length > 0) {
        if (this.#symbols.size === this.#newSymbols.length) packet.varint(13, 1);
        packet.message(12, (data) => {
          for (const name of this.#newSymbols) {
            data.message(26, (symbol) => symbol.varint(1, this.#symbols.get(name) ?? 0).text(2, name));
          }
        });
        this.#newSymbols.length = 0;
      }
    });
    this.#lastOfCpu.set(cpu, events[events.length - 1]!.time + shift);
  }

  /** sched_switch and sched_waking as columns. */
  #sched(bundle: ProtoWriter, events: readonly TextEvent[], shift: bigint, isMovable: boolean): void {
    const names: string[] = [];
    const index = (name: string): number => {
      if (!names.includes(name)) names.push(name);
      return names.indexOf(name);
    };
    const deltas = (times: readonly bigint[]): bigint[] =>
      times.map((t, i) => (i === 0 ? t + shift : t - times[i - 1]!));
    const rows = (name: string, text: RegExp) =>
      events.flatMap((event) => {
        const match = event.name === name ? text.exec(event.text) : null;
        return match === null ? [] : [{ time: event.time, groups: match }];
      });
    const switches = rows('sched_switch', /prev_state=(\S+) ==> next_comm=(.*) next_pid=(\d+) next_prio=(\d+)$/);
    const wakings = rows('sched_waking', /^comm=(.*) pid=(\d+) prio=(\d+) target_cpu=(\d+)$/);
    if (switches.length + wakings.length === 0) return;
    const states: Readonly<Record<string, number>> = { R: 0, 'R+': 256, S: 1, D: 2, I: 128 };
    bundle.message(4, (compact) => {
      if (switches.length > 0) {
        compact.packed(1, deltas(switches.map(({ time }) => time)), isMovable);
        compact.packed(
          2,
          switches.map(({ groups }) => states[groups[1] ?? ''] ?? 0),
        );
        compact.packed(
          3,
          switches.map(({ groups }) => Number(groups[3])),
        );
        compact.packed(
          4,
          switches.map(({ groups }) => Number(groups[4])),
        );
        compact.packed(
          6,
          switches.map(({ groups }) => index(groups[2] ?? '')),
        );
      }
      if (wakings.length > 0) {
        compact.packed(7, deltas(wakings.map(({ time }) => time)), isMovable);
        compact.packed(
          8,
          wakings.map(({ groups }) => Number(groups[2])),
        );
        compact.packed(
          9,
          wakings.map(({ groups }) => Number(groups[4])),
        );
        compact.packed(
          10,
          wakings.map(({ groups }) => Number(groups[3])),
        );
        compact.packed(
          11,
          wakings.map(({ groups }) => index(groups[1] ?? '')),
        );
        compact.packed(
          12,
          wakings.map(() => 1),
        );
      }
      for (const name of names) compact.text(5, name);
    });
  }

  /** Tasks that were seen in this period for the first time. */
  processes(events: readonly TextEvent[]): void {
    const fresh = events.filter(({ pid, comm }) => pid > 0 && comm !== '<...>' && !this.#known.has(pid));
    const tasks = new Map(fresh.map((event) => [event.pid, event]));
    if (tasks.size === 0) return;
    for (const pid of tasks.keys()) this.#known.add(pid);
    this.#packet((packet) =>
      packet.message(2, (tree) => {
        for (const { pid, tgid, comm } of tasks.values()) {
          if (tgid === pid || tgid < 0) {
            tree.message(1, (one) => one.varint(1, pid).varint(2, 1).text(3, comm).varint(9, 1));
          } else tree.message(2, (one) => one.varint(1, pid).text(2, comm).varint(3, tgid));
        }
      }),
    );
  }

  #symbol(name: string): number {
    const known = this.#symbols.get(name);
    if (known !== undefined) return known;
    this.#symbols.set(name, this.#symbols.size + 1);
    this.#newSymbols.push(name);
    return this.#symbols.size;
  }

  #describe(name: string, fields: readonly (readonly [name: string, type: number])[]): number {
    const key = `${name} ${fields.map((field) => field.join(':')).join(' ')}`;
    const number = this.#described.get(key) ?? 65536 + this.#described.size;
    this.#described.set(key, number);
    const group = groups.find(([, names]) => names.test(name))?.[0];
    const description = new ProtoWriter().varint(1, number).raw(
      2,
      new ProtoWriter().text(1, name).append(
        fields.reduce(
          (all, [field, type], i) =>
            all.message(2, (one) =>
              one
                .text(1, field)
                .varint(3, i + 1)
                .varint(4, 1)
                .varint(5, type),
            ),
          new ProtoWriter(),
        ).bytes,
      ).bytes,
    );
    if (group !== undefined) description.text(3, group);
    this.#descriptions.set(number, description.bytes);
    return number;
  }
}

const groups: readonly (readonly [string, RegExp])[] = [
  ['migrate', /^(mm_migrate_pages(_start)?|(set|remove)_migration_pte)$/],
  ['pagemap', /^mm_lru_/],
  ['thp', /^(set|remove)_migration_pmd$/],
  ['page_isolation', /^test_pages_isolated$/],
  ['huge_memory', /^mm_(khugepaged|collapse)/],
];

/** The trace of a text's events. */
export function encodePerfetto(text: string, options: EncoderOptions = {}): EncodedTrace {
  const { periodNs = 500_000_000n, skip = 0 } = options;
  const most = skip + (options.events ?? Number.POSITIVE_INFINITY);
  const events: TextEvent[] = [];
  for (const line of text.split('\n')) {
    if (events.length === most) break;
    const event = parseLine(line);
    if (event !== undefined) events.push(event);
  }
  events.splice(0, skip);
  const cpus = Math.max(...events.map(({ cpu }) => cpu)) + 1;
  const encoder = new Encoder(options);
  encoder.head(cpus, [...new Set(events.map(({ name }) => name))].sort());
  encoder.flush();
  const headLength = encoder.out.length;
  const first = events[0]?.time ?? 0n;
  for (let i = 0; i < events.length; ) {
    const period = (events[i]!.time - first) / periodNs;
    const held: TextEvent[] = [];
    while (i < events.length && (events[i]!.time - first) / periodNs === period) held.push(events[i++]!);
    for (let cpu = 0; cpu < cpus; cpu++) {
      const own = held.filter((event) => event.cpu === cpu);
      // A bundle is at most what fits into a packet.
      for (let at = 0; at < own.length; at += 1000) encoder.bundle(cpu, own.slice(at, at + 1000));
    }
    encoder.processes(held);
    encoder.flush();
  }
  const tailStart = encoder.out.length;
  encoder.stats(2, cpus, []);
  encoder.flush();
  return { bytes: encoder.out.bytes.slice(), stamps: encoder.out.stamps, events: events.length, headLength, tailStart };
}

/** The text of a file, gzipped or not. */
export function readText(path: string): string {
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [path = '', out = '', skip = '0', events = 'Infinity', dense = ''] = process.argv.slice(2);
  const options = { isDense: dense === 'dense', skip: Number(skip), events: Number(events) };
  const trace = encodePerfetto(readText(path), options);
  writeFileSync(out, trace.bytes);
  console.log(`${out}: ${trace.events} events, ${trace.bytes.length} bytes`);
}
