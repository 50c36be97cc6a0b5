/** Colour, where somebody looks at a terminal and has not asked for none. */

const codes = { red: 31, green: 32, yellow: 33 } as const;

/** Whether colour is wanted there: a terminal that has it, and no NO_COLOR (no-color.org: set to anything but nothing). */
export function hasColour(stream: Pick<NodeJS.WriteStream, 'isTTY'> = process.stdout): boolean {
  const { NO_COLOR: none = '', TERM: terminal } = process.env;
  return stream.isTTY && none === '' && terminal !== 'dumb';
}

/** Text of our own in a colour. Never text of a capture: that goes through `printable`, which takes colours out. */
export function paint(text: string, colour: keyof typeof codes): string {
  return hasColour() ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text;
}
