/** Numbers within sentences. */

export interface Piece {
  text: string;
  /** Which number of the sentence it is, from 0; plain words when left out. */
  number?: number;
}

/** Digits with their separators, and the unit or the further part of a duration or clock time that belongs to them. */
const NUMBER =
  /[−+-]?\d(?:[\d.,:\u00a0\u202f’']*\d)?(?:[ \u00a0\u202f]?(?:%|h|min|s|ms|kg|km|kcal|lb|mi|°C|°F|\/min|bpm|mmHg|beats per minute|steps)(?![\p{L}\d]))?(?: \d+ min(?!\p{L}))?/gu;

/** A sentence cut before and after each of its numbers. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  let count = 0;
  for (const match of text.matchAll(NUMBER)) {
    if (match.index > from) found.push({ text: text.slice(from, match.index) });
    found.push({ text: match[0], number: count++ });
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ text: text.slice(from) });
  return found;
}
