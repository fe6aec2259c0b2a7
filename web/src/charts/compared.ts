/** What the same hours of other days were like. */
import type { Series } from "../api/read";
import { at } from "../parts/time";
import { DAYS, type Usual, usualOf } from "./usual";

const DAY_MS = 86_400_000;

/** What is usual of the sums, or of the means, of the hours from `from` to `to` on each of the days before; nothing
 *  where too few of them have a value. */
export function compared(series: Series, adds: boolean, from: number, to: number): Usual | undefined {
  const { columns } = series;
  if (!columns) return undefined;
  const days = new Map<number, { sum: number; count: number }>();
  columns.start.forEach((start, index) => {
    const value = columns.mean?.[index] ?? columns.value?.[index];
    if (value === null || value === undefined) return;
    const time = at(start);
    const back = Math.ceil((from - time) / DAY_MS);
    const place = time + back * DAY_MS;
    if (back < 1 || back > DAYS || place < from || place >= to) return;
    const day = days.get(back) ?? { sum: 0, count: 0 };
    days.set(back, { sum: day.sum + value, count: day.count + 1 });
  });
  return usualOf([...days.values()].map(({ sum, count }) => (adds ? sum : sum / count)));
}
