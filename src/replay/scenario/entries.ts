/**
 * arm64 page-table entries of a capture that is written (arch/arm64/include/asm/pgtable.h; kernel-model 9.1): the other way
 * round of what `history/entries.ts` reads.
 */
import { type Layout, layouts, releaseNumber } from '../../history/entries.ts';

/**
 * A migration entry's type: SWP_MIGRATION_WRITE, the last of those that are no swap files, as a kernel without device memory
 * numbers it. 30 is what real captures of 6.1 and 6.12 show; 5.10 has 6 bits for it.
 */
const migrationType = 30;

/** Attributes of a user's writable page: valid, page, user, inner shareable, accessed, not global, dirty, never executed. */
const presentBits = 0x00e8_0000_0000_0f43n;

export interface Entries {
  /** Value of a migration entry of a frame. */
  migration(pfn: number): bigint;
  /** Value of a present entry of a frame. */
  present(pfn: number): bigint;
}

/**
 * Entries as a release writes them. Type and offset moved between 5.10 and 6.1, and between 6.1 and 6.12; which release
 * each began with is not confirmed, so those between are written as the older one.
 */
export function entriesOf(kernel: string, pageSize: number): Entries {
  const release = releaseNumber(kernel);
  const name = release >= 6012 ? '6.12' : release >= 5018 ? '6.1' : '5.10';
  const layout: Layout = layouts.find((one) => one.name === name)!;
  const [offset, type] = [BigInt(layout.offset), BigInt(layout.type)];
  const shift = BigInt(Math.log2(pageSize));
  return {
    // Young and dirty stay clear, as of a page that was aged and not touched since.
    migration: (pfn) => (BigInt(pfn) << offset) | (BigInt(migrationType) << type),
    present: (pfn) => (BigInt(pfn) << shift) | presentBits,
  };
}
