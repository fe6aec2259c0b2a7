/** Days grouped into weeks and months, for totals. */
import type { Day } from "../../charts/day";
import { plusDays, weekday } from "../../parts/time";

export type Period = "day" | "week" | "month";

/** Means of the days with data in each period: a period with missing days is not smaller for it. */
export function grouped(days: Day[], period: Period): Day[] {
  if (period === "day") return days;
  const groups = new Map<string, Day[]>();
  for (const day of days) {
    const start = period === "week" ? plusDays(day.date, -weekday(day.date)) : `${day.date.slice(0, 7)}-01`;
    groups.set(start, [...(groups.get(start) ?? []), day]);
  }
  return [...groups].map(([date, members]) => {
    const known = members.filter((day) => day.value !== null);
    if (known.length === 0) return { date, value: null, reason: "no_data" };
    const mean = (of: (day: Day) => number): number =>
      known.reduce((sum, day) => sum + of(day), 0) / known.length;
    const sources = [...new Set(known.flatMap((day) => day.shares?.map((share) => share.source) ?? []))];
    return {
      date,
      value: mean((day) => day.value ?? 0),
      coverage: mean((day) => day.coverage ?? 1),
      shares: sources.map((source) => ({
        source,
        value: mean((day) => day.shares?.find((share) => share.source === source)?.value ?? 0),
      })),
    };
  });
}
