/** What a kernel with every event and probe switched on would have written of a run, as columns; for emission and tests. */

import type { Folio } from './folio.ts';

/** Kinds, and what `a`, `b` and `c` are with each. `folio` is -1 where a kind is about none. */
export const logKinds = [
  /** migrate_pages() begins: mode (async 0, sync-light 1, sync 2), place of the reason in `logReasons`. */
  'call start',
  /** It ends: base pages moved, base pages failed, huge pages split; `folio` = place of the reason. */
  'call end',
  /** Migration entries written: entries, order, 0 = page-table entries (1 = a PMD). */
  'set entry',
  /** Entries removed: 1 = of the destination (0 = of the source), entries. */
  'remove entry',
  /**
   * A batch entry reached the LRU (mm_lru_insertion): LRU list, page flags, number of the background row that flushed
   * (-1 = none: a request or a drain work). `folio` -1 = one that nobody migrates.
   */
  'insertion',
  /** A batch entry was activated (mm_lru_activate); as above. */
  'activation',
  /** lru_add_drain_per_cpu() has run on `cpu`. */
  'drain work',
  /** __lru_add_drain_all() begins, ends: 1 = forced. */
  'drain all start',
  'drain all end',
  /** lru_cache_disable() begins, ends; lru_cache_enable(). */
  'disable start',
  'disable end',
  'enable',
  /** A requester begins: place of its model in `requestModels`, folios. */
  'request start',
  /** It ends: what it returned. */
  'request end',
  /** cma_alloc() begins: pages. */
  'cma start',
  /** An area was given up: area, errno. */
  'cma busy',
  /** cma_alloc() ends: area, errno. */
  'cma finish',
  /** A folio left the LRU for a list: 1 = it did, 0 = it could not. */
  'isolate',
  /** test_pages_isolated(): 1 = empty, 0 = not. */
  'test isolated',
  /** A fault sleeps on the folio lock; it runs again. */
  'lock sleep',
  'lock got',
  /** A fault sleeps on a migration entry; it runs again. */
  'entry sleep',
  'entry woken',
  /** A page went to or from a device: 1 = to. */
  'device',
  /** Just before the end of a call that had huge pages: how many moved, how many failed. */
  'call huge',
] as const;
export type LogKind = (typeof logKinds)[number];

/** Numbers of the kinds in `ModelLog.kind`. */
export const logKind = Object.fromEntries(logKinds.map((kind, place) => [kind, place])) as Readonly<
  Record<LogKind, number>
>;

/** enum migrate_reason as mm_migrate_pages prints it; `call start` and `call end` have the place here, -1 = another. */
export const logReasons: readonly string[] = [
  'compaction',
  'memory_failure',
  'memory_hotplug',
  'syscall_or_cpuset',
  'mempolicy_mbind',
  'numa_misplaced',
  'contig_range',
  'longterm_pin',
  'demotion',
  'damon',
];

/** `enum lru_list` (include/linux/mmzone.h), as mm_lru_insertion prints it. */
export function lruListOf(folio: Folio): number {
  if (folio.mlocked) return 4;
  return (folio.spec.kind === 'file' ? 2 : 0) + (folio.isActive ? 1 : 0);
}

/** trace_pagemap_flags() (include/trace/events/pagemap.h): mapped, anonymous or file, swap cache, swap-backed, buffers. */
export function pageFlagsOf(folio: Folio): number {
  const { kind } = folio.spec;
  const isAnon = kind === 'anon' || kind === 'swapcache';
  let flags = isAnon ? 0x2 : 0x4;
  if (folio.mapped > 0) flags |= 0x1;
  if (kind === 'swapcache') flags |= 0x8;
  if (isAnon || kind === 'shmem') flags |= 0x10;
  if (folio.spec.hasPrivate === true) flags |= 0x40;
  return flags;
}

/** Columns that grow by doubling; only the first `length` rows count. */
export class ModelLog {
  length = 0;
  kind = new Uint8Array(1024);
  time = new Float64Array(1024);
  cpu = new Uint16Array(1024);
  /** Request id, -1 = background. */
  run = new Int32Array(1024);
  folio = new Int32Array(1024);
  a = new Float64Array(1024);
  b = new Float64Array(1024);
  c = new Float64Array(1024);

  push(kind: number, time: number, cpu: number, run: number, folio: number, a = 0, b = 0, c = 0): void {
    const i = this.length;
    if (i === this.kind.length) this.#grow();
    this.kind[i] = kind;
    this.time[i] = time;
    this.cpu[i] = cpu;
    this.run[i] = run;
    this.folio[i] = folio;
    this.a[i] = a;
    this.b[i] = b;
    this.c[i] = c;
    this.length = i + 1;
  }

  #grow(): void {
    const size = this.length * 2;
    const longer = <T extends { set(from: T): void }>(to: T, from: T): T => {
      to.set(from);
      return to;
    };
    this.kind = longer(new Uint8Array(size), this.kind);
    this.time = longer(new Float64Array(size), this.time);
    this.cpu = longer(new Uint16Array(size), this.cpu);
    this.run = longer(new Int32Array(size), this.run);
    this.folio = longer(new Int32Array(size), this.folio);
    this.a = longer(new Float64Array(size), this.a);
    this.b = longer(new Float64Array(size), this.b);
    this.c = longer(new Float64Array(size), this.c);
  }
}
