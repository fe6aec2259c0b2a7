/** What the page of heart and breath shows over days: measures that are computed here, and what devices state by
 *  themselves; of what has no value anywhere in the range, why. */
import type { Schemas } from "../../api/client";
import type { Cardio, Measure } from "../../api/read";
import type { Day } from "../../charts/day";
import { unitOf } from "../../parts/format";
import { type Traced, traced } from "../../parts/lens.svelte";
import { daysOf, plusDays } from "../../parts/time";
import { named, reason, t } from "../../words/words";

export interface Listed {
  id: string;
  unit: string;
  days: Day[];
  /** The metric whose samples are behind it; what is computed from beats has none. */
  metric: string | undefined;
  method: string | undefined;
  /** Few hours with data are how it is, and nothing uncertain. */
  isSparse: boolean;
  trace: (date: string) => Traced | undefined;
  /** Why there is no value in the range; undefined where there is one. */
  why: string | undefined;
}

/** The measures in the order of the page, with the metric behind each. */
const MEASURES = [
  ["resting_heart_rate", "heart_rate"],
  ["nocturnal_heart_rate_mean", "heart_rate"],
  ["hrv_sdnn_asleep", "heart_rate_variability_sdnn"],
  ["hrv_rmssd_asleep", "heart_rate_variability_rmssd"],
  ["beats_sdnn_asleep", undefined],
  ["beats_rmssd_asleep", undefined],
  ["respiratory_rate_asleep", "respiratory_rate"],
  ["oxygen_saturation_mean", "oxygen_saturation"],
  ["nocturnal_heart_rate_min", "heart_rate"],
  ["heart_rate_dip", "heart_rate"],
  ["oxygen_saturation_t90", "oxygen_saturation"],
  ["oxygen_desaturation_index", "oxygen_saturation"],
  ["heart_rate_recovery", "heart_rate_recovery_one_minute"],
] as const;
type Id = (typeof MEASURES)[number][0];

/** What devices state of a day by themselves: heart rate while walking, VO₂max, temperatures. */
export const STATED = [
  "walking_heart_rate_average",
  "vo2_max",
  "apple_sleeping_wrist_temperature",
  "body_temperature",
];

/** Why a measure has no value anywhere in the days: the reason that most of them give. */
function why(days: Cardio[], id: Id): string {
  const counts = new Map<string, number>();
  for (const day of days) {
    const code = day[id].reason ?? "no_samples";
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  const code = [...counts].toSorted((a, b) => b[1] - a[1])[0]?.[0];
  // Of one day it is said of that day; here it is said of all of them.
  return (code && t.heart.never[code]) || reason(code);
}

const isKnown = (days: Day[], before: number): boolean =>
  days.slice(before).some((day) => day.value !== null);

export function computed(days: Cardio[], from: string, until: string, before: number): Listed[] {
  const byDate = new Map(days.map((day) => [day.date, day]));
  return MEASURES.map(([id, metric]) => {
    const list = daysOf(from, until).map((date): Day => {
      const measure: Measure | undefined = byDate.get(date)?.[id];
      return {
        date,
        value: measure?.value ?? null,
        coverage: measure?.coverage,
        reason: measure?.reason ?? "no_samples",
        made: measure && `${measure.method} ${measure.version}`,
      };
    });
    const unit = days.find((day) => day[id].unit)?.[id].unit ?? "1";
    return {
      id,
      unit: unitOf(metric, unit),
      days: list,
      metric,
      method: undefined,
      // A minute of beats of a night is what such a device records.
      isSparse: metric === undefined,
      trace: (date) => {
        const measure = byDate.get(date)?.[id];
        return measure && traced(id, measure, metric);
      },
      why: isKnown(list, before) ? undefined : why(days, id),
    };
  });
}

export function stated(all: Schemas["DayColumns"], before: number): Listed[] {
  return STATED.map((id) => {
    const column = all.metrics[id];
    const unit = unitOf(id, column?.unit ?? "1");
    const days = daysOf(all.start, all.end).map((date, index): Day => ({
      date,
      value: column?.value[index] ?? null,
      coverage: column?.coverage[index],
      reason: "no_samples",
    }));
    const byDate = new Map(days.map((day) => [day.date, day]));
    return {
      id,
      unit,
      days,
      metric: id,
      method: t.explore.dayMeans,
      isSparse: true,
      trace: (date) => {
        const day = byDate.get(date);
        return (
          day && {
            label: named(id),
            value: day.value,
            unit,
            reason: day.reason,
            metric: id,
            start: date,
            end: plusDays(date, 1),
            coverage: day.coverage,
            method: t.explore.dayMeans,
          }
        );
      },
      why: isKnown(days, before) ? undefined : t.heart.notStated,
    };
  });
}
