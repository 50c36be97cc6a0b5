/**
 * Page frames out of arm64 page-table entries: the migration entries that set_migration_pte prints and the present
 * entries of remove_migration_pte (arch/arm64/include/asm/pgtable.h __swp_entry and pte_pfn, include/linux/swapops.h).
 *
 *   5.10         offset bits 8..57   type bits 2..7     the offset is the frame
 *   6.1          offset bits 8..57   type bits 3..7     frame, then young, then dirty
 *   6.12 .. 7.2  offset bits 12..61  type bits 6..10    frame, then young, then dirty
 *
 * The frame is the low `paBits - pageShift` bits of the offset (SWP_PFN_BITS). Values come as two 32-bit halves.
 */
import type { Capture } from '../events/capture.ts';

export interface Layout {
  readonly name: string;
  /** First bit of the offset, and of the type. */
  readonly offset: number;
  readonly type: number;
  readonly typeMask: number;
}

/** Read in real captures of 5.10, of 6.1, and of 6.12, 6.16, 6.17 and 7.2; other releases are told by their entries. */
export const layouts: readonly Layout[] = [
  { name: '5.10', offset: 8, type: 2, typeMask: 63 },
  { name: '6.1', offset: 8, type: 3, typeMask: 31 },
  { name: '6.12', offset: 12, type: 6, typeMask: 31 },
];

/** Kernel releases in which a layout was seen: [first, last] as major * 1000 + minor. */
const seenIn: readonly (readonly [number, number, string])[] = [
  [5010, 5010, '5.10'],
  [6001, 6001, '6.1'],
  [6012, 7002, '6.12'],
];

/** `6.12.117` and `6.12.117+deb12-arm64` -> 6012; NaN when it does not begin with a release. */
export function releaseNumber(version: string | undefined): number {
  const match = /^(\d+)\.(\d+)/.exec(version ?? '');
  return match ? Number(match[1]) * 1000 + Number(match[2]) : NaN;
}

/** The kernel release of a capture as `releaseNumber` gives it; NaN when neither version nor release is known. */
export function kernelOf(capture: Capture): number {
  const version = releaseNumber(capture.kernelVersion?.value);
  return Number.isNaN(version) ? releaseNumber(capture.kernelRelease?.value) : version;
}

/**
 * Could this be a migration entry in that layout? Not present (bits 0 and 1 clear), of a migration type (they lie just below
 * the top, 24..30 of 31, as MAX_SWAPFILES takes the rest, include/linux/swap.h; 30 and 31 of 63 in 5.10), and nothing above the frame
 * but young and dirty.
 */
export function fits(layout: Layout, high: number, low: number, frameBits: number): boolean {
  if ((low & 3) !== 0) return false;
  const old = layout.typeMask === 63;
  const above = layout.offset + frameBits + (old ? 0 : 2) - 32;
  if (above < 32 && high >>> above !== 0) return false;
  const type = (low >>> layout.type) & layout.typeMask;
  if (old) return type === 30 || type === 31;
  if (type < 24 || type > 30) return false;
  // Between type and offset nothing is set in 6.12 (bit 11 is PTE_PRESENT_INVALID).
  return layout.name !== '6.12' || (low & 0x800) === 0;
}

export interface Decoder {
  readonly layout: Layout;
  readonly pageSize: number;
  /** The frame of a migration entry; NaN when it is none. */
  source(high: number, low: number): number;
  /** The frame of a present entry; NaN when it is not present. */
  present(high: number, low: number): number;
  /** The frame of a swp_entry_t value, as migration_entry_wait_on_locked takes it. */
  entry(high: number, low: number): number;
}

