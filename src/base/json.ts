/** JSON that is safe to look at. */

/**
 * The same JSON with what JSON.stringify leaves as it is and no reader should meet raw (DEL, C1 controls, marks of text
 * direction, characters without width) as \u escapes, which read back the same.
 */
export function escapeHidden(json: string): string {
  return json.replace(
    /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
