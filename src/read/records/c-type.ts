/** Types of C values, as far as arithmetic on them depends on the type. */
import type { RecordField } from './event-format.ts';

export interface CType {
  readonly bits: 8 | 16 | 32 | 64;
  readonly isSigned: boolean;
  /** Bytes that adding 1 moves a pointer by: 0 = no pointer, -1 = the size of what it points to is not known. */
  readonly stride: number;
}

export const int: CType = { bits: 32, isSigned: true, stride: 0 };

export function integer(bits: CType['bits'], isSigned: boolean): CType {
  return { bits, isSigned, stride: 0 };
}

/** Words that begin or make up the name of a type. */
const typeWords =
  /^(?:unsigned|signed|const|volatile|struct|union|enum|int|long|short|char|void|bool|_Bool|size_t|[su](?:8|16|32|64)|__[su](?:8|16|32|64)|\w+_t)$/;

/** Whether a word can only be (part of) a type's name. */
export function isTypeWord(word: string): boolean {
  return typeWords.test(word);
}

/** Typedefs of the kernel that are 32 bits wide: `gfp_t`, `fmode_t`, ... (include/linux/types.h). */
const narrowTypedefs = /^(?:gfp_t|fmode_t|slab_flags_t|isolate_mode_t|vm_fault_t|pid_t|uid_t|gid_t|dev_t|blk_\w+_t)$/;

/**
 * The type that the words between a cast's parentheses name; undefined for a structure or a typedef that is not known.
 *
 * @param words without `*`
 * @param pointers how many `*`
 */
export function typeOfWords(words: readonly string[], pointers: number, longSize: 4 | 8): CType | undefined {
  if (pointers > 0) {
    const pointed = pointers > 1 ? undefined : typeOfWords(words, 0, longSize);
    const stride = pointers > 1 ? longSize : words.includes('void') ? 1 : pointed ? pointed.bits / 8 : -1;
    return { bits: longSize === 8 ? 64 : 32, isSigned: false, stride };
  }
  const has = (word: string): boolean => words.includes(word);
  const name = words.at(-1) ?? '';
  const sized = /^(?:__)?([su])(8|16|32|64)$/.exec(name) ?? /^(u?)int(8|16|32|64)_t$/.exec(name);
  if (sized) return integer(Number(sized[2]) as CType['bits'], sized[1] !== 'u');
  const isSigned = !has('unsigned');
  if (has('struct') || has('union') || has('void')) return undefined;
  if (has('char')) return integer(8, isSigned);
  if (has('bool') || has('_Bool')) return integer(8, false);
  if (has('short')) return integer(16, isSigned);
  const longs = words.filter((word) => word === 'long').length;
  if (longs > 1) return integer(64, isSigned);
  if (longs === 1) return integer(longSize === 8 ? 64 : 32, isSigned);
  if (has('int') || has('unsigned') || has('signed')) return integer(32, isSigned);
  if (has('enum')) return integer(32, false);
  if (narrowTypedefs.test(name)) return integer(32, name === 'pid_t');
  if (/^(?:sector_t|loff_t|ktime_t|u?int64_t|dma_addr_t|phys_addr_t|resource_size_t)$/.test(name)) {
    return integer(64, name === 'loff_t' || name === 'ktime_t');
  }
  if (/^s?size_t$|^(?:u?intptr_t|time_t|pgoff_t)$/.test(name)) {
    return integer(longSize === 8 ? 64 : 32, /^(?:ssize_t|intptr_t|time_t)$/.test(name));
  }
  return undefined;
}

/** Bytes of one element of an array; 0 where that is not known (structures). */
export function elementSize(field: RecordField, longSize: 4 | 8): number {
  if (field.location === 'inline' && field.elements > 0 && field.size % field.elements === 0) {
    return field.size / field.elements;
  }
  if (field.isPointer) return longSize;
  const type = typeOfWords(field.element.split(' '), 0, longSize);
  return type ? type.bits / 8 : 0;
}

/** The type of a field that is a number; undefined for other sizes. */
export function typeOfField(field: RecordField, longSize: 4 | 8): CType | undefined {
  const { size } = field;
  if (field.isArray || (size !== 1 && size !== 2 && size !== 4 && size !== 8)) return undefined;
  const type = integer((size * 8) as CType['bits'], field.isSigned);
  if (!field.isPointer) return type;
  const words = field.element.replaceAll('*', ' ').trim().split(/\s+/);
  const stars = field.element.split('*').length - 1;
  return { ...type, stride: typeOfWords(words, stars, longSize)?.stride ?? -1 };
}

/** Integer promotion: everything narrower than int becomes int. */
export function promote(type: CType): CType {
  return type.bits < 32 ? int : type;
}

/** The usual arithmetic conversions (C11 6.3.1.8). */
export function common(left: CType, right: CType): CType {
  const a = promote(left);
  const b = promote(right);
  if (a.stride !== 0) return a;
  if (b.stride !== 0) return b;
  if (a.bits !== b.bits) return a.bits > b.bits ? a : b;
  return a.isSigned ? b : a;
}
