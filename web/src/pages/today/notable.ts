/** What stood out in some days, at most three facts: the farthest from usual, each measure once; the newest first. */
import type { Schemas } from "../../api/client";
import { unitOf } from "../../parts/format";

export interface Notable {
  date: string;
  measure: string;
  metric: string;
  unit: string;
  value: number;
  usual: number | null;
  z: number;
  days: number;
}

/** More would be a list and no longer news. */
export const FACTS_MAX = 3;

export function notable(days: Schemas["UnusualDay"][]): Notable[] {
  const all = days.flatMap((day) =>
    day.contributing.flatMap((one): Notable[] =>
      one.value === null || one.value === undefined || one.robust_z === null || one.robust_z === undefined
        ? []
        : [
            {
              date: day.date,
              measure: one.measure,
              metric: one.metric,
              unit: unitOf(one.metric, one.unit),
              value: one.value,
              usual: one.usual ?? null,
              z: one.robust_z,
              days: one.baseline_days ?? 0,
            },
          ],
    ),
  );
  const found: Notable[] = [];
  for (const one of all.toSorted((a, b) => Math.abs(b.z) - Math.abs(a.z)))
    if (found.length < FACTS_MAX && !found.some((other) => other.measure === one.measure)) found.push(one);
  return found.toSorted((a, b) => b.date.localeCompare(a.date));
}
