/** What is usual for a person: from the 10th to the 90th percentile of the 28 days before, for drawing behind a series.
 *  Of ten days eight are usual; that, and not an alarm, is all it says. */

/** Days looked back. */
export const DAYS = 28;
/** Fewer values than this say nothing about what is usual. */
export const VALUES_MIN = 14;
/** The shares of days below and up to the ends of what is usual. */
const [LOW, HIGH] = [0.1, 0.9];

export interface Usual {
  /** 10th percentile. */
  low: number;
  median: number;
  /** 90th percentile. */
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
  return usualOf(before);
}

/** What is usual among values; undefined where there are too few. */
export function usualOf(values: number[]): Usual | undefined {
  if (values.length < VALUES_MIN) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  return {
    low: quantile(sorted, LOW),
    median: quantile(sorted, 0.5),
    high: quantile(sorted, HIGH),
    count: sorted.length,
  };
}
