/** The period before one: moved back by whole days, so that each of its hours lies under the same hour; by whole weeks
 *  where the period has a week or more, so that each of its days lies under the same day of the week. */
import type { View } from "../../charts/view";
import { plusDays, startOfDay, today } from "../../parts/time";

const DAY_MS = 86_400_000;

export interface Before {
  view: View;
  /** Days that it is moved back by. */
  days: number;
}

/** Days that a period is moved back by. */
export function daysBack(view: View): number {
  // Days with a change of the clock have an hour more or less.
  const days = Math.max(1, Math.ceil((view.to - view.from) / DAY_MS - 0.1));
  return days < 7 ? days : 7 * Math.ceil(days / 7);
}

/** The same clock time, some days away. */
export function atSameClock(at: number, days: number, zone: string): number {
  const day = today(zone, new Date(at));
  return startOfDay(plusDays(day, days), zone) + at - startOfDay(day, zone);
}

export function periodBefore(view: View, zone: string, days = daysBack(view)): Before {
  return {
    days,
    view: { from: atSameClock(view.from, -days, zone), to: atSameClock(view.to, -days, zone) },
  };
}

/** Rising times in seconds, each moved to the same clock time some days later. */
export function movedOn(times: number[], days: number, zone: string): number[] {
  let [until, by] = [Number.NEGATIVE_INFINITY, 0];
  return times.map((time) => {
    // One question for each day, however many values it has.
    if (time * 1000 >= until) {
      const day = today(zone, new Date(time * 1000));
      by = (startOfDay(plusDays(day, days), zone) - startOfDay(day, zone)) / 1000;
      until = startOfDay(plusDays(day, 1), zone);
    }
    return time + by;
  });
}
