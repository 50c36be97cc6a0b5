/** Where things are in a sub-buffer page of the kernel's ring buffer, as `events/header_page` of tracefs says. */

/** Layout of one page: a header, then events. Offsets and sizes in bytes. */
export interface PageLayout {
  readonly isLittleEndian: boolean;
  /** The kernel's `long`: the width of the commit word and of a stored count of missed events. */
  readonly longSize: 4 | 8;
  readonly commitOffset: number;
  /** Where the events begin. */
  readonly dataOffset: number;
  /** The whole page, header and events. */
  readonly pageSize: number;
}

/** Largest sub-buffer: its length must fit into the bits for it (kernel/trace/ring_buffer.c RB_WRITE_MASK, v6.8). */
export const mostPageSize = 1 << 20;

/**
 * Reads the text of `header_page` (kernel/trace/ring_buffer.c ring_buffer_print_page_header()):
 *
 *     field: u64 timestamp;     offset:0;   size:8;     signed:0;
 *     field: local_t commit;    offset:8;   size:8;     signed:1;
 *     field: int overwrite;     offset:8;   size:1;     signed:1;
 *     field: char data;         offset:16;  size:4080;  signed:1;
 *
 * Since 6.8 a sub-buffer may be several memory pages; the size of `data` says so. Undefined when a page cannot be as told.
 */
export function parsePageLayout(text: string, isLittleEndian: boolean): PageLayout | undefined {
  const field = (name: string): { offset: number; size: number } | undefined => {
    const match = new RegExp(`\\b${name};\\s*offset:(\\d{1,8});\\s*size:(\\d{1,8});`).exec(text);
    return match === null ? undefined : { offset: Number(match[1]), size: Number(match[2]) };
  };
  const [timestamp, commit, data] = [field('timestamp'), field('commit'), field('data')];
  if (timestamp === undefined || commit === undefined || data === undefined) return undefined;
  if (timestamp.offset !== 0 || timestamp.size !== 8 || (commit.size !== 4 && commit.size !== 8)) return undefined;
  const pageSize = data.offset + data.size;
  if (commit.offset < 8 || commit.offset + commit.size > data.offset) return undefined;
  if (data.offset > 64 || data.offset % 4 !== 0 || !isPageSize(pageSize)) return undefined;
  return { isLittleEndian, longSize: commit.size, commitOffset: commit.offset, dataOffset: data.offset, pageSize };
}

/** Sizes that a sub-buffer can have: memory pages of 4 KiB to 64 KiB, or several of them. */
export function isPageSize(size: number): boolean {
  return Number.isInteger(size) && size >= 4096 && size <= mostPageSize && size % 4096 === 0;
}

/** The same layout for pages of another size: buffers of one capture may differ in it. */
export function withPageSize(layout: PageLayout, pageSize: number): PageLayout {
  return { ...layout, pageSize };
}
