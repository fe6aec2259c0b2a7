/** Other measures of some days beside the days around them. */
import type { Schemas } from "../../api/client";
import { unitOf } from "../../parts/format";
import { daysOf } from "../../parts/time";

export interface Different {
  metric: string;
  unit: string;
  here: number;
  there: number;
  hereDays: number;
  thereDays: number;
}

/** Fewer days with a value than this are no mean of anything. */
const DAYS_MIN = 3;

/** The means of each metric over the days from `block[0]` to `block[1]` and over the other days with a night, by how far
 *  they lie apart in standard deviations of the others. */
export function differences(
  days: Schemas["DayColumns"],
  block: [string, string],
  nights: string[],
): Different[] {
  const dates = daysOf(days.start, days.end);
  const isNight = new Set(nights);
  const found: (Different & { far: number })[] = [];
  for (const [metric, column] of Object.entries(days.metrics)) {
    const here: number[] = [];
    const there: number[] = [];
    dates.forEach((date, index) => {
      const value = column.value[index];
      if (value === null || value === undefined || !isNight.has(date)) return;
      (block[0] <= date && date <= block[1] ? here : there).push(value);
    });
    if (here.length < DAYS_MIN || there.length < DAYS_MIN) continue;
    const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    const usual = mean(there);
    const spread = Math.sqrt(mean(there.map((value) => (value - usual) ** 2)));
    found.push({
      metric,
      unit: unitOf(metric, column.unit ?? "1"),
      here: mean(here),
      there: usual,
      hereDays: here.length,
      thereDays: there.length,
      far: Math.abs(mean(here) - usual) / (spread || 1),
    });
  }
  return found.toSorted((a, b) => b.far - a.far).map(({ far: _, ...one }) => one);
}