/** Bits of 52-bit addresses lie elsewhere (PTE_ADDR_HIGH); pages of 64 KiB use them. Refused until their layout is sourced. */
export function decoderFor(layout: Layout, pageSize: number, paBits: number): Decoder {
  const shift = Math.log2(pageSize);
  const frameBits = paBits - shift;
  const highMask = 2 ** (layout.offset + frameBits - 32) - 1;
  const lowShare = 2 ** (32 - layout.offset);
  const presentMask = 2 ** (paBits - 32) - 1;
  const presentShare = 2 ** (32 - shift);
  const entryMask = 2 ** (frameBits - 32) - 1;
  return {
    layout,
    pageSize,
    source: (high, low) =>
      fits(layout, high, low, frameBits) ? ((high & highMask) >>> 0) * lowShare + (low >>> layout.offset) : NaN,
    // PTE_VALID is bit 0; PROT_NONE entries (bit 0 clear, bit 58 or bit 11 set) keep their frame in place as well.
    present: (high, low) =>
      (low & 1) !== 0 || (high & 0x04000000) !== 0 || (low & 0x800) !== 0
        ? ((high & presentMask) >>> 0) * presentShare + (low >>> shift)
        : NaN,
    entry: (high, low) => ((high & entryMask) >>> 0) * 2 ** 32 + (low >>> 0),
  };
}

/** The migration entries of a capture, as far as they are needed to tell its layout; aligned. */
export interface EntrySample {
  readonly highs: Float64Array;
  readonly lows: Float64Array;
  /** User addresses of single entries (not of huge pages). */
  readonly addresses: Float64Array;
}

/**
 * The page size by the addresses of entries: each lies at a multiple of it, and not all at a multiple of a larger one. NaN when
 * they are too few to say: n pages of a smaller size all lie at multiples of a size four times as large with a chance of 4^-n.
 */
function shownPageSize(addresses: Float64Array): number {
  let bits = 0;
  for (const address of addresses) bits |= address % 65536;
  if ((bits & 0x3fff) !== 0) return 4096;
  if (new Set(addresses).size < 8) return NaN;
  return (bits & 0xffff) !== 0 ? 16384 : 65536;
}

/**
 * The decoder of a capture, or why there is none. The entries check the layout of the kernel's version, and tell it where the
 * version is not known; their addresses tell the page size where nothing else does.
 */
export function chooseDecoder(capture: Capture, sample: EntrySample): Decoder | { readonly reason: string } {
  const arch = capture.arch?.value;
  if (arch !== undefined && !/aarch64|arm64/.test(arch)) {
    return { reason: `entries of ${arch} are not arm64 page-table entries` };
  }
  const pageSize = capture.pageSize?.value ?? shownPageSize(sample.addresses);
  const paBits = capture.paBits?.value ?? 48;
  if (Number.isNaN(pageSize)) return { reason: 'page size not known and too few entries show it: give --page-size' };
  if (pageSize === 65536) return { reason: 'pages of 64 KiB: the layout of their entries has no source yet' };
  if (pageSize !== 4096 && pageSize !== 16384) return { reason: `pages of ${pageSize} bytes are not an arm64 size` };
  if (paBits !== 48)
    return { reason: `${paBits}-bit physical addresses: the layout of their entries has no source yet` };

  const kernel = kernelOf(capture);
  const known = seenIn.find(([first, last]) => kernel >= first && kernel <= last)?.[2];
  const frameBits = paBits - Math.log2(pageSize);
  const total = sample.lows.length;
  const fitting = (layout: Layout): number => {
    let count = 0;
    for (let i = 0; i < total; i++) if (fits(layout, sample.highs[i]!, sample.lows[i]!, frameBits)) count++;
    return count;
  };
  if (known !== undefined) {
    const layout = layouts.find((one) => one.name === known)!;
    // A few entries that fit nothing are counted one by one; a kernel whose entries mostly do not fit is another kernel.
    if (fitting(layout) * 2 >= total) return decoderFor(layout, pageSize, paBits);
    return { reason: `most entries are no migration entries in the layout of kernel ${known}: check --kernel` };
  }
  const possible = layouts.filter((layout) => fitting(layout) === total);
  if (total > 0 && possible.length === 1) return decoderFor(possible[0]!, pageSize, paBits);
  const which = possible.length === 0 ? 'no known layout fits' : `${possible.length} layouts fit`;
  return { reason: `kernel version not known and ${which} its migration entries: give --kernel` };
}
