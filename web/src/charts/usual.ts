/** What is usual for a person: the middle half of the 28 days before, for drawing behind a series. */

/** Days looked back. */
export const DAYS = 28;
/** Fewer values than this say nothing about what is usual. */
export const VALUES_MIN = 7;

export interface Usual {
  /** First quartile. */
  low: number;
  median: number;
  /** Third quartile. */
  high: number;
  /** Days with a value among them. */
  count: number;
}

/** Quantile by linear interpolation between order statistics (Hyndman and Fan 1996, definition 7). */
export function quantile(sorted: number[], part: number): number {
  const place = (sorted.length - 1) * part;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/** What was usual in the days before `index`; undefined where too few of them have a value. */
export function usualBefore(values: (number | null)[], index: number): Usual | undefined {
  const before = values.slice(Math.max(0, index - DAYS), index).filter((value) => value !== null);
  if (before.length < VALUES_MIN) return undefined;
  const sorted = before.toSorted((a, b) => a - b);
  return {
    low: quantile(sorted, 0.25),
    median: quantile(sorted, 0.5),
    high: quantile(sorted, 0.75),
    count: sorted.length,
  };
}
