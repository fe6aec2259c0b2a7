/** Which of the days that are shown wait to be computed. */
import type { Schemas } from "../api/client";
import { daysBetween } from "./time";

export interface Waiting {
  /** Days that wait. */
  days: number;
  /** Days that are shown. */
  shown: number;
  /** Since when the first of them waits; unknown of days that an earlier version took in. */
  since: string | undefined;
}

export function pendingOf(pending: Schemas["PendingDays"][], from: string, until: string): Waiting {
  const within = pending
    .map((one) => ({
      start: one.start < from ? from : one.start,
      end: one.end > until ? until : one.end,
      since: one.since ?? undefined,
    }))
    .filter((one) => one.start < one.end);
  return {
    days: within.reduce((sum, one) => sum + daysBetween(one.start, one.end), 0),
    shown: daysBetween(from, until),
    since: within
      .flatMap((one) => one.since ?? [])
      .toSorted()
      .at(0),
  };
}
