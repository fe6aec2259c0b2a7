/** What lies on the days of an actogram beside the steps: sleep, light, and where the clock of the place changed. */
import type { Night, Series } from "../../api/read";
import { clockMinutes, dateOf, daysBetween } from "../../parts/time";
import { SLOTS } from "./grid";

const DAY_MIN = 1440;

/** A stretch in minutes from the midnight that begins the first day, on the clocks of the places. */
export interface Asleep {
  from: number;
  to: number;
}

export function asleepOf(nights: Night[], first: string): Asleep[] {
  const minute = (instant: string): number =>
    daysBetween(first, dateOf(instant)) * DAY_MIN + clockMinutes(instant);
  return nights.flatMap((night) =>
    [...(night.main ? [night.main] : []), ...night.naps].map((sleep) => ({
      from: minute(sleep.onset),
      to: minute(sleep.offset),
    })),
  );
}

/** Light by five minutes of the clock; null where none was measured. */
export function lightOf(series: Series | undefined, dates: string[]): (number | null)[][] {
  const row = new Map(dates.map((date, index) => [date, index]));
  const days = dates.map(() => Array.from({ length: SLOTS }, (): number | null => null));
  series?.columns?.start.forEach((start, index) => {
    const day = days[row.get(dateOf(start)) ?? -1];
    if (day) day[Math.floor(clockMinutes(start) / 5)] = series.columns?.mean?.[index] ?? null;
  });
  return days;
}

/** The zone of each day, and whether it is another than that of the day before. */
export function zonesOf(nights: Night[], dates: string[]): { zone: string | undefined; isNew: boolean }[] {
  const zones = new Map(nights.map((night) => [night.date, night.zone]));
  let last: string | undefined;
  return dates.map((date) => {
    const zone = zones.get(date) ?? last;
    const isNew = last !== undefined && zone !== last;
    last = zone;
    return { zone, isNew };
  });
}
