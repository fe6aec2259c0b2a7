/** Weeks as the transformer sees them, the newest first. */
import type { Schemas } from "../../api/client";

export interface Week {
  start: string;
  /** Likeness with the weeks before. */
  value: number | null;
  reason: string | undefined;
  isNovel: boolean;
  isProxy: boolean;
  coverage: number | undefined;
  /** How many weeks it is compared with. */
  earlier: number;
  model: string | undefined;
}

export function weeksOf(weeks: Schemas["StoredWeek"][]): Week[] {
  return weeks
    .map((week): Week => {
      if (week.status === "insufficient")
        return {
          start: week.week_start,
          value: null,
          reason: week.reason,
          isNovel: false,
          isProxy: false,
          coverage: undefined,
          earlier: 0,
          model: undefined,
        };
      return {
        start: week.week_start,
        value: week.similarity.value ?? null,
        reason: week.similarity.reason ?? undefined,
        isNovel: week.similarity.novel ?? false,
        isProxy: week.proxy,
        coverage: week.coverage,
        earlier: week.similarity.earlier_weeks ?? 0,
        model: week.model.name,
      };
    })
    .toSorted((a, b) => (a.start < b.start ? 1 : -1));
}
