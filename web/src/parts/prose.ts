/** Numbers within sentences. */

export interface Piece {
  text: string;
  /** Which number of the sentence it is, from 0; plain words when left out. */
  number?: number;
}

/** Digits with their separators. */
const DIGITS = /[−+-]?\d(?:[\d.,:\u00a0\u202f’']*\d)?/u.source;
/** The minutes of a time as French and Portuguese write it: 23 h 40, 23h40. */
const CLOCK = /[ \u00a0]?h[ \u00a0]?\d{2}(?!\d|[ \u00a0]min)/u.source;
/** The unit, and the further part of a duration. */
const UNIT =
  /(?:[ \u00a0\u202f]?(?:%|h|min|s|ms|kg|km|kcal|lb|mi|°C|°F|\/min|bpm|mmHg|beats per minute|steps)(?![\p{L}\d]))?(?: \d+ min(?!\p{L}))?/u
    .source;
/** Units in Chinese, which stand without a space. */
const CHINESE = /小时(?:\d+分钟)?|分钟|毫秒|千卡|公斤|磅|步/u.source;
const NUMBER = new RegExp(`${DIGITS}(?:${CLOCK}|${CHINESE}|${UNIT})`, "gu");

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
