/** What marks the output of atrace and systrace. */

/** Longest beginning in which `TRACE:` is looked for. */
export const longestNoise = 16384;

const marker = new TextEncoder().encode('TRACE:');

/** Where the line `TRACE:` begins, and where what it announces does; undefined where there is none. */
export function findMarker(head: Uint8Array): { line: number; behind: number } | undefined {
  const end = Math.min(head.length, longestNoise);
  for (let at = 0; at < end; ) {
    let k = 0;
    while (k < marker.length && head[at + k] === marker[k]) k++;
    if (k === marker.length) {
      const line = at;
      at += k;
      if (head[at] === 13) at++;
      if (head[at] === 10) return { line, behind: at + 1 };
    }
    const feed = head.indexOf(10, at);
    if (feed < 0) return undefined;
    at = feed + 1;
  }
  return undefined;
}

/** The two bytes that a zlib stream begins with (RFC 1950): deflate, and a sum that fits. */
export function isZlib(bytes: Uint8Array, at: number): boolean {
  const method = bytes[at] ?? 0;
  const flags = bytes[at + 1] ?? 0;
  return (method & 0x0f) === 8 && method >> 4 <= 7 && (method * 256 + flags) % 31 === 0 && (flags & 0x20) === 0;
}

/** An HTML page, of systrace or of anything else. */
export function beginsAsPage(head: Uint8Array): boolean {
  return /^(?:\u00ef\u00bb\u00bf)?\s*<(?:!doctype\s+html|html)\b/i.test(
    new TextDecoder('latin1').decode(head.subarray(0, 1024)),
  );
}
