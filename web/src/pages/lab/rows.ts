/** Nights and days of a recording as a table that fits on a screen: what is the same in every row is said once, and
 *  clock times stand without the date that the row begins with. The file has all of it as it came. */
import { shownAs, toMinute } from "./cohort";

export type Row = Record<string, unknown>;

export interface Seen {
  /** The columns of the table. */
  columns: string[];
  /** Columns of words that say the same in every row. */
  same: [id: string, value: string][];
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/;

export function seenOf(rows: Row[]): Seen {
  const [first] = rows;
  if (!first) return { columns: [], same: [] };
  const isWord = (value: unknown): boolean => typeof value === "string" && !/^\d/.test(value);
  const isSame = (id: string): boolean =>
    rows.length > 1 && isWord(first[id]) && rows.every((row) => row[id] === first[id]);
  const isEmpty = (id: string): boolean => rows.every((row) => row[id] === null || row[id] === undefined);
  const ids = Object.keys(first);
  return {
    columns: ids.filter((id) => !isSame(id) && !isEmpty(id)),
    same: ids.filter(isSame).map((id) => [id, shownAs(id, first[id])]),
  };
}

/** A cell of such a table: of an instant the clock. */
export function cellOf(id: string, value: unknown): string {
  const isInstant = typeof value === "string" && INSTANT.test(value);
  return isInstant ? toMinute(value).slice(11) : shownAs(id, value);
}
