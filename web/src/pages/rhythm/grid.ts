/** A metric by five minutes of the local clock: what the actogram and the average day are drawn from. */
import type { Series } from "../../api/read";
import { clockMinutes, dateOf, daysOf } from "../../parts/time";

/** Slots of a day. */
export const SLOTS = 288;

export interface Grid {
  dates: string[];
  /** One row per day; null where nothing was measured. */
  days: (number | null)[][];
}

/** Lays buckets of five minutes on the clock of the place where each was measured. Within an hour that has data,
 *  a slot without a bucket is a slot without steps. */
export function gridOf(series: Series, from: string, until: string): Grid {
  const dates = daysOf(from, until);
  const row = new Map(dates.map((date, index) => [date, index]));
  const days = dates.map(() => Array.from({ length: SLOTS }, (): number | null => null));
  series.columns?.start.forEach((start, index) => {
    const day = days[row.get(dateOf(start)) ?? -1];
    if (!day) return;
    const slot = Math.floor(clockMinutes(start) / 5);
    day[slot] = (day[slot] ?? 0) + (series.columns?.value?.[index] ?? 0);
  });
  return { dates, days };
}

/** Slots from one to another, the latter exclusive. */
export type Hole = [number, number];

/** The slots of each day of which nothing is known: all of a day without any value, and what of a day is still to come. */
export function holesOf(grid: Grid, now: { date: string; minutes: number }): (Hole | undefined)[] {
  return grid.days.map((day, index): Hole | undefined => {
    const date = grid.dates[index] ?? "";
    if (date > now.date || day.every((value) => value === null)) return [0, SLOTS];
    return date === now.date ? [Math.ceil(now.minutes / 5), SLOTS] : undefined;
  });
}

export interface Average {
  mean: number;
  /** Quartiles over the days. */
  low: number;
  high: number;
}

/** The average of each half hour over the days that have any data; a half hour of such a day without data is 0. */
export function averageDay(grid: Grid): Average[] {
  const lived = grid.days.filter((day) => day.some((value) => value !== null));
  return Array.from({ length: 48 }, (_, half) => {
    const sums = lived
      .map((day) => day.slice(half * 6, half * 6 + 6).reduce<number>((sum, value) => sum + (value ?? 0), 0))
      .toSorted((a, b) => a - b);
    const at = (part: number): number => sums[Math.round((sums.length - 1) * part)] ?? 0;
    const mean = sums.reduce((sum, value) => sum + value, 0) / Math.max(1, sums.length);
    return { mean, low: at(0.25), high: at(0.75) };
  });
}
