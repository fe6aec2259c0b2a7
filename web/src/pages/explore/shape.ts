/** How daily values are spread: over their range, and over the days of the week. */
import { quantile } from "../../charts/usual";
import { ticks } from "../../charts/scale";
import { weekday } from "../../parts/time";

export interface Bin {
  from: number;
  to: number;
  count: number;
}

/** Bins of one round width from the lowest to the highest value, about as many as the square root of their number. */
export function bins(values: number[]): Bin[] {
  if (values.length === 0) return [];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const wanted = Math.max(4, Math.min(20, Math.ceil(Math.sqrt(values.length))));
  const marks = ticks(low, high, wanted);
  const step = marks.length > 1 ? (marks[1] ?? 0) - (marks[0] ?? 0) : 1;
  const first = Math.floor(low / step + 1e-9) * step;
  const count = Math.max(1, Math.floor((high - first) / step + 1e-9) + 1);
  const found = Array.from({ length: count }, (_, index) => ({
    from: first + index * step,
    to: first + (index + 1) * step,
    count: 0,
  }));
  for (const value of values) {
    const bin = found[Math.min(count - 1, Math.floor((value - first) / step + 1e-9))];
    if (bin) bin.count += 1;
  }
  return found;
}

export interface OfWeekday {
  /** 0 for Monday. */
  weekday: number;
  /** Quartiles; nothing where no such day has a value. */
  low: number | undefined;
  median: number | undefined;
  high: number | undefined;
  count: number;
}

/** The days of the week by their own days; with fewer of them than `least` only their number. */
export function weekdays(dates: string[], values: (number | null)[], least = 1): OfWeekday[] {
  return Array.from({ length: 7 }, (_, day) => {
    const known = values
      .filter((value, index): value is number => value !== null && weekday(dates[index] ?? "") === day)
      .toSorted((a, b) => a - b);
    const at = (part: number): number | undefined =>
      known.length >= least ? quantile(known, part) : undefined;
    return { weekday: day, low: at(0.25), median: at(0.5), high: at(0.75), count: known.length };
  });
}
