/** Notes of records that are too short for their descriptions, in the order of the events. */
import { addNote, type Note } from '../../events/capture.ts';

interface Held {
  readonly event: number;
  readonly reason: string;
  readonly place: string;
  readonly text: string;
}

export class ShortNotes {
  readonly #notes: Note[];
  #held: Held[] | undefined;
  /** Number of the event whose record is decoded, while notes are held back. */
  event = 0;

  /** @param notes where they go */
  constructor(notes: Note[]) {
    this.#notes = notes;
  }

  add(reason: string, place: string, text: string): void {
    if (this.#held === undefined) addNote(this.#notes, reason, place, text);
    else this.#held.push({ event: this.event, reason, place, text });
  }

  /** Holds notes back: events are decoded out of order from now on. */
  hold(): void {
    this.#held = [];
  }

  /** Gives the notes held back in the order of their events. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    held.sort((a, b) => a.event - b.event);
    for (const { reason, place, text } of held) this.add(reason, place, text);
  }
}
