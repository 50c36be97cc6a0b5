/** What could not be read, as a note shows it. */

const printer = new TextDecoder('latin1');

/** Bytes shown of text, and of what is none. */
const mostText = 120;
const mostHex = 32;

/** Text with dots for what cannot be printed; where more than a quarter of it would be dots, the bytes in hex. */
export function sampleOf(bytes: Uint8Array, start: number, end: number): string {
  const part = bytes.subarray(start, Math.min(end, start + mostText));
  const text = printer.decode(part).replace(/[^ -~]/g, '\0');
  const unprinted = text.split('\0').length - 1;
  if (unprinted * 4 <= text.length) return text.replaceAll('\0', '.');
  const hex = Array.from(part.subarray(0, mostHex), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return part.length > mostHex ? `${hex} ...` : hex;
}
